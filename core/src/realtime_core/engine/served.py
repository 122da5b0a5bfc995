"""Which responses a service that plays the audio itself is playing, is about to, or has played.

Knows nothing of the audio.
"""

from typing import Final

from realtime_core.clock import Clock

__all__ = ["ServedResponses"]

# how long the service may take to begin playing what it has made
_BEGIN_S: Final = 2.0
# those that are over and still known, for what comes late
_KEPT: Final = 64


class ServedResponses:
    """Those of one session; the service plays one at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._playing: list[str | None] = []
        self._due: dict[str | None, float] = {}
        self._ended: dict[str | None, None] = {}

    def __contains__(self, response_id: str | None) -> bool:
        return response_id in self._playing

    @property
    def now(self) -> tuple[str | None, ...]:
        """The one that plays, and those that are about to."""
        if not self._due:
            return tuple(self._playing)
        now_s = self._clock.now_s()
        return (*self._playing, *(due for due, until_s in self._due.items() if now_s < until_s))

    def expect(self, response_id: str | None) -> None:
        """It was made and will be played."""
        if response_id in self._playing or response_id in self._ended:
            return
        now_s = self._clock.now_s()
        self._due = {due: until_s for due, until_s in self._due.items() if now_s < until_s}
        self._due[response_id] = now_s + _BEGIN_S

    def begin(self, response_id: str | None) -> tuple[str | None, ...]:
        """It plays now; those that it took the place of, which are to `end`."""
        others = tuple(other for other in self._playing if other != response_id)
        self._playing = [*others, response_id]
        self._due.pop(response_id, None)
        self._ended.pop(response_id, None)
        return others

    def end(self, response_id: str | None) -> None:
        """It plays no more."""
        self._playing = [other for other in self._playing if other != response_id]
        self._ended[response_id] = None
        while len(self._ended) > _KEPT:
            del self._ended[next(iter(self._ended))]

    def has_ended(self, response_id: str | None) -> bool:
        """Whether it was played."""
        return response_id in self._ended

    def clear(self) -> None:
        """None is played any more."""
        self._playing = []
        self._due = {}
