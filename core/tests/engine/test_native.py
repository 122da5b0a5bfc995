"""Which formats go over the wire."""

import pytest
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.engine.native import input_format, native_settings, output_format
from realtime_core.errors import InvalidSettings
from realtime_core.settings import RealtimeSettings

ULAW = AudioFormat("g711_ulaw")
OPUS_RATE = AudioFormat("pcm16", 48_000, 2)
STEREO = AudioFormat("pcm16", 24_000, 2)


def test_the_default_is_the_same_for_every_provider():
    settings = RealtimeSettings()

    assert (input_format(settings), output_format(settings)) == (PCM16_24KHZ, PCM16_24KHZ)


def test_a_format_that_the_provider_has_goes_over_the_wire():
    capabilities = Capabilities(input_formats=(PCM16_24KHZ, ULAW), output_formats=(PCM16_24KHZ, ULAW))
    wanted = RealtimeSettings(input_audio_format=ULAW, output_audio_format=ULAW)

    assert native_settings(wanted, capabilities) == wanted


def test_otherwise_what_the_provider_prefers_goes_over_the_wire():
    capabilities = Capabilities(input_formats=(ULAW, PCM16_24KHZ), output_formats=(OPUS_RATE,))
    wanted = RealtimeSettings(input_audio_format=AudioFormat("pcm16", 16_000))

    native = native_settings(wanted, capabilities)

    assert (native.input_audio_format, native.output_audio_format) == (ULAW, OPUS_RATE)


@pytest.mark.parametrize("name", ["input_audio_format", "output_audio_format"])
def test_a_session_is_mono(name):
    with pytest.raises(InvalidSettings, match=f"'{name}': a session is mono"):
        native_settings(RealtimeSettings(**{name: STEREO}), Capabilities())


def test_without_audio_a_format_is_what_was_asked_for():
    wanted = RealtimeSettings(input_audio_format=ULAW, output_audio_format=ULAW)

    assert native_settings(wanted, Capabilities(input_formats=(), output_formats=())) == wanted
