import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.audio import PCM16_24KHZ as REEXPORTED
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.errors import InvalidSettings


def test_default_is_pcm16_24_khz_mono():
    assert AudioFormat() == PCM16_24KHZ == AudioFormat("pcm16", 24_000, 1)


def test_package_gives_the_default_format():
    assert REEXPORTED is PCM16_24KHZ


@pytest.mark.parametrize("name", ["g711_ulaw", "g711_alaw"])
def test_g711_is_8_khz_unless_stated(name):
    assert AudioFormat(name) == AudioFormat(name, 8_000, 1)


@pytest.mark.parametrize("name", ["g711_ulaw", "g711_alaw", "pcm16"])
def test_a_name_is_parsed(name):
    assert AudioFormat.parse(name) == AudioFormat(name)


def test_a_format_is_parsed_to_itself():
    fmt = AudioFormat("pcm16", 16_000, 2)

    assert AudioFormat.parse(fmt) is fmt


def test_unknown_name_is_refused_with_the_choices():
    with pytest.raises(
        InvalidSettings, match=r"no audio format 'mp3'; choose 'pcm16', 'g711_ulaw', 'g711_alaw'"
    ):
        AudioFormat.parse("mp3")


@pytest.mark.parametrize("value", [None, 24_000, b"pcm16", ["pcm16"]])
def test_what_is_no_format_is_refused_by_its_type(value):
    with pytest.raises(InvalidSettings, match=f"no audio format {type(value).__name__};"):
        AudioFormat.parse(value)


@pytest.mark.parametrize(
    ("given_format", "frame_bytes"),
    [
        (AudioFormat("pcm16"), 2),
        (AudioFormat("pcm16", 8_000, 2), 4),
        (AudioFormat("g711_ulaw"), 1),
        (AudioFormat("g711_alaw", 8_000, 2), 2),
    ],
)
def test_a_frame_is_one_sample_of_each_channel(given_format, frame_bytes):
    assert given_format.frame_bytes == frame_bytes


@pytest.mark.parametrize(
    ("given_format", "size"), [(AudioFormat(), 48_000), (AudioFormat("g711_ulaw"), 8_000)]
)
def test_bytes_of_a_second_last_a_second(given_format, size):
    assert (given_format.bytes_per_s, given_format.duration_ms(size)) == (size, 1000)


@given(frames=st.integers(0, 10**6), rate_hz=st.integers(1, 192_000), channels=st.integers(1, 8))
def test_duration_is_frames_over_rate(frames, rate_hz, channels):
    fmt = AudioFormat("pcm16", rate_hz, channels)

    assert fmt.duration_ms(frames * fmt.frame_bytes) == pytest.approx(frames * 1000 / rate_hz)


@pytest.mark.parametrize(
    ("given_format", "shown"),
    [
        (AudioFormat(), "pcm16 24000 Hz mono"),
        (AudioFormat("pcm16", 48_000, 2), "pcm16 48000 Hz 2 channels"),
        (AudioFormat("g711_ulaw"), "g711_ulaw 8000 Hz mono"),
    ],
)
def test_a_format_reads_as_people_say_it(given_format, shown):
    assert str(given_format) == shown


@pytest.mark.parametrize("wrong", [{"encoding": "mp3"}, {"rate_hz": 0}, {"rate_hz": -1}, {"channels": 0}])
def test_impossible_format_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AudioFormat(**wrong)


@pytest.mark.parametrize("wrong", [{"rate_hz": 8_000.0}, {"rate_hz": "8000"}, {"channels": None}])
def test_rate_and_channels_are_whole_numbers(wrong):
    with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
        AudioFormat(**wrong)


def test_a_format_does_not_change():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        PCM16_24KHZ.rate_hz = 1
