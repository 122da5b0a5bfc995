"""Audio for tests that need no recording: a tone that turn detection takes for speech, and silence.

All of it is PCM16 little-endian, mono, at 24 kHz: the protocol's default. Loads no numpy.
"""

import math
import struct
from typing import Final

__all__ = ["silence", "speech"]

_SAMPLES_PER_MS: Final = 24
_LOUDNESS: Final = 8000
_PERIOD: Final = struct.pack("<100h", *(round(_LOUDNESS * math.sin(math.tau * i / 100)) for i in range(100)))
"""One period of 240 Hz."""


def speech(ms: float) -> bytes:
    """A tone of ``ms`` milliseconds, as loud as somebody who speaks.

    Turn detection ends a turn only in silence that it hears: send `silence` after it.
    """
    size = _size(ms)
    return (_PERIOD * (size // len(_PERIOD) + 1))[:size]


def silence(ms: float) -> bytes:
    """Silence of ``ms`` milliseconds."""
    return bytes(_size(ms))


def _size(ms: float) -> int:
    """In bytes."""
    return round(ms * _SAMPLES_PER_MS) * 2
