"""The voice of a reply that has only words: soft tones, as long as the text would take to say.

Deterministic; knows nothing of formats or events.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from realtime_simulator.deltas import MS_PER_CHARACTER

if TYPE_CHECKING:
    from realtime_simulator.brain import Samples

__all__ = ["change_speed", "speak"]

RATE_HZ: Final = 24_000
_SYLLABLE: Final = 3
_SCALE_HZ: Final = (220.0, 246.94, 277.18, 329.63, 369.99)
"""A major pentatonic scale on A: no two of its tones clash."""

_LOUDNESS: Final = 6000.0


@lru_cache(maxsize=16)
def speak(text: str) -> "Samples":
    """The text as a melody: a tone for each syllable of three letters, silence for each blank."""
    parts = [_part(text[begin : begin + _SYLLABLE]) for begin in range(0, len(text), _SYLLABLE)]
    samples: Samples = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    # it is kept, and a brain may have been handed it
    samples.flags.writeable = False
    return samples


def _part(letters: str) -> "Samples":
    size = len(letters) * MS_PER_CHARACTER * RATE_HZ // 1000
    word = letters.strip()
    if not word:
        return np.zeros(size, np.int16)
    sounding = len(word) * MS_PER_CHARACTER * RATE_HZ // 1000
    time_s = np.arange(sounding) / RATE_HZ
    pitch_hz = _SCALE_HZ[sum(map(ord, word)) % len(_SCALE_HZ)]
    tone = np.sin(2 * np.pi * pitch_hz * time_s) + 0.3 * np.sin(4 * np.pi * pitch_hz * time_s)
    # rises and falls like a breath, so that no tone begins with a click
    tone *= np.sin(np.pi * np.arange(sounding) / sounding) ** 0.5
    part = np.zeros(size, np.int16)
    begin = (len(letters) - len(letters.lstrip())) * MS_PER_CHARACTER * RATE_HZ // 1000
    part[begin : begin + sounding] = (_LOUDNESS / 1.3 * tone).astype(np.int16)
    return part


def change_speed(samples: "Samples", speed: float) -> "Samples":
    """``samples`` played ``speed`` times as fast; the pitch follows, as on a tape."""
    if speed == 1.0 or not samples.size:
        return samples
    at = np.arange(0, len(samples), speed)
    changed: Samples = np.interp(at, np.arange(len(samples)), samples).astype(np.int16)
    return changed
