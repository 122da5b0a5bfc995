"""What one session must remember between its frames. Every part of it is bounded."""

from typing import Any, Final

import attrs
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat

from realtime_openai_wire.asked_settings import AskedSettings
from realtime_openai_wire.calls import MOST_CALLS, GivenCalls
from realtime_openai_wire.latest import Latest
from realtime_openai_wire.pending import PendingCommands
from realtime_openai_wire.responses import OpenResponses

__all__ = ["AudioParts", "WireState"]

_ITEMS: Final = 64
_COMMANDS: Final = 64


class AudioParts:
    """Which content of an item is its audio, which a truncation has to point at: nearly always the first."""

    def __init__(self) -> None:
        self._indexes: Latest[str, int] = Latest(_ITEMS)

    def __len__(self) -> int:
        return len(self._indexes)

    def note(self, item_id: str | None, content_index: int | None) -> None:
        """Content ``content_index`` of an item is audio; of several, the first counts."""
        if item_id is None or content_index is None or content_index < 0 or item_id in self._indexes:
            return
        self._indexes.note(item_id, content_index)

    def index_of(self, item_id: str) -> int:
        """The index of the content of an item that is audio."""
        return self._indexes.get(item_id) or 0


def _at_most(capacity: int) -> Any:
    return attrs.Factory(lambda: Latest(capacity))


@attrs.define
class WireState:
    """The memory of a session."""

    output_format: AudioFormat = PCM16_24KHZ
    """The format of the audio, but for that of responses that have their own."""
    opened_with: AudioFormat | None = attrs.field(
        init=False, default=attrs.Factory(lambda self: self.output_format, takes_self=True)
    )
    """What the session is to be set up with, until the service says that it is set up."""
    asked_formats: Latest[str, AudioFormat] = _at_most(_COMMANDS)
    """The formats of output that commands asked for, until the service has answered."""
    asked_settings: AskedSettings = attrs.Factory(AskedSettings)
    out_of_band: Latest[str, None] = _at_most(_COMMANDS)
    """The commands that asked for a response out of band, until it begins."""
    responses: OpenResponses = attrs.Factory(OpenResponses)
    calls: GivenCalls = attrs.Factory(GivenCalls)
    call_names: Latest[str, str] = _at_most(MOST_CALLS)
    """The functions that were called, by call id: an item with the result of a call does not say."""
    approvals: Latest[str, None] = _at_most(MOST_CALLS)
    """The requests for approval that were given out."""
    audio_parts: AudioParts = attrs.Factory(AudioParts)
    spoken_items: Latest[str, str] = _at_most(_ITEMS)
    """The latest item of each response that is spoken."""
    on_track: bool = False
    """The audio is not in the frames, and has not the format that these report."""
    pending: PendingCommands = attrs.Factory(PendingCommands)
