"""The zygote: loads pytest up to pytest_configure, answers READY, and turns forks of itself (or itself) into workers.

All of it happens inside pytest's own main: this plugin stands in pytest_cmdline_main before everything else, and in
pytest_runtestloop. A fork returns from there and goes on as pytest would, so session finish, unconfigure and error
texts are pytest's.
"""

from __future__ import annotations

import gc
import io
import os
import sys
import time
import warnings
from typing import Any

import pytest

from fastest import bytecode, collect, compat, compat_junit, compat_rewrite, debugger, heap, identity, process
from fastest import ready, reporting, shard, verdicts, whole_run, wire
from fastest.children import Children
from fastest.compat_fixtures import FixtureScan
from fastest.error_text import ErrorText
from fastest.fast_collection import FastCollection
from fastest.explaining import Explaining
from fastest.fast_protocol import FastProtocol
from fastest.fork_trap import ForkTrap
from fastest.imported import Imported
from fastest.importing import Importing
from fastest.link import WorkerLink, ZygoteLink
from fastest.recorder import Recorder
from fastest.reports import Envelopes
from fastest.ring import Ring
from fastest.stopping import tell_ended_collection
from fastest.successor import Successor
from fastest.summary import ForeignSummary, silence
from fastest.units import Units
from fastest.watch import Watch
from fastest.wire import Frames
from fastest.worker import Worker

