"""Whether an extra process must play xdist's controller: plugins and conftests that report, or configure workers, in the main
process. It costs a start of pytest before the first test, so plugins that would do nothing there don't count.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable

import pytest

from fastest import compat, verdicts

_NODE_HOOKS = (
    "pytest_configure_node", "pytest_testnodeready", "pytest_testnodedown", "pytest_xdist_setupnodes", "pytest_xdist_newgateway",
    "pytest_xdist_node_collection_finished",
)  # fmt: skip
# A conftest that has one of these looks at the run as a whole, from the process in which xdist would call it last.
_CONFTEST_HOOKS = ("pytest_sessionfinish", "pytest_unconfigure", "pytest_runtest_logreport")
# Hooks that ask which process they are in.
_PROCESS_HOOKS = ("pytest_configure", "pytest_sessionstart", *_CONFTEST_HOOKS)
_XDIST_WORDS = frozenset(
    ("workerinput", "slaveinput", "PYTEST_XDIST_WORKER", "is_xdist_worker", "is_xdist_controller", "is_xdist_master")
)
# At the session's end an installed plugin may read the terminal reporter's lists, which are the main process's.
_END_HOOKS = ("pytest_sessionfinish", "pytest_unconfigure")

# What a plugin's reporter has.
_REPORTER_HOOKS = ("pytest_runtest_logreport", "pytest_terminal_summary")

# Plugins by top-level module: they report in the main process only if asked to.
_OPTIONS = {
    "allure_pytest": ("clean_alluredir",),
    "pytest_bdd": ("cucumber_json_path",),
    "pytest_ctrf": ("ctrf",),
    "pytest_html": ("htmlpath",),
    "pytest_jsonreport": ("json_report",),
    "pytest_nunit": ("nunit_xmlpath",),
    "pytest_split": ("store_durations",),
    "_hypothesis_pytestplugin": ("hypothesis_show_statistics",),
}
# Options that a conftest may set before their plugins look: then these report, too.
_REPORT_FILES = frozenset(("xmlpath", *(name for names in _OPTIONS.values() for name in names)))
# Their hooks are for others that are judged by themselves, or do nothing where tests are distributed.
_SILENT = frozenset(("pytest_metadata", "pytest_benchmark", "pytest_reportlog", "pytest_sugar", "pyfakefs", "xdist", "fastest"))


def controller(config: pytest.Config) -> list[str]:
    """Why an extra process should play xdist's controller; empty: no need."""
    reasons = []
    for plugin in config.pluginmanager.get_plugins():
        if compat.is_core(None, plugin) or compat.is_ours(plugin):
            continue
        why = _why(config, plugin)
        if why:
            reasons.append(f"{verdicts.plugin_name(config, plugin)} {why}")
    return reasons


def _why(config: pytest.Config, plugin: object) -> str:
    module = verdicts.module_of(plugin).split(".")[0]
    if module in _SILENT or (module == "pytest_cov" and inspect.ismodule(plugin)):  # --cov registers an object of it.
        return ""
    if module in _OPTIONS:
        return "reports" if any(config.getoption(name, None) for name in _OPTIONS[module]) else ""
    if module == "pytest_rerunfailures":
        return "configures nodes" if _rerunfailures_needs_it(config) else ""
    hooks = [name for name in ("pytest_terminal_summary", *_NODE_HOOKS) if _implements(plugin, name)]
    if _is_conftest(plugin):
        named = verdicts.mentioned_anywhere(plugin, _REPORT_FILES)
        if named:
            return f"has a word in {min(named)}"
        hooks += [name for name in _CONFTEST_HOOKS if _implements(plugin, name)]
    elif _implements(plugin, "pytest_runtest_logreport"):
        hooks.append("pytest_runtest_logreport")
    hooks += [name for name in _PROCESS_HOOKS if name not in hooks and verdicts.mentioned(getattr(plugin, name, None), _XDIST_WORDS)]
    if not hooks and (named := verdicts.mentioned(getattr(plugin, "pytest_configure", None), _REPORT_FILES)):
        return f"has a word in {min(named)}"
    if not hooks:
        hooks = list(verdicts.later_hooks(plugin, ("pytest_configure_node",)))
    if not hooks:
        later = [*verdicts.later_hooks(plugin, _REPORTER_HOOKS), *_imported_later(plugin, module)]
        hooks = later if later and _may_register(config, plugin) else []
    if not hooks and not _is_conftest(plugin):
        owners = (plugin, *verdicts.own_classes(plugin))
        hooks = [name for owner in owners for name in _END_HOOKS if _is_for_main_process(getattr(owner, name, None))]
    return f"implements {hooks[0]}" if hooks else ""


def _may_register(config: pytest.Config, plugin: object) -> bool:
    """Whether its pytest_configure may register what reports: not where that looks at its options, and none is set."""
    options = vars(config.option)
    words = {word: name for name in options for word in (name, "--" + name.replace("_", "-"))}
    added, asked = (
        {words[word] for word in verdicts.mentioned(getattr(plugin, hook, None), frozenset(words))}
        for hook in ("pytest_addoption", "pytest_configure")
    )
    return not added & asked or any(options[name] for name in added & asked)


def _imported_later(plugin: object, package: str) -> list[str]:
    """pytest_configure, where it imports of its own package what nobody knows yet, and registers something."""
    code = getattr(inspect.unwrap(getattr(plugin, "pytest_configure", None)), "__code__", None)
    if code is None or "register" not in code.co_names:
        return []
    return ["pytest_configure"] * any(name.startswith(package + ".") and name not in sys.modules for name in code.co_names)


def leave_to_main_process(config: pytest.Config, single: bool) -> None:
    """In one of several workers: takes away what installed plugins do at the end with the results of the whole run."""
    if single:
        return
    for hook, impl in list(verdicts.foreign_hooks(config, _END_HOOKS)):
        if not _is_conftest(impl.plugin) and _is_for_main_process(impl.function):
            compat.remove_hook_of(config, hook, impl.plugin)


def _is_for_main_process(function: Callable | None) -> bool:
    """Whether a hook reads the terminal reporter, which xdist's workers do not have, and knows nothing of workers."""
    found = verdicts.mentioned(function, _XDIST_WORDS | {"terminalreporter", "workeroutput"})
    return found == {"terminalreporter"}


def _implements(plugin: object, name: str) -> bool:
    return callable(getattr(plugin, name, None))


def _is_conftest(plugin: object) -> bool:
    return os.path.basename(getattr(plugin, "__file__", None) or "") == "conftest.py"


def _rerunfailures_needs_it(config: pytest.Config) -> bool:
    """Its workers ask the controller for a port wherever xdist is installed; else it only prints, if asked to."""
    if importlib.util.find_spec("xdist") is not None and importlib.util.find_spec("xdist.newhooks") is not None:
        return True
    shown = str(config.getoption("reportchars", ""))
    return any(char in shown for char in "rRaA") or bool(config.getoption("rerun_show_tracebacks", False))
