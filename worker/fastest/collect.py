"""File mode: collects the files of assignments inside the session, and tells what was found.

Arguments are resolved once, by pytest. Folders are listed when a file below them is first asked for, each once, by
pytest's own Directory collectors; so ignore hooks, conftests and reports are as in a full collection. A file is
imported only while nothing but folders (and the session) is set up, as it would be if all had been imported first.
"""

from __future__ import annotations

import functools
import importlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from fastest import compat, own_loop, verdicts
from fastest.recorder import Entry, Recorder
from fastest.root_paths import RootPaths
from fastest.units import Key, Lease, describe, entries_of, keys_of
from fastest.wire import COLLECTED


def whole_answer(session: pytest.Session, recorder: Recorder, seconds: float, start: dict[str, Any]) -> dict[str, Any]:
    """COLLECTED for a process that has collected everything."""
    answer = {"lease": 0, "unit": 0, "seconds": seconds, "problem": own_loop.problem(session.config)}
    return {**answer, **describe(session.items, start.get("serial") or []), **recorder.take_collection(), **recorder.take_lines()}


def errors_answer(recorder: Recorder) -> dict[str, Any]:
    """COLLECTED for a process that could not collect what it was asked for: reports only."""
    return {"lease": 0, "unit": 0, "seconds": 0.0, "problem": "", **describe([], []), **recorder.take_collection()}


class FilePlugin:
    """Replaces pytest's collection: at first only the arguments are resolved, later a task at a time is done."""

    def __init__(self) -> None:
        self.roots: list[pytest.Collector] = []
        self.include: frozenset[str] = frozenset()
        self.exclude: frozenset[str] = frozenset()
        self._task: Callable[[], None] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        if self._task is None:
            self.roots = compat.collection_roots(session)
        else:
            self._task()
        return True

    def run(self, config: pytest.Config, session: pytest.Session, task: Callable[[], None]) -> None:
        """Does `task` inside what core puts round a collection: its warning filters, assertion rewriting.

        Log handlers are those of the run loop already: put on twice, they would be gone with the collection's end.
        """
        self._task = task
        compat.core_hook(config, "pytest_collection", without="logging-plugin")(session=session)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: pytest.Collector, name: str) -> list | None:
        return [] if self.leaves_out(collector, name) else None

    def leaves_out(self, collector: pytest.Collector, name: str) -> bool:
        """Whether the name belongs to another part of the file that is being collected."""
        if not (self.include or self.exclude) or not isinstance(collector, pytest.Module):
            return False
        return name in self.exclude or (bool(self.include) and name not in self.include)


