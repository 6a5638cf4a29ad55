"""What the loaded plugins and options allow: file mode, forks of a collected session, forks at all (docs/protocol.md, 1.4).

Each reason is a line for a person and names the plugin or option. In doubt the sound way is taken.
"""

from __future__ import annotations

import fcntl
import inspect
import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from fastest import compat, compat_fixture, core_protocol
from fastest.inheritable import is_inheritable
from fastest.nextitem_readers import readers_of_nextitem
from fastest.per_item import is_per_item
from fastest.watch import Watch

_WHOLE_LIST_HOOKS = ("pytest_collection_modifyitems", "pytest_collection_finish", "pytest_report_collectionfinish")
_HOOKS_FOR_ALL = (
    "pytest_runtest_protocol", "pytest_collection", "pytest_runtestloop", "pytest_report_teststatus", "pytest_report_to_serializable",
)  # fmt: skip
_PROCESS_HOOKS = ("pytest_configure", "pytest_sessionstart", "pytest_sessionfinish", "pytest_unconfigure")

# Top-level modules of plugins whose hooks on the whole list treat each item by itself.
_PER_ITEM_MODULES = frozenset(
    "anyio pytest_asyncio pytest_timeout pytest_mock pytest_trio hypothesis _hypothesis_pytestplugin pytest_httpbin pytest_django "
    "pytest_reportlog pytest_benchmark pytest_codspeed pytest_mypy_plugins pytest_metadata pytest_socket faker".split()
)
# Plugins whose configure and session hooks leave a process as forkable and as collectable as before.
_HARMLESS_MODULES = frozenset(
    "anyio pytest_asyncio pytest_timeout pytest_mock pytest_trio hypothesis _hypothesis_pytestplugin pytest_reportlog "
    "pytest_benchmark pytest_codspeed pytest_mypy_plugins pytest_subtests pytest_socket pytest_env pytest_httpserver pyfakefs "
    "typeguard inline_snapshot pytest_order pytest_run_parallel pytest_pretty pytest_xdist xdist fastest".split()
)
# What a fixture's code names that changes what an import may look at.
_WORLD = frozenset(
    "environ putenv unsetenv chdir fchdir MonkeyPatch patch setattr delattr setenv delenv syspath_prepend modules freeze_time "
    "freeze travel tzset setlocale setdefaulttimeout simplefilter filterwarnings basicConfig dictConfig fileConfig override_settings".split()
)
_WHOLE_OPTIONS = (
    ("lf", "--lf"), ("failedfirst", "--ff"), ("newfirst", "--nf"), ("stepwise", "--stepwise"), ("stepwise_skip", "--stepwise-skip"),
    ("keepduplicates", "--keep-duplicates"), ("pyargs", "--pyargs"),
)  # fmt: skip
# Plugins by top-level module that run the tests themselves, and the options that have them do so.
_RUNNERS = {
    "pytest_parallel": (("workers", "--workers"), ("tests_per_worker", "--tests-per-worker")),
    "pytest_run_parallel": (("forever", "--forever"),),
}
_KNOWN_DEVICES = re.compile(r"/dev/(null|zero|full|u?random|tty|ptmx|pts/.*|shm/.*|fd/.*|std.*)$")


def whole(config: pytest.Config) -> list[str]:
    """Why file mode would not be sound; empty if it is, as far as can be seen now."""
    if not compat.HAS_DIRECTORIES:
        return ["pytest 7 has no directory collectors"]
    reasons = [f"{flag} looks at the whole collection" for name, flag in _WHOLE_OPTIONS if config.getoption(name, False)]
    ahead = [f"{_name(config, impl)}: {hook} looks at nextitem" for hook, impl in readers_of_nextitem(config)]
    return reasons + _argument_reasons(config) + list_hooks(config) + _wide_fixtures(config) + ahead


def refusal(config: pytest.Config) -> str:
    """A usage error where a plugin is asked to distribute the tests; else empty."""
    for plugin in config.pluginmanager.get_plugins():
        for name, flag in _RUNNERS.get(module_of(plugin).split(".")[0], ()):
            if config.getoption(name, None):
                return f"{flag}: fastest and {module_of(plugin)} cannot both run the tests (hint: -n N)"
    return ""


def _argument_reasons(config: pytest.Config) -> list[str]:
    for argument in config.args:
        if "::" in argument:
            return [f"the argument {argument} names a test"]
    paths = [Path(os.path.abspath(config.invocation_params.dir / argument)) for argument in config.args]
    for index, path in enumerate(paths):
        others = paths[:index] + paths[index + 1 :]
        if path in others or any(other in path.parents for other in others):
            return [f"the argument {config.args[index]} overlaps with another"]
    return []


