"""Audio formats as the wire writes them.

Only three can be asked for: PCM16 mono at 24 kHz, and both G.711 laws.
"""

from typing import Any, Final

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.errors import UnsupportedSetting

__all__ = ["NATIVE_FORMATS", "format_from_wire", "format_to_wire"]

_TO_WIRE: Final[dict[AudioFormat, dict[str, Any]]] = {
    PCM16_24KHZ: {"type": "audio/pcm", "rate": 24_000},
    AudioFormat("g711_ulaw"): {"type": "audio/pcmu"},
    AudioFormat("g711_alaw"): {"type": "audio/pcma"},
}
_LOWEST_RATE_HZ: Final = 4_000
_HIGHEST_RATE_HZ: Final = 384_000

NATIVE_FORMATS: Final[tuple[AudioFormat, ...]] = tuple(_TO_WIRE)
"""The formats that the service takes and gives, preferred first."""


def format_to_wire(fmt: AudioFormat) -> dict[str, Any]:
    """The object that asks for ``fmt``.

    Raises:
        UnsupportedSetting: the service has no such format.
    """
    if fmt not in _TO_WIRE:
        choices = ", ".join(map(str, NATIVE_FORMATS))
        raise UnsupportedSetting(f"the service has no audio format {fmt}; choose {choices}")
    return dict(_TO_WIRE[fmt])


def format_from_wire(value: Any) -> AudioFormat | None:
    """The format that the service reports, or None where it does not say one that we know.

    Compatible services report PCM of other rates; the beta protocol wrote plain names.
    """
    match value:
        case "pcm16" | "g711_ulaw" | "g711_alaw":
            return AudioFormat.parse(value)
        case {"type": "audio/pcm", "rate": int(rate)} if _LOWEST_RATE_HZ <= rate <= _HIGHEST_RATE_HZ:
            return AudioFormat("pcm16", rate)
        case {"type": "audio/pcm"} if "rate" not in value:
            return PCM16_24KHZ
        case {"type": "audio/pcmu"}:
            return AudioFormat("g711_ulaw")
        case {"type": "audio/pcma"}:
            return AudioFormat("g711_alaw")
        case _:
            return None
