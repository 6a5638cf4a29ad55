"""Frames of the worker wire: u32 length, u8 kind, body (docs/protocol.md, 1.2)."""

from __future__ import annotations

import functools
import itertools
import json
import math
import os
import socket
import struct
from array import array
from collections import deque

SETUP, COLLECT, FORK, BECOME, EXIT = 1, 2, 3, 4, 5
READY, FAILED, FORKED, EXITED, FRESH = 16, 17, 18, 19, 20
WALK, ASSIGN, RELEASE, REVOKE, STOP, SHARED_ANSWER = 32, 33, 34, 35, 36, 37
WALKED, COLLECTED, REPORT, DONE, WARNING, UNKNOWN = 64, 65, 66, 67, 68, 69
LEASE_DONE, REVOKED, STOPPING, INTERNAL_ERROR, BYE, SHARED, IMPORTING = 70, 71, 72, 73, 74, 76, 77
EVENT, FINISH, WORKERINPUT, CONTROLLER_DONE = 48, 49, 80, 81
LAUNCH, ASK_STATUS, QUIT, BEGUN, ENDED, DECLINED, STATUS = 96, 97, 98, 112, 113, 114, 115

MAX_FRAME = 64 << 20
NOT_NUMBERED = 0xFFFFFFFF  # The number of a zygote's records.
_MOST_FDS = 128  # In one set: FORK brings 4, LAUNCH also what the run was started with.
_HEAD = struct.Struct("<IB")
_NUMBER = struct.Struct("<I")


class _Encoder(json.JSONEncoder):
    """JSON's own, whatever a test has put into its place meanwhile."""

    default = json.JSONEncoder.default
    encode = json.JSONEncoder.encode
    iterencode = json.JSONEncoder.iterencode


class _Decoder(json.JSONDecoder):
    decode = json.JSONDecoder.decode
    raw_decode = json.JSONDecoder.raw_decode


_encode_strictly = _Encoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
encode = _Encoder(ensure_ascii=False, separators=(",", ":")).encode
_decode = _Decoder().decode


# Halves of surrogate pairs, which UTF-8 cannot say: U+D800 … U+DFFF travel as U+10D800 … U+10DFFF, which nobody uses.
@functools.lru_cache(maxsize=None)  # Made when it is needed, which is seldom.
def _moves(first: int, by: int) -> dict[int, int]:
    return {point: point + by for point in range(first, first + 0x800)}


_STAND_IN_BEGINS = chr(0x10D800).encode()[:2]


class WireError(Exception):
    """The other side sent what the protocol does not allow."""


def to_json(value: object) -> bytes:
    """UTF-8 JSON that a strict reader takes: no NaN, and stand-ins for lone surrogates."""
    try:
        text = _encode_strictly(value)
    except ValueError:
        text = encode(_without_nan(value))
    return to_utf8(text)


def to_utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.translate(_moves(0xD800, 0x100000)).encode()


def can_say(value: object) -> bool:
    """Whether JSON has words for the value."""
    try:
        encode(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _without_nan(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(each) for each in value]
    return value


class Frames:
    """Reads and writes the frames of one stream socket, with the file descriptors that travel along."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._send, self._receive_message = sock.sendall, sock.recvmsg  # Tests patch the class's.
        self._buffer = bytearray()
        self._fds: deque[list[int]] = deque()

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        """Descriptors that nobody has taken go, too."""
        self._sock.close()
        for fd in itertools.chain.from_iterable(self._fds):
            os.close(fd)
        self._fds.clear()

    def read(self) -> tuple[int, dict] | None:
        """The next frame's kind and JSON body, or None when the agent has closed the socket. Blocks."""
        while True:
            frame = self._take()
            if frame is not None:
                return frame
            if not self._receive():
                return None

    def ready(self) -> bool:
        """Whether a whole frame has been received already."""
        if len(self._buffer) < 4:
            return False
        return len(self._buffer) >= 4 + _NUMBER.unpack_from(self._buffer)[0]

    def take_fds(self) -> list[int]:
        """The descriptors that came with the frame read last (FORK and BECOME each bring one set)."""
        return self._fds.popleft() if self._fds else []

    def write(self, kind: int, value: object) -> None:
        self.write_bytes(kind, to_json(value))

    def write_bytes(self, kind: int, body: bytes) -> None:
        self._send(_HEAD.pack(1 + len(body), kind) + body)

    def write_record(self, kind: int, number: int, body: bytes) -> None:
        self._send(_HEAD.pack(5 + len(body), kind) + _NUMBER.pack(number) + body)

    def _take(self) -> tuple[int, dict] | None:
        if len(self._buffer) < 5:
            return None
        length, kind = _HEAD.unpack_from(self._buffer)
        if not 1 <= length <= MAX_FRAME:
            raise WireError(f"frame of kind {kind} with an impossible length {length}")
        if len(self._buffer) < 4 + length:
            return None
        body = bytes(self._buffer[5 : 4 + length])
        del self._buffer[: 4 + length]
        try:
            text = body.decode()
            value = _decode((text.translate(_moves(0x10D800, -0x100000)) if _STAND_IN_BEGINS in body else text) or "{}")
        except ValueError as error:
            raise WireError(f"frame of kind {kind} is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise WireError(f"frame of kind {kind} is not a JSON object")
        return kind, value

    def _receive(self) -> bool:
        # The kernel ends a read at a message that brings descriptors, so one read brings one set at most.
        chunk, ancillary, _flags, _address = self._receive_message(
            1 << 16, socket.CMSG_SPACE(_MOST_FDS * struct.calcsize("i")), socket.MSG_CMSG_CLOEXEC
        )
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array("i")
                fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
                self._fds.append(list(fds))
        self._buffer += chunk
        return bool(chunk)
