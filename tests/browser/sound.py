"""Recordings for the fake microphone, and what is in those that come back."""

from pathlib import Path

import numpy as np
import soundfile
from workspace import ROOT

RATE_HZ = 24_000
_LOUD = 1000
AMIABLE = ROOT / "samples" / "audio" / "amiable.wav"


def tone(hz, seconds):
    """A tone at 24 kHz, mono int16."""
    return np.round(8000 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(
        np.int16
    )


def silence(seconds, rate_hz=RATE_HZ):
    return np.zeros(round(seconds * rate_hz), np.int16)


def speech(before_s, after_s):
    """A sentence of 3.3 s with silence around it, and its rate."""
    words, rate_hz = soundfile.read(AMIABLE, dtype="int16")
    return np.concatenate([silence(before_s, rate_hz), words, silence(after_s, rate_hz)]), rate_hz


def written(path: Path, samples, rate_hz=RATE_HZ) -> Path:
    """Write a WAV file."""
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return path


def peak_hz(samples, rate_hz):
    """The strongest frequency."""
    windowed = samples * np.hanning(len(samples))
    # four times the length: bins as narrow as the answer should be exact
    spectrum = np.abs(np.fft.rfft(windowed, 4 * len(samples)))
    return float(np.fft.rfftfreq(4 * len(samples), 1 / rate_hz)[spectrum.argmax()])


def loud(samples, rate_hz):
    """Where the first loud piece of 20 ms begins and where the last one ends, in samples."""
    size = rate_hz // 50
    pieces = samples[: len(samples) // size * size].reshape(-1, size).astype(float)
    (found,) = np.nonzero(np.sqrt((pieces**2).mean(axis=1)) > _LOUD)
    assert found.size, "it is all silent"
    return int(found[0]) * size, (int(found[-1]) + 1) * size
