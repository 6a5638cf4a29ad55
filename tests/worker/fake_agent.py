"""An agent in Python: starts the zygote, forks workers, and reads what they tell, for the tests of worker/."""

from __future__ import annotations

import array
import json
import mmap
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "worker" / "fastest"
NAMES = {
    16: "READY", 17: "FAILED", 18: "FORKED", 19: "EXITED", 64: "WALKED", 65: "COLLECTED", 66: "REPORT", 67: "DONE",
    68: "WARNING", 69: "UNKNOWN", 70: "LEASE_DONE", 71: "REVOKED", 72: "STOPPING", 73: "INTERNAL_ERROR", 74: "BYE", 77: "IMPORTING",
}
PHASES = ("setup", "call", "teardown")
OUTCOMES = ("passed", "failed", "skipped", "other")
PATIENCE = 30.0
needs_file_mode = pytest.mark.skipif(pytest.__version__ < "8", reason="pytest 7 has no directory collectors")


class Record(dict):
    """What a process told: kind and number, and the body's keys."""

    def __init__(self, kind: int, number: int, body: bytes) -> None:
        super().__init__()
        self.kind = NAMES[kind]
        self.number = number
        if kind == 66:
            unit, index, phase, outcome, _, _, start, stop, duration = struct.unpack_from("<IIBBHIddd", body)
            self.update(unit=unit, index=index, phase=PHASES[phase], outcome=OUTCOMES[outcome])
            self.update(start=start, stop=stop, duration=duration)
            self["envelope"] = json.loads(body[40:]) if body[40:] else None
        elif kind in (67, 75):
            self.update(zip(("unit", "index"), struct.unpack("<II", body)))
        else:
            self.update(json.loads(body))


