"""Conftests with hooks of the protocol, to go with mixed_outcomes.py: what each sees goes to hooks.log."""

LOG = '''
import logging, os, pytest
def tell(*words):
    with open("hooks.log", "a") as file:
        print(*words, os.environ.get("PYTEST_CURRENT_TEST", "-"), file=file)
'''

CONFTESTS = {
    "functions": '''
def pytest_runtest_setup(item): tell("setup", item.name); print("printed by setup"); logging.warning("logged by setup")
def pytest_runtest_call(item): tell("call", item.name); print("printed by call")
def pytest_runtest_teardown(item, nextitem): tell("teardown", item.name, nextitem and nextitem.name); print("printed by teardown")
''',
    "wrappers": '''
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    tell("before setup", item.name)
    outcome = yield
    tell("after setup", item.name, type(outcome.excinfo and outcome.excinfo[1]).__name__)
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    tell("before call", item.name)
    outcome = yield
    tell("after call", item.name, type(outcome.excinfo and outcome.excinfo[1]).__name__)
@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    tell("before teardown", item.name)
    try:
        return (yield)
    finally:
        tell("after teardown", item.name)
''',
    "printing_wrappers": '''
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    print("before", item.name)
    yield
    print("after", item.name)
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    print("before the call of", item.name)
    logging.error("before the call")
    yield
''',
    "swallows": '''
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    outcome = yield
    if "deep" in item.name: outcome.force_result(None)
    if item.name == "test_pass": outcome.force_exception(ValueError("from a hook"))
def pytest_runtest_setup(item):
    if "fail_chained" in item.name: pytest.skip("by a hook")
    if "fail_group" in item.name: raise RuntimeError("in a hook's setup")
    if item.name == "test_fail_deep": item.add_marker(pytest.mark.skip(reason="too late"))
    if "pytest_fail" in item.name: item.add_marker(pytest.mark.xfail)
def pytest_runtest_teardown(item):
    if "system_exit" in item.name: raise RuntimeError("in a hook's teardown")
''',
    "reports": '''
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    tell("report", report.when, report.outcome, item.name, call.excinfo is not None)
    item.user_properties.append((report.when, report.outcome))
    setattr(item, "report_" + report.when, report)
    report.sections.append(("of the hook", report.when))
    if item.name == "test_pass" and report.when == "call": report.outcome = "failed"; report.longrepr = "changed"
''',
    "log_hooks": '''
def pytest_runtest_logstart(nodeid, location): tell("start", nodeid)
def pytest_runtest_logreport(report): tell("logreport", report.nodeid, report.when, report.outcome)
def pytest_runtest_logfinish(nodeid, location): tell("finish", nodeid)
def pytest_exception_interact(node, call, report): tell("interact", node.name, report.when)
''',
    "first_and_last": '''
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    tell("first", item.name)
    if item.name == "test_fail": item.add_marker(pytest.mark.xfail)
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item): tell("first teardown", item.name)
@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item): tell("last", item.name, bool(getattr(item, "funcargs", None)))
''',
}
