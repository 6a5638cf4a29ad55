"""Which items may be run directly: those for which all that pytest itself has in the protocol's hooks is known, and every option.

A hook that is not on the list sends its items through `pytest_runtest_protocol`, and so does a plugin that may run items
by itself. Other hooks of plugins and conftests are called by the fast protocol, too (foreign_hooks.py). Looked at once
per parent node (most hooks of conftests count below their folder only), and again when a plugin has been registered.
"""

from __future__ import annotations

import inspect
import sys

import pytest

from fastest import compat, core_protocol

PROTOCOL = "pytest_runtest_protocol"
_PHASE = "runner skipping capture logging unraisableexception threadexception"
_KNOWN = {
    PROTOCOL: "runner warnings faulthandler unittest assertion",
    "pytest_runtest_setup": _PHASE,
    "pytest_runtest_call": _PHASE,
    "pytest_runtest_teardown": _PHASE,
    "pytest_runtest_makereport": "runner skipping tmpdir unittest subtests",
    "pytest_runtest_logreport": "logging terminal main cacheprovider",
    "pytest_runtest_logstart": "logging terminal",
    "pytest_runtest_logfinish": "logging terminal",
}
_NEEDED = {"runner", "skipping", "capture", "logging", "unraisableexception", "threadexception", "warnings", "assertion"}
OWN_STEPS = ("runtest", "setup", "teardown")  # What an item does in its phases; a conftest may put its own in place.
_FULL_PROTOCOL_OPTIONS = ("usepdb", "trace", "setuponly", "setupshow", "setupplan", "fulltrace", "runxfail")
_REPORT_READERS = ("pytest_terminal_summary", "pytest_sessionfinish", "pytest_unconfigure")
_READS_NOTHING = "pytest_reportlog"  # It closes its file, which the coordinator writes.


def is_possible(config: pytest.Config) -> bool:
    """Whether any item of this session may be run directly."""
    if not core_protocol.HAS_EXCEPTION_QUEUES or sys.version_info >= (3, 14) or sys.implementation.name != "cpython":
        return False
    if any(config.getoption(name, False) for name in _FULL_PROTOCOL_OPTIONS):
        return False
    if not config.pluginmanager.has_plugin("logging-plugin"):  # -p no:logging
        return False
    return config.getoption("capture", None) in ("fd", "sys", "no") and not _ini(config, "log_cli")


def report_readers(config: pytest.Config) -> list:
    """Hooks of plugins that may read the terminal reporter's list of passed tests."""
    impls = [impl for name in _REPORT_READERS for impl in foreign_impls(config.pluginmanager.hook, name)]
    return [impl for impl in impls if impl.plugin_name != _READS_NOTHING]


def has_timeout(config: pytest.Config) -> bool:
    """Whether tests that run for long have their stack printed (-o faulthandler_timeout)."""
    return float(_ini(config, "faulthandler_timeout") or 0) > 0


def are_known(ihook: object, for_all: object) -> bool:
    """Whether pytest's own part in these items' protocol is known, and whole, and nobody else runs items.

    `for_all`: config.hook, through which pytest calls PROTOCOL: a conftest's counts outside its folder, too.
    """
    found = set()
    for name, known in _KNOWN.items():
        for impl in impls_of(for_all if name == PROTOCOL else ihook, name):
            core = core_name(impl)
            if core is not None and core not in known.split():
                return False
            found.add(core)
    runs_items = any(not core_protocol.is_wrapper(impl) for impl in foreign_impls(for_all, PROTOCOL))
    return not runs_items and found >= _NEEDED and _are_steps_pytests()  # Without -p no:logging and its like.


def _are_steps_pytests() -> bool:
    """Whether what pytest.Function does in its phases, and what is done round these, is as pytest has it; wrappers have
    other globals."""
    steps = [*(getattr(pytest.Function, name) for name in OWN_STEPS), *core_protocol.steps_round_it()]
    return all(_home(step).startswith("_pytest.") for step in steps)


def _home(function: object) -> str:
    return getattr(function, "__globals__", {}).get("__name__", "")


def foreign_impls(ihook: object, name: str) -> list:
    return [impl for impl in impls_of(ihook, name) if is_foreign(impl)]


def calls_functions_itself(ihook: object) -> bool:
    """Whether pytest alone calls test functions; async plugins implement the hook for it."""
    return all(core_name(impl) == "python" for impl in impls_of(ihook, "pytest_pyfunc_call"))


def collect_functions(ihook: object) -> bool:
    """Whether pytest alone makes items of functions, and says how often they run."""
    made_by = {core_name(impl) for impl in impls_of(ihook, "pytest_pycollect_makeitem") if not compat.is_ours(impl.plugin)}
    generated_by = {core_name(impl) for impl in impls_of(ihook, "pytest_generate_tests")}
    return made_by <= {"python", "unittest"} and generated_by <= {"python", "fixtures"}


def are_core(config: pytest.Config, name: str) -> bool:
    return all(core_name(impl) is not None for impl in impls_of(config.pluginmanager.hook, name))


def _ini(config: pytest.Config, name: str) -> object:
    """None where the plugin that has the setting is switched off."""
    try:
        return config.getini(name)
    except (ValueError, KeyError):
        return None


def impls_of(relay: object, name: str) -> list:
    caller = getattr(relay, name, None)
    return caller.get_hookimpls() if caller is not None else []


def is_foreign(impl: object) -> bool:
    return core_name(impl) is None and not compat.is_ours(impl.plugin)


def core_name(impl: object) -> str | None:
    """`runner` for _pytest.runner; None outside pytest."""
    module = impl.plugin.__name__ if inspect.ismodule(impl.plugin) else type(impl.plugin).__module__
    package, _, name = module.partition(".")
    return name.split(".")[0] if package == "_pytest" else None