def list_hooks(config: pytest.Config) -> list[str]:
    """Hooks on the whole list outside core that are not known to treat each item by itself."""
    reasons = []
    for hook, impl in foreign_hooks(config, _WHOLE_LIST_HOOKS):
        if module_of(impl.plugin).split(".")[0] in _PER_ITEM_MODULES:
            continue
        if hook == "pytest_collection_modifyitems" and not core_protocol.is_wrapper(impl) and is_per_item(impl.function):
            continue
        reasons.append(f"{_name(config, impl)} implements {hook}")
    for plugin in config.pluginmanager.get_plugins():
        if not compat.is_core(None, plugin) and module_of(plugin).split(".")[0] not in _PER_ITEM_MODULES:
            reasons += [f"{plugin_name(config, plugin)} has {each}" for each in later_hooks(plugin, _WHOLE_LIST_HOOKS)]
    return reasons


def later_hooks(plugin: object, hooks: tuple[str, ...]) -> Iterator[str]:
    """Those of `hooks` that a plugin may add when it is configured, which is after READY: by registering an object of a
    class of its package, or one that its pytest_configure has just made."""
    for each in own_classes(plugin):
        yield from (f"{each.__name__}.{name}" for name in hooks if callable(getattr(each, name, None)))
    named = mentioned(getattr(plugin, "pytest_configure", None), frozenset(hooks))
    yield from (f"{name} in pytest_configure" for name in sorted(named))


def own_classes(plugin: object) -> Iterator[type]:
    """The classes of its own package in a plugin module's namespace, and where its pytest_configure stands; but no terminal
    reporter: workers do without it."""
    if inspect.ismodule(plugin):
        package = module_of(plugin).split(".")[0]
        names = {**getattr(getattr(plugin, "pytest_configure", None), "__globals__", {}), **vars(plugin)}
        for value in list(names.values()):
            if inspect.isclass(value) and value.__module__.split(".")[0] == package and not compat.is_terminal_reporter(value):
                yield value


def mentioned(function: Callable | None, words: frozenset[str]) -> set[str]:
    """Those of `words` that stand in a function's code, as a name or a text."""
    code = getattr(inspect.unwrap(function), "__code__", None) if function is not None else None
    return _mentioned_in(code, words) if code is not None else set()


def mentioned_anywhere(module: object, words: frozenset[str]) -> set[str]:
    """Those of `words` that stand in the code of a module's own functions."""
    functions = [each for each in list(vars(module).values()) if type(each) is FunctionType and each.__module__ == module_of(module)]
    return set().union(*(mentioned(each, words) for each in functions))


def _mentioned_in(code: CodeType, words: frozenset[str]) -> set[str]:
    found = set(words.intersection(code.co_names))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _mentioned_in(constant, words)
        elif isinstance(constant, str) and constant in words:
            found.add(constant)
    return found


def late_hooks(config: pytest.Config) -> list[str]:
    """Hooks of conftests below the rootdir's that pytest calls for every item of the run once they are loaded."""
    reasons = []
    for hook, impl in foreign_hooks(config, _HOOKS_FOR_ALL):
        file = getattr(impl.plugin, "__file__", None) or ""
        if os.path.basename(file) == "conftest.py" and impl.plugin not in config.__dict__.get("fastest_known_plugins", ()):
            reasons.append(f"{_name(config, impl)} implements {hook}")
    return reasons


def _wide_fixtures(config: pytest.Config) -> list[str]:
    """Fixtures for more than a file: core regroups items by their params; and what one does to the process, a file would see
    that is imported while it is set up, where pytest has imported all. One that is set up for every test may do anything."""
    reasons = []
    for plugin in config.pluginmanager.get_plugins():
        if compat.is_core(None, plugin) or compat.is_ours(plugin):
            continue
        is_known = module_of(plugin).split(".")[0] in _PER_ITEM_MODULES
        for fixture in compat_fixture.fixtures_of(plugin):
            if fixture.scope in ("function", "class", "module"):
                continue
            has = ["params"] if fixture.params is not None else []
            if not is_known:
                has += ["autouse"] if fixture.autouse else []
                words = mentioned(fixture.function, _WORLD) if _is_projects_own(plugin) else ()  # Else it may be unused.
                has += [f"{word} in its code" for word in sorted(words)]
            if has:
                name = plugin_name(config, plugin)
                reasons.append(f"the fixture {fixture.name} of {name} has {has[0]} and scope {fixture.scope}")
    return reasons


