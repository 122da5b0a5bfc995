import numpy as np
import pytest
from realtime_core.audio import g711
from realtime_core.audio.convert import AudioConverter
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.contents import AudioContent
from realtime_core.engine.uplink import AudioInput
from realtime_core.errors import InvalidSettings

PCM8 = AudioFormat("pcm16", 8_000)
ULAW = AudioFormat("g711_ulaw")
SAMPLES = np.array([1, -2, 300, -400], dtype=np.int16)
PCM = SAMPLES.astype("<i2").tobytes()


@pytest.mark.parametrize(
    "audio",
    [
        PCM,
        bytearray(PCM),
        memoryview(PCM),
        SAMPLES,
        SAMPLES.reshape(-1, 1),
        AudioContent(PCM),
        np.repeat(SAMPLES, 2)[::2],
    ],
    ids=["bytes", "bytearray", "memoryview", "array", "column", "content", "strided"],
)
def test_audio_of_the_native_format_goes_as_it_is(audio):
    assert AudioInput(PCM16_24KHZ, PCM16_24KHZ).encode(audio) == PCM


@pytest.mark.parametrize(
    ("audio", "given_type"),
    [
        ("text", "str"),
        (None, "NoneType"),
        ([1, 2], "list"),
        (SAMPLES.astype(np.float32), "an array of float32"),
        (SAMPLES.astype(">i2"), "an array of >i2"),
    ],
)
def test_what_is_no_audio_is_refused_by_its_type(audio, given_type):
    with pytest.raises(
        InvalidSettings, match=f"audio is bytes, AudioContent or an int16 array, not {given_type}"
    ):
        AudioInput(PCM16_24KHZ, PCM16_24KHZ).encode(audio)


@pytest.mark.parametrize("shape", [(2, 2), (1, 2, 2), ()])
def test_an_array_that_is_not_mono_is_refused_by_its_shape(shape):
    with pytest.raises(InvalidSettings, match="1-D"):
        AudioInput(PCM16_24KHZ, PCM16_24KHZ).encode(np.zeros(shape, np.int16))


def test_an_odd_byte_waits_for_the_next_piece():
    audio_input = AudioInput(PCM16_24KHZ, PCM16_24KHZ)

    assert [audio_input.encode(piece) for piece in (b"a", b"bc", b"d")] == [b"", b"ab", b"cd"]


def test_a_flush_drops_a_lone_byte():
    audio_input = AudioInput(PCM16_24KHZ, PCM16_24KHZ)
    audio_input.encode(b"a")

    assert (audio_input.flush(), audio_input.encode(b"bc")) == (b"", b"bc")


def test_bytes_are_converted_from_the_sessions_format():
    codes = g711.encode(SAMPLES, "g711_ulaw").tobytes()

    sent = AudioInput(ULAW, PCM8).encode(codes)

    assert sent == g711.decode(np.frombuffer(codes, np.uint8), "g711_ulaw").astype("<i2").tobytes()


def test_bytes_are_converted_to_the_native_format():
    assert AudioInput(PCM8, ULAW).encode(PCM) == g711.encode(SAMPLES, "g711_ulaw").tobytes()


def test_an_array_is_pcm_at_the_sessions_rate_whatever_its_encoding():
    assert AudioInput(ULAW, PCM8).encode(SAMPLES) == PCM


def test_content_is_converted_from_its_own_format():
    sent = AudioInput(PCM16_24KHZ, PCM8).encode(AudioContent(PCM, PCM8))

    assert sent == PCM


def test_pieces_of_a_resampled_stream_are_one_stream():
    pcm = np.arange(-4_000, 4_000, dtype="<i2").tobytes()
    whole = AudioConverter(PCM8, PCM16_24KHZ)
    expected = whole.convert(pcm) + whole.flush()
    audio_input = AudioInput(PCM8, PCM16_24KHZ)

    pieces = [audio_input.encode(pcm[at : at + 999]) for at in range(0, len(pcm), 999)]

    assert b"".join(pieces) + audio_input.flush() == expected


def test_a_change_of_format_sends_first_what_was_held_back():
    resampled = AudioConverter(PCM8, PCM16_24KHZ)
    expected = resampled.convert(PCM) + resampled.flush()
    audio_input = AudioInput(PCM8, PCM16_24KHZ)

    sent = audio_input.encode(PCM) + audio_input.encode(AudioContent(PCM, PCM16_24KHZ))

    assert sent == expected + PCM
