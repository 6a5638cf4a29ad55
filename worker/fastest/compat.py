"""The one place that knows pytest's private names, by version (7.4 to 9.x). Nothing else of ours imports _pytest."""

from __future__ import annotations

import inspect
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator

import _pytest.config
import _pytest.reports
import pytest
from _pytest import nodes, runner
from _pytest._io import TerminalWriter
from _pytest.logging import caplog_records_key
from _pytest.outcomes import Exit
from _pytest.python import PyCollector
from _pytest.terminal import TerminalReporter
from _pytest.tmpdir import TempPathFactory

VERSION = tuple(int(part) for part in pytest.__version__.split(".")[:2])
if sys.version_info < (3, 11) and VERSION >= (8, 0):
    from exceptiongroup import BaseExceptionGroup  # noqa: A004  pytest itself needs it there.

CallInfo = runner.CallInfo
Directory = getattr(nodes, "Directory", None)
HAS_DIRECTORIES = VERSION >= (8, 0)
SUMMARY_HAS_TEXTS = VERSION >= (9, 0)  # The short summary says what a failure without a traceback says.


def run_main(argv: list[str], plugins: list[object]) -> int:
    """pytest's own main, as `python -m pytest` calls it, with plugins of ours registered before options are parsed."""
    main = getattr(_pytest.config, "_main", None)
    if main is None:
        return int(_pytest.config.main(argv, plugins))
    return int(main(args=argv, plugins=plugins, prog="python -m pytest"))


def is_core(name: str | None, plugin: object) -> bool:
    """Whether a plugin is part of pytest (by its module, whatever name it is registered under)."""
    module = plugin.__name__ if inspect.ismodule(plugin) else type(plugin).__module__
    return module.split(".")[0] == "_pytest" or name in ("session", "pytestconfig")


def wrap_session(config: pytest.Config, body: Callable[[pytest.Config, pytest.Session], int]) -> int:
    """Configures, starts a session, calls `body` for its exit status, and finishes the session, as pytest does."""
    from _pytest.main import wrap_session as wrapped

    return wrapped(config, body)


def reraise_exceptions(config: pytest.Config) -> tuple[type[BaseException], ...]:
    return (Exit,) if config.getoption("usepdb", False) else (Exit, KeyboardInterrupt)


def warning_text(warning_message: warnings.WarningMessage) -> str:
    from _pytest.warnings import warning_record_to_str

    return warning_record_to_str(warning_message)


def terminal_text(shown: object, markup: bool, columns: int, highlights: bool) -> str:
    """A report's longrepr, or what else has toterminal, as pytest's terminal prints it."""
    file = io.StringIO()
    writer = TerminalWriter(file)
    writer.hasmarkup = markup
    writer.code_highlight = highlights
    writer.fullwidth = columns
    shown.toterminal(writer)
    return file.getvalue()


def mute_terminal(config: pytest.Config, file: io.TextIOBase, markup: bool, columns: int) -> None:
    """Lets the terminal reporter write to `file`: hooks and conftests want one, but ours is elsewhere."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not hasattr(reporter, "_tw"):
        return
    if type(reporter) is not TerminalReporter:  # A plugin's own may write past `file`; xdist's workers have none at all.
        config.pluginmanager.unregister(reporter)
        reporter = TerminalReporter(config, file)
        config.pluginmanager.register(reporter, "terminalreporter")
    writer = TerminalWriter(file)
    writer.hasmarkup = {"yes": True, "no": False}.get(config.getoption("color", "auto"), markup)
    writer.code_highlight = config.getoption("code_highlight", "yes") != "no"
    writer.fullwidth = columns
    reporter._tw = writer


def is_terminal_reporter(kind: type) -> bool:
    return issubclass(kind, TerminalReporter)


def terminal_file(config: pytest.Config, file: object) -> object:
    """Sets the file that the terminal reporter writes to and returns the one before."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    writer = getattr(reporter, "_tw", None)
    before = getattr(writer, "_file", None)
    if writer is not None:
        writer._file = file
    return before


