"""A stream of bytes in memory, with two ends, and levers on what happens between them.

Knows nothing of frames. `realtime_core.testing.sockets` does the same to a real port.
"""

import asyncio
from collections import deque

__all__ = ["MemoryPipe", "PipeClosed", "PipeEnd"]


class PipeClosed(ConnectionError):
    """The pipe is gone: nothing can be sent any more."""


class _Lane:
    """One direction."""

    def __init__(self) -> None:
        self.chunks: deque[bytes] = deque()
        self.ended = False
        self.gone = False
        self.left: int | None = None
        self.news = asyncio.Event()

    def wake(self) -> None:
        news, self.news = self.news, asyncio.Event()
        news.set()


class PipeEnd:
    """One end of a `MemoryPipe`. Cancelling any call loses nothing."""

    def __init__(self, pipe: "MemoryPipe", inward: _Lane, outward: _Lane) -> None:
        self._pipe = pipe
        self._in = inward
        self._out = outward
        self._closed = False

    async def send(self, data: bytes) -> None:
        """Send bytes, all or none; waits while the pipe is held.

        Raises:
            PipeClosed: either end is closed, or the pipe has broken.
        """
        while self._pipe.held and not self._dead:
            await self._pipe.until_released()
        if self._dead:
            raise PipeClosed("the pipe is closed")
        breaks = self._out.left is not None and len(data) >= self._out.left
        if self._out.left is not None:
            data = data[: self._out.left]
            self._out.left -= len(data)
        size = self._pipe.split_bytes or len(data) or 1
        self._out.chunks.extend(data[start : start + size] for start in range(0, len(data), size))
        self._out.wake()
        if breaks:
            self._pipe.drop()

    @property
    def _dead(self) -> bool:
        return self._closed or self._in.gone or self._in.ended

    async def recv(self) -> bytes:
        """The next bytes, as few as the pipe splits them into; ``b""``: the other end has closed.

        Raises:
            PipeClosed: this end is closed, or the pipe has broken.
        """
        for _ in range(self._pipe.delay_turns):
            await asyncio.sleep(0)
        while not self._in.chunks:
            if self._closed or self._in.gone:
                raise PipeClosed("the pipe is closed")
            if self._in.ended:
                return b""
            await self._in.news.wait()
        return self._in.chunks.popleft()

    async def aclose(self) -> None:
        """Close this end: the other reads what was sent, and then its end."""
        self._closed = True
        self._out.ended = True
        self._pipe.release()
        self._in.wake()
        self._out.wake()


class MemoryPipe:
    """A stream of bytes between ``near`` (the client's end) and ``far`` (the service's), with levers.

    Args:
        split_bytes: the most that one ``recv`` gives of what was sent at once; None: all of it.
        delay_turns: how many turns of the event loop pass before ``recv`` gives anything.

    Attributes:
        held: whether ``send`` waits at both ends: see `hold`.
        refuses: whether `dial` raises.
    """

    def __init__(self, *, split_bytes: int | None = None, delay_turns: int = 0) -> None:
        self.split_bytes = split_bytes
        self.delay_turns = delay_turns
        self.held = False
        self.refuses = False
        self._released = asyncio.Event()
        self._up, self._down = _Lane(), _Lane()
        self.near = PipeEnd(self, self._down, self._up)
        self.far = PipeEnd(self, self._up, self._down)

    async def dial(self) -> PipeEnd:
        """The client's end.

        Raises:
            ConnectionRefusedError: it refuses.
        """
        await asyncio.sleep(0)
        if self.refuses:
            raise ConnectionRefusedError("the pipe refuses")
        return self.near

    def hold(self) -> None:
        """Let nobody send, until `release`."""
        self.held = True

    def release(self) -> None:
        """Let everybody send."""
        self.held = False
        released, self._released = self._released, asyncio.Event()
        released.set()

    async def until_released(self) -> None:
        """Wait until nothing is held back any more."""
        if self.held:
            await self._released.wait()

    def cut_after(self, size: int) -> None:
        """Break when ``far`` has sent ``size`` bytes more, in the middle of a frame or not."""
        self._down.left = size

    def hang_up(self) -> None:
        """End both directions in the orderly way: what was sent is read, and then its end."""
        for lane in (self._up, self._down):
            lane.ended = True
            lane.wake()
        self.release()

    def drop(self) -> None:
        """Break: both ends read what has arrived, and then `PipeClosed`."""
        for lane in (self._up, self._down):
            lane.gone = True
            lane.wake()
        self.release()
