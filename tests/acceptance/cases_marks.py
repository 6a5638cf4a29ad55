"""Skip, xfail, filterwarnings, strictness and other marks."""

from case import case, green, red

XFAIL = """
    import pytest
    @pytest.mark.xfail({0})
    def test_fails(): assert 0
    @pytest.mark.xfail({0})
    def test_passes(): pass
    @pytest.mark.xfail({0})
    def test_raises(): [][1]
"""
WARNS = "import warnings\ndef test_f():\n    warnings.warn('old', DeprecationWarning)\ndef test_g(): pass\n"


def ini(text: str) -> dict[str, str]:
    return {"pytest.ini": f"[pytest]\n{text}\n"}


CASES = {
    "xfail": green(XFAIL.format("reason='known'"), "-rxX"),
    "xfail strict by mark": red(XFAIL.format("strict=True")),
    "xfail strict by ini": red({**ini("xfail_strict = true"), "test_a.py": XFAIL.format("")}),
    "xfail raises": red(XFAIL.format("raises=AssertionError")),
    "xfail run=False": green(XFAIL.format("run=False, reason='never'"), "-rx"),
    "xfail condition": red(XFAIL.format("False, reason='never'")),
    "xfail condition text": green(XFAIL.format("'sys.platform == \"linux\"', reason='here'")),
    "xfail condition broken": red(XFAIL.format("'no_such_name', reason='x'")),
    "xfail and --runxfail": red(XFAIL.format(""), "--runxfail"),
    "xfail imperative": green("import pytest\ndef test_f():\n    pytest.xfail('now')\ndef test_g(): pass"),
    "xfail with a failing teardown": green(
        """
        import pytest
        @pytest.fixture
        def f():
            yield
            1 / 0
        @pytest.mark.xfail
        def test_f(f): pass
        @pytest.mark.xfail
        def test_g(f): assert 0
        """
    ),
    "xfail with a failing setup": green(
        "import pytest\n@pytest.fixture\ndef f():\n    1 / 0\n@pytest.mark.xfail(reason='r')\ndef test_f(f): pass"
    ),
    "xfail added while running": green(
        "import pytest\ndef test_f(request):\n    request.node.add_marker(pytest.mark.xfail(reason='late'))\n    assert 0"
    ),
    "skip": green(
        """
        import pytest, sys
        @pytest.mark.skip(reason="always")
        def test_a(): assert 0
        @pytest.mark.skipif(sys.version_info > (3,), reason="new")
        def test_b(): assert 0
        @pytest.mark.skipif("True", reason="text")
        def test_c(): assert 0
        def test_d(): pytest.skip("inside")
        @pytest.mark.skip(reason="class")
        class TestA:
            def test_m(self): assert 0
        """,
        "-rs",
    ),
    "skip without a reason": red("import pytest\n@pytest.mark.skipif(True)\ndef test_f(): pass"),
    "skip of a module": green("import pytest\npytest.skip('all', allow_module_level=True)\ndef test_f(): assert 0", "-rs"),
    "skip of a module, forbidden": red("import pytest\npytest.skip('all')\ndef test_f(): pass"),
    "pytestmark skip": green("import pytest\npytestmark = [pytest.mark.skip(reason='m')]\ndef test_f(): assert 0", "-rs"),
    "importorskip": green("import pytest\nno = pytest.importorskip('no_such_module_at_all')\ndef test_f(): assert 0", "-rs"),
    "filterwarnings=error by ini": red({**ini("filterwarnings = error"), "test_a.py": WARNS}),
    "filterwarnings=error by mark": red("import pytest\npytestmark = pytest.mark.filterwarnings('error')\n" + WARNS),
    "filterwarnings of the command line": red(WARNS, "-W", "error::DeprecationWarning"),
    "filterwarnings wrong": red({**ini("filterwarnings = nonsense::x::y::z::a::b"), "test_a.py": WARNS}),
    "warnings are counted": green(WARNS),
    "warnings at import": green("import warnings\nwarnings.warn('at import')\ndef test_f(): pass"),
    "warnings at import of a conftest": green({"conftest.py": "import warnings\nwarnings.warn('in conftest')\n"}),
    "warning as error at import": red({**ini("filterwarnings = error"), "test_a.py": "import warnings\nwarnings.warn('x')\n" + WARNS}),
    "max warnings": case(WARNS, "--max-warnings=0", exit=6),
    "max warnings not reached": case(WARNS, "--max-warnings=1", exit=0),
    "warnings disabled": green(WARNS, "--disable-warnings"),
    "warnings plugin off": green(WARNS, "-p", "no:warnings"),
    "unraisable as error": red(
        {
            **ini("filterwarnings = error"),
            "test_a.py": """
            import gc
            class Odd:
                def __del__(self):
                    raise ValueError("in del")
            def test_f():
                Odd()
                gc.collect()
            def test_g(): pass
            """,
        }
    ),
    "thread exception as error": red(
        {
            **ini("filterwarnings = error"),
            "test_a.py": """
            import threading
            def test_f():
                t = threading.Thread(target=lambda: 1 / 0, name="mine")
                t.start()
                t.join()
            def test_g(): pass
            """,
        },
        loose="text",
    ),
    "thread exception": green(
        "import threading\ndef test_f():\n    t = threading.Thread(target=lambda: 1 / 0)\n    t.start()\n    t.join()",
        loose="warnings",
    ),
    "unknown mark": green("import pytest\n@pytest.mark.nonsense\ndef test_f(): pass"),
    "unknown mark, strict": red("import pytest\n@pytest.mark.nonsense\ndef test_f(): pass", "--strict-markers"),
    "unknown mark, strict by ini": red(
        {**ini("addopts = --strict-markers\nmarkers = slow: takes long"), "test_a.py": "import pytest\n@pytest.mark.slw\ndef test_f(): pass\n"}
    ),
    "unknown ini key, strict": red({**ini("nonsense = 1"), "test_a.py": "def test_f(): pass\n"}, "--strict-config"),
    "unknown ini key": green({**ini("nonsense = 1"), "test_a.py": "def test_f(): pass\n"}),
    "mark expression": red(
        {
            **ini("markers = slow(level): slow\n fast: fast"),
            "test_a.py": """
            import pytest
            @pytest.mark.slow(level=2)
            def test_slow(): assert 0
            @pytest.mark.fast
            def test_fast(): pass
            def test_none(): pass
            """,
        },
        "-m",
        "slow(level=2) or fast",
    ),
    "mark expression wrong": case("def test_f(): pass", "-m", "slow and (", exit=4),
    "marks of a base class": red(
        """
        import pytest
        @pytest.mark.xfail(strict=True)
        class Base:
            def test_m(self): pass
        class TestA(Base):
            pass
        """
    ),
    "mark on a fixture": red("import pytest\n@pytest.mark.skip\n@pytest.fixture\ndef f(): pass\ndef test_f(f): pass"),
    "serial mark": green("import pytest\n@pytest.mark.fastest(serial=True)\ndef test_f(): pass\ndef test_g(): pass", loose="warnings stdout"),
    "marks that a conftest adds when the item runs": green(
        {
            "conftest.py": """
                import pytest
                @pytest.hookimpl(hookwrapper=True)
                def pytest_runtest_protocol(item):
                    if "wrapped" in item.name: item.add_marker(pytest.mark.skip(reason="wrapped"))
                    yield
                @pytest.hookimpl(tryfirst=True)
                def pytest_runtest_setup(item):
                    if "set_up" in item.name: item.add_marker(pytest.mark.skip(reason="set up"))
                    if "expected" in item.name: item.add_marker(pytest.mark.xfail(reason="late"))
                    if "not_run" in item.name: item.add_marker(pytest.mark.xfail(reason="late", run=False))
            """,
            "test_case.py": """
                def test_wrapped(): assert 0
                def test_wrapped_tmp(tmp_path): assert 0
                def test_set_up(): assert 0
                def test_set_up_tmp(tmp_path): assert 0
                def test_expected(): assert 0
                def test_not_run(): assert 0
                def test_runs(): pass
            """,
        }
    ),
    "a test marks its class and its module": green(
        """
        import pytest
        class TestRest:
            def test_marks(self, request): request.node.parent.add_marker(pytest.mark.skip(reason="rest"))
            def test_skipped(self): assert 0
        def test_marks_module(request): request.node.parent.add_marker(pytest.mark.xfail(reason="rest"))
        def test_fails(): assert 0
        def test_fails_too(tmp_path): assert 0
        """
    ),
}