def import_for_configure() -> None:
    """What core's pytest_configure imports in every process: the zygote does it once."""
    import pdb  # noqa: F401


def remove_hook(config: pytest.Config, hook: str, plugin_name: str) -> None:
    """Takes one hook implementation away from one plugin."""
    remove_hook_of(config, hook, config.pluginmanager.get_plugin(plugin_name))


def remove_hook_of(config: pytest.Config, hook: str, plugin: object) -> None:
    caller = getattr(config.pluginmanager.hook, hook, None)  # config.hook wraps some in functions (8.x)
    if plugin is not None and caller is not None and any(impl.plugin is plugin for impl in caller.get_hookimpls()):
        caller._remove_plugin(plugin)


def override_ini(config: pytest.Config, name: str, value: object) -> None:
    config._inicache[name] = value


def make_basetemp(config: pytest.Config) -> object:
    """The run's base temporary directory, as pytest makes it from --basetemp or as the next pytest-of-USER/pytest-N.
    None with -p no:tmpdir."""
    if not config.pluginmanager.has_plugin("tmpdir"):
        return None
    return TempPathFactory.from_config(config, _ispytest=True).getbasetemp()


def rebase_temp(config: pytest.Config, path: object) -> None:
    """Gives a process that was forked after pytest_configure a base temporary directory of its own."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None:
        factory._given_basetemp = path
        factory._basetemp = None


def captures(config: pytest.Config) -> list[object]:
    """The capture objects (in, out, err) of global capturing."""
    manager = config.pluginmanager.get_plugin("capturemanager")
    multi = getattr(manager, "_global_capturing", None)
    return [each for each in (multi and (multi.in_, multi.out, multi.err)) or () if each is not None]


def setup_stack(session: pytest.Session) -> list[nodes.Node]:
    """The nodes that are set up at the moment, session first."""
    return list(session._setupstate.stack)


def renew_log_records(item: pytest.Item) -> None:
    """caplog's record lists are deleted at the end of a teardown; a second teardown needs them again."""
    item.stash.setdefault(caplog_records_key, {})


def collection_roots(session: pytest.Session) -> list[nodes.Node]:
    """Resolves the arguments as perform_collect does, with its errors and reports, but expands nothing below them."""
    roots: list[nodes.Node] = []
    cache: dict = {}

    def keep(node: nodes.Node) -> tuple:
        nonlocal cache
        roots.append(node)
        cache = session._collection_cache  # perform_collect drops it; no folder is to be listed twice.
        return ()

    before = session.__dict__.pop("genitems", None)
    session.genitems = keep
    # 9.1 and later parse a conftest's fixtures when its folder is collected, and forget those left over when perform_collect ends.
    pending = getattr(session._fixturemanager, "_pending_conftests", None)
    waiting = dict(pending or {})
    try:
        session.perform_collect()
    finally:
        del session.genitems
        if before is not None:
            session.genitems = before
    session._collection_cache = cache
    if pending is not None:
        pending.update({folder: plugin for folder, plugin in waiting.items() if not _is_collected(cache, folder)})
    return roots


def _is_collected(cache: dict, folder: object) -> bool:
    return any(isinstance(node, nodes.Directory) and node.path == folder for node in cache)


def children_of(session: pytest.Session, node: nodes.Collector) -> list[nodes.Node]:
    """A folder's children, listed and reported once a session; none where that failed."""
    report, known = session._collect_one_node(node, True)
    if not known:
        node.ihook.pytest_collectreport(report=report)
    return report.result if report.passed else []


def is_listed(session: pytest.Session, node: nodes.Collector) -> bool:
    return node in session._collection_cache


def forget_listing(session: pytest.Session, node: nodes.Collector) -> None:
    """Has the node collected anew when next asked: pytest 8 drops what comes from a file a second time."""
    session._collection_cache.pop(node, None)


