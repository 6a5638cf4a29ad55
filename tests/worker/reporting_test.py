"""READY's `controller`: which conftests and plugins need one more process."""

import pytest


def reasons(project, agent, conftest, *argv):
    project({"conftest.py": conftest, "test_a.py": "def test_1(): pass\n"})
    return agent(*argv, n=2).ready()["controller"]


@pytest.mark.parametrize(
    "hook",
    ["pytest_terminal_summary()", "pytest_sessionfinish()", "pytest_configure_node(node)", "pytest_testnodedown(node)", "pytest_unconfigure()"],
)
def test_a_conftest_that_acts_in_the_main_process_needs_it(project, agent, hook):
    name = hook.partition("(")[0]
    assert reasons(project, agent, f"def {hook}: pass\n") == [f"conftest.py implements {name}"]


def test_a_conftest_that_asks_which_process_it_is_in_needs_it(project, agent):
    conftest = "def pytest_configure(config):\n    if not hasattr(config, 'workerinput'):\n        config.main = True\n"
    assert reasons(project, agent, conftest) == ["conftest.py implements pytest_configure"]


@pytest.mark.parametrize(
    "conftest",
    [
        "",
        "def pytest_configure(config): pass\n",
        "def pytest_collection_modifyitems(items): pass\n",
        "def pytest_runtest_makereport(item): pass\n",
    ],
)
def test_others_do_not(project, agent, conftest):
    assert reasons(project, agent, conftest) == []


def test_a_plugin_that_registers_a_node_hook_later_needs_it(project, agent):
    plugin = """
    class Later:
        def pytest_configure_node(self, node): pass
    def pytest_configure(config): config.pluginmanager.register(Later())
    """
    project({"plug.py": plugin})
    assert reasons(project, agent, "", "-p", "plug") == ["plug implements Later.pytest_configure_node"]


REGISTERS = """
class Reporter:
    def pytest_runtest_logreport(self, report): pass
def pytest_addoption(parser):
    parser.addoption("--tell", dest="tell_it")
def pytest_configure(config):
    if config.option.tell_it:
        config.pluginmanager.register(Reporter())
"""
REPORTERS = {
    "hears reports": ("def pytest_runtest_logreport(report): pass\n", "plug implements pytest_runtest_logreport"),
    "asks which process it is in": (
        "def pytest_sessionfinish(session):\n    if hasattr(session.config, 'workerinput'): return\n    print('end')\n",
        "plug implements pytest_sessionfinish",
    ),
    "registers a reporter": (REGISTERS, "plug implements Reporter.pytest_runtest_logreport"),
}


@pytest.mark.parametrize(("plugin", "reason"), REPORTERS.values(), ids=REPORTERS)
def test_a_plugin_that_reports_in_the_main_process_needs_it(project, agent, plugin, reason):
    project({"plug.py": plugin})
    assert reasons(project, agent, "", "-p", "plug", *(["--tell=1"] if "--tell" in plugin else [])) == [reason]


def test_a_plugin_that_was_not_asked_to_report_does_not(project, agent):
    project({"plug.py": REGISTERS})
    assert reasons(project, agent, "", "-p", "plug") == []


def test_a_plugin_that_imports_its_reporter_when_configured_needs_it(project, agent):
    plugin = "def pytest_configure(config):\n    from plug.later import Reporter\n    config.pluginmanager.register(Reporter())\n"
    project({"plug/__init__.py": plugin, "plug/later.py": "class Reporter: pass\n"})
    assert reasons(project, agent, "", "-p", "plug") == ["plug implements pytest_configure"]
