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
