from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime_core.audio.convert import AudioConverter, to_samples
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat

FORMATS = [
    AudioFormat("pcm16", 8_000),
    AudioFormat("pcm16", 16_000),
    AudioFormat("pcm16", 24_000),
    AudioFormat("pcm16", 44_100),
    AudioFormat("pcm16", 48_000),
    AudioFormat("pcm16", 24_000, 2),
    AudioFormat("pcm16", 48_000, 2),
    AudioFormat("g711_ulaw"),
    AudioFormat("g711_alaw"),
    AudioFormat("g711_ulaw", 8_000, 2),
]
formats = st.sampled_from(FORMATS)
STEREO = AudioFormat("pcm16", 24_000, 2)


def _tone(fmt, *, seconds=1.0, hz=440):
    """A tone in ``fmt``, through the converter's own encoder only where the rates are equal."""
    times = np.arange(int(fmt.rate_hz * seconds)) / fmt.rate_hz
    pcm = (12_000 * np.sin(2 * np.pi * hz * times)).astype("<i2").tobytes()
    return AudioConverter(AudioFormat("pcm16", fmt.rate_hz), fmt).convert(pcm)


def _pitch(data, fmt):
    samples = to_samples(data, fmt).reshape(-1, fmt.channels)[:, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * fmt.rate_hz / len(samples)


def _whole(source, target, data):
    converter = AudioConverter(source, target)
    return converter.convert(data) + converter.flush()


def _pieces(source, target, data, cuts):
    converter = AudioConverter(source, target)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    given_pieces = [data[start:end] for start, end in pairwise(edges)]
    return b"".join(map(converter.convert, given_pieces)) + converter.flush()


@given(
    source=formats, target=formats, data=st.binary(max_size=4_000), cuts=st.lists(st.integers(0), max_size=12)
)
@settings(max_examples=150, deadline=None)
def test_the_size_of_chunks_changes_nothing(source, target, data, cuts):
    assert _pieces(source, target, data, cuts) == _whole(source, target, data)


@given(data=st.binary(max_size=500), fmt=formats)
def test_identity_gives_the_bytes_of_whole_frames(data, fmt):
    whole = data[: len(data) - len(data) % fmt.frame_bytes]

    assert AudioConverter(fmt, fmt).convert(data) == whole


def test_an_odd_byte_waits_for_the_next_chunk():
    converter = AudioConverter(PCM16_24KHZ, PCM16_24KHZ)

    assert [converter.convert(piece) for piece in (b"a", b"bc", b"", b"d")] == [b"", b"ab", b"", b"cd"]


def test_a_part_of_a_stereo_frame_waits_for_its_rest():
    converter = AudioConverter(STEREO, STEREO)

    assert [converter.convert(piece) for piece in (b"abc", b"def", b"gh")] == [b"", b"abcd", b"efgh"]


def test_flush_drops_a_lone_byte_and_begins_anew():
    converter = AudioConverter(PCM16_24KHZ, PCM16_24KHZ)
    converter.convert(b"abc")

    assert (converter.flush(), converter.convert(b"de")) == (b"", b"de")


@given(source=formats, target=formats, frames=st.integers(0, 12_000))
@settings(max_examples=100, deadline=None)
def test_duration_is_kept(source, target, frames):
    converted = _whole(source, target, bytes(frames * source.frame_bytes))

    assert len(converted) % target.frame_bytes == 0
    assert target.duration_ms(len(converted)) == pytest.approx(
        source.duration_ms(frames * source.frame_bytes), abs=1000 / min(source.rate_hz, target.rate_hz) + 0.1
    )


@pytest.mark.parametrize("target", FORMATS, ids=str)
@pytest.mark.parametrize("source", FORMATS, ids=str)
def test_a_tone_keeps_its_pitch(source, target):
    converted = _whole(source, target, _tone(source))

    assert _pitch(converted, target) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("target", FORMATS, ids=str)
def test_a_tone_keeps_its_loudness(target):
    converted = to_samples(_whole(PCM16_24KHZ, target, _tone(PCM16_24KHZ)), target)

    middle = converted.reshape(-1, target.channels)[len(converted) // 4 : len(converted) * 3 // 4, 0]
    assert np.abs(middle.astype(int)).max() == pytest.approx(12_000, rel=0.05)


def test_flush_gives_what_the_filter_held_back():
    converter = AudioConverter(PCM16_24KHZ, AudioFormat("pcm16", 8_000))
    now = converter.convert(_tone(PCM16_24KHZ, seconds=0.1))

    tail = converter.flush()

    assert tail
    assert len(now) + len(tail) == 1_600


def test_flush_begins_anew():
    converter = AudioConverter(PCM16_24KHZ, AudioFormat("pcm16", 8_000))
    tone = _tone(PCM16_24KHZ, seconds=0.1)
    first = converter.convert(tone) + converter.flush()

    assert converter.convert(tone) + converter.flush() == first


def test_resampled_silence_is_silence():
    assert set(_whole(PCM16_24KHZ, AudioFormat("pcm16", 8_000), bytes(4_800))) == {0}


def test_a_resampled_peak_is_clipped_not_wrapped():
    square = np.repeat(np.tile(np.array([32767, -32768], dtype="<i2"), 100), 24)

    resampled = to_samples(_whole(PCM16_24KHZ, AudioFormat("pcm16", 48_000), square.tobytes()), PCM16_24KHZ)

    assert (resampled.max(), resampled.min()) == (32767, -32768)
    assert (resampled[4:40] > 20_000).all()


def test_flush_without_audio_gives_nothing():
    assert AudioConverter(PCM16_24KHZ, AudioFormat("pcm16", 8_000)).flush() == b""


def test_a_second_flush_gives_nothing():
    converter = AudioConverter(PCM16_24KHZ, AudioFormat("pcm16", 8_000))
    converter.convert(_tone(PCM16_24KHZ, seconds=0.1))
    converter.flush()

    assert converter.flush() == b""


def test_flush_keeps_every_channel():
    converter = AudioConverter(STEREO, AudioFormat("pcm16", 8_000, 2))
    now = converter.convert(_tone(STEREO, seconds=0.1))

    assert len(now) + len(converter.flush()) == 3_200


def test_stereo_is_mixed_down_to_the_mean():
    samples = np.array([[100, 300], [-32768, -32768], [32767, -32768]], dtype="<i2")

    mixed = AudioConverter(STEREO, PCM16_24KHZ).convert(samples.tobytes())

    assert to_samples(mixed, PCM16_24KHZ).tolist() == [200, -32768, 0]


def test_mono_is_copied_to_each_channel():
    stereo = AudioConverter(PCM16_24KHZ, STEREO).convert(np.array([1, -2], dtype="<i2").tobytes())

    assert to_samples(stereo, STEREO).tolist() == [[1, 1], [-2, -2]]


def test_samples_of_mono_are_one_dimensional():
    assert to_samples(b"\x01\x00\xff\xff", PCM16_24KHZ).tolist() == [1, -1]


def test_samples_of_g711_are_decoded():
    assert to_samples(b"\xff\x00", AudioFormat("g711_ulaw")).tolist() == [0, -32124]


def test_samples_of_pcm_share_memory_and_cannot_be_changed():
    samples = to_samples(b"\x01\x00", PCM16_24KHZ)

    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 2
