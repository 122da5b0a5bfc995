"""What must be remembered of a response: its audio format, the text it has given, whether it is out of band.

When it is done little is kept, for what comes late; all is bounded, for services that never say so. A frame
that names no response is about the latest that is not done. Where there is none, it is about one that the
service will name later, or never.
"""

from typing import Final

import attrs
from realtime_core.audio.formats import AudioFormat

from realtime_openai_wire.texts import GivenTexts, PartKey

__all__ = ["OpenResponses"]

_CAPACITY: Final = 64
_MOST_TEXT: Final = 4 * 1024 * 1024


@attrs.define
class _Response:
    audio_format: AudioFormat | None = None
    texts: GivenTexts = attrs.Factory(GivenTexts)
    done: bool = False
    out_of_band: bool | None = None


class OpenResponses:
    """The latest 64 responses, oldest first; None is one that has no id so far."""

    def __init__(self) -> None:
        self._responses: dict[str | None, _Response] = {}
        self._cost = 0

    def __len__(self) -> int:
        return len(self._responses)

    @property
    def cost(self) -> int:
        """About the characters that are remembered."""
        return self._cost

    def begin(
        self, response_id: str | None, audio_format: AudioFormat | None, *, out_of_band: bool = False
    ) -> None:
        """A response begins; ``audio_format`` is the one in which the service says that it will speak."""
        # whatever has no name yet is not this one
        self._drop(None)
        response = self._responses.get(response_id) or self._make(response_id)
        response.audio_format = audio_format
        response.out_of_band = out_of_band

    def is_open(self, response_id: str | None) -> bool:
        """Whether a response has begun and is not done; None: whether any is."""
        response = self._responses.get(self.name_of(response_id))
        return response is not None and not response.done

    def is_out_of_band(self, response_id: str | None) -> bool | None:
        """Whether a response is, as its beginning said; None where none was seen."""
        response = self._responses.get(self.name_of(response_id))
        return None if response is None else response.out_of_band

    def name_of(self, response_id: str | None) -> str | None:
        """The id of the response that a frame is about, where it names none."""
        return self._latest_open() if response_id is None else response_id

    def format_of(self, response_id: str | None, otherwise: AudioFormat) -> AudioFormat:
        """The format of the audio of a response."""
        response = self._responses.get(response_id)
        if response is None and response_id is None:
            response = self._responses.get(self._latest_open())
        return otherwise if response is None else response.audio_format or otherwise

    def add_text(self, response_id: str | None, part: PartKey, piece: str) -> bool:
        """Note that a piece of text is given out; False: it is not to be: `GivenTexts.add`."""
        texts = self._of(response_id).texts
        before = texts.cost
        is_new = texts.add(part, piece)
        self._cost += texts.cost - before
        self._shed()
        return is_new

    def finish_text(self, response_id: str | None, part: PartKey, whole: str | None) -> tuple[str, str]:
        """The whole text of a part, and what of it was not yet given out: `GivenTexts.finish`."""
        if response_id is None and whole is not None and self._came_late(whole):
            return whole, ""
        texts = self._of(response_id).texts
        before = texts.cost
        answer = texts.finish(part, whole)
        self._cost += texts.cost - before
        return answer

    def show_text(self, response_id: str | None, part: PartKey, whole: str, *, listed: bool = False) -> str:
        """What was not yet given out of a text that is shown once more: `GivenTexts.show`."""
        if response_id is None and self._came_late(whole):
            return ""
        texts = self._of(response_id).texts
        before = texts.cost
        rest = texts.show(part, whole, listed=listed)
        self._cost += texts.cost - before
        return rest

    def end(self, response_id: str | None) -> None:
        """A response is done; one that is not known is no mistake."""
        response = self._of(response_id)
        self._cost -= response.texts.cost
        response.texts.close()
        self._cost += response.texts.cost
        response.done = True

    def _came_late(self, whole: str) -> bool:
        """Whether a text that names no response is one that was given already."""
        latest = next(reversed(self._responses.values()), None)
        return latest is not None and latest.done and latest.texts.has_ended(whole)

    def _shed(self) -> None:
        """Too much text: what the oldest response has given is forgotten."""
        while self._cost > _MOST_TEXT:
            texts = next(response.texts for response in self._responses.values() if response.texts.cost)
            self._cost -= texts.cost
            texts.forget()

    def _latest_open(self) -> str | None:
        return next((name for name in reversed(self._responses) if not self._responses[name].done), None)

    def _of(self, response_id: str | None) -> _Response:
        response = self._responses.get(response_id)
        if response is not None and response_id is not None:
            return response
        response_id = self.name_of(response_id)
        response = self._responses.get(response_id)
        nameless = self._responses.get(None)
        if response is nameless is not None and nameless.done:
            self._drop(None)  # the one after it
            response = None
        if response is None and response_id is not None and nameless is not None and not nameless.done:
            response = self._responses.pop(None)  # it has a name now
            self._responses[response_id] = response
        return response or self._make(response_id)

    def _make(self, response_id: str | None) -> _Response:
        if len(self._responses) >= _CAPACITY:
            done = (name for name, response in self._responses.items() if response.done)
            self._drop(next(done, next(iter(self._responses))))
        response = self._responses[response_id] = _Response()
        return response

    def _drop(self, response_id: str | None) -> None:
        response = self._responses.pop(response_id, None)
        if response is not None:
            self._cost -= response.texts.cost
