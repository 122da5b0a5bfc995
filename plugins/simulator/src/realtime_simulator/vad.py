"""Voice activity by energy: where in a stream of audio speech starts and stops.

Counts audio, never the wall clock, in windows that are fixed in the stream, so that the size of the
chunks changes nothing. Knows nothing of events.
"""

from typing import Any, Final, Literal

import attrs
import numpy as np
from realtime_core.audio.convert import to_samples
from realtime_core.audio.formats import AudioFormat

__all__ = ["Change", "Vad", "VadSettings"]

WINDOW_MS: Final = 20
ONSET_WINDOWS: Final = 2
"""So many loud windows on end are speech; one is a click."""

_SEMANTIC_SILENCE_MS: Final = {"low": 2000, "medium": 1000, "auto": 1000, "high": 500}
"""Nothing here understands words, so ``semantic_vad`` waits a quarter of the longest time that the
service would wait at that eagerness (8, 4, 2 s)."""


@attrs.frozen(kw_only=True)
class VadSettings:
    """What the detector needs of ``turn_detection``."""

    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 200

    @classmethod
    def of(cls, turn_detection: dict[str, Any]) -> "VadSettings":
        """From the effective ``turn_detection`` of a session."""
        if turn_detection["type"] == "semantic_vad":
            return cls(silence_duration_ms=_SEMANTIC_SILENCE_MS[turn_detection["eagerness"]])
        return cls(
            threshold=turn_detection["threshold"],
            prefix_padding_ms=turn_detection["prefix_padding_ms"],
            silence_duration_ms=turn_detection["silence_duration_ms"],
        )

    @property
    def power(self) -> float:
        """The mean square from which a window is loud: threshold 0 is -80 dBFS, 0.5 -40, 1 full scale."""
        return float((32768.0 * 10.0 ** ((self.threshold - 1.0) * 4.0)) ** 2)


@attrs.frozen
class Change:
    """Speech ``started`` or ``stopped``; ``at_ms`` counts from where the detector began.

    A start is that of the first loud window, without the prefix; a stop is the end of the silence.
    """

    kind: Literal["started", "stopped"]
    at_ms: int


class Vad:
    """One detector for one stream of audio."""

    def __init__(self, settings: VadSettings, fmt: AudioFormat) -> None:
        self.settings = settings
        self.format = fmt
        self.speaking = False
        self._rest = b""
        self._windows = 0
        self._run = 0

    def push(self, data: bytes) -> list[Change]:
        """Hear more audio, of any size; the changes that became certain with it."""
        window_bytes = self.format.bytes_per_s * WINDOW_MS // 1000
        data = self._rest + data
        whole = len(data) - len(data) % window_bytes
        self._rest = data[whole:]
        if not whole:
            return []
        samples = to_samples(data[:whole], self.format).astype(np.float32)
        loud = np.square(samples).reshape(-1, window_bytes // self.format.frame_bytes).mean(axis=1)
        changes: list[Change] = []
        for is_loud in (loud >= self.settings.power).tolist():
            self._step(changes, is_loud=is_loud)
        return changes

    def _step(self, changes: list[Change], *, is_loud: bool) -> None:
        """One window: ``_run`` counts windows on end that speak for a change of state."""
        self._windows += 1
        self._run = self._run + 1 if is_loud is not self.speaking else 0
        if not self.speaking and self._run == ONSET_WINDOWS:
            changes.append(Change("started", (self._windows - ONSET_WINDOWS) * WINDOW_MS))
        elif self.speaking and self._run and self._run * WINDOW_MS >= self.settings.silence_duration_ms:
            changes.append(Change("stopped", self._windows * WINDOW_MS))
        else:
            return
        self.speaking = not self.speaking
        self._run = 0
