import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_simulator.deltas import MS_PER_CHARACTER
from realtime_simulator.voice import change_speed, speak


@given(st.text(max_size=60))
def test_length_follows_the_text(text):
    assert len(speak(text)) == len(text) * MS_PER_CHARACTER * 24


@given(st.text(max_size=60))
def test_voice_never_clips(text):
    assert np.abs(speak(text).astype(int)).max(initial=0) <= 6000


def test_voice_is_audible_and_blanks_are_silent():
    samples = speak("hello     ")

    assert np.sqrt(np.mean(np.square(samples[:7200].astype(float)))) > 1000
    assert not samples[-5000:].any()


def test_voice_is_the_same_every_time():
    first = speak("good evening").copy()
    speak.cache_clear()

    assert np.array_equal(first, speak("good evening"))


def test_voice_has_no_clicks():
    assert np.abs(np.diff(speak("hello there, friend").astype(int))).max() < 1500


@pytest.mark.parametrize(("speed", "length"), [(1.0, 24_000), (0.5, 48_000), (1.5, 16_000)])
def test_speed_changes_the_length(speed, length):
    assert len(change_speed(np.ones(24_000, np.int16), speed)) == length


def test_speed_of_nothing_is_nothing():
    assert len(change_speed(np.zeros(0, np.int16), 1.5)) == 0