class Stream:
    """The agent's end of one process's socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""
        self.closed = False

    def send(self, kind: int, value: dict, fds: list[int] = ()) -> None:
        body = json.dumps(value).encode()
        frame = struct.pack("<IB", 1 + len(body), kind) + body
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.sock.sendmsg([frame], ancillary)

    def frames(self, timeout: float) -> list[tuple[int, bytes]]:
        """All frames that have come, after waiting for some for at most `timeout`."""
        found = self._parse()
        if not found and not self.closed and select.select([self.sock], [], [], timeout)[0]:
            chunk = self.sock.recv(1 << 20)
            self.closed = not chunk
            self.buffer += chunk
            found = self._parse()
        return found

    def _parse(self) -> list[tuple[int, bytes]]:
        found = []
        while len(self.buffer) >= 4:
            (length,) = struct.unpack_from("<I", self.buffer)
            if len(self.buffer) < 4 + length:
                break
            found.append((self.buffer[4], self.buffer[5 : 4 + length]))
            self.buffer = self.buffer[4 + length :]
        return found


class FakeWorker:
    """One worker's socket and ring. `records` has everything in the order of its numbers."""

    def __init__(self, stream: Stream, ring: mmap.mmap, fault_log, output: int | None) -> None:
        self.stream = stream
        self.ring = ring
        self.words = memoryview(ring)[:128].cast("Q")
        self.data = memoryview(ring)[128:]
        self.fault_log = fault_log
        self.output = output
        self.records: list[Record] = []
        self._early: dict[int, Record] = {}
        self._lease = 0

    def send(self, kind: int, value: dict) -> None:
        self.stream.send(kind, value)
        self.words[7] += 1

    def poll(self, timeout: float = 0.0) -> None:
        records = []
        for kind, body in self.stream.frames(timeout):
            records.append(Record(kind, struct.unpack_from("<I", body)[0], body[4:]))
        records += self._from_ring()
        for record in records:
            self._early[record.number] = record
        while len(self.records) in self._early:
            self.records.append(self._early.pop(len(self.records)))

    def _from_ring(self) -> list[Record]:
        records, size = [], len(self.data)
        read, written = self.words[2], self.words[1]
        while read < written:
            (length,) = struct.unpack("<I", self._bytes(read, 4))
            whole = self._bytes(read + 4, length)
            number, kind = struct.unpack_from("<IB", whole)
            records.append(Record(kind, number, whole[8:]))
            read += (4 + length + 7) & ~7
        assert read <= written
        self.words[2] = read
        return records

    def _bytes(self, at: int, length: int) -> bytes:
        at %= len(self.data)
        first = bytes(self.data[at : at + length])
        return first + bytes(self.data[: length - len(first)])

    def until(self, kind: str, count: int = 1) -> Record:
        """The count-th record of a kind."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.poll(0.002)
            found = [record for record in self.records if record.kind == kind]
            if len(found) >= count:
                return found[count - 1]
            if time.monotonic() > deadline or self.stream.closed and not self.stream.frames(0):
                self.poll()
                if len([r for r in self.records if r.kind == kind]) >= count:
                    continue
                raise AssertionError(f"no {kind} came, but {[(r.kind, dict(r)) for r in self.records]}")

    def until_state(self, state: int, lease: int | None = None) -> None:
        """Until it is in the state, for the lease if one is given."""
        deadline = time.monotonic() + PATIENCE
        while self.words[3] != state or lease not in (None, self.words[9]):
            assert time.monotonic() < deadline, f"state {self.words[3]} for lease {self.words[9]}"
            time.sleep(0.001)

    def all(self, kind: str) -> list[Record]:
        return [record for record in self.records if record.kind == kind]

    def assign(self, units: list[dict], run: bool = True) -> int:
        self._lease += 1
        self.send(33, {"lease": self._lease, "run": run, "units": units})
        return self._lease

    def assign_files(self, *paths: str) -> int:
        first = self._lease * 100
        return self.assign([file_unit(first + k, path) for k, path in enumerate(paths)])

    def stop(self, how: str = "done") -> Record:
        self.send(36, {"how": how})
        return self.until("BYE")

    def run_all(self) -> Record:
        """Whole mode: everything, to the end."""
        self.assign([{"unit": 0, "items": []}])
        return self.stop()

    def outcomes(self, ids: list[str] | None = None) -> dict[str, str]:
        """node id -> its outcomes by phase, as "setup call teardown" with the first letter of each."""
        found: dict[str, str] = {}
        collected = {record["unit"]: record["ids"] for record in self.all("COLLECTED")}
        for report in self.all("REPORT"):
            names = collected.get(report["unit"], ids) or ids
            node_id = names[report["index"]] if report["index"] != 0xFFFFFFFF else report["envelope"]["report"]["nodeid"]
            found[node_id] = found.get(node_id, "") + report["outcome"][0]
        return found

    def report(self, name: str, phase: str, ids: list[str] | None = None) -> Record:
        """The only report of the item whose node id ends with `name`."""
        collected = {record["unit"]: record["ids"] for record in self.all("COLLECTED")}
        found = [
            report
            for report in self.all("REPORT")
            if report["phase"] == phase
            and report["index"] != 0xFFFFFFFF
            and (collected.get(report["unit"], ids) or ids)[report["index"]].endswith(name)
        ]
        assert len(found) == 1, found
        return found[0]


def file_unit(unit: int, path: str, **more: object) -> dict:
    return {"unit": unit, "path": path, "roots": 0, "include": [], "exclude": [], "items": [], **more}


class FakeAgent:
    """One zygote in `folder`."""

    def __init__(self, folder: Path, *argv: str, n: int = 0, env: dict | None = None, **setup: object) -> None:
        self.folder = folder
        self.n = n
        ours, theirs = socket.socketpair()
        life_read, self.life = os.pipe()
        self.output_read, output = os.pipe()
        moves = f"exec {sys.executable} {PACKAGE}/__main__.py 3<&{theirs.fileno()} 4<&{life_read} 0</dev/null"
        cache = PACKAGE.parents[1] / "build" / "test-cache"  # Not the developer's own.
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment = {**outside, "XDG_CACHE_HOME": str(cache), **(env or {})}
        self.process = subprocess.Popen(
            ["bash", "-c", moves], cwd=folder, pass_fds=(theirs.fileno(), life_read), stdout=output, stderr=output,
            env=environment,
        )
        for fd in (life_read, output):
            os.close(fd)
        theirs.close()
        self.stream = Stream(ours)
        self.frames: list[Record] = []
        self.workers: list[FakeWorker] = []
        self._next = 0
        self.stream.send(1, {"argv": list(argv), "run_id": "run1", "n": n, "full_reports": False, "color": False, "columns": 80,
                             "collect": "auto", "attached": False, **setup})

    def until(self, kind: str) -> Record:
        """The next frame of a kind from the zygote; others are kept in `frames`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for record in self.frames[self._next :]:
                self._next += 1
                if record.kind == kind:
                    return record
            for code, body in self.stream.frames(0.05):
                numbered = code >= 64
                self.frames.append(Record(code, 0xFFFFFFFF, body[4:] if numbered else body))
            if len(self.frames) == self._next and (self.stream.closed or time.monotonic() > deadline):
                raise AssertionError(f"no {kind} came, but {self.frames}; output: {self.read_output()}")

    def ready(self) -> Record:
        return self.until("READY")

    def read_output(self) -> str:
        text = b""
        while select.select([self.output_read], [], [], 0.2)[0] and (chunk := os.read(self.output_read, 1 << 16)):
            text += chunk
        return text.decode(errors="replace")

    def collect(self) -> Record:
        self.stream.send(2, {"start": {"roots": [], "workerinput": {}, "hang_timeout": 0}})
        return self.until("COLLECTED")

    def start_worker(self, kind: int, mode: str, ring_size: int = 1 << 16, **start: object) -> FakeWorker:
        number = len(self.workers)
        ours, theirs = socket.socketpair()
        memory = os.memfd_create("ring")
        os.ftruncate(memory, 128 + ring_size)
        ring = mmap.mmap(memory, 128 + ring_size)
        ring[:8] = struct.pack("<Q", 0x3174736574736166)
        fault_log = tempfile.TemporaryFile()
        fds = [theirs.fileno(), memory, fault_log.fileno()]
        output_read = None
        if kind == 3:
            output_read, output_write = os.pipe()
            fds.append(output_write)
        order = {"worker": number, "id": f"gw{number}" if self.n > 1 else None, "count": max(self.n, 1), "mode": mode,
                 "start": {"roots": [], "workerinput": {}, "hang_timeout": 0, **start}}
        self.stream.send(kind, order, fds)
        for fd in (memory, *fds[3:]):
            os.close(fd)
        theirs.close()
        self.until("FORKED")
        worker = FakeWorker(Stream(ours), ring, fault_log, output_read)
        self.workers.append(worker)
        return worker

    def fork(self, mode: str, **more: object) -> FakeWorker:
        return self.start_worker(3, mode, **more)

    def become(self, mode: str = "whole", **more: object) -> FakeWorker:
        return self.start_worker(4, mode, **more)

    def exit(self) -> int:
        try:
            self.stream.send(5, {})
        except OSError:
            pass
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        os.close(self.life)  # Whatever still runs dies.
        self.process.wait(PATIENCE)
        self.stream.sock.close()
        os.close(self.output_read)
        for worker in self.workers:
            worker.stream.sock.close()
            if worker.output is not None:
                os.close(worker.output)
