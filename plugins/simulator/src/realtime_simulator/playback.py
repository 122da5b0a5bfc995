"""How a call sounds: audio deltas go to the output buffer instead of the wire, which tells what it plays.

The buffer's events are ``output_audio_buffer.started``, ``.stopped`` and ``.cleared``; what is cleared is
truncated here, as only the service knows what was played. Knows nothing of tracks.
"""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from realtime_simulator.frames import Frame
from realtime_simulator.output_buffer import Change, OutputBuffer
from realtime_simulator.parts import Parts
from realtime_simulator.refusals import Refusal
from realtime_simulator.wire_audio import decode_base64

__all__ = ["Playback"]


class Playback:
    """The output of one call; ``on_quiet`` is told when nothing plays any more."""

    def __init__(self, parts: Parts, on_quiet: Callable[[], object]) -> None:
        self._parts = parts
        self._on_quiet = on_quiet
        self._buffer = OutputBuffer()

    @property
    def is_playing(self) -> bool:
        """Whether something has started to play, and not stopped."""
        return self._buffer.is_playing

    def send(self, frame: Frame) -> list[Frame]:
        """What goes over the wire instead of ``frame``, whatever that is."""
        match frame:
            case {
                "type": "response.output_audio.delta",
                "response_id": str() as response_id,
                "item_id": str() as item_id,
                "content_index": int() as content_index,
                "delta": str() as delta,
            }:
                pcm = decode_base64(delta) or b""
                return [*map(self._frame, self._buffer.write(response_id, item_id, content_index, pcm))]
            case {"type": "response.done", "response": {"id": str() as response_id}}:
                self._tell(self._buffer.end(response_id))
        return [frame]

    def take(self, samples: int) -> bytes:
        """What the track sends next: so many samples, or fewer, after which there is silence."""
        pcm, changes = self._buffer.take(samples)
        self._tell(changes)
        return pcm

    def clear(self) -> None:
        """Play no more of what there is, and cut it to what was heard; nothing if nothing plays."""
        cleared = self._buffer.clear()
        if cleared is None:
            return
        outbox = self._parts.outbox
        outbox.send("output_audio_buffer.cleared", response_id=cleared.response_id)
        for cut in cleared.cuts:
            where: dict[str, Any] = {
                "item_id": cut.item_id,
                "content_index": cut.content_index,
                "audio_end_ms": cut.played_ms,
            }
            # out of band, or the client has deleted or truncated it
            with contextlib.suppress(Refusal):
                self._parts.conversation.truncate(**where)
                outbox.send("conversation.item.truncated", **where)
        self._on_quiet()

    def _tell(self, changes: Iterable[Change]) -> None:
        told = [*map(self._frame, changes)]
        self._parts.outbox.put(*told)
        if told and not self.is_playing:
            self._on_quiet()

    def _frame(self, change: Change) -> Frame:
        return self._parts.frames(f"output_audio_buffer.{change.phase}", response_id=change.response_id)
