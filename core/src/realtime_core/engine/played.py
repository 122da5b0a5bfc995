"""One item of the assistant's audio while it is played, and one player with what it was given.

Knows nothing of responses that run, and of what an interruption is.
"""

import math
from collections.abc import Callable
from typing import Final

import attrs

from realtime_core.audio.sinks import AudioSink, Pacer

__all__ = ["NOISE_MS", "PlayedItem", "PlayerTrack"]

# A sink may count whole milliseconds, and a resampler rounds: a shorter rest is none.
_SLACK_MS: Final = 1.0

NOISE_MS: Final = 1e-3
"""What sums of floats may lack."""


@attrs.define(eq=False)
class PlayedItem:
    """How much of it has come, was handed over and was heard; ``ended``: the service has played all of it."""

    response_id: str | None
    item_id: str | None
    complete: bool
    cut: bool = False
    final: bool = False
    ended: bool = False
    received_ms: float = 0.0
    handed_ms: float = 0.0
    dropped_ms: float = 0.0
    played_ms: float = 0.0
    estimated: bool = False
    reported_ms: float | None = None
    reported_s: float = 0.0

    @property
    def slack_ms(self) -> float:
        """How short a rest is none."""
        return min(_SLACK_MS, self.received_ms / 2)

    @property
    def waiting_ms(self) -> float:
        """Received, and not handed over yet."""
        return self.received_ms - self.handed_ms - self.dropped_ms

    @property
    def waits(self) -> bool:
        """Whether some of it has not been handed over; what comes after the service has ended it does not
        count.
        """
        return not self.ended and self.waiting_ms > self.slack_ms

    def reported_left_ms(self, now_s: float) -> float:
        """What is left of it in real time since the last report."""
        assert self.reported_ms is not None  # every caller has tested it
        return self.handed_ms - self.reported_ms - (now_s - self.reported_s) * 1000

    def heard_ms(self, now_s: float) -> float:
        """How much of it was heard, as told last; once nobody has told anything for all the time that the
        rest takes, that was heard, too.
        """
        if self.reported_ms is None:
            return min(self.played_ms, self.handed_ms)
        if self.complete and not self.waits and self.reported_left_ms(now_s) < NOISE_MS:
            return self.handed_ms
        return self.reported_ms

    def is_heard(self, now_s: float) -> bool:
        """Whether nothing that has come of it is still to be heard. Where nobody here knows, the service
        does, which plays it.
        """
        if self.ended and self.reported_ms is None and (self.estimated or not self.handed_ms):
            return True
        return not self.waits and self.handed_ms - self.heard_ms(now_s) <= self.slack_ms


@attrs.define(eq=False)
class _Segment:
    """A stretch of one item on the clock of its player."""

    item: PlayedItem
    start_ms: float
    end_ms: float


class PlayerTrack:
    """What was handed over to one player, in its order."""

    def __init__(
        self, player: AudioSink | Pacer, *, estimated: bool, report: Callable[[Exception], object]
    ) -> None:
        self.player = player
        self.estimated = estimated
        self.segments: list[_Segment] = []
        self._report = report
        self._position_ms = 0.0
        self._mark_ms: float | None = None

    def mark(self) -> None:
        """It is given more now, and may have played some of that before `add` is called."""
        if not self.segments:
            self._mark_ms = self.position_ms()

    def add(self, item: PlayedItem, audio_ms: float) -> None:
        """It was given so much of an item, which comes behind what it has."""
        segments = self.segments
        if segments:
            last = segments[-1]
            if last.item is item:
                last.end_ms += audio_ms
                return
            start_ms = last.end_ms
        else:
            # wherever the player is: it may have been cleared, or have played something of its own
            start_ms = self.position_ms() if self._mark_ms is None else self._mark_ms
        self._mark_ms = None
        item.estimated = item.estimated or self.estimated
        segments.append(_Segment(item, start_ms, start_ms + audio_ms))

    def position_ms(self) -> float:
        """How much the player has played; where it stood if it cannot tell."""
        try:
            position_ms = float(self.player.played_ms)
        except Exception as exc:  # noqa: BLE001  # the application's code must not end the session
            self._report(exc)
        else:
            if math.isfinite(position_ms):
                self._position_ms = position_ms
        return self._position_ms

    def settle(self) -> None:
        """Give the items what has been played of them since the last time."""
        segments = self.segments
        if not segments:
            return
        at_ms = self.position_ms()
        while segments:
            segment = segments[0]
            if at_ms < segment.end_ms - NOISE_MS:
                if at_ms > segment.start_ms:
                    segment.item.played_ms += at_ms - segment.start_ms
                    segment.start_ms = at_ms
                return
            segment.item.played_ms += segment.end_ms - segment.start_ms
            segments.pop(0)

    def clear(self) -> None:
        """It plays no more of what it was given."""
        self.segments.clear()
        try:
            self.player.clear()
        except Exception as exc:  # noqa: BLE001  # as above
            self._report(exc)
