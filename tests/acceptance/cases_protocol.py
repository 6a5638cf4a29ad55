"""Who runs an item, and whose hooks are called for it: conftests of folders, and protocols of one's own.

pytest calls the protocol's hook and that for words through config.hook, the others through item.ihook.
"""

from case import case, green, red
from cases_hooks import THREE

CASES = {
    "protocol wrapper of a folder": red(
        {
            "sub/conftest.py": """
            import pytest
            seen = []
            @pytest.hookimpl(hookwrapper=True)
            def pytest_runtest_protocol(item):
                item.user_properties.append(("wrapped", item.name))
                item.sent = item.name
                yield
            """,
            "sub/test_s.py": "def test_s(request): assert request.node.sent == 'test_s'\n",
            "other/test_o.py": "def test_o(request): assert request.node.sent == 'test_o'\n",
            **THREE,
        }
    ),
    "protocol of a folder skips some": green(
        {
            "sub/conftest.py": "def pytest_runtest_protocol(item, nextitem):\n    return True if item.parent.name == 'test_a.py' else None\n",
            "sub/test_s.py": "def test_s(): pass\n",
            **THREE,
        }
    ),
    "protocol of its own tells of one phase": case(
        {
            "conftest.py": """
            import pytest
            from _pytest.runner import CallInfo
            def pytest_runtest_protocol(item, nextitem):
                if "quiet" not in item.name:
                    return None
                call = CallInfo.from_call(lambda: 1 / 0, "call")
                report = pytest.TestReport.from_item_and_call(item, call)
                report.outcome, report.wasxfail = "skipped", "by itself"
                item.ihook.pytest_runtest_logreport(report=report)
                return True
            """,
            "test_a.py": "def test_a(): pass\n",
            "test_z.py": "def test_quiet(): pass\n",
        },
        exit=0,
    ),
    "protocol of its own runs items in a fork": red(  # As pytest-forked does.
        {
            "conftest.py": """
            import os, pickle
            import pytest
            from _pytest.runner import runtestprotocol
            def pytest_runtest_protocol(item, nextitem):
                if "here" in item.name:
                    return None
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
                source, sink = os.pipe()
                pid = os.fork()
                if not pid:
                    reports = runtestprotocol(item, log=False)
                    told = [item.config.hook.pytest_report_to_serializable(config=item.config, report=each) for each in reports]
                    os.write(sink, pickle.dumps(told))
                    os._exit(0)
                os.close(sink)
                with open(source, "rb") as file:
                    text = file.read()
                os.waitpid(pid, 0)
                for each in pickle.loads(text) if text else []:
                    report = item.config.hook.pytest_report_from_serializable(config=item.config, data=each)
                    item.ihook.pytest_runtest_logreport(report=report)
                if not text:
                    report = pytest.TestReport.from_item_and_call(item, pytest.CallInfo.from_call(lambda: pytest.fail("died", False), "call"))
                    item.ihook.pytest_runtest_logreport(report=report)
                item.session._setupstate.teardown_exact(nextitem)
                item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
                return True
            """,
            **{
                f"test_{name}.py": """
                import os, pytest
                @pytest.fixture(scope="module")
                def module():
                    print("up")
                    yield
                    print("down")
                def test_passes(module): print("said")
                def test_fails(module): assert [1] == [2]
                def test_dies(): os._exit(1)
                @pytest.mark.xfail
                def test_expected(tmp_path): assert 0
                def test_in_here(): pass
                """
                for name in "ab"
            },
        }
    ),
    "teardown hook of a folder sees the next item": green(
        {
            "sub/conftest.py": """
            import pytest
            def pytest_runtest_teardown(item, nextitem):
                assert nextitem is None or isinstance(nextitem, pytest.Item)
            """,
            **{f"sub/test_s{n}.py": "def test_s(): pass\n" for n in range(4)},
            "zoo/test_z.py": "def test_z(): pass\n",
        }
    ),
    "phase hooks of a folder": red(
        {
            "sub/conftest.py": """
            def pytest_runtest_setup(item): print("setup", item.name)
            def pytest_runtest_call(item): print("call", item.name)
            def pytest_runtest_teardown(item, nextitem):
                import pytest
                print("teardown", item.name, nextitem is None or isinstance(nextitem, pytest.Item))
            def pytest_runtest_makereport(item, call): print("makereport", item.name)
            def pytest_runtest_logreport(report): print("logreport", report.nodeid)
            """,
            "sub/test_s.py": "def test_s(): assert 0\ndef test_t(): assert 0\n",
            "sub/test_u.py": "def test_s(): assert 0\ndef test_t(): pass\n",
            "zoo/test_z.py": "def test_z(): assert 0\n",
            **THREE,
        }
    ),
    "words of a folder": case(
        {
            "sub/conftest.py": """
            def pytest_report_teststatus(report, config):
                if report.when == "call" and report.passed:
                    return "fine", "F", "FINE"
            """,
            "sub/test_s.py": "def test_s(): pass\n",
            **THREE,
        },
        "-rA",
        exit=1,
    ),
    "itemcollected hook of a folder": red(
        {
            "sub/conftest.py": "def pytest_itemcollected(item):\n    item.user_properties.append(('seen', 1))\n",
            "sub/test_s.py": "def test_s(): pass\n",
            "zoo/test_z.py": "def test_z(): pass\n",
            **THREE,
        }
    ),
}
