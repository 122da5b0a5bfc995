"""How a reply is cut into deltas: words, and audio in the sizes that the service sends.

Knows nothing of events or state.
"""

import itertools
import math
import re
import string
from collections.abc import Iterator
from typing import Final

import attrs
from realtime_core.audio.formats import AudioFormat

from realtime_simulator.usage import Tokens
from realtime_simulator.wire_audio import Clip

__all__ = [
    "AudioDelta",
    "Padding",
    "WordDelta",
    "audio_ends",
    "pieced",
    "spoken",
    "tokens_of",
    "words",
    "written",
]

_FIRST_MS: Final = (100, 150)
_NEXT_MS: Final = 250
_LAST_MS: Final = 500
"""Measured: 4 800, 7 200, then 12 000 bytes of PCM at 24 kHz, and a last one of up to 24 000."""

MS_PER_CHARACTER: Final = 60
"""How long text counts as being said: about 170 words a minute, blanks included."""


@attrs.frozen
class WordDelta:
    """A piece of text; ``ms`` is how long saying it holds the model up."""

    text: str
    ms: float = 0.0


@attrs.frozen
class AudioDelta:
    """A piece of audio; ``so_far`` is the reply up to its end."""

    data: bytes | memoryview = attrs.field(repr=False)
    so_far: Clip
    ms: float


def tokens_of(delta: WordDelta | AudioDelta) -> Tokens:
    """What a delta costs: a word one token, the assistant's audio one for each 50 ms."""
    return Tokens(text=1) if isinstance(delta, WordDelta) else Tokens(audio=math.ceil(delta.ms / 50))


def words(text: str) -> list[str]:
    """The words of ``text``, each with the blanks before it; together they are ``text``."""
    return re.findall(r"\s*\S+(?:\s+\Z)?|\s+\Z", text)


def written(text: str) -> Iterator[WordDelta]:
    """Written words: a text reply, the arguments of a call."""
    for word in words(text):
        yield WordDelta(word, len(word) * MS_PER_CHARACTER)


def spoken(text: str, clip: Clip) -> Iterator[WordDelta | AudioDelta]:
    """A spoken reply: each word before the delta in which it is heard."""
    rest = words(text)
    total = len(clip.data)
    said = begin = 0
    for end in audio_ends(total, clip.format):
        until = math.ceil(len(rest) * end / total)
        yield from map(WordDelta, rest[said:until])
        piece = memoryview(clip.data)[begin:end]
        yield AudioDelta(piece, clip.head(end), clip.format.duration_ms(end - begin))
        said, begin = until, end
    yield from map(WordDelta, rest[said:])


def pieced(pieces: Iterator[str | bytes], fmt: AudioFormat | None) -> Iterator[WordDelta | AudioDelta]:
    """A reply that comes in pieces; without a format its audio is left out."""
    spoken = bytearray()
    for piece in pieces:
        if isinstance(piece, str):
            yield WordDelta(piece)
        elif fmt is not None:
            spoken += piece
            yield AudioDelta(piece, Clip(bytes(spoken), fmt), fmt.duration_ms(len(piece)))


def audio_ends(total: int, fmt: AudioFormat) -> Iterator[int]:
    """Where the deltas of ``total`` bytes end."""
    sizes_ms = itertools.chain(_FIRST_MS, itertools.repeat(_NEXT_MS))
    end = 0
    while end < total:
        ms = next(sizes_ms)
        if ms == _NEXT_MS and total - end <= _bytes(_LAST_MS, fmt):
            ms = _LAST_MS
        end = min(total, end + _bytes(ms, fmt))
        yield end


def _bytes(ms: int, fmt: AudioFormat) -> int:
    return fmt.bytes_per_s * ms // 1000


class Padding:
    """The ``obfuscation`` of text deltas: hides their length by filling up to a multiple of 16."""

    _LETTERS: Final = (string.ascii_letters + string.digits) * 2

    def __init__(self) -> None:
        self._begin = 0

    def to(self, text: str) -> str:
        """What pads ``text``."""
        self._begin = (self._begin + 23) % 62
        return self._LETTERS[self._begin : self._begin + 16 - len(text) % 16]
