"""What tests write, log, record and leave in temporary folders."""

from case import case, green, red

CASES = {
    "print": red(
        """
        import sys
        def test_f():
            print("to out")
            print("to err", file=sys.stderr)
            assert 0
        def test_g():
            print("kept")
        """
    ),
    "write to the descriptors": red(
        """
        import os
        def test_f():
            os.write(1, b"raw out\\n")
            os.write(2, b"raw err \\xff\\n")
            assert 0
        """
    ),
    "write by C": red(
        """
        import ctypes
        def test_f():
            libc = ctypes.CDLL(None)
            libc.puts(b"from C")
            libc.fflush(None)
            assert 0
        """
    ),
    "write of a child": red("import subprocess\ndef test_f():\n    subprocess.run(['echo', 'from a child'])\n    assert 0"),
    "write outside UTF-8": red("import sys\ndef test_f():\n    sys.stdout.buffer.write(b'\\xff\\xfe')\n    print('\\udcff'.encode('utf8', 'surrogateescape'))\n    assert 0"),
    "much output": red("def test_f():\n    for i in range(20000):\n        print('line', i)\n    assert 0"),
    "output without a newline": red("def test_f():\n    print('no end', end='')\n    assert 0"),
    "print at import": red("print('at import')\ndef test_f():\n    print('inside')\n    assert 0"),
    "print in hooks": red(
        {"conftest.py": "def pytest_runtest_setup(item):\n    print('hook says', item.name)\n", "test_a.py": "def test_f():\n    assert 0\n"}
    ),
    "stdin": red("def test_f():\n    input()"),
    "capsys": green("def test_f(capsys):\n    print('x')\n    assert capsys.readouterr().out == 'x\\n'"),
    "capsys disabled": red("def test_f(capsys):\n    with capsys.disabled():\n        print('past capture')\n    print('inside')\n    assert 0"),
    "capfd": green("import os\ndef test_f(capfd):\n    os.write(1, b'x')\n    assert capfd.readouterr().out == 'x'"),
    "capfd left": red("import os\ndef test_f(capfd):\n    os.write(1, b'left')\n    print('too')\n    assert 0"),
    "capsysbinary": green("import sys\ndef test_f(capsysbinary):\n    sys.stdout.buffer.write(b'\\xff')\n    assert capsysbinary.readouterr().out == b'\\xff'"),
    "caplog": red(
        """
        import logging
        log = logging.getLogger("mine")
        def test_f(caplog):
            with caplog.at_level(logging.INFO):
                log.info("hello")
            assert caplog.messages == ["hello"]
            log.warning("second")
            assert 0
        def test_g(caplog):
            assert caplog.records == []
        """
    ),
    "logging": red("import logging\ndef test_f():\n    logging.getLogger('a.b').warning('careful %s', 1)\n    assert 0"),
    "logging in setup and teardown": red(
        """
        import logging, pytest
        @pytest.fixture
        def f():
            logging.warning("before")
            yield
            logging.warning("after")
        def test_f(f):
            logging.error("during")
            assert 0
        """
    ),
    "log_level by ini": red({"pytest.ini": "[pytest]\nlog_level = INFO\n", "test_a.py": "import logging\ndef test_f():\n    logging.info('i')\n    assert 0\n"}),
    "log_cli": red({"pytest.ini": "[pytest]\nlog_cli = true\nlog_cli_level = INFO\n", "test_a.py": "import logging\ndef test_f():\n    logging.info('i')\n    assert 0\n"}),
    "show-capture=no": red("def test_f():\n    print('x')\n    assert 0", "--show-capture=no"),
    "monkeypatch": green(
        """
        import os
        def test_f(monkeypatch, tmp_path):
            monkeypatch.setenv("MINE", "1")
            monkeypatch.chdir(tmp_path)
            assert os.environ["MINE"] == "1"
        def test_g():
            assert "MINE" not in os.environ and os.path.basename(os.getcwd()) == "project"
        """
    ),
    "recwarn": green("import warnings\ndef test_f(recwarn):\n    warnings.warn('w')\n    assert len(recwarn) == 1"),
    "deprecated_call fails": red("import pytest\ndef test_f():\n    with pytest.deprecated_call():\n        pass"),
    "record_property": red(
        """
        def test_f(record_property, record_testsuite_property):
            record_property("key", [1, {"a": "b"}])
            record_testsuite_property("suite", 1)
            assert 0
        def test_g(record_property):
            record_property("ok", "yes")
        """
    ),
    "record_property that JSON can't say": case("def test_f(record_property):\n    record_property('o', {1, 2})\n    record_property('x', object)"),
    "tmp_path": green("def test_f(tmp_path):\n    (tmp_path / 'x').write_text('x')\ndef test_g(tmp_path):\n    assert not list(tmp_path.iterdir())"),
    "tmp_path_factory": green("def test_f(tmp_path_factory):\n    assert tmp_path_factory.mktemp('a') != tmp_path_factory.mktemp('a')"),
    "tmpdir": green("def test_f(tmpdir):\n    tmpdir.join('x').write('x')"),
    "cache fixture": green("def test_f(request):\n    assert not hasattr(request.config, 'cache')"),
    "current test": green(
        "import os\ndef test_f():\n    assert os.environ['PYTEST_CURRENT_TEST'].endswith('::test_f (call)')\ndef test_g():\n    assert 'test_g' in os.environ['PYTEST_CURRENT_TEST']"
    ),
    "stash and node": green("def test_f(request):\n    assert request.node.nodeid == 'test_case.py::test_f' and request.node.name == 'test_f'"),
    "argv and main": green("import sys\ndef test_f():\n    assert sys.argv[0].endswith(('pytest/__main__.py', 'pytest'))", loose="warnings"),
    "locals shown": red("def test_f():\n    value = {'a': [1, 2, 3]}\n    other = 'x' * 500\n    assert value == 1", "-l"),
    "daemon thread left": green("import threading, time\ndef test_f():\n    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\ndef test_g(): pass"),
    "atexit prints": green("import atexit\natexit.register(print, 'at exit')\ndef test_f(): pass", loose="stdout"),
    "cwd moved": case("import os\ndef test_f(tmp_path):\n    os.chdir(tmp_path)\ndef test_g():\n    assert os.path.basename(os.getcwd()) != 'project'", exit=0),
    "streams closed": case("import sys\ndef test_f():\n    sys.stdout = None\ndef test_g():\n    pass", loose="text"),
    "signals": green("import signal\ndef test_f():\n    signal.alarm(0)\n    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"),
    "SIGALRM in the main thread": red(
        """
        import signal, time
        def ring(*args):
            raise TimeoutError("rang")
        def test_f():
            signal.signal(signal.SIGALRM, ring)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            time.sleep(5)
        """
    ),
    "multiprocessing": green(
        """
        import multiprocessing
        def double(x):
            return 2 * x
        def test_f():
            with multiprocessing.get_context("fork").Pool(2) as pool:
                assert pool.map(double, [1, 2]) == [2, 4]
        """,
        loose="warnings",
    ),
    "fork that ends by itself": green("import os\ndef test_f():\n    pid = os.fork()\n    if not pid:\n        os._exit(0)\n    assert os.waitpid(pid, 0)[1] == 0", loose="warnings"),
    "asyncio": green("import asyncio\ndef test_f():\n    async def main():\n        await asyncio.sleep(0)\n        return 1\n    assert asyncio.run(main()) == 1"),
    "anyio": red(
        """
        import pytest
        pytestmark = pytest.mark.anyio
        @pytest.fixture
        def anyio_backend():
            return "asyncio"
        async def test_f():
            assert 0
        async def test_g(): pass
        """,
        needs="anyio",
    ),
    "asyncio plugin": red("import pytest\n@pytest.mark.asyncio\nasync def test_f():\n    assert 0\n", needs="pytest_asyncio"),
    "hooks log and print between phases": red(
        {
            "conftest.py": """
                import logging
                import pytest
                @pytest.hookimpl(hookwrapper=True)
                def pytest_runtest_makereport(item, call):
                    yield
                    print("reporting")
                    logging.warning("reporting %s", call.when)
                def pytest_runtest_logstart(): logging.warning("start")
                def pytest_runtest_logfinish(): logging.warning("finish")
            """,
            "test_case.py": """
                import pytest
                def records(caplog): return [r.getMessage() for when in ("setup", "call") for r in caplog.get_records(when)]
                @pytest.fixture
                def logs(caplog):
                    yield
                    assert records(caplog) == []
                def test_f(): print("mine"); assert 0
                def test_g(caplog): assert records(caplog) == []
                def test_h(logs): pass
            """,
        },
        loose="stdout",
    ),
    "log handlers of the run, in each file that is collected later": green(
        {f"test_{name}.py": """
            import logging
            def test_f():
                assert [type(one).__name__ for one in logging.getLogger().handlers][:2] == ["_LiveLoggingNullHandler", "_FileHandler"]
        """ for name in "abcd"},
        "--log-file=x.log",
    ),
}
