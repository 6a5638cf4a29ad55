"""Command lines: selection, exit statuses, configuration in every place."""

from case import case, green, red

FILES = {
    "test_a.py": """
    import pytest
    def test_good(): pass
    def test_bad(): assert 0
    @pytest.mark.parametrize("x", ["a", "a b", "x::y", "p/q", "[z]", "ü"])
    def test_param(x): assert x != "[z]"
    class TestK:
        def test_m(self): pass
        def test_n(self): assert 0
    """,
    "sub/test_b.py": "def test_b1(): pass\ndef test_b2(): assert 0\n",
    "sub/deep/test_c.py": "def test_c(): pass\n",
}


def files(*args: str, more: dict[str, str] | None = None, **rest):
    return case({**FILES, **(more or {})}, *args, **rest)


def ini(text: str) -> dict[str, str]:
    return {"pytest.ini": f"[pytest]\n{text}\n"}


CASES = {
    "all": files(exit=1),
    "one file": files("test_a.py", exit=1),
    "one folder": files("sub", exit=1),
    "two paths out of order": files("sub", "test_a.py", exit=1),
    "overlapping paths": files("sub", "sub/deep", "sub/test_b.py", exit=1),
    "the same path twice": files("sub/test_b.py", "sub/test_b.py", exit=1),
    "the same path twice, kept": files("sub/test_b.py", "sub/test_b.py", "--keep-duplicates", exit=1),
    "node id": files("test_a.py::test_good", exit=0),
    "node id of a class": files("test_a.py::TestK", exit=1),
    "node id of a method": files("test_a.py::TestK::test_m", exit=0),
    "node id with params": files("test_a.py::test_param[a b]", "test_a.py::test_param[x::y]", "test_a.py::test_param[p/q]", exit=0),
    "node id with a bracket": files("test_a.py::test_param[[z]]", exit=1),
    "node id twice": files("test_a.py::test_good", "test_a.py::test_good", exit=0),
    "node ids out of order": files("sub/test_b.py::test_b1", "test_a.py::TestK", "test_a.py::test_good", exit=1),
    "node id that is not there": files("test_a.py::test_nothing", exit=4),
    "node id, one there and one not": files("test_a.py::test_good", "test_a.py::test_nothing", exit=4),
    "path that is not there": files("nowhere", exit=4),
    "path in another way": files("./sub/../sub/test_b.py", exit=1),
    "file that is no test": files("sub/plain.py", more={"sub/plain.py": "def test_p(): assert 0\n"}, exit=1),
    "unknown option": files("--no-such-option", exit=4),
    "option without its value": files("-k", exit=4),
    "bad value": files("--maxfail=many", exit=4),
    "no tests": case({"empty.py": ""}, bare=True, exit=5),
    "empty file": case({"test_empty.py": ""}, bare=True, exit=5),
    "all deselected": files("-k", "no_such_name", exit=5),
    "-k": files("-k", "good or (TestK and not n)", exit="any"),
    "-k of a file": files("-k", "test_b", exit=1),
    "-k wrong": files("-k", "a and (", exit=4),
    "--deselect": files("--deselect", "test_a.py::test_bad", "--deselect=sub/", exit=1),
    "--deselect a param": files("test_a.py::test_param", "--deselect", "test_a.py::test_param[[z]]", exit=0),
    "--ignore": files("--ignore=sub", "--ignore-glob=*a.py", exit=0),
    "-x": files("-x", exit=1, loose="tests"),
    "-x in a single file": files("-x", "test_a.py", exit=1, loose="tests"),
    "--maxfail=2": files("--maxfail=2", exit=1, loose="tests"),
    "--maxfail not reached": files("--maxfail=50", exit=1),
    "--maxfail counts teardown": case(
        "import pytest\n@pytest.fixture\ndef f():\n    yield\n    1 / 0\ndef test_f(f): assert 0\ndef test_g(f): pass",
        "--maxfail=2",
        exit=1,
        loose="tests",
    ),
    "-p no:": files("-p", "no:doctest", "-p", "no:unittest", exit=1),
    "-p no:terminal": files("-p", "no:terminal", exit=1, loose="stdout"),
    "-p no:capture": files("-p", "no:capture", exit=1),
    "-p no:logging": files("-p", "no:logging", exit=1),
    "-p no:unraisableexception": files("-p", "no:unraisableexception", exit=1),
    "-p no:threadexception": files("-p", "no:threadexception", exit=1),
    "-p no:junitxml": files("-p", "no:junitxml", exit=1),
    "-p no:python": files("-p", "no:python", exit="red", loose="text stdout"),
    "-p of a local plugin": files("-p", "mine", more={"mine.py": "def pytest_runtest_setup(item):\n    assert item.name != 'test_good'\n"}, exit=1),
    "-p that is not there": files("-p", "no_such_plugin", exit="red", loose="text stdout"),
    "addopts": files(more=ini("addopts = -k good -q"), exit=0),
    "addopts with -n": files(more=ini("addopts = -n 2 --dist loadfile"), truth_args=("-n", "0"), exit=1, needs="xdist"),
    "addopts with loadscope": files(more=ini("addopts = -n 2 --dist=loadscope"), truth_args=("-n", "0"), exit=1, needs="xdist"),
    "PYTEST_ADDOPTS": files(env={"PYTEST_ADDOPTS": "-k 'test_b1 or test_c'"}, exit=0),
    "PYTEST_PLUGINS": files(env={"PYTEST_PLUGINS": "mine"}, more={"mine.py": "def pytest_runtest_setup(item):\n    assert item.name != 'test_c'\n"}, exit=1),
    "arguments from a file": files("@args.txt", more={"args.txt": "-k\ngood\ntest_a.py\n"}, exit=0),
    "-o": files("-o", "python_functions=test_b*", exit=1),
    "-c": files("-c", "other.ini", more={"other.ini": "[pytest]\npython_functions = test_good\n"}, exit="any"),
    "-c missing": files("-c", "nothing.ini", exit=4),
    "--rootdir": files("--rootdir=sub", "sub", exit=1),
    "--rootdir missing": files("--rootdir=nowhere", exit=4),
    "--confcutdir and --noconftest": files("--noconftest", more={"conftest.py": "1 / 0\n"}, exit=1),
    "--pyargs": files("--pyargs", "pkg.test_in", more={"pkg/__init__.py": "", "pkg/test_in.py": "def test_i(): assert 0\n"}, exit=1),
    "--strict": files("--strict-markers", "--strict-config", exit=1),
    "--basetemp": files("--basetemp=scratch", more={"test_t.py": "def test_t(tmp_path):\n    assert 'scratch' in str(tmp_path)\n"}, exit=1),
    "--tb": files("--tb=short", exit=1),
    "--tb=no and -l": files("--tb=no", "-l", exit=1),
    "--tb=native": files("--tb=native", "test_a.py", exit=1),
    "-l": files("-l", exit=1),
    "--full-trace": files("--full-trace", "test_a.py::test_good", exit=0),
    "-rA": files("-rA", exit=1),
    "-q": files("-q", exit=1),
    "-qq": files("-qq", exit=1),
    "-v": files("-v", exit=1),
    "-vv": files("-vv", exit=1),
    "--no-summary": files("--no-summary", exit=1),
    "--durations": files("--durations=3", exit=1),
    "-s": files("-s", more={"test_p.py": "def test_p():\n    print('loud')\n"}, exit=1),
    "--capture=sys": files("--capture=sys", exit=1),
    "--capture=tee-sys": files("--capture=tee-sys", exit=1),
    "--assert=plain": files("--assert=plain", exit=1),
    "--setup-show": files("--setup-show", exit=1),
    "--log-level": files("--log-level=DEBUG", more={"test_l.py": "import logging\ndef test_l():\n    logging.debug('deep')\n    assert 0\n"}, exit=1, loose="text"),
    "--color=yes": files("--color=yes", exit=1, loose="stdout text"),
    "unknown plugin option in ini": files(more=ini("addopts = --cov=x"), exit=4),
    "no arguments in a subfolder's ini": files("sub", more={"sub/pytest.ini": "[pytest]\npython_functions = test_b1\n"}, exit=0),
    "dash dash": files("--", "test_a.py", exit=1),
    "conftest option before its conftest": red(
        {"sub/conftest.py": "def pytest_addoption(parser):\n    parser.addoption('--late')\n", "sub/test_a.py": "def test_a(): pass\n"}, "--late=1"
    ),
    "conftest option by argument": green(
        {"sub/conftest.py": "def pytest_addoption(parser):\n    parser.addoption('--late')\n", "sub/test_a.py": "def test_a(): pass\n"}, "--late=1", "sub"
    ),
    "pytest.exit in a test": case("import pytest\ndef test_f():\n    pytest.exit('out', returncode=8)\ndef test_g(): pass", bare=True, exit=8, loose="tests"),
    "pytest.exit without a code": case("import pytest\ndef test_f():\n    pytest.exit('out')\ndef test_g(): pass", bare=True, exit=2, loose="tests"),
}
