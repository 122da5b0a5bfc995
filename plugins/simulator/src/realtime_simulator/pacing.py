"""Several streams of events that come in the model's time: which event is due next.

Time is a number that the caller passes in; nothing here waits.
"""

from collections.abc import Iterator

import attrs

from realtime_simulator.frames import Frame, Step

__all__ = ["Pacer", "Stream"]


@attrs.define(eq=False)
class Stream:
    """One source of events, and when its next one is due."""

    steps: Iterator[Step]
    due_s: float
    can_wait: bool = False
    """Whether `Pacer.hold` is about it."""


class Pacer:
    """Merges streams: the earliest event first, in turns where several are due.

    ``speed`` is how many milliseconds of speech are sent in a millisecond; 0: as fast as events
    are asked for. An event that was asked for late does not delay those after it.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._streams: list[Stream] = []
        self._is_held = False
        self._last_kinds: tuple[str, ...] = ()

    def hold(self) -> None:
        """Let no event of a stream that can wait be due until `release`."""
        self._is_held = True

    def release(self, *until: str) -> None:
        """Go on; with ``until`` to the first event of one of those types, and hold again."""
        self._is_held, self._last_kinds = False, until

    def add(self, steps: Iterator[Step], now_s: float, *, can_wait: bool = False) -> Stream:
        """Begin a stream."""
        stream = Stream(steps, now_s, can_wait)
        self._streams.append(stream)
        return stream

    @property
    def due_s(self) -> float | None:
        """When the next event is due; None: there is none to come."""
        return min((stream.due_s for stream in self._going()), default=None)

    def next(self, now_s: float) -> Frame | None:
        """The event that is due, if one is."""
        for stream in sorted(self._going(), key=lambda stream: stream.due_s):
            if stream.due_s > now_s:
                return None
            self._streams.remove(stream)
            step = next(stream.steps, None)
            if step is not None:
                if self._speed:
                    stream.due_s += step.speech_ms / 1000 / self._speed
                stream.due_s += step.wait_ms / 1000
                self._streams.append(stream)
                if step.frame is not None:
                    self._take_note(step.frame)
                    return step.frame
        return None

    def drain(self, stream: Stream) -> list[Frame]:
        """All that is left of a stream, at once; it is over."""
        self._streams.remove(stream)
        frames = [step.frame for step in stream.steps if step.frame is not None]
        for frame in frames:
            self._take_note(frame)
        return frames

    def _going(self) -> list[Stream]:
        return [stream for stream in self._streams if not (self._is_held and stream.can_wait)]

    def _take_note(self, frame: Frame) -> None:
        if frame["type"] in self._last_kinds:
            self._is_held, self._last_kinds = True, ()
