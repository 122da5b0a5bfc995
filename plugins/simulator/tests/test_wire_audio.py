import numpy as np
import pytest
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_simulator.wire_audio import FORMATS, Clip, decode_base64, encode_base64, from_samples

ULAW = AudioFormat("g711_ulaw")


def test_every_wire_format_has_its_rate():
    assert {name: fmt.rate_hz for name, fmt in FORMATS.items()} == {
        "audio/pcm": 24_000,
        "audio/pcmu": 8_000,
        "audio/pcma": 8_000,
    }


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
def test_samples_survive_the_way_to_the_wire_and_back(fmt):
    samples = (8000 * np.sin(np.arange(24_000) * 0.05)).astype(np.int16)

    clip = from_samples(samples, fmt)
    back = clip.samples()

    assert clip.ms == 1000
    assert len(back) == len(samples)
    assert np.abs(back[2000:-2000].astype(int) - samples[2000:-2000]).max() < 400


def test_clip_is_cut_at_whole_milliseconds_of_its_format():
    clip = Clip(bytes(4800), PCM16_24KHZ)

    assert clip.cut(50).ms == 50
    assert Clip(bytes(800), ULAW).cut(25).ms == 25
    assert clip.head(10).base64() == encode_base64(bytes(10))


@pytest.mark.parametrize("text", ["not base64!", "YQ", "é", 7])
def test_what_is_no_base64_is_none(text):
    assert decode_base64(text) is None


def test_base64_round_trip():
    assert decode_base64(encode_base64(b"\x00\xff")) == b"\x00\xff"
