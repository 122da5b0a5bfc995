"""What must be remembered of a response while it runs: its audio format, and the text it has given.

Freed when the response is done; bounded, in responses and in text, for services that never say so.
"""

from typing import Final

import attrs
from realtime_core.audio.formats import AudioFormat

__all__ = ["OpenResponses", "PartKey"]

PartKey = tuple[str | None, int | None, str]
"""A stream of text in a response: its item, the index of its part, the kind of its events."""

_CAPACITY: Final = 64
_MOST_TEXT: Final = 4 * 1024 * 1024
# what a piece costs beyond its characters
_PIECE_COST: Final = 64


@attrs.define
class _Response:
    audio_format: AudioFormat | None = None
    texts: dict[PartKey, list[str]] = attrs.Factory(dict)
    cost: int = 0
    overfull: bool = False
    """There was too much text to keep; none is any more."""

    def keep(self, part: PartKey, piece: str) -> int:
        """Note a piece; gives its cost."""
        self.texts.setdefault(part, []).append(piece)
        cost = len(piece) + _PIECE_COST
        self.cost += cost
        return cost


class OpenResponses:
    """The responses that are not done, oldest first; None is the one of a service without ids."""

    def __init__(self) -> None:
        self._responses: dict[str | None, _Response] = {}
        self._cost = 0

    def __len__(self) -> int:
        return len(self._responses)

    @property
    def cost(self) -> int:
        """About the characters that are remembered."""
        return self._cost

    def begin(self, response_id: str | None, audio_format: AudioFormat | None) -> None:
        """Note the format in which the service says that the response will speak."""
        self._of(response_id).audio_format = audio_format

    def format_of(self, response_id: str | None, otherwise: AudioFormat) -> AudioFormat:
        """The format of the audio of a response."""
        response = self._responses.get(response_id)
        return otherwise if response is None else response.audio_format or otherwise

    def add_text(self, response_id: str | None, part: PartKey, piece: str) -> None:
        """Note that a piece of text was given out."""
        response = self._of(response_id)
        if not response.overfull:
            self._cost += response.keep(part, piece)
            self._shed()

    def finish_text(self, response_id: str | None, part: PartKey, whole: str | None) -> tuple[str, str]:
        """The whole text of a part, and what of it was not yet given out.

        ``whole`` is what the service says it is; where that does not begin with what was given out, or
        that was too much to remember, there is no rest.
        """
        response = self._of(response_id)
        if response.overfull:
            return whole or "", ""
        given = "".join(response.texts.get(part, ()))
        if whole is None:
            whole = given
        rest = whole[len(given) :] if whole.startswith(given) else ""
        if rest:
            self.add_text(response_id, part, rest)
        return whole, rest

    def end(self, response_id: str | None) -> None:
        """Forget a response; one that is not known is no mistake."""
        response = self._responses.pop(response_id, None)
        if response is not None:
            self._cost -= response.cost

    def _shed(self) -> None:
        """Too much text: what the oldest response has given is forgotten."""
        while self._cost > _MOST_TEXT:
            response = next(response for response in self._responses.values() if response.cost)
            self._cost -= response.cost
            response.texts.clear()
            response.cost = 0
            response.overfull = True

    def _of(self, response_id: str | None) -> _Response:
        response = self._responses.get(response_id)
        if response is None:
            if len(self._responses) >= _CAPACITY:
                self.end(next(iter(self._responses)))
            response = self._responses[response_id] = _Response()
        return response
