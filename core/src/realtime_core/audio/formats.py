"""What a run of audio bytes means: encoding, sample rate, channels.

Knows nothing of conversion; needs no numpy.
"""

from typing import Final, Literal, get_args

import attrs

from realtime_core.checks import one_of, positive
from realtime_core.errors import InvalidSettings

__all__ = ["PCM16_24KHZ", "AudioFormat", "Encoding"]

Encoding = Literal["pcm16", "g711_ulaw", "g711_alaw"]

_DEFAULT_RATE_HZ: Final = {"pcm16": 24_000, "g711_ulaw": 8_000, "g711_alaw": 8_000}


@attrs.frozen
class AudioFormat:
    """One audio format: ``pcm16`` (signed 16-bit little-endian, interleaved) or G.711.

    Attributes:
        encoding: how a sample is written.
        rate_hz: samples a second of each channel; of G.711 8,000 unless stated (RFC 3551 §4.5.14).
        channels: how many there are, interleaved.
    """

    encoding: Encoding = attrs.field(default="pcm16", validator=one_of(*get_args(Encoding)))
    rate_hz: int = attrs.field(
        # validators run when all is set: an unknown encoding is their business, not this lookup's
        default=attrs.Factory(lambda self: _DEFAULT_RATE_HZ.get(self.encoding, 1), takes_self=True),
        validator=positive(int),
    )
    channels: int = attrs.field(default=1, validator=positive(int))
    # asked for with every piece of audio, so worked out once
    frame_bytes: int = attrs.field(init=False, eq=False, repr=False)
    """Bytes of one sample of all channels."""
    bytes_per_s: int = attrs.field(init=False, eq=False, repr=False)
    """Bytes of one second."""

    def __attrs_post_init__(self) -> None:
        frame_bytes = self.channels * (2 if self.encoding == "pcm16" else 1)
        object.__setattr__(self, "frame_bytes", frame_bytes)
        object.__setattr__(self, "bytes_per_s", self.rate_hz * frame_bytes)

    @classmethod
    def parse(cls, value: object) -> "AudioFormat":
        """The format that ``value`` names: a format itself, or ``pcm16``, ``g711_ulaw``, ``g711_alaw``.

        Raises:
            InvalidSettings: it names none.
        """
        match value:
            case AudioFormat():
                return value
            case "pcm16" | "g711_ulaw" | "g711_alaw":
                return cls(value)
            case _:
                choices = ", ".join(repr(name) for name in get_args(Encoding))
                shown = repr(value) if isinstance(value, str) else type(value).__name__
                raise InvalidSettings(f"no audio format {shown}; choose {choices} or give an AudioFormat")

    def duration_ms(self, size: int) -> float:
        """Milliseconds that ``size`` bytes last."""
        return size * 1000 / self.bytes_per_s

    def __str__(self) -> str:
        channels = "mono" if self.channels == 1 else f"{self.channels} channels"
        return f"{self.encoding} {self.rate_hz} Hz {channels}"


PCM16_24KHZ: Final = AudioFormat("pcm16", 24_000, 1)
"""The format of every session unless its settings say otherwise."""
