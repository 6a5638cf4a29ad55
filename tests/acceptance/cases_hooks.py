"""Hooks of conftests: what looks at the whole list, makes items of its own, or changes reports."""

from case import case, green, red

THREE = {
    "test_a.py": "def test_a1(): pass\ndef test_a2(): assert 0\n",
    "test_b.py": "def test_b1(): pass\ndef test_b2(): pass\n",
    "test_c.py": "class TestC:\n    def test_c1(self): pass\n",
}


def conftest(text: str, files: dict[str, str] = THREE) -> dict[str, str]:
    return {"conftest.py": text, **files}


def early(hook: str, does: str, **more):
    """A conftest whose hook ends the session before there is anything to collect."""
    return case(conftest(f"import pytest\ndef pytest_{hook}(): {does}\n"), loose="stdout", **more)


CASES = {
    "modifyitems reverses": red(conftest("def pytest_collection_modifyitems(items):\n    items.reverse()\n")),
    "modifyitems deselects": green(
        conftest(
            """
            def pytest_collection_modifyitems(config, items):
                out = [i for i in items if i.name.endswith("2")]
                items[:] = [i for i in items if i not in out]
                config.hook.pytest_deselected(items=out)
            """
        )
    ),
    "modifyitems drops without telling": green(
        conftest("def pytest_collection_modifyitems(items):\n    items[:] = [i for i in items if 'a2' not in i.name]\n")
    ),
    "modifyitems marks": green(
        conftest(
            """
            import pytest
            def pytest_collection_modifyitems(items):
                for item in items:
                    if item.name == "test_a2":
                        item.add_marker(pytest.mark.skip(reason="slow"))
            """
        )
    ),
    "modifyitems keeps the first three": case(
        conftest("def pytest_collection_modifyitems(items):\n    del items[3:]\n"), exit=1
    ),
    "modifyitems doubles": case(
        conftest("def pytest_collection_modifyitems(items):\n    items.append(items[0])\n"), exit=1
    ),
    "modifyitems raises": red(conftest("def pytest_collection_modifyitems(items):\n    1 / 0\n"), loose="text stdout"),
    "modifyitems of a subfolder": case(
        {
            **THREE,
            "sub/conftest.py": "import pytest\ndef pytest_collection_modifyitems(items):\n    for i in items:\n        i.add_marker(pytest.mark.xfail)\n",
            "sub/test_s.py": "def test_s():\n    assert 0\n",
        }
    ),
    "ids changed": case(
        conftest("def pytest_collection_modifyitems(items):\n    for i in items:\n        i._nodeid = i.nodeid + '@x'\n"), exit=1
    ),
    "collection_finish looks": green(
        conftest("def pytest_collection_finish(session):\n    assert len(session.items) == 6\n", {**THREE, "test_a.py": "def test_a1(): pass\ndef test_a2(): pass\n"})
    ),
    "testscollected in a fixture": green(
        {"conftest.py": "", "test_a.py": "def test_a(request):\n    assert request.session.testscollected == 2\n"}
    ),
    "session.items in a fixture": green(
        {
            "conftest.py": "import pytest\n@pytest.fixture\ndef n(request):\n    return len(request.session.items)\n",
            "test_a.py": "def test_a(n):\n    assert n == 3\n",
            "test_b.py": "def test_b(n):\n    assert n == 3\n",
        }
    ),
    "items of its own": red(
        {
            "conftest.py": """
            import pytest
            def pytest_collect_file(parent, file_path):
                if file_path.suffix == ".txt":
                    return Listing.from_parent(parent, path=file_path)
            class Listing(pytest.File):
                def collect(self):
                    for line in self.path.read_text().split():
                        yield Word.from_parent(self, name=line)
            class Word(pytest.Item):
                def runtest(self):
                    assert self.name != "bad"
                def repr_failure(self, excinfo):
                    return f"{self.name} is bad"
                def reportinfo(self):
                    return self.path, 0, f"word: {self.name}"
            """,
            "words.txt": "good bad good fine",
            "sub/more.txt": "one two",
        }
    ),
    "makeitem hook": red(
        conftest(
            """
            import pytest
            def pytest_pycollect_makeitem(collector, name, obj):
                if name.startswith("spec_"):
                    return pytest.Function.from_parent(collector, name=name, callobj=obj)
            """,
            {"test_a.py": "def spec_one():\n    assert 0\ndef test_two(): pass\n"},
        )
    ),
    "ignore_collect hook": green(
        conftest("def pytest_ignore_collect(collection_path):\n    return True if collection_path.name == 'test_a.py' else None\n")
    ),
    "collect_ignore": green(conftest("collect_ignore = ['test_a.py']\ncollect_ignore_glob = ['*_c.py']\n")),
    "collect_ignore computed": green(conftest("import sys\ncollect_ignore = []\nif sys.platform:\n    collect_ignore += ['test_a.py']\n")),
    "runtest_setup hook": red(conftest("def pytest_runtest_setup(item):\n    assert item.name != 'test_b1'\n")),
    # With several workers the next test, which pytest then refuses, may well run elsewhere.
    "runtest_teardown hook": red(conftest("def pytest_runtest_teardown(item, nextitem):\n    assert item.name != 'test_b1'\n"), workers=(1,)),
    "teardown hook sees the next item": case(
        conftest("def pytest_runtest_teardown(item, nextitem):\n    assert nextitem is None or hasattr(nextitem, 'nodeid')\n"), exit=1
    ),
    "makereport wrapper turns it red": red(
        conftest(
            """
            import pytest
            @pytest.hookimpl(hookwrapper=True)
            def pytest_runtest_makereport(item, call):
                outcome = yield
                report = outcome.get_result()
                if report.when == "call" and item.name == "test_b1":
                    report.outcome = "failed"
                    report.longrepr = "made red"
                report.user_properties.append(("seen", report.when))
                report.sections.append(("extra", "text"))
            """
        )
    ),
    "protocol hook of its own": red(
        conftest(
            """
            from _pytest.runner import runtestprotocol
            def pytest_runtest_protocol(item, nextitem):
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
                for attempt in range(2):
                    reports = runtestprotocol(item, nextitem=nextitem, log=False)
                    if not any(r.failed for r in reports):
                        break
                for report in reports:
                    item.ihook.pytest_runtest_logreport(report=report)
                return True
            """
        )
    ),
    "a rerun word of its own": case(
        conftest(
            """
            def pytest_report_teststatus(report, config):
                if report.when == "call" and report.passed:
                    return "fine", "F", "FINE"
            """
        ),
        "-rA",
        exit=1,
    ),
    "pyfunc_call hook": red(
        conftest("def pytest_pyfunc_call(pyfuncitem):\n    assert pyfuncitem.name != 'test_b2'\n    return True\n")
    ),
    "fixture_setup hook": red(
        conftest(
            "def pytest_fixture_setup(fixturedef, request):\n    assert fixturedef.argname != 'tmp_path'\n",
            {"test_a.py": "def test_f(tmp_path): pass\n"},
        )
    ),
    "sessionfinish sets the exit status": case(
        conftest("def pytest_sessionfinish(session):\n    session.exitstatus = 17\n"), exit=17
    ),
    "sessionfinish raises": red(conftest("def pytest_sessionfinish(session):\n    1 / 0\n"), loose="stdout text"),
    "configure raises": red(conftest("def pytest_configure(config):\n    1 / 0\n"), loose="stdout text"),
    "configure says usage error": case(
        conftest("import pytest\ndef pytest_configure(config):\n    raise pytest.UsageError('not like this')\n"), exit=4
    ),
    "configure sees options": green(
        conftest(
            """
            def pytest_addoption(parser):
                parser.addoption("--flavour", action="store", default="none")
                parser.addini("colour", "a colour", default="red")
            def pytest_configure(config):
                config.addinivalue_line("markers", "own: mine")
                assert config.getoption("flavour") == "sweet" and config.getini("colour") == "red"
            """,
            {"test_a.py": "import pytest\n@pytest.mark.own\ndef test_f(request):\n    assert request.config.getoption('--flavour') == 'sweet'\n"},
        ),
        "--flavour",
        "sweet",
        "--strict-markers",
    ),
    "sessionstart and finish in pairs": green(
        conftest(
            """
            import pathlib
            here = pathlib.Path(__file__).parent / "running"
            def pytest_sessionstart(session):
                here.mkdir(exist_ok=True)
            def pytest_runtest_setup(item):
                assert here.is_dir()
            """,
            {"test_a.py": "def test_f(): pass\n", "test_b.py": "def test_g(): pass\n"},
        )
    ),
    "terminal_summary writes": red(conftest("def pytest_terminal_summary(terminalreporter):\n    terminalreporter.line('1 failed, 4 passed is what I saw')\n")),
    "shouldstop": case(
        conftest("def pytest_runtest_logreport(report):\n    pass\ndef pytest_runtest_teardown(item):\n    item.session.shouldstop = 'enough'\n"),
        exit=2,
        loose="tests",
    ),
    "exit from a hook": case(
        conftest("import pytest\ndef pytest_collection_modifyitems(items):\n    pytest.exit('no more', returncode=9)\n"), exit=9, loose="stdout"
    ),
    "exit from configure": early("configure", "pytest.exit('why', 8)", exit=8),
    "exit from configure without a code": early("configure", "pytest.exit('why')", exit=2),
    "exit from sessionstart": early("sessionstart", "pytest.exit('why', 8)", exit=8),
    "KeyboardInterrupt in configure": early("configure", "raise KeyboardInterrupt", exit=2),
    "KeyboardInterrupt in sessionstart": early("sessionstart", "raise KeyboardInterrupt", exit=2),
    "os._exit from configure": early("configure", "__import__('os')._exit(3)", exit=3),
    "conftest in every folder": red(
        {
            f"{folder}{name}": text
            for depth, folder in enumerate(["", "a/", "a/b/", "a/b/c/"])
            for name, text in {
                "conftest.py": f"import pytest\n@pytest.fixture\ndef depth():\n    return {depth}\n",
                f"test_depth{depth}.py": f"def test_d(depth):\n    assert depth == {depth} and depth != 2\n",
            }.items()
        }
    ),
    "an item's own steps replaced": red(
        conftest(
            """
            def pytest_itemcollected(item):
                steps = {name: getattr(item, name) for name in ("runtest", "setup", "teardown")}
                def replace(name):
                    def step():
                        steps[name]()
                        assert not item.name.startswith(f"test_no_{name}")
                    setattr(item, name, step)
                for name in steps:
                    replace(name)
            """,
            {
                "test_a.py": "".join(f"def test_no_{name}(): pass\ndef test_no_{name}_tmp(tmp_path): pass\n" for name in ("runtest", "setup", "teardown")),
                "test_b.py": "def test_runs(): pass\n",
            },
        )
    ),
    "pytest.Function patched": red(
        conftest(
            """
            import functools
            import pytest
            def replace(name):
                usual = getattr(pytest.Function, name)
                @functools.wraps(usual)
                def step(self):
                    usual(self)
                    assert not self.name.startswith(f"test_no_{name}")
                setattr(pytest.Function, name, step)
            replace("runtest")
            replace("setup")
            """,
            {
                "test_a.py": "".join(f"def test_no_{name}(): pass\ndef test_no_{name}_tmp(tmp_path): pass\n" for name in ("runtest", "setup")),
                "test_b.py": "def test_runs(): pass\n",
            },
        )
    ),
}
