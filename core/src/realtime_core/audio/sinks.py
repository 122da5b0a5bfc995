"""Where the assistant's audio can go so that it is known how much of it was heard.

Knows nothing of sessions, responses or items. An `AudioSink` given as ``audio_output_callback`` makes
interruption exact: what was not heard is told to the service by the sink's own clock.
"""

from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self, TypeAlias, runtime_checkable

from realtime_core.audio.formats import AudioFormat
from realtime_core.clock import Clock, current_clock
from realtime_core.errors import CallerError

if TYPE_CHECKING:
    import os

    import numpy as np
    import numpy.typing as npt

    Samples: TypeAlias = npt.NDArray[np.int16]

__all__ = ["AudioSink", "NullSink", "Pacer", "WavSink"]

_RATE_HZ: Final = 24_000
# what the clock's floats may lack of a whole frame
_FRAME_NOISE: Final = 1e-3


@runtime_checkable
class AudioSink(Protocol):
    """A player of one session. Its methods are called on the session's event loop and must not block.

    Nobody else writes to it or clears it: all that it plays is taken for the assistant's. Where it has a
    ``rate_hz``, that is the rate of what it wants to be given.
    """

    def write(self, pcm: "Samples", /) -> object:
        """Play this after what was written before; returns at once. ``pcm``: int16, 1-D, read-only."""

    @property
    def played_ms(self) -> float:
        """Milliseconds of audio really played since the sink was made: no silence between pieces, nothing
        that was cleared; it never goes back.
        """

    def clear(self) -> object:
        """Stop now, and forget what was written and has not been played."""


class Pacer:
    """How much has been played of audio that plays piece after piece in real time.

    Args:
        clock: the time; the one in force where it is made, unless given.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = current_clock() if clock is None else clock
        self._total_ms = 0.0
        self._end_s = self._clock.now_s()

    def add(self, audio_ms: float) -> None:
        """So much audio more, to be played at once or when what was added before has been."""
        now_s = self._clock.now_s()
        self._end_s = max(now_s, self._end_s) + audio_ms / 1000
        self._total_ms += audio_ms

    @property
    def played_ms(self) -> float:
        """Milliseconds played since it was made."""
        left_s = self._end_s - self._clock.now_s()
        # a clock of seconds has no whole milliseconds: 0.1 s are not 100.00000000002
        return round(self._total_ms - max(0.0, left_s) * 1000, 6)

    def clear(self) -> None:
        """What has not been played never will be."""
        self._total_ms = self.played_ms
        self._end_s = self._clock.now_s()

    def finish(self) -> None:
        """All counts as played."""
        self._end_s = self._clock.now_s()


class NullSink:
    """An `AudioSink` that plays to nobody, in real time: for services, tests and recordings of other kinds.

    Args:
        rate_hz: the rate of what is written to it: the session's output rate.
        clock: the time; the one in force where it is made, unless given.

    Raises:
        InvalidSettings: the rate is none.
    """

    def __init__(self, rate_hz: int = _RATE_HZ, clock: Clock | None = None) -> None:
        self.rate_hz = AudioFormat("pcm16", rate_hz).rate_hz
        self._pace = Pacer(clock)

    def write(self, pcm: "Samples", /) -> None:
        """Play this after what was written before."""
        self._pace.add(len(pcm) * 1000 / self.rate_hz)

    @property
    def played_ms(self) -> float:
        """Milliseconds played since it was made."""
        return self._pace.played_ms

    def clear(self) -> None:
        """Forget what has not been played."""
        self._pace.clear()


class WavSink:
    """An `AudioSink` that plays into a WAV file, in real time: what a listener would have heard.

    That is every piece in order, without what was cleared before its time; silence between pieces is left
    out, so that the file lasts ``played_ms``. What has not been played when the sink is closed still goes
    into the file: only ``clear`` takes anything away. ``with WavSink(path) as sink:`` closes it.

    Args:
        path: the file; an old one is replaced when there is audio for it, or by ``close``.
        rate_hz: the rate of what is written to it: the session's output rate.
        clock: the time; the one in force where it is made, unless given.

    Raises:
        CallerError: the file cannot be made; names it.
        InvalidSettings: the rate is none.
    """

    def __init__(
        self, path: "str | os.PathLike[str]", rate_hz: int = _RATE_HZ, clock: Clock | None = None
    ) -> None:
        # numpy and soundfile load with the first file, not with the package
        from realtime_core.audio.wav import WavWriter

        self.rate_hz = rate_hz
        self._path = path
        self._pace = Pacer(clock)
        self._file = WavWriter(path, AudioFormat("pcm16", rate_hz))
        self._waiting: deque[Samples] = deque()
        self._kept_frames = 0
        self._closed = False

    def write(self, pcm: "Samples", /) -> None:
        """Play this after what was written before.

        Raises:
            CallerError: the sink is closed, or the file cannot be written.
        """
        if self._closed:
            raise CallerError(f"the sink of {self._path} is closed; make a new one for more audio")
        self._pace.add(len(pcm) * 1000 / self.rate_hz)
        self._waiting.append(pcm.copy())
        self._keep_played()

    @property
    def played_ms(self) -> float:
        """Milliseconds played since it was made."""
        return self._pace.played_ms

    def clear(self) -> None:
        """Forget what has not been played.

        Raises:
            CallerError: the file cannot be written.
        """
        self._pace.clear()
        try:
            self._keep_played()
        finally:
            self._waiting.clear()

    def close(self) -> None:
        """Put what has not been played into the file, too, and end it. May be called twice.

        Raises:
            CallerError: the file cannot be written.
        """
        if self._closed:
            return
        self._closed = True
        self._pace.finish()
        try:
            self._keep_played()
        finally:
            self._waiting.clear()
            self._file.close()

    def _keep_played(self) -> None:
        played_frames = int(self._pace.played_ms * self.rate_hz / 1000 + _FRAME_NOISE)
        while self._waiting and self._kept_frames < played_frames:
            piece = self._waiting.popleft()
            played = piece[: played_frames - self._kept_frames]
            self._kept_frames += len(played)
            if len(played) < len(piece):
                self._waiting.appendleft(piece[len(played) :])
            self._file.write(played)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc is None:
            self.close()
            return
        with suppress(CallerError):  # what went wrong first is what people want to know
            self.close()
