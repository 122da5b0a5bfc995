"""The transcription of what the user says: there is no recogniser, the words come from the options.

Knows nothing of the model's answer, beside which it runs.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from realtime_simulator.deltas import Padding, words
from realtime_simulator.frames import Frame, Frames, Ids, Step
from realtime_simulator.items import Item
from realtime_simulator.options import Transcription
from realtime_simulator.usage import text_tokens
from realtime_simulator.wire_audio import Clip

__all__ = ["SILENCE", "Heard", "Transcriber"]

_EVENT: Final = "conversation.item.input_audio_transcription"
_FAILED: Final = {
    "type": "transcription_error",
    "code": "audio_unintelligible",
    "message": "The audio could not be transcribed.",
    "param": None,
}
_DIARIZES: Final = "gpt-4o-transcribe-diarize"
_WITHOUT_LOGPROBS: Final = ("whisper-1", _DIARIZES)
_SPEAKER: Final = re.compile(r"(?:([A-Z]): )?(.*)", re.DOTALL)


@attrs.frozen
class Heard:
    """One turn of the user's."""

    words: str | None = None
    """What was said; None: nobody told us."""

    outcome: Transcription = "beside"


SILENCE: Final = Heard("")


class Transcriber:
    """Hands out the turns of one session, and transcribes them.

    ``transcripts`` are the words turn by turn, ``outcomes`` how the transcription of each goes, the last
    that of all turns to come.
    """

    def __init__(
        self, frames: Frames, ids: Ids, transcripts: tuple[str, ...], outcomes: tuple[Transcription, ...]
    ) -> None:
        self._frames = frames
        self._ids = ids
        self._transcripts = iter(transcripts)
        self._outcomes = list(outcomes)
        self._padding = Padding()

    def next_turn(self, words: str | None = None) -> Heard:
        """The next spoken turn; ``words`` are its own, None: the next of the transcripts."""
        outcome = self._outcomes[0]
        if len(self._outcomes) > 1:
            del self._outcomes[0]
        return Heard(next(self._transcripts, None) if words is None else words, outcome)

    def steps(self, item: Item, heard: Heard, settings: dict[str, Any], *, logprobs: bool) -> Iterator[Step]:
        """The events of one transcription, by the session's ``transcription`` settings.

        ``logprobs``: whether the session includes them.
        """
        if heard.outcome == "failed":
            yield self._step("failed", item, error=_FAILED)
            return
        clip, model = item.clips[0], settings["model"] or ""
        text = f"[speech, {clip.ms / 1000:.1f} s]" if heard.words is None else heard.words
        likely = _logprobs if logprobs and model not in _WITHOUT_LOGPROBS else _nothing
        if model == _DIARIZES:
            for segment in _segments(text, clip):
                yield self._step("segment", item, id=self._ids.new("seg"), **segment)
        else:
            # whisper-1 sends one delta with the whole text
            pieces = [text] if model == "whisper-1" else words(text)
            for piece in filter(None, pieces):
                padding = self._padding.to(piece)
                yield self._step("delta", item, delta=piece, **likely(piece), obfuscation=padding)
        item.content[0]["transcript"] = text
        yield self._step(
            "completed",
            item,
            transcript=text,
            usage=_usage(clip, text, model),
            **likely(text),
            **_languages(settings, model),
        )

    def _step(self, phase: str, item: Item, **payload: Any) -> Step:
        frame: Frame = self._frames(f"{_EVENT}.{phase}", item_id=item.id, content_index=0, **payload)
        return Step(frame)


def _nothing(_: str) -> dict[str, Any]:
    return {}


def _logprobs(text: str) -> dict[str, Any]:
    """A token for each word; the longer, the less likely: nothing here is measured."""
    return {
        "logprobs": [
            {"token": word, "bytes": list(word.encode()), "logprob": -0.01 * len(word)}
            for word in words(text)
        ]
    }


def _languages(settings: dict[str, Any], model: str) -> dict[str, Any]:
    """Only ``gpt-transcribe`` tells; of the languages it may be, the first is detected."""
    if model != "gpt-transcribe":
        return {}
    possible = settings.get("languages") or [settings["language"]]
    return {"languages": [{"code": code} for code in possible[:1] if code]}


def _segments(text: str, clip: Clip) -> Iterator[dict[str, Any]]:
    """A segment for each sentence, as long as its share of the text.

    A sentence that begins as ``B: `` is said by speaker B, and so are those after it; the first speaker is A.
    """
    said, speaker = 0, "A"
    for sentence in re.findall(r"[^.!?]+[.!?]*\s*", text):
        named, words_of_it = _SPEAKER.findall(sentence.strip())[0]
        speaker = named or speaker
        begin, said = said, said + len(sentence)
        yield {
            "text": words_of_it,
            "speaker": speaker,
            "start": round(begin / len(text) * clip.ms / 1000, 3),
            "end": round(said / len(text) * clip.ms / 1000, 3),
        }


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
