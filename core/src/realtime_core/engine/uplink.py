"""The way of the user's audio: from what the application has to what the service takes.

Knows nothing of connections. One stream: state of the conversion lives from one commit to the next.
"""

import numpy as np
import numpy.typing as npt

from realtime_core.audio.convert import AudioConverter
from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import AudioContent
from realtime_core.errors import InvalidSettings

__all__ = ["AudioInput", "AudioLike"]

AudioLike = bytes | bytearray | memoryview | AudioContent | npt.NDArray[np.int16]


class AudioInput:
    """Uplink audio of one session.

    Args:
        session: the format of plain bytes, and the rate of arrays.
        native: the format that the connection takes.
    """

    def __init__(self, session: AudioFormat, native: AudioFormat) -> None:
        self.native = native
        self._session = session
        self._converter = AudioConverter(session, native)

    def encode(self, audio: AudioLike) -> bytes:
        """What to send now for ``audio``; may be empty. Bytes are in the session's input format, of any
        length; an array is int16, 1-D (or of shape ``(frames, 1)``), at the session's input rate.

        Raises:
            InvalidSettings: it is none of these.
        """
        match audio:
            case bytes():
                return self._convert(audio, self._session)
            case bytearray() | memoryview():
                return self._convert(bytes(audio), self._session)
            case AudioContent():
                return self._convert(audio.data, audio.format)
            case _:
                return self._convert(_array_bytes(audio), AudioFormat("pcm16", self._session.rate_hz))

    def flush(self) -> bytes:
        """The end of a turn: what the conversion still holds. A lone part of a sample is dropped."""
        return self._converter.flush()

    def _convert(self, data: bytes, source: AudioFormat) -> bytes:
        converter = self._converter
        if converter.source is source or converter.source == source:
            return converter.convert(data)
        before = converter.flush()
        self._converter = AudioConverter(source, self.native)
        return before + self._converter.convert(data)


def _array_bytes(audio: object) -> bytes:
    if not isinstance(audio, np.ndarray) or audio.dtype != np.int16:
        given = f"an array of {audio.dtype}" if isinstance(audio, np.ndarray) else type(audio).__name__
        raise InvalidSettings(f"audio is bytes, AudioContent or an int16 array, not {given}")
    if audio.ndim != 1 and not (audio.ndim == 2 and audio.shape[1] == 1):
        raise InvalidSettings(f"an audio array is 1-D (mono), not of shape {audio.shape}")
    return audio.astype("<i2", copy=False).tobytes()
