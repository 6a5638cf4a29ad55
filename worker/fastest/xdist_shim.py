"""Stands in for pytest-xdist under its own plugin name: swallows its options and offers its hooks and fixtures.

Nothing is distributed here; suites and plugins find what they look for. The module `xdist` is the installed one where
there is one, else a small stand-in that a meta-path finder makes when something imports it.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import os
import sys
import types
import uuid
from typing import Any

import pytest

from fastest import compat_plugins


_DISTRIBUTION, _VERSION = "pytest-xdist", "3.8.0"


def _is_installed() -> bool:
    try:
        return not isinstance(importlib.metadata.distribution(_DISTRIBUTION), StandInDistribution)
    except importlib.metadata.PackageNotFoundError:
        return False


def make_shim(setup: dict[str, Any], with_module: bool = True) -> types.ModuleType | None:
    """None where pytest itself would not have xdist and nobody distributes. `with_module`: `import xdist` works."""
    if setup.get("n", 0) > 1:
        if with_module and not _is_installed():
            sys.meta_path.append(StandInFinder())
        return _plugin()
    argv = setup.get("argv", [])
    asked = any(word in ("xdist", "xdist.plugin", "-pxdist", "-pxdist.plugin") for word in argv)
    autoload = not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") and "--disable-plugin-autoload" not in argv
    return _plugin() if _is_installed() and (autoload or asked) else None


def is_xdist_worker(request_or_session: Any) -> bool:
    return hasattr(request_or_session.config, "workerinput")


def is_xdist_controller(request_or_session: Any) -> bool:
    return not is_xdist_worker(request_or_session) and request_or_session.config.getoption("dist", "no") != "no"


def get_xdist_worker_id(request_or_session: Any) -> str:
    return getattr(request_or_session.config, "workerinput", {}).get("workerid", "master")


@pytest.fixture(scope="session", name="worker_id")
def _worker_id(request: pytest.FixtureRequest) -> str:
    return get_xdist_worker_id(request)


@pytest.fixture(scope="session", name="testrun_uid")
def _testrun_uid(request: pytest.FixtureRequest) -> str:
    return getattr(request.config, "workerinput", {}).get("testrunuid") or uuid.uuid4().hex


class Hooks:
    """xdist's hooks, so that implementations of them are known."""

    @pytest.hookspec()
    def pytest_xdist_setupnodes(self, config, specs): ...

    @pytest.hookspec()
    def pytest_xdist_newgateway(self, gateway): ...

    @pytest.hookspec(warn_on_impl=None)
    def pytest_xdist_rsyncstart(self, source, gateways): ...

    @pytest.hookspec(warn_on_impl=None)
    def pytest_xdist_rsyncfinish(self, source, gateways): ...

    @pytest.hookspec(firstresult=True)
    def pytest_xdist_getremotemodule(self): ...

    @pytest.hookspec()
    def pytest_configure_node(self, node): ...

    @pytest.hookspec()
    def pytest_testnodeready(self, node): ...

    @pytest.hookspec()
    def pytest_testnodedown(self, node, error): ...

    @pytest.hookspec()
    def pytest_xdist_node_collection_finished(self, node, ids): ...

    @pytest.hookspec(firstresult=True)
    def pytest_xdist_make_scheduler(self, config, log): ...

    @pytest.hookspec(firstresult=True)
    def pytest_xdist_auto_num_workers(self, config): ...

    @pytest.hookspec(firstresult=True)
    def pytest_handlecrashitem(self, crashitem, report, sched): ...


class _Part:
    """Stands where a module of xdist's would be registered."""


def _process_count(text: str) -> int | str:
    return text if text in ("auto", "logical") else int(text)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Hooks)
    if _is_installed():
        compat_plugins.claim_distribution(pluginmanager, pluginmanager.get_plugin("xdist"), _DISTRIBUTION)
    for name in ("xdist.plugin", "xdist.looponfail"):  # A blocked name would be unblocked by -p.
        pluginmanager.register(_Part(), name)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("xdist", "distributed testing, as fastest does it")
    short = group._addoption  # Lower-case short options are pytest's own and old plugins'.
    short("-n", "--numprocesses", dest="numprocesses", metavar="numprocesses", type=_process_count)
    short("-d", action="store_true", dest="distload", default=False)
    short("-f", "--looponfail", action="store_true", dest="looponfail", default=False)
    group.addoption("--maxprocesses", dest="maxprocesses", type=int)
    group.addoption("--max-worker-restart", dest="maxworkerrestart")
    modes = ["each", "load", "loadscope", "loadfile", "loadgroup", "worksteal", "no"]
    group.addoption("--dist", metavar="distmode", choices=modes, dest="dist", default="no")
    group.addoption("--loadscope-reorder", dest="loadscopereorder", action="store_true", default=True)
    group.addoption("--no-loadscope-reorder", dest="loadscopereorder", action="store_false")
    for name in ("tx", "px", "rsyncdir", "rsyncignore"):
        group.addoption(f"--{name}", dest=name, action="append", default=[])
    group.addoption("--testrunuid")
    group.addoption("--maxschedchunk", type=int)
    for name in ("rsyncdirs", "rsyncignore", "looponfailroots"):
        parser.addini(name, "accepted for pytest-xdist's sake", type="paths")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "xdist_group: specify group for tests should run in same session.")


def _plugin() -> types.ModuleType:
    """The plugin "xdist": pluggy takes the name from `__name__`, and its entry-point loader then skips the real one."""
    plugin = types.ModuleType("xdist", __doc__)
    for function in (pytest_addhooks, pytest_addoption, pytest_configure):
        setattr(plugin, function.__name__, function)
    plugin.worker_id, plugin.testrun_uid = _worker_id, _testrun_uid
    return plugin


class StandInDistribution(importlib.metadata.Distribution):
    def read_text(self, filename: str) -> str | None:
        return f"Metadata-Version: 2.1\nName: {_DISTRIBUTION}\nVersion: {_VERSION}\n" if filename == "METADATA" else None

    def locate_file(self, path: object) -> object:
        return path


class StandInFinder:
    """Makes a module `xdist` when something imports it and pytest-xdist is not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        if name in ("xdist", "xdist.plugin"):
            return importlib.machinery.ModuleSpec(name, self, is_package=name == "xdist")
        return None

    def create_module(self, spec: object) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        module.is_xdist_worker = is_xdist_worker
        module.is_xdist_controller = module.is_xdist_master = is_xdist_controller
        module.get_xdist_worker_id = get_xdist_worker_id
        module.__version__ = _VERSION

    def find_distributions(self, context: importlib.metadata.DistributionFinder.Context) -> list[importlib.metadata.Distribution]:
        """For who asks for it by name: a plugin that wants to know whether its reports are passed on."""
        return [StandInDistribution()] if context.name == _DISTRIBUTION else []