def _is_projects_own(plugin: object) -> bool:
    return "site-packages" not in (getattr(plugin, "__file__", None) or "site-packages").split(os.sep)


def each(config: pytest.Config) -> list[str]:
    """Why workers can't be forked from a session that the zygote has configured and collected."""
    return [
        f"{_name(config, impl)} implements {hook}"
        for hook, impl in foreign_hooks(config, _PROCESS_HOOKS)
        if module_of(impl.plugin).split(".")[0] not in _HARMLESS_MODULES and not is_inheritable(impl.function)
    ]


def fresh(config: pytest.Config, watch: Watch, own_fds: set[int]) -> list[str]:
    """Why no worker can be forked at all."""
    return watch.reasons + _coverage(config) + unshareable(own_fds | _captured_fds(config))


def unshareable(own_fds: set[int]) -> list[str]:
    """What this process has now and a fork would not have, or would have in common with it."""
    return _threads() + _open_files(own_fds)


def _coverage(config: pytest.Config) -> list[str]:
    if config.pluginmanager.hasplugin("_cov") and config.getoption("cov_source", None) and not config.getoption("no_cov", False):
        return ["pytest-cov measures"]
    if sys.gettrace() is not None:
        return ["a trace function is set"]
    return ["COVERAGE_PROCESS_START is set"] if os.environ.get("COVERAGE_PROCESS_START") else []


def _threads() -> list[str]:
    python = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if python:
        return [f"the thread {name} was started while loading" for name in python]
    try:
        count = len(os.listdir("/proc/self/task"))
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
            maps = file.read()
    except OSError:
        return []
    if count == 1:
        return []
    # OpenBLAS stops its pool before a fork and starts it again after; GNU's and Intel's OpenMP do not.
    if "openblas" in maps and not re.search(r"/lib(gomp|iomp|mkl)[^/]*$", maps, re.MULTILINE):
        return []
    return [f"{count - 1} native threads run that are not known to survive a fork"]


def _open_files(own_fds: set[int]) -> list[str]:
    reasons = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
            if int(name) > 2 and int(name) not in own_fds and _is_shared(int(name), target):
                what = target.split(":")[0]
                reasons.append(f"file descriptor {name} is open on {what if what != 'anon_inode' else target[11:]}")
        except OSError:
            continue
    return reasons


def _is_shared(fd: int, target: str) -> bool:
    """Whether what one process does with the open file is felt by another that has inherited it. Writing at the end is not."""
    if target.startswith("/dev/"):
        return not _KNOWN_DEVICES.match(target)
    if target.startswith(("socket:", "pipe:", "anon_inode:")):
        return True
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        return False
    return fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_WRONLY  # It has a place where it is read.


def _captured_fds(config: pytest.Config) -> set[int]:
    """Those of pytest's capturing, which process.redirect_output sees to."""
    fds = set()
    for capture in compat.captures(config):
        fds.add(getattr(capture, "targetfd_save", -1))
        file = getattr(capture, "tmpfile", None)
        if hasattr(capture, "targetfd") and file is not None:
            fds.add(file.fileno())
    return fds


def foreign_hooks(config: pytest.Config, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """(hook, implementation) of each implementation outside pytest and fastest."""
    for name in names:
        caller = getattr(config.pluginmanager.hook, name, None)  # config.hook wraps some in functions (8.x)
        for impl in caller.get_hookimpls() if caller is not None else ():
            if not compat.is_core(impl.plugin_name, impl.plugin) and not compat.is_ours(impl.plugin):
                yield name, impl


def all_foreign_hooks(config: pytest.Config) -> dict[str, list[str]]:
    """READY's `hooks`."""
    found: dict[str, list[str]] = {}
    for name in dir(config.pluginmanager.hook):
        if name.startswith("pytest_"):
            for _, impl in foreign_hooks(config, (name,)):
                found.setdefault(name, []).append(_name(config, impl))
    return found


def module_of(plugin: object) -> str:
    return getattr(plugin, "__name__", None) or type(plugin).__module__


def _name(config: pytest.Config, impl: Any) -> str:
    return plugin_name(config, impl.plugin)


def plugin_name(config: pytest.Config, plugin: object) -> str:
    file = getattr(plugin, "__file__", None)
    if file and os.path.basename(file) == "conftest.py":
        return os.path.relpath(file, config.rootpath)
    name = config.pluginmanager.get_name(plugin)
    return name if name and not name.isdigit() else type(plugin).__qualname__
