"""READY: what the loaded pytest is, what it was told, and what its plugins allow (docs/protocol.md, 1.4)."""

from __future__ import annotations

import json
import platform
import sys
from typing import Any

import pluggy
import pytest

from fastest import compat, compat_cache, own_loop, reporting, verdicts
from fastest.watch import Watch

# The ini values that discovery and reports read; those that this pytest does not know are left out.
_INI = (
    "addopts", "cache_dir", "collect_imported_tests", "confcutdir", "console_output_style", "consider_namespace_packages",
    "doctest_encoding", "doctest_optionflags", "filterwarnings", "junit_duration_report", "junit_family", "junit_log_passing_tests",
    "junit_logging", "junit_suite_name", "markers", "max_warnings", "minversion", "norecursedirs", "python_classes", "python_files",
    "python_functions", "pythonpath", "required_plugins", "testpaths", "tmp_path_retention_count", "tmp_path_retention_policy",
    "truncation_limit_chars", "truncation_limit_lines", "usefixtures", "verbosity_assertions", "verbosity_test_cases",
    "xfail_strict",
)  # fmt: skip


def describe(config: pytest.Config, watch: Watch, own_fds: set[int], seconds: float) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": sys.platform,
        "pytest": pytest.__version__,
        "pluggy": pluggy.__version__,
        "header": _header(config),
        "rootdir": str(config.rootpath),
        "inipath": str(config.inipath) if config.inipath else None,
        "invocation_dir": str(config.invocation_params.dir),
        "args": list(config.args),
        "args_source": config.args_source.name.lower(),
        "options": {name: value for name, value in vars(config.option).items() if _is_json(value)},
        "ini": _ini(config),
        "plugins": _plugins(config),
        "hooks": verdicts.all_foreign_hooks(config),
        "whole": verdicts.whole(config),
        "each": verdicts.each(config),
        "fresh": verdicts.fresh(config, watch, own_fds),
        "controller": reporting.controller(config),
        "alone": own_loop.reasons(config),
        "seconds": seconds,
    }


def _header(config: pytest.Config) -> list[str]:
    version = platform.python_version()
    if sys.implementation.name == "pypy":
        version += f"[pypy-{'.'.join(map(str, sys.pypy_version_info[:3]))}-{sys.pypy_version_info[3]}]"
    lines = [f"platform {sys.platform} -- Python {version}, pytest-{pytest.__version__}, pluggy-{pluggy.__version__}"]
    if config.getoption("verbose", 0) > 0 or config.option.debug or getattr(config.option, "pastebin", None):
        lines[0] += f" -- {sys.executable}"
    return lines + compat_cache.header_lines(config) + compat.header_lines(config)


def _ini(config: pytest.Config) -> dict[str, Any]:
    found = {}
    for name in _INI:
        try:
            value = config.getini(name)
        except (ValueError, KeyError):
            continue
        if isinstance(value, list):
            value = [each if isinstance(each, str) else str(each) for each in value]
        found[name] = value if _is_json(value) else str(value)
    return found


def _plugins(config: pytest.Config) -> list[list[str]]:
    found = []
    for plugin, distribution in config.pluginmanager.list_plugin_distinfo():
        name = config.pluginmanager.get_name(plugin) or ""
        found.append([name, distribution.project_name, distribution.version])
    return found


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True
