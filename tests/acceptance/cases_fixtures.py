"""Fixtures of every scope, and errors in setup and teardown."""

from case import case, green, red

FINALIZER = """
    import pytest
    @pytest.fixture(scope="{scope}")
    def f():
        yield 1
        raise RuntimeError("torn {scope}")
    class TestA:
        def test_one(self, f): pass
        def test_two(self, f): pass
    def test_three(f): pass
"""

WARNS_AT_THE_END = """
    import pytest, warnings
    @pytest.fixture(scope="session")
    def wide():
        yield 1
        warnings.warn("at the end")
    def test_f(wide): pass
"""

CASES = {
    "session teardown warns": green(WARNS_AT_THE_END, bare=True),
    "session teardown warns too often": case(WARNS_AT_THE_END, "--max-warnings=0", bare=True, exit=6),
    "session teardown warns where that fails": red(WARNS_AT_THE_END, "-W", "error", bare=True),
    **{f"{scope} teardown fails": red(FINALIZER.format(scope=scope)) for scope in ("function", "class", "module")},
    # Whose test is the last of a session or a package depends on who ran what: one file keeps it honest.
    **{
        f"{scope} teardown fails": red(FINALIZER.format(scope=scope), bare=True)
        for scope in ("package", "session")
    },
    "raising setup_module": red("def setup_module():\n    assert 0\ndef test_f(): pass\ndef test_g(): pass"),
    "raising teardown_module": red("def teardown_module():\n    assert 0\ndef test_f(): pass\ndef test_g(): pass"),
    "raising setup_method": red("class TestA:\n    def setup_method(self):\n        assert 0\n    def test_m(self): pass"),
    "raising setup_class and teardown_class": red(
        """
        class TestA:
            @classmethod
            def setup_class(cls):
                assert 0
            def test_m(self): pass
            def test_n(self): pass
        class TestB:
            @classmethod
            def teardown_class(cls):
                assert 0
            def test_m(self): pass
            def test_n(self): pass
        """
    ),
    "raising setup_function": red("def setup_function(f):\n    assert f.__name__ != 'test_g'\ndef test_f(): pass\ndef test_g(): pass"),
    "xunit order": green(
        """
        log = []
        def setup_module(): log.append("M")
        def teardown_module(): assert log[0] == "M"
        def setup_function(): log.append("f")
        class TestA:
            def setup_class(self): log.append("C")
            def setup_method(self): log.append("m")
            def teardown_method(self): log.append("/m")
            def test_a(self): log.append("a")
            def test_b(self): assert log == ["M", "C", "m", "a", "/m", "m"]
        """
    ),
    "addfinalizer fails": red(
        """
        import pytest
        @pytest.fixture
        def f(request):
            request.addfinalizer(lambda: 1 / 0)
        def test_f(f): pass
        """
    ),
    "two finalizers fail": red(
        """
        import pytest
        @pytest.fixture
        def f(request):
            request.addfinalizer(lambda: 1 / 0)
            request.addfinalizer(lambda: [][1])
        def test_f(f): pass
        """
    ),
    "call and teardown fail": red(
        """
        import pytest
        @pytest.fixture
        def f():
            yield
            raise RuntimeError("teardown")
        def test_f(f):
            assert 0, "call"
        """
    ),
    "setup and teardown fail": red(
        """
        import pytest
        @pytest.fixture
        def first():
            yield
            raise RuntimeError("teardown")
        @pytest.fixture
        def second(first):
            raise RuntimeError("setup")
        def test_f(second): pass
        """
    ),
    "autouse of a conftest fails": red(
        {
            "conftest.py": "import pytest\n@pytest.fixture(autouse=True)\ndef f(request):\n    assert 'bad' not in request.node.name\n",
            "test_a.py": "def test_bad(): pass\ndef test_good(): pass\n",
        }
    ),
    "autouse of a folder fails": red(
        {
            "sub/conftest.py": "import pytest\n@pytest.fixture(autouse=True)\ndef f():\n    assert 0\n",
            "sub/test_in.py": "def test_in(): pass\n",
            "test_out.py": "def test_out(): pass\n",
        }
    ),
    "autouse of a class fails": red(
        """
        import pytest
        class TestA:
            @pytest.fixture(autouse=True)
            def f(self):
                assert 0
            def test_m(self): pass
        def test_out(): pass
        """
    ),
    "usefixtures": red(
        "import pytest\n@pytest.fixture\ndef f():\n    assert 0\n@pytest.mark.usefixtures('f')\ndef test_f(): pass\n"
    ),
    "usefixtures by ini": red(
        {
            "pytest.ini": "[pytest]\nusefixtures = f\n",
            "conftest.py": "import pytest\n@pytest.fixture\ndef f():\n    assert 0\n",
        }
    ),
    "fixture with params": red(
        "import pytest\n@pytest.fixture(params=[1, 2])\ndef f(request):\n    return request.param\ndef test_f(f):\n    assert f == 1"
    ),
    "missing fixture": red("def test_f(no_such_fixture): pass\ndef test_g(): pass"),
    "recursive fixture": red("import pytest\n@pytest.fixture\ndef a(b): pass\n@pytest.fixture\ndef b(a): pass\ndef test_f(a): pass"),
    "wrong scope": red(
        """
        import pytest
        @pytest.fixture
        def narrow(): pass
        @pytest.fixture(scope="session")
        def wide(narrow): pass
        def test_f(wide): pass
        """
    ),
    "fixture called": red("import pytest\n@pytest.fixture\ndef f(): pass\ndef test_f():\n    f()"),
    "override chain": red(
        {
            "conftest.py": "import pytest\n@pytest.fixture\ndef v():\n    return ['root']\n",
            "sub/conftest.py": "import pytest\n@pytest.fixture\ndef v(v):\n    return v + ['sub']\n",
            "sub/test_in.py": """
            import pytest
            @pytest.fixture
            def v(v):
                return v + ["module"]
            def test_f(v):
                assert v == ["root", "module"]
            """,
        }
    ),
    "getfixturevalue": green(
        "import pytest\n@pytest.fixture\ndef f():\n    return 3\ndef test_f(request):\n    assert request.getfixturevalue('f') == 3"
    ),
    "session fixture once a process": green(
        {
            "conftest.py": """
            import pytest
            made = []
            @pytest.fixture(scope="session")
            def s():
                made.append(1)
                yield made
            """,
            "test_a.py": "def test_a(s):\n    assert len(s) == 1\ndef test_b(s):\n    assert len(s) == 1\n",
            "test_b.py": "def test_c(s):\n    assert len(s) == 1\n",
        }
    ),
    "module fixtures are torn down before the next module": green(
        {
            "state.py": "alive = []\n",
            "conftest.py": """
            import pytest, state
            @pytest.fixture(scope="module")
            def m(request):
                assert state.alive == []
                state.alive.append(request.node.name)
                yield
                state.alive.pop()
            """,
            **{f"test_{i}.py": "def test_a(m): pass\ndef test_b(m): pass\n" for i in range(6)},
        }
    ),
    "package fixtures": green(
        {
            "state.py": "alive = []\n",
            **{f"p{i}/__init__.py": "" for i in range(3)},
            **{
                f"p{i}/conftest.py": """
                import pytest, state
                @pytest.fixture(scope="package", autouse=True)
                def p():
                    state.alive.append(1)
                    assert len(state.alive) == 1
                    yield
                    state.alive.pop()
                """
                for i in range(3)
            },
            **{f"p{i}/test_{j}.py": "def test_a(): pass\ndef test_b(): pass\n" for i in range(3) for j in range(2)},
            "conftest.py": "",
        }
    ),
    "order in a file": green("seen = []\ndef test_z():\n    seen.append(1)\ndef test_a():\n    assert seen == [1]"),
    "state of a class": green(
        """
        class TestSteps:
            value = 0
            def test_1(self):
                type(self).value = 1
            def test_2(self):
                assert self.value == 1
        """
    ),
    "fixture prints and fails": red(
        """
        import pytest
        @pytest.fixture
        def f():
            print("in setup")
            yield
            print("in teardown")
        def test_f(f):
            print("in call")
            assert 0
        """
    ),
    "skip in a fixture": green("import pytest\n@pytest.fixture\ndef f():\n    pytest.skip('not here')\ndef test_f(f):\n    assert 0"),
    "xfail in a fixture": green("import pytest\n@pytest.fixture\ndef f():\n    pytest.xfail('known')\ndef test_f(f):\n    assert 0"),
    "dynamic scope": green(
        """
        import pytest
        @pytest.fixture(scope=lambda fixture_name, config: "module")
        def f():
            return []
        def test_a(f):
            f.append(1)
        def test_b(f):
            assert f == [1]
        """
    ),
    "fixtures of a local plugin": case(
        {
            "conftest.py": "pytest_plugins = ['helpers.plugin']\n",
            "helpers/__init__.py": "",
            "helpers/plugin.py": "import pytest\n@pytest.fixture\ndef f():\n    assert 0, 'plugin'\n",
            "test_a.py": "def test_f(f): pass\n",
        },
        exit=1,
    ),
}
