"""A port that stands between a client and a service, with levers on what happens in between.

Knows nothing of frames: it passes on bytes, as `realtime_core.testing.pipes` does in memory.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

__all__ = ["SocketPipe"]

_CHUNK_BYTES = 65_536


class SocketPipe:
    """Passes on what comes to its own port to another, while ``async with`` lasts.

    Args:
        port: where the service listens.
        host: on which machine.
        split_bytes: the most that is passed on at once; None: as it comes.
        delay_s: how long each piece waits before it is passed on.

    Attributes:
        port: its own, for the client; after `refuse` nothing listens there.
    """

    def __init__(
        self, port: int, host: str = "127.0.0.1", *, split_bytes: int | None = None, delay_s: float = 0.0
    ) -> None:
        self.port = 0
        self.split_bytes = split_bytes
        self.delay_s = delay_s
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._left: int | None = None
        self._flows = asyncio.Event()
        self._flows.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._passing, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.refuse()
        self.drop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def refuse(self) -> None:
        """Listen no more: the next client is refused."""
        assert self._server is not None  # inside of `async with`
        self._server.close()

    def hold(self) -> None:
        """Pass on nothing, until `release`."""
        self._flows.clear()

    def release(self) -> None:
        """Pass on what came meanwhile, and what comes."""
        self._flows.set()

    def cut_after(self, size: int) -> None:
        """Drop every connection when the service has sent ``size`` bytes more."""
        self._left = size

    def hang_up(self) -> None:
        """End every connection in the orderly way, at both ends."""
        for writer in self._writers:
            writer.close()

    def drop(self) -> None:
        """Reset every connection, at both ends."""
        for writer in self._writers:
            link: socket.socket = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):  # it is closed already
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self._writers.clear()
        self._flows.set()

    async def _passing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            self.drop()
            return
        self._writers.append(far_writer)
        self._begin(self._pass(reader, far_writer, down=False))
        self._begin(self._pass(far_reader, writer, down=True))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(self.split_bytes or _CHUNK_BYTES):
                await asyncio.sleep(self.delay_s)
                await self._flows.wait()
                if down and self._left is not None:
                    data = data[: self._left]
                    self._left -= len(data)
                writer.write(data)
                await writer.drain()
                if down and self._left == 0:
                    self._left = None
                    self.drop()
        writer.close()
