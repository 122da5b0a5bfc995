"""What a response costs in tokens: estimates by the service's published rates.

Audio of the user costs a token for each 100 ms, of the assistant one for each 50 ms; text is
counted as one for each four characters.
"""

import math
from collections.abc import Iterable
from typing import Any, Final

import attrs

from realtime_simulator.items import Item

__all__ = ["Tokens", "input_tokens", "usage"]

_CACHE_BLOCK: Final = 64
"""Captures show cached tokens in multiples of 64."""

_IMAGE_TOKENS: Final = 85


@attrs.frozen
class Tokens:
    """A number of tokens for each kind of content."""

    text: int = 0
    audio: int = 0
    image: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.text + self.audio + self.image

    def cached_of(self, before: "Tokens") -> "Tokens":
        """The part of these that was there ``before``, in whole blocks; never more than there are."""
        return Tokens(_blocks(self.text, before.text), _blocks(self.audio, before.audio))


def _blocks(now: int, before: int) -> int:
    return min(now, before) // _CACHE_BLOCK * _CACHE_BLOCK


def text_tokens(text: str) -> int:
    """The tokens of a text."""
    return math.ceil(len(text) / 4)


def input_tokens(instructions: str, items: Iterable[Item]) -> Tokens:
    """What the model reads before it answers."""
    text = text_tokens(instructions)
    audio = image = 0
    for item in items:
        for part in item.content:
            text += text_tokens(part.get("text") or "")
            image += _IMAGE_TOKENS if part["type"] == "input_image" else 0
        text += sum(text_tokens(item.fields.get(name) or "") for name in ("arguments", "output"))
        ms_per_token = 50 if item.role == "assistant" else 100
        audio += sum(math.ceil(clip.ms / ms_per_token) for clip in item.clips.values())
    return Tokens(text, audio, image)


def usage(read: Tokens, cached: Tokens, made: Tokens) -> dict[str, Any]:
    """The ``usage`` object of a response."""
    return {
        "total_tokens": read.total + made.total,
        "input_tokens": read.total,
        "output_tokens": made.total,
        "input_token_details": {
            "text_tokens": read.text,
            "audio_tokens": read.audio,
            "image_tokens": read.image,
            "cached_tokens": cached.total,
            "cached_tokens_details": {
                "text_tokens": cached.text,
                "audio_tokens": cached.audio,
                "image_tokens": cached.image,
            },
        },
        "output_token_details": {"text_tokens": made.text, "audio_tokens": made.audio},
    }
