"""The input audio buffer: what has been appended, what the next user turn will hold.

Positions are milliseconds of audio written in this session. Knows nothing of events and items.
"""

from typing import Any, Final

import attrs
from realtime_core.audio.formats import AudioFormat

from realtime_simulator.refusals import Refusal
from realtime_simulator.vad import Vad, VadSettings
from realtime_simulator.wire_audio import Clip

__all__ = ["InputBuffer", "SpeechStarted", "SpeechStopped"]

MIN_COMMIT_MS: Final = 100
MAX_APPEND_BYTES: Final = 15 * 1024 * 1024
IDLE_MS: Final = 61_000
"""How much audio is kept while nobody speaks and turn detection is on: more than the longest prefix."""


@attrs.frozen
class SpeechStarted:
    """The user began to speak; ``at_ms`` includes the prefix."""

    at_ms: int


@attrs.frozen
class SpeechStopped:
    """The user has finished; ``at_ms`` includes the silence; ``clip`` is the whole turn."""

    at_ms: int
    clip: Clip


class InputBuffer:
    """Audio of the user that belongs to no item yet."""

    def __init__(self, fmt: AudioFormat, turn_detection: dict[str, Any] | None) -> None:
        self.format = fmt
        self._data = bytearray()
        self._taken = 0
        self._origin_ms = 0.0
        self._vad: Vad | None = None
        self._vad_begin_ms = 0.0
        self._told = False
        self.configure(fmt, turn_detection)

    def configure(self, fmt: AudioFormat, turn_detection: dict[str, Any] | None) -> None:
        """Take new settings; audio in another format than before is dropped, speech that is heard begins
        anew if the detection changed, and speech that was told goes on unless detection is off now.
        """
        if fmt != self.format:
            self._drop(len(self._data))
            self._origin_ms, self._taken = self._begin_ms, 0
            self.format = fmt
        settings = None if turn_detection is None else VadSettings.of(turn_detection)
        if self._vad is None or settings != self._vad.settings or fmt != self._vad.format:
            self._listen(settings)

    def _listen(self, settings: VadSettings | None) -> None:
        self._told = self._told and settings is not None
        self._vad = None if settings is None else Vad(settings, self.format)
        self._vad_begin_ms = self.written_ms

    @property
    def ms(self) -> float:
        """How much audio waits; a lone half of a sample does not count."""
        return self.format.duration_ms(self._whole)

    @property
    def _whole(self) -> int:
        return len(self._data) - len(self._data) % self.format.frame_bytes

    @property
    def _begin_ms(self) -> float:
        return self._origin_ms + self.format.duration_ms(self._taken)

    @property
    def written_ms(self) -> float:
        """How much audio has been written in this session."""
        return self._origin_ms + self.format.duration_ms(self._taken + len(self._data))

    @property
    def speaking(self) -> bool:
        """Whether turn detection hears the user speak."""
        return self._told or (self._vad is not None and self._vad.speaking)

    def append(self, data: bytes) -> list[SpeechStarted | SpeechStopped]:
        """Take more audio; what turn detection made of it, in order.

        Raises:
            Refusal: it is too much at once; nothing was taken.
        """
        if len(data) > MAX_APPEND_BYTES:
            raise Refusal("Invalid 'audio': larger than 15 MiB.", code="invalid_value", param="audio")
        self._data += data
        if self._vad is None or self._told:
            return []
        changes: list[SpeechStarted | SpeechStopped] = []
        for change in self._vad.push(data):
            at_ms = self._vad_begin_ms + change.at_ms
            if change.kind == "started":
                changes.append(self._started(at_ms, self._vad.settings))
            else:
                changes.append(self._stopped(at_ms))
        if not self._vad.speaking:
            self._take_until(self.written_ms - IDLE_MS)
        return changes

    def _started(self, at_ms: float, settings: VadSettings) -> SpeechStarted:
        start_ms = max(self._begin_ms, at_ms - settings.prefix_padding_ms)
        self._take_until(start_ms)
        return SpeechStarted(round(start_ms))

    def _stopped(self, at_ms: float) -> SpeechStopped:
        return SpeechStopped(round(at_ms), self._take_until(at_ms))

    def start_speech(self) -> SpeechStarted:
        """Speech starts here, whatever the audio says; it lasts until `stop_speech`.

        Raises:
            RuntimeError: the user speaks already, or turn detection is off.
        """
        if self._vad is None:
            raise RuntimeError(
                "turn detection is off in this session: its client ends a turn by input_audio_buffer.commit; "
                "what the user says in it comes from the option transcripts="
            )
        if self.speaking:
            raise RuntimeError("the user speaks already: let them stop first")
        self._told = True
        return self._started(self.written_ms, self._vad.settings)

    def stop_speech(self) -> SpeechStopped:
        """Speech stops here, whether it was told or heard.

        Raises:
            RuntimeError: nobody speaks.
        """
        if self._vad is None or not self.speaking:
            raise RuntimeError("nobody speaks: let the user start first")
        self._told = False
        self._listen(self._vad.settings)
        return self._stopped(self.written_ms)

    def commit(self) -> Clip:
        """What waits, for a user item; the buffer is empty afterwards.

        Raises:
            Refusal: it is too little; it stays.
        """
        if self.ms < MIN_COMMIT_MS:
            raise Refusal(
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{MIN_COMMIT_MS}ms of audio, but buffer only has {self.ms:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        return Clip(self._drop(self._whole), self.format)

    def since(self, begin_ms: float) -> Clip:
        """What was written from there on, as far as it is kept; the buffer is empty afterwards."""
        self._take_until(begin_ms)
        return Clip(self._drop(self._whole), self.format)

    def keep(self, ms: float) -> None:
        """Forget all but the last ``ms``."""
        self._take_until(self.written_ms - ms)

    def clear(self) -> None:
        """Forget what waits; speech that is heard begins anew, speech that was told goes on."""
        self._drop(len(self._data))
        if self._vad is not None:
            self._listen(self._vad.settings)

    def _take_until(self, end_ms: float) -> Clip:
        frames = max(0, int((end_ms - self._begin_ms) * self.format.rate_hz / 1000 + 0.5))
        return Clip(self._drop(frames * self.format.frame_bytes), self.format)

    def _drop(self, size: int) -> bytes:
        taken = bytes(self._data[:size])
        del self._data[:size]
        self._taken += len(taken)
        return taken
