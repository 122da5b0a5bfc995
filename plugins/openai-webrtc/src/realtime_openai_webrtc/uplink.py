"""The user's audio on its way to the track: what waits, what has left, and when the service has heard it.

Knows nothing of tracks: one asks here for each frame that it sends.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.clock import current_clock, timeout
from realtime_core.errors import ConnectionLost, UnsupportedCommand
from realtime_openai_wire.media import FRAME_MS

from realtime_openai_webrtc.inbox import again

__all__ = ["LAG_FRAMES", "MOST_WAITING_S", "OwnTrack", "PushBuffer", "Uplink"]

MOST_WAITING_S: Final = 60
"""How much audio waits for its time on the track."""

LAG_FRAMES: Final = 6
"""How far media lag behind the channel: the other side's jitter buffer, the encoder, one to spare."""

_QUIET: Final = 328
"""The loudest sample of a pause, of 32768: -40 dB."""

_MOST_WAITING: Final = MOST_WAITING_S * PCM16_24KHZ.bytes_per_s


class Uplink(Protocol):
    """The user's audio."""

    @property
    def waiting_ms(self) -> float:
        """How much has been appended and has not left."""

    async def append(self, pcm: bytes) -> None:
        """PCM16 of 24 kHz, mono, to leave after all that was appended before.

        A cancelled call counts as taken.

        Raises:
            ConnectionLost: the call has ended.
            UnsupportedCommand: the application gave a track of its own.
        """

    async def flushed(self) -> None:
        """Until the service has what was appended before; at once if it has.

        Raises:
            ConnectionLost: the call has ended.
        """

    def clear(self) -> None:
        """Drop what has not left."""

    def end(self, error: ConnectionLost) -> None:
        """Nothing leaves any more; whoever waits here gets ``error``."""


class _Departures:
    """Counts frames as they leave, and lets tasks wait for them."""

    def __init__(self) -> None:
        self.frames = 0
        self._moved = asyncio.Event()
        self._end: ConnectionLost | None = None

    def count(self) -> None:
        self.frames += 1
        self.moved()

    def moved(self) -> None:
        self._moved.set()

    def end(self, error: ConnectionLost) -> None:
        self._end = self._end or error
        self.moved()

    async def until(self, reached: Callable[[], bool]) -> None:
        while self._end is not None or not reached():
            if self._end is not None:
                raise again(self._end)
            self._moved.clear()
            await self._moved.wait()


class PushBuffer:
    """An `Uplink` for a track that asks `read` for each frame."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._appended = 0
        self._left = 0
        self._held = False
        self._departures = _Departures()
        self._spoke_at = -LAG_FRAMES
        self._flushing = 0
        self._late = 0
        """Bytes of silence that were sent because what was spoken had to wait for a frame."""

    def read(self, samples: int) -> bytes:
        """What the next frame is made of, as far as there is any.

        The part of a frame waits once for its rest: speech that is sent as it is spoken is not chopped.
        """
        size = 2 * samples
        self._catch_up(size)
        self._held = not self._held and 0 < len(self._waiting) < size
        pcm = b"" if self._held else bytes(self._waiting[:size])
        del self._waiting[: len(pcm)]
        self._left += len(pcm)
        self._departures.count()
        if pcm:
            self._spoke_at = self._departures.frames
        elif self._flushing:
            self._late += size
        else:
            self._late = 0
        return pcm

    def _catch_up(self, size: int) -> None:
        """Shorten pauses by what was late, else a microphone that never stops is later after every turn."""
        while self._late >= size and len(self._waiting) > size and _is_silent(self._waiting[:size]):
            del self._waiting[:size]
            self._left += size
            self._late -= size

    @property
    def waiting_ms(self) -> float:
        """As `Uplink.waiting_ms`."""
        return PCM16_24KHZ.duration_ms(len(self._waiting))

    async def append(self, pcm: bytes) -> None:
        """As `Uplink.append`; returns when no more than `MOST_WAITING_S` of it wait."""
        self._waiting += pcm
        self._appended += len(pcm)
        await self._departures.until(lambda: len(self._waiting) <= _MOST_WAITING)

    async def flushed(self) -> None:
        """As `Uplink.flushed`."""
        mark = self._appended
        self._flushing += 1
        try:
            await self._departures.until(lambda: self._left >= mark)
            heard_at = self._spoke_at + LAG_FRAMES
            await self._departures.until(lambda: self._departures.frames >= heard_at)
        finally:
            self._flushing -= 1

    def clear(self) -> None:
        """As `Uplink.clear`."""
        self._waiting.clear()
        self._left = self._appended
        self._departures.moved()

    def end(self, error: ConnectionLost) -> None:
        """As `Uplink.end`."""
        self._departures.end(error)


class OwnTrack:
    """An `Uplink` for a track of the application's own, which tells of every frame that it sends."""

    def __init__(self) -> None:
        self._departures = _Departures()
        self._spoke_at = -LAG_FRAMES

    @property
    def waiting_ms(self) -> float:
        """Nothing waits here."""
        return 0.0

    def sent(self, samples: int) -> None:
        """A frame leaves, with so many samples of the track; 0: silence of ours, since it has ended."""
        self._departures.count()
        if samples:
            self._spoke_at = self._departures.frames

    async def append(self, pcm: bytes) -> None:  # noqa: ARG002  # there is no place for it
        """Raises `UnsupportedCommand`."""
        raise UnsupportedCommand(
            "the audio comes from the track that was given as audio_track; leave that out to send audio"
        )

    async def flushed(self) -> None:
        """Until the service has the frame that left last; a track that sends no other goes by the clock."""
        heard_at = self._spoke_at + LAG_FRAMES
        with contextlib.suppress(TimeoutError):
            async with timeout(current_clock(), LAG_FRAMES * FRAME_MS / 1000):
                await self._departures.until(lambda: self._departures.frames >= heard_at)

    def clear(self) -> None:
        """Nothing waits here."""

    def end(self, error: ConnectionLost) -> None:
        """As `Uplink.end`."""
        self._departures.end(error)


def _is_silent(pcm: bytes | bytearray) -> bool:
    samples = np.frombuffer(bytes(pcm), dtype="<i2")
    return bool(samples.max() <= _QUIET and samples.min() >= -_QUIET)
