"""What one session must remember between its frames. Every part of it is bounded."""

from typing import Final

import attrs
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat

from realtime_openai_wire.calls import GivenCalls
from realtime_openai_wire.pending import PendingCommands
from realtime_openai_wire.responses import OpenResponses

__all__ = ["AskedFormats", "AudioParts", "WireState"]

_ITEMS: Final = 64
_COMMANDS: Final = 64


class AudioParts:
    """Which content of an item is its audio, which a truncation has to point at: nearly always the first."""

    def __init__(self) -> None:
        self._indexes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._indexes)

    def note(self, item_id: str | None, content_index: int | None) -> None:
        """Content ``content_index`` of an item is audio; of several, the first counts."""
        if item_id is None or content_index is None or content_index < 0 or item_id in self._indexes:
            return
        if len(self._indexes) >= _ITEMS:
            del self._indexes[next(iter(self._indexes))]
        self._indexes[item_id] = content_index

    def index_of(self, item_id: str) -> int:
        """The index of the content of an item that is audio."""
        return self._indexes.get(item_id, 0)


class AskedFormats:
    """The formats of output that commands asked for, until the service has answered."""

    def __init__(self) -> None:
        self._asked: dict[str, AudioFormat] = {}

    def __len__(self) -> int:
        return len(self._asked)

    def note(self, command_id: str, audio_format: AudioFormat) -> None:
        """A command asks for a format."""
        if len(self._asked) >= _COMMANDS:
            del self._asked[next(iter(self._asked))]
        self._asked[command_id] = audio_format

    def take(self, command_id: str | None) -> AudioFormat | None:
        """What a command asked for that is answered now; None where it asked for none."""
        return None if command_id is None else self._asked.pop(command_id, None)


@attrs.define
class WireState:
    """The memory of a session."""

    output_format: AudioFormat = PCM16_24KHZ
    """The format of the audio, but for that of responses that have their own."""
    opened_with: AudioFormat | None = attrs.field(
        init=False, default=attrs.Factory(lambda self: self.output_format, takes_self=True)
    )
    """What the session is to be set up with, until the service says that it is set up."""
    asked_formats: AskedFormats = attrs.Factory(AskedFormats)
    responses: OpenResponses = attrs.Factory(OpenResponses)
    calls: GivenCalls = attrs.Factory(GivenCalls)
    audio_parts: AudioParts = attrs.Factory(AudioParts)
    pending: PendingCommands = attrs.Factory(PendingCommands)