class FileUnits:
    """File mode's units: what this process has collected of each."""

    is_whole = False

    def __init__(self, session: pytest.Session, recorder: Recorder, plugin: FilePlugin, start: dict[str, Any]) -> None:
        self._session = session
        self._config = session.config
        self._recorder = recorder
        self._plugin = plugin
        self._units: dict[int, tuple[list[pytest.Item], list[Key], dict[Key, int]]] = {}
        self._seen: set[pytest.Collector] = set()
        self._by_path: dict[pytest.Collector, dict[Path, list[pytest.Collector]]] = {}
        self._plugins_seen = -1
        self._problem = ""
        prepend = session.config.getoption("importmode") == "prepend"
        self._sys_path = RootPaths(start.get("roots") or [], prepend)
        self._imports: list[str] = start.get("imports") or []
        self._serial: list[str] = start.get("serial") or []

    # ---- what the worker asks ----
    def walk(self) -> dict[str, Any]:
        """pytest's own list of test files."""
        paths: list[str] = []

        def visit(node: pytest.Collector) -> None:
            if isinstance(node, compat.Directory):
                for child in compat.children_of(self._session, node):
                    visit(child)
            elif not paths or paths[-1] != self._relative(node.path):
                paths.append(self._relative(node.path))

        def everything() -> None:
            for root in self._plugin.roots:
                visit(root)

        self._plugin.run(self._config, self._session, everything)
        return {"paths": list(dict.fromkeys(paths)), "reports": self._recorder.take_collection()["reports"]}

    def may_collect(self, assignment: dict[str, Any], queue: deque[Entry]) -> bool:
        """Whether nothing of another file is set up."""
        if assignment["unit"] in self._units:
            return True
        folders, path = (pytest.Session, compat.Directory), self._absolute(assignment["path"])
        return all(isinstance(node, folders) or node.path == path for node in compat.setup_stack(self._session))

    def folder_of(self, assignment: dict[str, Any]) -> pytest.Collector | None:
        """The node nearest to the file, among those that are there without importing anything."""
        return self._descend(self._absolute(assignment["path"]), may_list=False)[0]

    def all_roots(self) -> None:
        self._sys_path.use_all()

    def collect(self, lease: int, assignment: dict[str, Any]) -> tuple[list[Entry], list[Key]]:
        """Collects a unit and tells COLLECTED; the entries to run, and the keys that are not there."""
        unit = assignment["unit"]
        started = perf_counter()
        if self._imports:
            self.import_for_others()
        if unit not in self._units:
            is_here = self._absolute(assignment["path"]).exists()
            items = self._collect_file(assignment) if is_here else self._recorder.miss(assignment["path"])
            keys = keys_of(items)
            self._units[unit] = (items, keys, {key: index for index, key in enumerate(keys)})
        items, _, known = self._units[unit]
        answer = {"lease": lease, "unit": unit, "seconds": perf_counter() - started, "problem": self._find_problem()}
        told = describe(items, self._serial)
        self._recorder.link.send(COLLECTED, {**answer, **told, **self._recorder.take_collection(), **self._recorder.take_lines()})
        if not assignment.get("items"):
            alone = frozenset(told["serial"])  # They are assigned by themselves, after all others.
            return [Entry(lease, unit, index, item) for index, item in enumerate(items) if index not in alone], []
        return entries_of(lease, unit, assignment["items"], known, items)

    def split(self, entries: list[Entry], parts: list[dict[str, Any]]) -> tuple[list[Entry], list[Entry]]:
        """Those of the parts, in the parts' order, and the others."""
        by_place = {(entry.unit, entry.index): entry for entry in entries} if parts else {}
        places = [(part["unit"], self._units[part["unit"]][2].get(tuple(key))) for part in parts for key in part["items"]]
        named = [by_place.pop(place) for place in places if place in by_place]
        return named, list(by_place.values()) if parts else entries

    def keys_by_unit(self, entries: list[Entry], lease: Lease) -> list[dict[str, Any]]:
        parts: dict[int, list[Key]] = {}
        for entry in entries:
            parts.setdefault(entry.unit, []).append(self._units[entry.unit][1][entry.index])
        return [{"unit": unit, "whole": False, "items": keys} for unit, keys in parts.items()]

    # ---- collecting ----
    def import_for_others(self) -> bool:
        """Imports what any test file of the run imports: a test may lean on a submodule that another file brought in.

        Under pytest all files are imported before the first test runs. One that can't be imported fails in its own file,
        unless only its first import fails: under pytest that fails the file that comes first, and no other. False: one failed.
        """
        names, self._imports = self._imports, []
        failures: list[str] = []
        self._sys_path.use(1)  # All files see the first root; from a later one a file must not get what it can't import.

        def import_all() -> None:
            for name in names:
                failed = _failure_of(name)
                if not failed or _is_missing(name, failed):
                    continue
                failures.append(name)
                if not _failure_of(name):
                    text = f"importing {name} fails at the first try ({failed!r}) and passes at the second"
                    self._problem = self._problem or f"{text} (hint: --collect whole)"

        self._plugin.run(self._config, self._session, import_all)
        return not failures

    def _collect_file(self, assignment: dict[str, Any]) -> list[pytest.Item]:
        items: list[pytest.Item] = []
        self._plugin.include, self._plugin.exclude = (frozenset(assignment.get(which) or ()) for which in ("include", "exclude"))
        self._sys_path.use(assignment.get("roots", 0))
        path = self._absolute(assignment["path"])

        def one_file() -> None:
            for node in self._descend(path, may_list=True)[1]:
                if not self._plugin.include or compat.is_python_file(node):
                    items.extend(self._expand(node))
            self._modify(items)

        self._plugin.run(self._config, self._session, one_file)
        self._plugin.include = self._plugin.exclude = frozenset()
        self._session.items = [*self._session.items, *items]
        self._session.testscollected += len(items)
        return items

    def _modify(self, items: list[pytest.Item]) -> None:
        """The hook on collected items; core's fixture manager only reorders what has parameters."""
        modify = self._config.hook.pytest_collection_modifyitems
        if not any("callspec" in vars(item) for item in items):
            manager = self._session._fixturemanager
            modify = self._config.pluginmanager.subset_hook_caller("pytest_collection_modifyitems", [manager])
        modify(session=self._session, config=self._config, items=items)

    def _expand(self, node: pytest.Collector) -> list[pytest.Item]:
        """The items below a file. Another part of a module takes its nodes from the same Module: fixtures belong to it."""
        if not isinstance(node, pytest.Collector):
            return list(self._session.genitems(node))
        again = node in self._seen and compat.is_python_file(node)
        self._seen.add(node)
        compat.forget_listing(self._session, node)
        if again:
            node.collect = functools.partial(compat.collect_names_only, node)
        try:
            return list(self._session.genitems(node))
        finally:
            if again:
                del node.collect

    def _descend(self, path: Path, may_list: bool) -> tuple[pytest.Collector | None, list[pytest.Collector]]:
        """(the last node on the way to `path`, the file's collectors): a known module itself, else its nearest folder."""
        node = next((root for root in self._plugin.roots if root.path == path or root.path in path.parents), None)
        if node is None:
            return None, []
        if not isinstance(node, compat.Directory):
            files = [root for root in self._plugin.roots if root.path == path]
            return (files[0] if files[0] in self._seen else files[0].parent), files
        while may_list or compat.is_listed(self._session, node):
            children = self._children(node)
            files = [child for child in children.get(path, ()) if not isinstance(child, compat.Directory)]
            if files:
                return (files[0] if files[0] in self._seen else node), files
            below = next((parent for parent in path.parents if parent.parent == node.path), None)
            folder = next((child for child in children.get(below, ()) if isinstance(child, compat.Directory)), None)
            if folder is None:
                return node, []
            node = folder
        return node, []

    def _children(self, node: pytest.Collector) -> dict[Path, list[pytest.Collector]]:
        if node not in self._by_path:
            children: dict[Path, list[pytest.Collector]] = {}
            for child in compat.children_of(self._session, node):
                children.setdefault(child.path, []).append(child)
            self._by_path[node] = children
        return self._by_path[node]

    def _find_problem(self) -> str:
        """Why file mode turns out to be unsound: hooks and fixtures of conftests that were not loaded at READY."""
        count = len(self._config.pluginmanager.get_plugins())
        if count != self._plugins_seen and not self._problem:
            self._plugins_seen = count
            reasons = verdicts.list_hooks(self._config) + verdicts.late_hooks(self._config)
            self._problem = f"{reasons[0]} (hint: --collect whole)" if reasons else own_loop.problem(self._config)
        if not self._problem:
            shared = compat.parametrised_session_fixtures(self._session)
            if shared:
                self._problem = f"the fixture {shared[0]} has params and is shared by several files (hint: --collect whole)"
        return self._problem

    def _absolute(self, path: str) -> Path:
        return self._config.rootpath / path

    def _relative(self, path: Path) -> str:
        return compat.relative_to(self._config.rootpath, path)


def _failure_of(module: str) -> BaseException | None:
    try:
        importlib.import_module(module)
    except (Exception, pytest.skip.Exception) as failure:
        return failure
    return None


def _is_missing(module: str, failure: BaseException) -> bool:
    """Nothing of it ran. Its own file may make it findable first."""
    return isinstance(failure, ModuleNotFoundError) and f"{module}.".startswith(f"{failure.name}.")