def is_python_file(node: nodes.Node) -> bool:
    """Whether node collects a module's names, so that a part of a file can be taken by name."""
    from _pytest.doctest import DoctestModule

    return isinstance(node, pytest.Module) and not isinstance(node, DoctestModule)


def collect_names_only(node: pytest.Module):
    """Collects a Python file a second time without registering its fixtures again."""
    return PyCollector.collect(node)


def core_hook(config: pytest.Config, name: str, without: str = ""):
    """The hook with pytest's own implementations (and ours) only, save the plugin that is registered as `without`."""
    impls = getattr(config.hook, name).get_hookimpls()
    foreign = [impl.plugin for impl in impls if not is_core(impl.plugin_name, impl.plugin) and not is_ours(impl.plugin)]
    foreign += [impl.plugin for impl in impls if impl.plugin_name == without]
    return config.pluginmanager.subset_hook_caller(name, foreign)


def is_ours(plugin: object) -> bool:
    return type(plugin).__module__.split(".")[0] == "fastest"


def merge_calls(first: CallInfo, second: CallInfo) -> None:
    """Makes `second` tell of both: the times, and both exceptions as pytest groups those of one teardown."""
    __tracebackhide__ = True
    second.start = first.start
    second.duration += first.duration
    if first.excinfo is None:
        return
    if second.excinfo is None or VERSION < (8, 0):
        second.excinfo = first.excinfo  # pytest 7 keeps the first exception only.
        return
    errors = [second.excinfo.value, first.excinfo.value]
    try:
        raise BaseExceptionGroup("errors during test teardown", errors)
    except BaseExceptionGroup:
        second.excinfo = pytest.ExceptionInfo.from_current()


def header_lines(config: pytest.Config) -> list[str]:
    """rootdir, configfile, testpaths and plugins, as the terminal reporter's header has them."""
    from _pytest.terminal import TerminalReporter

    lines = TerminalReporter.pytest_report_header(None, config)  # It reads its config only.
    return lines if isinstance(lines, list) else [lines]


def parametrised_session_fixtures(session: pytest.Session) -> list[str]:
    """Fixtures with params that several files may share: pytest groups items by them across files."""
    return [
        name
        for name, where, definition in _fixture_definitions(session._fixturemanager)
        if definition.params is not None and definition.scope in ("session", "package") and not where.endswith(".py")
    ]


def _fixture_definitions(manager: object) -> Iterator[tuple[str, str, object]]:
    """(name, node id of where it is visible, definition)."""
    by_node = getattr(manager, "_arg2node2fixturedefs", None)
    if by_node is None:  # Before pytest 9.2.
        for name, definitions in manager._arg2fixturedefs.items():
            for definition in definitions:
                yield name, str(definition.baseid or "").split("::")[0], definition
        return
    for table in (by_node, manager._arg2nodeid2fixturedefs):
        for name, places in table.items():
            for place, definitions in places.items():
                where = str(getattr(place, "nodeid", place)).split("::")[0]
                for definition in definitions:
                    yield name, where, definition


def class_fixtures(item: pytest.Function) -> list[str]:
    return [name for name, found in item._fixtureinfo.name2fixturedefs.items() if found and found[-1].scope == "class"]


def relative_to(root: os.PathLike, path: os.PathLike) -> str:
    """`path` as a node id has it: relative to the rootdir where it can be, with slashes."""
    return os.path.relpath(path, root).replace(os.sep, "/")


def replace_debugger(refuse: Callable) -> Callable[[], None]:
    """Calls `refuse` wherever pytest would start a debugger; the answer undoes it."""
    from _pytest.debugging import pytestPDB

    before = pytestPDB.__dict__["_init_pdb"]
    pytestPDB._init_pdb = staticmethod(refuse)
    return lambda: setattr(pytestPDB, "_init_pdb", before)
