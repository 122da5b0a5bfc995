"""Audio as the protocol names it: ``audio/pcm``, ``audio/pcmu``, ``audio/pcma``; as bytes, base64 or samples.

Samples are mono int16 at 24 kHz, whatever the wire carries.
"""

import binascii
from typing import TYPE_CHECKING, Any, Final

import attrs
import pybase64
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat

if TYPE_CHECKING:
    from realtime_simulator.brain import Samples

__all__ = ["FORMATS", "Clip", "decode_base64", "encode_base64", "from_samples"]

FORMATS: Final[dict[str, AudioFormat]] = {
    "audio/pcm": PCM16_24KHZ,
    "audio/pcmu": AudioFormat("g711_ulaw"),
    "audio/pcma": AudioFormat("g711_alaw"),
}


@attrs.frozen
class Clip:
    """A run of audio in a wire format; a view, so that cutting it copies nothing."""

    data: bytes | memoryview = attrs.field(repr=False)
    format: AudioFormat

    @property
    def ms(self) -> float:
        """How long it lasts."""
        return self.format.duration_ms(len(self.data))

    def head(self, size: int) -> "Clip":
        """Its first ``size`` bytes."""
        return Clip(memoryview(self.data)[:size], self.format)

    def cut(self, end_ms: int) -> "Clip":
        """Its beginning, ``end_ms`` long."""
        return self.head(end_ms * self.format.rate_hz // 1000 * self.format.frame_bytes)

    def samples(self) -> "Samples":
        """As the brain hears it."""
        # numpy loads with the first audio, not with the package
        from realtime_core.audio.convert import AudioConverter, to_samples

        converter = AudioConverter(self.format, PCM16_24KHZ)
        return to_samples(converter.convert(bytes(self.data)) + converter.flush(), PCM16_24KHZ)

    def base64(self) -> str:
        """As events carry it."""
        return encode_base64(self.data)


def from_samples(samples: "Samples", target: AudioFormat) -> Clip:
    """Samples of the brain as a clip in ``target``."""
    # numpy loads with the first audio, not with the package
    from realtime_core.audio.convert import AudioConverter

    converter = AudioConverter(PCM16_24KHZ, target)
    return Clip(converter.convert(samples.astype("<i2", copy=False).tobytes()) + converter.flush(), target)


def encode_base64(data: bytes | memoryview) -> str:
    """Standard base64, with padding."""
    return pybase64.b64encode_as_string(data)


def decode_base64(text: Any) -> bytes | None:
    """The bytes, or None if ``text`` is not base64."""
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return None
