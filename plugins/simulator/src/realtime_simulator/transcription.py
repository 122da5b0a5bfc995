"""The transcription of what the user says: there is no recogniser, the words come from the options.

Knows nothing of the model's answer, beside which it runs.
"""

import math
from collections.abc import Iterator
from typing import Any

from realtime_simulator.deltas import Padding, words
from realtime_simulator.frames import Frames, Step
from realtime_simulator.items import Item
from realtime_simulator.usage import text_tokens
from realtime_simulator.wire_audio import Clip

__all__ = ["Transcriber"]

_EVENT = "conversation.item.input_audio_transcription"


class Transcriber:
    """Hands out the transcripts of one session, a turn at a time."""

    def __init__(self, frames: Frames, transcripts: tuple[str, ...]) -> None:
        self._frames = frames
        self._transcripts = iter(transcripts)
        self._padding = Padding()

    def heard(self) -> str:
        """The words of the next spoken turn; empty: nobody supplied them."""
        return next(self._transcripts, "")

    def steps(self, item: Item, settings: dict[str, Any]) -> Iterator[Step]:
        """The events of one transcription, by the session's ``transcription`` settings."""
        clip = item.clips[0]
        text = item.heard or f"[speech, {clip.ms / 1000:.1f} s]"
        model = settings["model"] or ""
        # whisper-1 sends one delta with the whole text
        for piece in [text] if model == "whisper-1" else words(text):
            padding = self._padding.to(piece)
            yield Step(
                self._frames(
                    f"{_EVENT}.delta", item_id=item.id, content_index=0, delta=piece, obfuscation=padding
                )
            )
        item.content[0]["transcript"] = text
        yield Step(
            self._frames(
                f"{_EVENT}.completed",
                item_id=item.id,
                content_index=0,
                transcript=text,
                usage=_usage(clip, text, model),
            )
        )


def _usage(clip: Clip, text: str, model: str) -> dict[str, Any]:
    if not model.startswith("gpt-4o"):
        return {"type": "duration", "seconds": math.ceil(clip.ms / 1000)}
    read, made = math.ceil(clip.ms / 100), text_tokens(text)
    return {
        "type": "tokens",
        "total_tokens": read + made,
        "input_tokens": read,
        "input_token_details": {"text_tokens": 0, "audio_tokens": read},
        "output_tokens": made,
    }
