"""Which audio formats go over the wire: the session's own where the provider has them, else what it prefers.

Knows nothing of conversion.
"""

import attrs

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.errors import InvalidSettings
from realtime_core.settings import RealtimeSettings

__all__ = ["input_format", "native_settings", "output_format"]


def input_format(settings: RealtimeSettings) -> AudioFormat:
    """The format in which the application gives audio.

    Raises:
        InvalidSettings: it is not mono.
    """
    return _mono("input_audio_format", settings.input_audio_format)


def output_format(settings: RealtimeSettings) -> AudioFormat:
    """The format in which the application gets audio.

    Raises:
        InvalidSettings: it is not mono.
    """
    return _mono("output_audio_format", settings.output_audio_format)


def native_settings(settings: RealtimeSettings, capabilities: Capabilities) -> RealtimeSettings:
    """``settings`` with the formats of the wire, both set."""
    return attrs.evolve(
        settings,
        input_audio_format=_choose(input_format(settings), capabilities.input_formats),
        output_audio_format=_choose(output_format(settings), capabilities.output_formats),
    )


def _mono(name: str, given: object) -> AudioFormat:
    if not isinstance(given, AudioFormat):
        return PCM16_24KHZ
    if given.channels != 1:
        raise InvalidSettings(f"setting {name!r}: a session is mono, not {given}")
    return given


def _choose(wanted: AudioFormat, native: tuple[AudioFormat, ...]) -> AudioFormat:
    # where there is no audio, the format is that of nothing
    return wanted if wanted in native or not native else native[0]
