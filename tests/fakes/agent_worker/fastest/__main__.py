"""A zygote and its workers without pytest, by docs/protocol.md: the agent's tests say by a unit's path what it does.

The path's word before a colon is the deed (see `Worker.deeds`), done in the call phase of the unit's first item; a unit has
the items `PATH::a` and `PATH::b`. SETUP's argv: --fresh (no forks), --fail (a usage error), --die (an end before READY).
"""

import array
import json
import mmap
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

SETUP, COLLECT, FORK, BECOME, EXIT = range(1, 6)
READY, FAILED, FORKED, EXITED = range(16, 20)
WALK, ASSIGN, RELEASE, REVOKE, STOP = range(32, 37)
COLLECTED, REPORT, DONE = 65, 66, 67
LEASE_DONE, REVOKED, BYE = 70, 71, 74
WRITTEN, READ, STATE, UNIT, INDEX, SINCE, LEASE = 1, 2, 3, 4, 5, 6, 9
IDLE, COLLECTING, CALL, FINALIZING = 1, 2, 4, 6
NONE = (1 << 64) - 1


class Frames:
    def __init__(self, fd):
        self.sock = socket.socket(fileno=fd)
        self.bytes, self.fds = b"", []

    def read(self):
        while len(self.bytes) < 4 or len(self.bytes) < 4 + struct.unpack_from("<I", self.bytes)[0]:
            chunk, ancillary, _, _ = self.sock.recvmsg(1 << 16, 1024)
            for _, _, content in ancillary:
                self.fds = list(array.array("i", content))
            if not chunk:
                os._exit(0)
            self.bytes += chunk
        (length,) = struct.unpack_from("<I", self.bytes)
        frame, self.bytes = self.bytes[4 : 4 + length], self.bytes[4 + length :]
        return frame[0], json.loads(frame[1:])

    def write(self, kind, value):
        self.raw(kind, json.dumps(value).encode())

    def raw(self, kind, body):
        self.sock.sendall(struct.pack("<IB", 1 + len(body), kind) + body)


