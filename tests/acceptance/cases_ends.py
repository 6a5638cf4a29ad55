"""Runs whose end somebody's hook, fixture or exit handler decides: pytest_runtestloop, usage errors, pytest.exit, os._exit."""

from case import case

MIXED = {
    "test_a.py": "def test_a1(): pass\ndef test_a2(): assert 0\n",
    "test_b.py": "def test_b1(): pass\nclass TestB:\n    def test_b2(self): pass\n",
}
PASSING = {"test_a.py": "def test_a1(): pass\ndef test_a2(): pass\n", "test_b.py": "def test_b1(): pass\n"}
RUN = "item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)"


def hooked(conftest: str, files: dict[str, str] = MIXED, *args: str, **more):
    return case({"conftest.py": "import os, pytest\n" + conftest, **files}, *args, **more)


def hook(signature: str, does: str, files: dict[str, str] = MIXED, **more):
    return hooked(f"def pytest_{signature}: {does}\n", files, **more)


CASES = {
    # pytest then leaves it to the loop what runs, how often and in which order.
    "loop that runs nothing": hook("runtestloop(session)", "return True", exit=0),
    "loop that turns round": hooked(f"def pytest_runtestloop(session):\n    for item in session.items[::-1]: {RUN}\n    return True\n", exit=1),
    "loop that runs all twice": hooked(f"def pytest_runtestloop(session):\n    for item in session.items * 2: {RUN}\n    return True\n", exit=1),
    "loop that says usage error": hook("runtestloop(session)", "raise pytest.UsageError('no')", exit=4),
    "loop of a class": hooked(
        "class Loop:\n    def pytest_runtestloop(self, session): return True\ndef pytest_configure(config): config.pluginmanager.register(Loop())\n",
        exit=0,
    ),
    "loop of a class that is made late and for another day": hooked(
        "class Loop:\n    again = False\n    def pytest_runtestloop(self, session):\n        if not self.again: return None\n        return True\n"
        "loops = [Loop]\ndel Loop\ndef pytest_configure(config): config.pluginmanager.register(loops[0]())\n",
        exit=1,
    ),
    "terminal reporter of a plugin's own": hooked(
        "from _pytest.terminal import TerminalReporter\nclass Loud(TerminalReporter):\n"
        "    def pytest_runtest_logreport(self, report): print('LOUD', file=self.out)\n"
        "@pytest.hookimpl(trylast=True)\ndef pytest_configure(config):\n"
        "    config.pluginmanager.unregister(config.pluginmanager.getplugin('terminalreporter'))\n"
        "    loud = Loud(config)\n    loud.out = os.fdopen(os.dup(1), 'w')\n    config.pluginmanager.register(loud, 'terminalreporter')\n",
        PASSING,
        exit=0,
        loose="stdout",
    ),
    "wrapper that forgives": hooked(
        "@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtestloop(session):\n    yield\n    session.testsfailed = 0\n", exit=0, loose="stdout"
    ),
    "wrapper round each loop": hooked(
        "@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtestloop(session):\n    os.environ['ROUND'] = '1'\n    yield\n    del os.environ['ROUND']\n",
        {f"test_{name}.py": "import os\ndef test_round(): assert os.environ['ROUND'] == '1'\n" for name in "ab"},
        exit=0,
    ),
    "wrapper that exits": hooked("@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtestloop():\n    yield\n    pytest.exit('bye', 12)\n", PASSING, exit=12),
    "wrapper that fails": hooked(
        "@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtestloop(session):\n    yield\n    raise session.Failed('after all')\n", PASSING, exit=1
    ),
    # The header is out before these hooks are called, so a closing line follows it.
    "usage error of cmdline_main": hook("cmdline_main(config)", "raise pytest.UsageError('not so')", exit=4, loose="stdout"),
    "cmdline_main that does all": hook("cmdline_main(config)", "return 6", exit=6, loose="stdout"),
    "exit in unconfigure": hook("unconfigure(config)", "pytest.exit('bye', 8)", exit=1, loose="stdout"),
    "exit in a session fixture": hooked(
        "@pytest.fixture(scope='session')\ndef wide():\n    yield\n    pytest.exit('bye', 9)\n",
        {"test_a.py": "def test_wide(wide): pass\n"},
        exit=9,
        loose="tests",
    ),
    "no tests are no error": hooked("def pytest_sessionfinish(session): session.exitstatus = 0\n", {"test_a.py": "def nothing(): pass\n"}, exit=0, bare=True),
    "shouldstop before the first test": hook("collection_finish(session)", "session.shouldstop = 'enough'", exit=2, loose="tests"),
    "os._exit in sessionfinish": hook("sessionfinish(session)", "os._exit(5)", PASSING, exit=5, loose="stdout"),
    "os._exit in unconfigure": hook("unconfigure(config)", "os._exit(0)", PASSING, exit=0, loose="stdout"),
    # pytest ends with 3.
    "os._exit in an exit handler": hooked("", {**PASSING, "test_x.py": "import atexit, os\natexit.register(os._exit, 3)\ndef test_x(): pass\n"}, exit=3, loose="stdout"),
    "hook that raises while collecting": hook("pycollect_makeitem(name)", "raise ValueError('of the hook')", exit=2),
    "stdout closed": case(
        {"test_a.py": "import sys\ndef test_closes(): sys.stdout.close()\ndef test_next(): pass\n"}, exit=1, loose="text", workers=(1,)
    ),
    "no tmpdir": case({"test_a.py": "def test_a(tmp_path): pass\n"}, "-p", "no:tmpdir", exit=1),
}