class Zygote:
    """One process of ours, from SETUP to its end. `worker_link` is set once it is a worker."""

    def __init__(self, frames: Frames | None, setup: dict[str, Any], life_pipe: int) -> None:
        self.meet(frames, setup, life_pipe)
        self._watch = Watch()
        self._recorder: Recorder | None = None
        self._config: pytest.Config | None = None
        self._basetemp: object = None
        self._order: dict[str, Any] = {}  # The COLLECT, FORK or BECOME that this process obeys.
        self._fault_log = -1
        self._trap: ForkTrap | None = None
        self._told_collection = self._is_running = False
        self._collect_seconds, self._collection_errors = 0.0, 0
        self._summary: ForeignSummary | None = None
        self._file_plugin = collect.FilePlugin()
        self._successor = Successor(self._watch)
        self._exit_asked = self._is_frozen = self._shows = False
        self.worker_link: WorkerLink | None = None
        self.errors = ErrorText(bool(setup.get("color")))
        self.is_ready = self.is_collecting = False

    def meet(self, frames: Frames | None, setup: dict[str, Any], life_pipe: int) -> None:
        """Who there is to answer to; None: nobody yet (parsing_ahead.py)."""
        self._frames, self._setup, self._life_pipe = frames, setup, life_pipe
        self._started = time.perf_counter()
        self._own_fds = process.open_fds()
        self._children = Children(frames)

    @property
    def single(self) -> bool:
        return self._setup.get("n", 0) <= 1

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_cmdline_parse(self, pluginmanager: pytest.PytestPluginManager) -> object:
        self.errors.release()
        config = pluginmanager.get_plugin("pytestconfig")
        compat_rewrite.keep_rewritten(config)
        config.add_cleanup(lambda: self.errors.on_unconfigured(self.is_ready))  # Done last, after capturing's own.
        with self._watch:
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> object:
        bytecode.cover(str(early_config.rootpath))
        if not self.single:
            whole_run.neutralise_early(early_config)
        yield

    # ---- from READY to the session ----
    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int | None:
        self._config = config
        self._shows = bool(self._setup.get("attached")) and not config.option.collectonly  # pytest's own header and progress.
        self.errors.refuse(verdicts.refusal(config))
        config.fastest_known_plugins = set(config.pluginmanager.get_plugins())
        whole_run.begin(config, self.single, self._setup)
        answer = ready.describe(config, self._watch, self._own_fds, time.perf_counter() - self._started)
        self._frames.write(wire.READY, answer)
        self.is_ready = True
        if not self.single:
            compat.import_for_configure()  # While the run is planned.
        color, columns = bool(self._setup.get("color")), int(self._setup.get("columns") or 80)
        envelopes = Envelopes(config, bool(self._setup.get("full_reports")), color, columns)
        self._recorder = Recorder(envelopes, ZygoteLink(self._frames))
        config.pluginmanager.register(self._recorder, "fastest-recorder")  # Hears the warnings so far, too.
        if (order := self._serve(None)) is None:
            return 0
        self._recorder.envelopes.full |= bool(order.get("start", {}).get("full_reports"))
        config.pluginmanager.register(FixtureScan(), "fastest-fixture-scan")
        identity.apply_before_configure(config, self._order, self._basetemp)
        config.pluginmanager.register(compat_junit.JUnitWords(config), "fastest-junit-words")
        whole_run.neutralise_options(config, self.single, self._setup)
        if self._setup.get("fast_protocol", True) and compat.HAS_DIRECTORIES:
            config.pluginmanager.register(FastCollection(self._file_plugin.leaves_out), "fastest-collection")
        if self.file_mode:
            config.pluginmanager.register(self._file_plugin, "fastest-files")
        else:
            config.pluginmanager.register(Importing(self._recorder), "fastest-importing")
            if self.worker_link is None:
                config.pluginmanager.register(Imported(self._watch, self._frames), "fastest-imported")
        shard.take_part(config, order)
        config.pluginmanager.register(whole_run.AfterConfigure(self._after_configure), "fastest-after-configure")

    def _after_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "fastest(serial): while the test runs, nothing else of the run does.")
        whole_run.neutralise_plugins(config, self.single)
        reporting.leave_to_main_process(config, self.single)
        if not self._shows:
            silence(config, self._recorder.envelopes)
        if self.single:
            self._summary = ForeignSummary(config, io.StringIO(), self._shows)
            config.pluginmanager.register(self._summary, "fastest-summary")
        debugger.prepare(config, bool(self._setup.get("attached")))
        process.dump_faults_to(self._fault_log)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        if self.worker_link is not None:
            process.collect_garbage_once()

    # ---- the session ----
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> object:
        self._collect_seconds = -time.perf_counter()
        outcome = yield
        self._collect_seconds += time.perf_counter()
        error = outcome.excinfo[1] if outcome.excinfo is not None and not self._is_running else None
        if error is not None and not isinstance(error, pytest.UsageError):
            tell_ended_collection(error, self._recorder, self.worker_link, self.errors, lambda: self._tell_collected(session))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._tell_collected(session)
        start = self._order.get("start") or {}
        if self.file_mode:
            units = collect.FileUnits(session, self._recorder, self._file_plugin, start)
        else:
            units = Units(session, forks=not self.single)
        if self.worker_link is None:
            if self._successor.is_on_trial:
                self._is_frozen = self._successor.stand_trial(session.config, self._recorder, units)
            if not (self.file_mode and self._fork(self._order)) and self._serve(session) is None:
                return True
            start = self._order["start"]
            process.dump_faults_to(self._fault_log)
        self._is_running = True
        protocol = FastProtocol(session, self._recorder, self._setup.get("fast_protocol", True) and not self._shows, self.single)
        explaining = Explaining(session.config, float(self._setup.get("diff_budget", 0)))
        Worker(self.worker_link, self._recorder, units, session, protocol, explaining).run(start, self._setup)
        if self._summary is not None and not self._shows:
            self._summary.begin()
        errors = self._collection_errors
        if self.single and errors and not session.config.option.continue_on_collection_errors:
            self._recorder.is_told = True  # The coordinator knows of them.
            raise session.Interrupted(f"{errors} error{'s' if errors != 1 else ''} during collection")
        return True

    @property
    def file_mode(self) -> bool:
        return self._order.get("mode") == "file"

    def _tell_collected(self, session: pytest.Session) -> None:
        if self._told_collection or self.file_mode:
            return
        self._told_collection, self._collection_errors = True, session.testsfailed
        answer = collect.whole_answer(session, self._recorder, self._collect_seconds, self._order.get("start") or {})
        self._recorder.link.send(wire.COLLECTED, answer)
        self.is_collecting = False

    def _tell_errors(self) -> None:
        """An argument is not there, perhaps since its file can't be imported: that is told, too."""
        if self._recorder is not None and self._recorder.collect_reports and not (self._told_collection or self.file_mode):
            self._recorder.link.send(wire.COLLECTED, collect.errors_answer(self._recorder))

    # ---- orders ----
    def _serve(self, session: pytest.Session | None) -> dict[str, Any] | None:
        """Obeys orders until one makes this process go on: the order, or None for the end."""
        while True:
            if not self._frames.ready():
                self._children.watch_until_frame()
            frame = self._frames.read()
            if frame is None or frame[0] == wire.EXIT:
                self._exit_asked = True
                self._children.reap_all()
                return None
            kind, order = frame
            if kind == wire.COLLECT and session is None:
                self._order = {"mode": "whole", "id": None if self.single else "gw0", "count": 1, **order}
                self.is_collecting = True
                return order
            if kind == wire.BECOME:
                return self._become(order)
            if kind == wire.FORK:
                comes = session is None and self._successor.comes(self._config, self._recorder, order, self._frames, self._life_pipe)
                if comes:
                    self._order = order
                if comes or self._fork(order):
                    return order
                continue
            raise wire.WireError(f"a zygote does not take frames of kind {kind} now")

    def _fork(self, order: dict[str, Any]) -> bool:
        """True in the child, which is the worker then."""
        fds = self._frames.take_fds()
        if self._basetemp is None and order.get("id"):
            self._basetemp = compat.make_basetemp(self._config)
        sys.stdout.flush()
        sys.stderr.flush()
        self._is_frozen = self._is_frozen or heap.freeze(order["start"].get("imports", []))
        keep_random = self._watch.random_state()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # "multi-threaded": ready.py has judged the threads.
            pid = os.fork()
        if pid:
            for fd in fds:
                os.close(fd)
            self._children.add(pid, order["worker"])
            return False
        self._children.forget()
        self._frames.close()
        process.die_with_agent(self._life_pipe)
        process.forget_exit_handlers()
        keep_random()
        self._enter(order, fds)
        return True

    def _become(self, order: dict[str, Any]) -> dict[str, Any]:
        fds = self._frames.take_fds()
        if order.get("id"):
            self._basetemp = identity.shared_basetemp(self._config, self._setup.get("run_id", ""))
        if self.single and not process.is_given:
            gc.unfreeze()  # As if it had been started as this.
        self._frames.write(wire.FORKED, {"worker": order["worker"], "pid": os.getpid()})
        self._frames.close()
        self._enter(order, fds)
        return order

    def _enter(self, order: dict[str, Any], fds: list[int]) -> None:
        """This process is a worker from now on."""
        was_configured = self._order.get("mode") == "whole" or self._successor.was_accepted
        self._order = order
        frames = Frames(process.socket_of(fds[0]))
        ring = Ring(fds[1])
        os.close(fds[1])
        self._fault_log = process.out_of_the_way(fds[2])
        if len(fds) > 3:
            process.redirect_output(fds[3], self._config)
        self._trap = ForkTrap()
        self.worker_link = WorkerLink(frames, ring, self._trap.fall)
        self._recorder.link = self.worker_link
        self._recorder.fork_trap = self._trap
        if was_configured:
            identity.apply_after_configure(self._config, order, self._basetemp)

    # ---- the end ----
    def end(self, status: int) -> int:
        """After pytest's main has returned (or raised): tells the agent how it went; the process's exit status."""
        text = str(self.errors)
        if self._successor.is_on_trial:
            os._exit(0)
        if self.worker_link is not None:
            self._recorder.tell_end(text, status)
            self._tell_errors()
            if self._trap.sprung():
                late = "a test's forked child process returned into pytest after the test had ended; the child was ended"
                self.worker_link.send(wire.INTERNAL_ERROR, {"text": late})
            summary = self._summary.file.getvalue() if self._summary else ""
            self.worker_link.send(wire.BYE, identity.farewell(self._config, status, summary))
            return 0
        if not self.is_ready or self.is_collecting:
            self._tell_errors()
            self._frames.write(wire.FAILED, {"text": text, "exit": status})
        while self._told_collection and not self._exit_asked:  # Collecting ended the session: only EXIT can come now.
            frame = self._frames.read()
            self._exit_asked = frame is None or frame[0] == wire.EXIT
        return 0