class Worker:
    def __init__(self, order, fds):
        self.frames = Frames(fds[0])
        self.map = mmap.mmap(fds[1], 0)
        self.words = memoryview(self.map)[:128].cast("Q")
        self.size = len(self.map) - 128
        self.fault_log = fds[2]
        if len(fds) > 3:
            os.dup2(fds[3], 1)
            os.dup2(fds[3], 2)
        os.environ["PYTEST_XDIST_WORKER"] = order["id"] or ""
        self.order = order
        self.number = 0
        self.by_socket = False

    def tell(self, kind, body):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        number, self.number = self.number, self.number + 1
        if self.by_socket:
            return self.frames.raw(kind, struct.pack("<I", number) + body)
        record = struct.pack("<IIBBH", 8 + len(body), number, kind, 0, 0) + body
        record += bytes(-len(record) % 8)
        at, left = self.words[WRITTEN] % self.size, record
        first = min(len(left), self.size - at)
        self.map[128 + at : 128 + at + first] = left[:first]
        self.map[128 : 128 + len(left) - first] = left[first:]
        self.words[WRITTEN] += len(record)

    def state(self, state, lease=0, unit=0, index=NONE):
        self.words[LEASE], self.words[UNIT], self.words[INDEX] = lease, unit, index
        self.words[SINCE] = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.words[STATE] = state

    def run(self):
        if self.order["mode"] == "each":
            self.tell(COLLECTED, {"lease": 0, "unit": 0, "ids": ["whole::a", "whole::b"]})
        while True:
            self.state(IDLE)
            kind, order = self.frames.read()
            if kind == ASSIGN:
                for unit in order["units"]:
                    self.unit(order["lease"], unit["unit"], unit["path"])
                self.tell(LEASE_DONE, {"lease": order["lease"]})
            elif kind == REVOKE:
                self.tell(REVOKED, {"lease": order["lease"], "units": []})
            elif kind == STOP:
                self.tell(BYE, {"exit": 0})
                os._exit(0)

    def unit(self, lease, unit, path):
        self.state(COLLECTING, lease, unit)
        if self.order["mode"] == "file":
            self.tell(COLLECTED, {"lease": lease, "unit": unit, "ids": [path + "::a", path + "::b"]})
        for index in (0, 1):
            self.state(CALL, lease, unit, index)
            if index == 0:
                deed, _, argument = path.partition(":")
                getattr(self, "do_" + deed, lambda _: None)(argument)
            for phase in (0, 1, 2):
                self.tell(REPORT, struct.pack("<IIBBHIddd", unit, index, phase, 0, 0, 0, 1.0, 2.0, 0.5))
            self.tell(DONE, struct.pack("<II", unit, index))

    # ---- deeds ----
    def do_print(self, text):
        os.write(1, text.encode())

    def do_socket(self, _):
        self.by_socket = not self.by_socket

    def do_kill(self, number):
        os.write(self.fault_log, b"Fatal Python error: the stack")
        os.kill(os.getpid(), int(number))

    def do_exit(self, status):
        os._exit(int(status))

    def do_gate(self, fifo):
        open(fifo).close()  # Opens once the test opens it for writing.

    def do_garbage(self, _):
        self.frames.raw(99, b"\0\0\0\0nonsense")
        signal.pause()

    def do_scribble(self, _):
        self.words[WRITTEN] = 1 << 40
        signal.pause()

    def do_hang(self, _):
        signal.signal(signal.SIGABRT, signal.SIG_IGN)
        signal.pause()

    def do_family(self, told):
        """Hangs, having started: a child, a program in a session of its own, and an orphaned plain fork likewise."""
        self.told = open(told, "w", buffering=1)
        self.told.write(f"{subprocess.Popen(['tail', '-f', '/dev/null'], env={}).pid}\n")
        os.system("setsid -f sh -c 'echo $$ >&%d; exec tail -f /dev/null'" % self.inherit(self.told.fileno()))
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                self.told.write(f"{os.getpid()}\n")
                signal.pause()
            os._exit(0)
        os.wait()
        signal.pause()

    def inherit(self, fd):
        os.set_inheritable(fd, True)
        return fd


def become(frames, order):
    frames.write(FORKED, {"worker": order["worker"], "pid": os.getpid()})
    Worker(order, frames.fds).run()


def fork(frames, order):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        frames.sock.close()
        Worker(order, frames.fds).run()
    for fd in frames.fds:
        os.close(fd)
    frames.write(FORKED, {"worker": order["worker"], "pid": pid})
    return pid


def serve(frames):
    children = {}
    while True:
        wait_for_frame(frames, children)
        kind, order = frames.read()
        if kind == COLLECT:
            frames.raw(COLLECTED, b"\xff\xff\xff\xff" + json.dumps({"unit": 0, "ids": ["whole::a", "whole::b"]}).encode())
        elif kind == FORK:
            pid = fork(frames, order)
            children[os.pidfd_open(pid)] = (pid, order["worker"])
        elif kind == BECOME:
            become(frames, order)
        elif kind == EXIT:
            os._exit(0)


def wait_for_frame(frames, children):
    while not frames.bytes:
        readable, _, _ = select.select([frames.sock, *children], [], [])
        for pidfd in set(readable) & set(children):
            pid, worker = children.pop(pidfd)
            os.close(pidfd)
            frames.write(EXITED, {"worker": worker, "pid": pid, "status": os.waitpid(pid, 0)[1]})
        if frames.sock in readable:
            return


def main():
    frames = Frames(3)
    _, setup = frames.read()
    if "--die" in setup["argv"]:
        print("no pytest here", flush=True)
        os._exit(3)
    if "--fail" in setup["argv"]:
        frames.write(FAILED, {"text": "ERROR: usage: no such option\n", "exit": 4})
        os._exit(4)
    frames.write(READY, {"fresh": ["the test says so"] if "--fresh" in setup["argv"] else []})
    serve(frames)


main()
