import io
import warnings

import numpy as np
import pytest
import soundfile
from realtime_core.audio import g711

LAWS = ["g711_ulaw", "g711_alaw"]
SUBTYPE = {"g711_ulaw": "ULAW", "g711_alaw": "ALAW"}
INVERTED = {"g711_ulaw": 0xFF, "g711_alaw": 0x55}
ALL_CODES = np.arange(256, dtype=np.uint8)
ALL_SAMPLES = np.arange(-32768, 32768, dtype=np.int16)


def _libsndfile(codes, law):
    decoded, _ = soundfile.read(
        io.BytesIO(codes.tobytes()),
        format="RAW",
        samplerate=8_000,
        channels=1,
        subtype=SUBTYPE[law],
        dtype="int16",
    )
    return decoded


def _audioop():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytest.importorskip("audioop")


@pytest.mark.parametrize("law", LAWS)
def test_decoding_is_libsndfiles(law):
    assert np.array_equal(g711.decode(ALL_CODES, law), _libsndfile(ALL_CODES, law))


@pytest.mark.parametrize(("law", "name"), [("g711_ulaw", "lin2ulaw"), ("g711_alaw", "lin2alaw")])
def test_encoding_is_audioops(law, name):
    expected = getattr(_audioop(), name)(ALL_SAMPLES.tobytes(), 2)

    assert g711.encode(ALL_SAMPLES, law).tobytes() == expected


@pytest.mark.parametrize(("law", "name"), [("g711_ulaw", "ulaw2lin"), ("g711_alaw", "alaw2lin")])
def test_decoding_is_audioops(law, name):
    expected = getattr(_audioop(), name)(ALL_CODES.tobytes(), 2)

    assert g711.decode(ALL_CODES, law).astype("<i2").tobytes() == expected


@pytest.mark.parametrize(("law", "smallest", "grid"), [("g711_ulaw", 8, 4), ("g711_alaw", 16, 8)])
def test_every_sample_goes_within_half_a_step_of_itself(law, smallest, grid):
    codes = g711.encode(ALL_SAMPLES, law)
    segment = ((codes ^ INVERTED[law]) & 0x70).astype(np.int64) >> 4
    step = smallest << (segment if law == "g711_ulaw" else np.maximum(segment - 1, 0))
    error = np.abs(ALL_SAMPLES - g711.decode(codes, law).astype(np.int64))

    # decisions lie on the grid of the 14- or 13-bit code; beyond the last level everything is clipped
    top = g711.decode(ALL_CODES, law).max()
    assert (error <= np.where(np.abs(ALL_SAMPLES.astype(np.int64)) > top, 1024, step // 2 + grid)).all()


@pytest.mark.parametrize("law", LAWS)
def test_encoding_keeps_the_order_of_samples(law):
    back = g711.decode(g711.encode(ALL_SAMPLES, law), law).astype(np.int64)

    assert (np.diff(back) >= 0).all()


def test_every_alaw_code_survives_the_way_there_and_back():
    assert np.array_equal(g711.encode(g711.decode(ALL_CODES, "g711_alaw"), "g711_alaw"), ALL_CODES)


def test_every_ulaw_code_survives_but_negative_zero():
    back = g711.encode(g711.decode(ALL_CODES, "g711_ulaw"), "g711_ulaw")

    assert back[0x7F] == 0xFF
    assert np.array_equal(np.delete(back, 0x7F), np.delete(ALL_CODES, 0x7F))


@pytest.mark.parametrize(("law", "silence"), [("g711_ulaw", 0xFF), ("g711_alaw", 0xD5)])
def test_silence_is_the_laws_silence(law, silence):
    assert g711.encode(np.zeros(1, np.int16), law)[0] == silence


@pytest.mark.parametrize("law", LAWS)
def test_shape_is_kept_both_ways(law):
    stereo = np.zeros((5, 2), np.int16)

    assert g711.encode(stereo, law).shape == g711.decode(g711.encode(stereo, law), law).shape == (5, 2)


@pytest.mark.parametrize("law", LAWS)
def test_types_are_bytes_and_samples(law):
    codes = g711.encode(ALL_SAMPLES, law)

    assert (codes.dtype, g711.decode(codes, law).dtype) == (np.uint8, np.int16)
