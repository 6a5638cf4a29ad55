"""A worker: takes leases from the agent, runs their items inside its one pytest session, and gives up at Stop.

The loop stands in for pytest's own pytest_runtestloop; everything round it (configure, session start and finish) is
pytest's. It decides nothing: what to run and in which order is the agent's.
"""

from __future__ import annotations

import gc
from collections import deque
from typing import Any

import pytest

from fastest import compat, ring, sharing, wire
from fastest.attempts import Attempts
from fastest.explaining import Explaining
from fastest.fast_protocol import FastProtocol
from fastest.heap import Heap
from fastest.link import WorkerLink
from fastest.nextitem_readers import ItemToCome, readers_of_nextitem
from fastest.recorder import Entry, Recorder
from fastest.units import Lease, Units, may_go

_PATIENCE = 0.2  # Seconds, for what decides how far is torn down...
_SUCCESSOR_PATIENCE = 0.5  # ...and for the item that a plugin asks for: without it all is torn down.


class Worker:
    """The run loop. `units` knows what was collected, `recorder` tells the reports."""

    def __init__(
        self,
        link: WorkerLink,
        recorder: Recorder,
        units: Units,
        session: pytest.Session,
        protocol: FastProtocol,
        explaining: Explaining,
    ) -> None:
        self._link = link
        self._protocol = protocol
        self._explaining = explaining
        self._recorder = recorder
        self._units = units
        self._attempts: Attempts | None = None  # With --retries an item may come again.
        self._session = session
        self._queue: deque[Entry] = deque()
        self._announced: Entry | None = None  # pytest has been told that it is next.
        self._leases: dict[int, Lease] = {}
        self._pending: deque[tuple[Lease, dict]] = deque()  # Units that are not collected yet.
        self._later: deque[tuple[int, dict]] = deque()  # Frames that came in the midst of an item.
        self._stop = ""
        self._needs_successor = self._has_all = False  # A single worker has all items in one lease.
        self._heap = Heap(len(session.items) if gc.get_freeze_count() else 0)
        self._last: Entry | None = None

    def run(self, start: dict[str, Any], setup: dict[str, Any]) -> None:
        """Runs what comes until Stop; raises as pytest's loop does where the session has to end. START and SETUP say how."""
        if setup.get("retries"):
            self._attempts = Attempts(self._session, self._recorder)
        self._has_all = setup.get("n", 0) <= 1 and self._attempts is None
        if sharing.is_wanted:
            sharing.client = sharing.Client(self._session.config, self._link, self._obey_meanwhile)
        self._look_at_modules()
        try:
            while self._turn():
                pass
            self._finalize(None)
        except BaseException as error:
            self._protocol.leave()
            self._tell_stopping(error)
            raise
        finally:
            self._heap.take_back()

    def _turn(self) -> bool:
        self._read_inbox(block=False)
        self._collect_pending()
        if self._queue:
            self._run_next()
            return True
        if self._pending:
            self._let_go_of_module()
            return True
        if self._stop:
            return False
        self._protocol.leave()
        self._link.begin(ring.IDLE, index=self._held_index())
        self._read_inbox(block=True)
        return True

    def _let_go_of_module(self) -> None:
        """A file is to be collected, and the last one is still set up for what may run later, or another worker has by now."""
        if self._kept_with(self._last):
            self._link.begin(ring.IDLE, index=self._held_index())
            if self._link.wait(_PATIENCE):
                return
        self._finalize(self._units.folder_of(self._pending[0][1]) or self._session)

    def _held_index(self) -> int:
        return ring.NONE if self._recorder.held is None else self._recorder.held.entry.index

    # ---- the inbox ----
    def _read_inbox(self, block: bool) -> None:
        while True:
            if block and (self._stop or self._queue or self._pending):
                block = False
            frame = self._later.popleft() if self._later else self._link.inbox(block)
            if frame is None:
                if block:
                    self._stop = self._stop or "finish"  # The agent has gone; the life pipe ends us if it died.
                return
            self._obey(*frame)

    def _obey(self, kind: int, order: dict[str, Any]) -> None:
        if kind == wire.ASSIGN:
            lease = Lease(order["lease"], order.get("run", True), len(order["units"]), order.get("together", False))
            self._leases[lease.id] = lease
            self._pending.extend((lease, unit) for unit in order["units"])
            self._end_if_done(lease)
        elif kind == wire.RELEASE:
            self._release(order)
        elif kind == wire.REVOKE:
            self._revoke(order["lease"], bool(order.get("files")))
        elif kind == wire.STOP:
            self._stop = order.get("how", "done")
            if self._stop == "finish":
                self._queue.clear()
                self._pending.clear()
        elif kind == wire.WALK:
            self._link.begin(ring.COLLECTING)  # For no lease: so that --hang-timeout counts and no file is blamed.
            self._link.send(wire.WALKED, self._units.walk())
            self._link.begin(ring.IDLE, index=self._held_index())
        elif kind != wire.SHARED_ANSWER:  # One that nobody waits for was for a worker that was here before us.
            raise wire.WireError(f"a worker does not take frames of kind {kind}")

    def _obey_meanwhile(self, kind: int, order: dict[str, Any]) -> None:
        """While an item waits for another worker's fixture: it may give back what is queued behind it, but not collect."""
        if kind == wire.WALK:
            self._later.append((kind, order))
        else:
            self._obey(kind, order)

    def _release(self, order: dict[str, Any]) -> None:
        lease = self._leases.get(order["lease"])
        if lease is not None and not lease.run:
            following, kept = self._units.split(lease.kept, order["next"])
            gone, lease.kept = self._units.split(kept, order["gone"])
            lease.open -= len(gone)
            self._queue.extend(following)
            if order["rest"]:
                lease.run = True
                self._queue.extend(lease.kept)
                lease.kept = []
            self._end_if_done(lease)

    def _revoke(self, lease_id: int, whole_files: bool) -> None:
        """Gives back what has not started, save the item that pytest knows as the next one; or only files without such."""
        lease = self._leases.get(lease_id)
        parts = []
        begun = [entry for entry in (self._announced, self._last) if entry is not None]
        if lease is not None and not (lease.together and any(entry.lease == lease_id for entry in begun)):
            mine = [entry for entry in self._queue if entry.lease == lease_id and entry is not self._announced]
            mine = may_go(mine, begun, self._session.items, whole_files)
            parts = [{"unit": unit["unit"], "whole": True, "items": []} for held, unit in self._pending if held is lease]
            self._pending = deque(each for each in self._pending if each[0] is not lease)
            lease.uncollected -= len(parts)
            parts += self._units.keys_by_unit(mine + lease.kept, lease)
            gone = set(map(id, mine))
            self._queue = deque(entry for entry in self._queue if id(entry) not in gone)
            lease.open -= len(mine) + len(lease.kept)
            lease.kept = []
            lease.run = True
        self._link.send(wire.REVOKED, {"lease": lease_id, "units": parts})
        if lease is not None:
            self._end_if_done(lease)

    def _end_if_done(self, lease: Lease) -> None:
        if lease.run and not lease.open and not lease.uncollected and lease.id in self._leases:
            del self._leases[lease.id]
            self._link.send(wire.LEASE_DONE, {"lease": lease.id})

    # ---- collecting ----
    def _collect_pending(self) -> None:
        """Collects assigned units; a file is imported only while no fixture of another file is set up."""
        while self._pending and self._units.may_collect(self._pending[0][1], self._queue):
            self._protocol.leave()
            lease, assignment = self._pending.popleft()
            if not self._units.is_whole:
                self._link.begin(ring.COLLECTING, lease.id, assignment["unit"])
            entries, unknown = self._units.collect(lease.id, assignment)
            if unknown:
                self._link.send(wire.UNKNOWN, {"lease": lease.id, "unit": assignment["unit"], "items": unknown})
            lease.uncollected -= 1
            lease.open += len(entries)
            (self._queue if lease.run else lease.kept).extend(entries)
            self._end_if_done(lease)
            self._look_at_modules()
            if not self._units.is_whole:  # As pytest does before each collector; what is set later counts after a test.
                self._check_session()

    def _look_at_modules(self) -> None:
        """Conftests may have been loaded with a file, and what asks the garbage collector."""
        self._heap.give_back_if_asked()
        self._heap.put_aside_if_many(len(self._session.items))
        self._needs_successor = next(readers_of_nextitem(self._session.config), None) is not None

    def _check_session(self) -> None:
        if why := self._session.shouldfail:
            raise self._session.Failed(why)
        if why := self._session.shouldstop:
            raise self._session.Interrupted(why)

    # ---- running ----
    def _run_next(self) -> None:
        entry = self._queue.popleft()
        was_announced = self._announced is entry
        self._announced = None
        if not self._queue and self._needs_successor and not (self._stop or self._has_all or self._kept_with(entry)):
            self._wait_for_successor(entry)
        nextitem = self._next_node(entry)
        self._prepare(entry, was_announced)
        recorder = self._recorder
        recorder.entry = entry
        recorder.holding = nextitem is not None and self._announced is None
        self._link.begin(ring.SETUP, entry.lease, entry.unit, entry.index)
        self._last = entry
        if self._attempts is not None:
            self._attempts.prepare(entry.item)
        self._explaining.begin_item()
        try:
            self._protocol.run(entry, nextitem)
        finally:
            self._explaining.end_item()
        recorder.entry = None
        self._link.item(wire.DONE, entry.unit, entry.index)
        if lease := self._leases.get(entry.lease):
            lease.open -= 1
            self._end_if_done(lease)
        self._check_session()

    def _next_node(self, entry: Entry) -> pytest.Item | pytest.Collector | None:
        """What pytest tears down to: the next item; else the folder of the next file; else the session, while more may come."""
        if self._queue:
            self._announced = self._queue[0]
            return self._announced.item
        if kept := self._kept_with(entry):  # It runs soon, unless another worker has it by then.
            return kept[0].item if self._needs_successor else kept[0].item.parent
        if self._pending:
            folder = self._units.folder_of(self._pending[0][1]) or self._session
            return ItemToCome.from_parent(folder, name="to come") if self._needs_successor else folder
        return None if self._stop or self._has_all or self._needs_successor else self._session

    def _kept_with(self, entry: Entry) -> list[Entry]:
        """What of its lease may run later."""
        return self._leases[entry.lease].kept if entry.lease in self._leases and not self._stop else []

    def _wait_for_successor(self, entry: Entry) -> None:
        """A plugin reads nextitem: it gets a real one if one comes soon, else None, but never the session."""
        if not self._pending:
            self._link.begin(ring.IDLE, entry.lease)
            self._link.wait(_SUCCESSOR_PATIENCE)
            self._read_inbox(block=False)
        self._collect_pending()

    def _prepare(self, entry: Entry, was_announced: bool) -> None:
        """Sends the held report; what is set up and not the item's own is torn down first, as the last item's teardown.

        Not if the last item knew its successor: what it left then is pytest's own case (a teardown hook that raised).
        """
        if not was_announced:
            chain = set(entry.item.listchain())
            if any(node not in chain for node in compat.setup_stack(self._session)):
                self._finalize(entry.item)
        self._recorder.release_held()
        self._units.all_roots()

    def _finalize(self, nextitem: pytest.Item | None) -> None:
        """Tears down to `nextitem` as the last item's teardown, and reports it with the held report as one."""
        last = self._last
        self._protocol.leave()
        if last is not None and compat.setup_stack(self._session):
            self._link.begin(ring.FINALIZING, last.lease, last.unit, last.index)
            self._recorder.finalize(last, nextitem)
        self._recorder.release_held()

    def _tell_stopping(self, error: BaseException) -> None:
        """The session ends before its time: says so. pytest itself tears down what is left, at session finish."""
        session = self._session
        self._recorder.entry = None
        if self._recorder.is_finalizing:
            self._recorder.held = None  # It ended in the midst of that teardown: pytest has no report of it.
        if self._recorder.held is not None and isinstance(error, (session.Failed, session.Interrupted)):
            self._finalize(None)
        self._recorder.release_held()
        self._recorder.tell_stopping(error)
