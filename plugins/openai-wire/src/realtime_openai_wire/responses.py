"""What must be remembered of a response while it runs: its audio format, and the text it has given.

Freed when the response is done; bounded for services that never say so.
"""

from typing import Final

import attrs
from realtime_core.audio.formats import AudioFormat

__all__ = ["OpenResponses", "PartKey"]

PartKey = tuple[str | None, int | None, str]
"""A stream of text in a response: its item, the index of its part, the kind of its events."""

_CAPACITY: Final = 64


@attrs.define
class _Response:
    audio_format: AudioFormat | None = None
    texts: dict[PartKey, list[str]] = attrs.Factory(dict)


class OpenResponses:
    """The responses that are not done, oldest first; None is the one of a service without ids."""

    def __init__(self) -> None:
        self._responses: dict[str | None, _Response] = {}

    def __len__(self) -> int:
        return len(self._responses)

    def begin(self, response_id: str | None, audio_format: AudioFormat | None) -> None:
        """Note the format in which the service says that the response will speak."""
        self._of(response_id).audio_format = audio_format

    def format_of(self, response_id: str | None, otherwise: AudioFormat) -> AudioFormat:
        """The format of the audio of a response."""
        response = self._responses.get(response_id)
        return otherwise if response is None else response.audio_format or otherwise

    def add_text(self, response_id: str | None, part: PartKey, piece: str) -> None:
        """Note that a piece of text was given out."""
        self._of(response_id).texts.setdefault(part, []).append(piece)

    def finish_text(self, response_id: str | None, part: PartKey, whole: str | None) -> tuple[str, str]:
        """The whole text of a part, and what of it was not yet given out.

        ``whole`` is what the service says it is; where that does not begin with what was given out,
        there is no rest.
        """
        texts = self._of(response_id).texts
        given = "".join(texts.get(part, ()))
        if whole is None:
            whole = given
        texts[part] = [whole]
        return whole, whole[len(given) :] if whole.startswith(given) else ""

    def end(self, response_id: str | None) -> None:
        """Forget a response; one that is not known is no mistake."""
        self._responses.pop(response_id, None)

    def _of(self, response_id: str | None) -> _Response:
        response = self._responses.get(response_id)
        if response is None:
            if len(self._responses) >= _CAPACITY:
                del self._responses[next(iter(self._responses))]
            response = self._responses[response_id] = _Response()
        return response
