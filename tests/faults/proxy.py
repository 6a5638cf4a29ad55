"""A TCP proxy between an agent and its coordinator that delays, breaks, damages or swallows what passes; seeded."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable


class Proxy:
    """Listens on a free port of loopback and passes on to `port`. Its settings may be changed at any time."""

    def __init__(self, port: int, seed: int) -> None:
        self.target = port
        self.chance = random.Random(seed)
        self.delay = (0.0, 0.0)  # Seconds, from and to, for each piece of what passes.
        self.piece = 65536  # Bytes at a time.
        self.damage: Callable[[bytes], bytes] | None = None  # What becomes of a piece.
        self.damaged = self.connections = 0
        self._silent: set[int] = set()  # Connections that stay open and pass nothing on.
        self._writers: dict[int, list[asyncio.StreamWriter]] = {}
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10)

    @property
    def endpoint(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Breaks all connections; new ones are taken."""
        self._call(self._abort)

    def half_open(self) -> None:
        """Connections that there are stay open for both ends, but nothing passes any more. New ones are whole."""
        self._call(lambda: self._silent.update(self._writers))

    def close(self) -> None:
        self._call(self._abort)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _call(self, what: Callable[[], object]) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (what(), done.set()))
        assert done.wait(10)

    def _abort(self) -> None:
        for writers in self._writers.values():
            for writer in writers:
                writer.transport.abort()

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.connections
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers[number] = [writer, far_writer]
        await asyncio.gather(self._pass(number, reader, far_writer), self._pass(number, far_reader, writer))
        for one in self._writers.pop(number):
            one.transport.abort()

    async def _pass(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(self.piece):
                if number in self._silent:
                    continue
                if self.delay[1] > 0:
                    await asyncio.sleep(self.chance.uniform(*self.delay))
                if self.damage is not None:
                    changed = self.damage(piece)
                    self.damaged += changed != piece
                    piece = changed
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        if number not in self._silent:
            for one in self._writers.get(number, []):
                one.transport.abort()
