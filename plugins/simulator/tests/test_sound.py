import numpy as np
import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator.sound import silence, speech
from realtime_simulator.vad import Vad, VadSettings


@pytest.mark.parametrize("make", [speech, silence])
@pytest.mark.parametrize(("ms", "size"), [(0, 0), (1, 48), (20, 960), (0.5, 24), (1000, 48_000)])
def test_sound_is_as_long_as_it_should_be(make, ms, size):
    assert len(make(ms)) == size


def test_speech_is_a_tone_without_clicks():
    samples = np.frombuffer(speech(100), "<i2").astype(int)

    assert (samples.max(), samples.min()) == (8000, -8000)
    assert np.abs(np.diff(samples)).max() < 600


def test_silence_is_silent():
    assert not np.frombuffer(silence(100), "<i2").any()


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.8])
def test_turn_detection_hears_a_turn(threshold):
    vad = Vad(VadSettings(threshold=threshold), PCM16_24KHZ)

    changes = vad.push(speech(400) + silence(200))

    assert [(change.kind, change.at_ms) for change in changes] == [("started", 0), ("stopped", 600)]
