"""What one session must remember between its frames. Every part of it is bounded."""

from typing import Final

import attrs
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat

from realtime_openai_wire.calls import GivenCalls
from realtime_openai_wire.pending import PendingCommands
from realtime_openai_wire.responses import OpenResponses

__all__ = ["AudioParts", "WireState"]

_ITEMS: Final = 64


class AudioParts:
    """Which content of an item is its audio, which a truncation has to point at: nearly always the first."""

    def __init__(self) -> None:
        self._others: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._others)

    def note(self, item_id: str | None, content_index: int | None) -> None:
        """Content ``content_index`` of an item is audio; of several, the first counts."""
        if item_id is None or content_index is None or content_index <= 0 or item_id in self._others:
            return
        if len(self._others) >= _ITEMS:
            del self._others[next(iter(self._others))]
        self._others[item_id] = content_index

    def index_of(self, item_id: str) -> int:
        """The index of the content of an item that is audio."""
        return self._others.get(item_id, 0)


@attrs.define
class WireState:
    """The memory of a session."""

    output_format: AudioFormat = PCM16_24KHZ
    responses: OpenResponses = attrs.Factory(OpenResponses)
    calls: GivenCalls = attrs.Factory(GivenCalls)
    audio_parts: AudioParts = attrs.Factory(AudioParts)
    pending: PendingCommands = attrs.Factory(PendingCommands)
