"""The output audio buffer of a call: what the assistant has said, and the track has not sent yet.

Audio is PCM16 mono at 24 kHz. Responses are played one after the other, in the order of their first audio.
Knows nothing of events and of time: the track takes what it needs.
"""

from collections import deque
from collections.abc import Iterator
from typing import Literal, NamedTuple

import attrs
from realtime_core.audio.formats import PCM16_24KHZ

__all__ = ["Change", "Cleared", "Cut", "OutputBuffer"]


class Change(NamedTuple):
    """The playback of a response has begun, or is over."""

    phase: Literal["started", "stopped"]
    response_id: str


class Cut(NamedTuple):
    """An item of which something is never played, and how much of it was."""

    item_id: str
    content_index: int
    played_ms: int


class Cleared(NamedTuple):
    """What was taken out: of the response that played, and of the items behind what had been played."""

    response_id: str
    cuts: tuple[Cut, ...]


@attrs.define(eq=False)
class _Speech:
    """The audio of one content part."""

    item_id: str
    content_index: int
    waiting: bytearray = attrs.field(factory=bytearray)
    played: int = 0

    def take(self, size: int) -> bytearray:
        taken = self.waiting[:size]
        del self.waiting[:size]
        self.played += len(taken)
        return taken

    def cut(self) -> Cut:
        return Cut(self.item_id, self.content_index, int(PCM16_24KHZ.duration_ms(self.played)))


@attrs.define(eq=False)
class _Answer:
    """The audio of one response."""

    response_id: str
    speeches: list[_Speech] = attrs.field(factory=list)
    is_whole: bool = False
    """Whether no more will come."""

    @property
    def is_played(self) -> bool:
        return not any(speech.waiting for speech in self.speeches)

    def write(self, item_id: str, content_index: int, pcm: bytes) -> None:
        match self.speeches:
            case [*_, _Speech(item_id=last_id, content_index=last_index) as speech] if (
                last_id == item_id and last_index == content_index
            ):
                speech.waiting += pcm
            case _:
                self.speeches.append(_Speech(item_id, content_index, bytearray(pcm)))

    def take(self, size: int) -> bytes:
        taken = bytearray()
        for speech in self.speeches:
            taken += speech.take(size - len(taken))
        return bytes(taken)


class OutputBuffer:
    """What waits to be played."""

    def __init__(self) -> None:
        self._answers: deque[_Answer] = deque()
        self._muted: set[str] = set()

    @property
    def is_playing(self) -> bool:
        """Whether a response has started, and neither stopped nor been cleared."""
        return bool(self._answers)

    def write(self, response_id: str, item_id: str, content_index: int, pcm: bytes) -> list[Change]:
        """More of what a response says; what has been cleared stays silent to its end."""
        if response_id in self._muted:
            return []
        for answer in self._answers:
            if answer.response_id == response_id:
                answer.write(item_id, content_index, pcm)
                return []
        answer = _Answer(response_id)
        answer.write(item_id, content_index, pcm)
        self._answers.append(answer)
        return [Change("started", response_id)] if len(self._answers) == 1 else []

    def end(self, response_id: str) -> list[Change]:
        """A response says no more; nothing if it has said nothing."""
        self._muted.discard(response_id)
        for answer in self._answers:
            if answer.response_id == response_id:
                answer.is_whole = True
        return [*self._drained()]

    def take(self, samples: int) -> tuple[bytes, list[Change]]:
        """The next ``samples``, or fewer: the rest is silence. And what that has changed."""
        size = samples * PCM16_24KHZ.frame_bytes
        taken, changes = b"", list[Change]()
        while self._answers and len(taken) < size:
            taken += self._answers[0].take(size - len(taken))
            drained = [*self._drained()]
            if not drained:
                break
            changes += drained
        return taken, changes

    def _drained(self) -> Iterator[Change]:
        """Leave what has been played to its end."""
        while self._answers and self._answers[0].is_whole and self._answers[0].is_played:
            yield Change("stopped", self._answers.popleft().response_id)
            if self._answers:
                yield Change("started", self._answers[0].response_id)

    def clear(self) -> Cleared | None:
        """Forget all that has not been played; None: nothing plays."""
        if not self._answers:
            return None
        cuts = tuple(speech.cut() for answer in self._answers for speech in answer.speeches if speech.waiting)
        self._muted.update(answer.response_id for answer in self._answers if not answer.is_whole)
        cleared = Cleared(self._answers[0].response_id, cuts)
        self._answers.clear()
        return cleared
