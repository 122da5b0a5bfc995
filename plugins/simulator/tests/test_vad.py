import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_simulator.vad import Change, Vad, VadSettings
from realtime_simulator.wire_audio import FORMATS

LOUD = (8000).to_bytes(2, "little", signed=True)
QUIET = (20).to_bytes(2, "little", signed=True)


def pcm(*parts: tuple[bytes, int]) -> bytes:
    return b"".join(sample * (24 * ms) for sample, ms in parts)


def test_start_is_where_it_became_loud_and_stop_where_the_silence_ended():
    vad = Vad(VadSettings(silence_duration_ms=200), PCM16_24KHZ)

    changes = vad.push(pcm((QUIET, 500), (LOUD, 300), (QUIET, 400)))

    assert changes == [Change("started", 500), Change("stopped", 1000)]


def test_pause_shorter_than_the_silence_does_not_stop():
    vad = Vad(VadSettings(silence_duration_ms=200), PCM16_24KHZ)

    changes = vad.push(pcm((LOUD, 100), (QUIET, 180), (LOUD, 100), (QUIET, 180)))

    assert changes == [Change("started", 0)]
    assert vad.speaking


def test_click_is_no_speech():
    vad = Vad(VadSettings(), PCM16_24KHZ)

    assert vad.push(pcm((QUIET, 100), (LOUD, 10), (QUIET, 500))) == []


def test_two_turns_in_one_chunk_are_both_heard():
    vad = Vad(VadSettings(silence_duration_ms=200), PCM16_24KHZ)

    changes = vad.push(pcm((LOUD, 200), (QUIET, 300), (LOUD, 200), (QUIET, 300)))

    assert [change.kind for change in changes] == ["started", "stopped"] * 2


def test_silence_of_zero_stops_with_the_first_quiet_window():
    vad = Vad(VadSettings(silence_duration_ms=0), PCM16_24KHZ)

    assert vad.push(pcm((LOUD, 100), (QUIET, 20))) == [Change("started", 0), Change("stopped", 120)]


@pytest.mark.parametrize(("threshold", "heard"), [(0.0, True), (0.5, False), (1.0, False)])
def test_higher_threshold_wants_louder_audio(threshold, heard):
    vad = Vad(VadSettings(threshold=threshold), PCM16_24KHZ)

    vad.push(pcm((QUIET, 100)))

    assert vad.speaking is heard


def test_digital_silence_is_never_speech():
    vad = Vad(VadSettings(threshold=0.0), PCM16_24KHZ)

    assert vad.push(bytes(48_000)) == []


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=str)
def test_every_input_format_is_heard(fmt, speech, silence):
    vad = Vad(VadSettings(), fmt)

    changes = vad.push(silence(100, fmt) + speech(300, fmt) + silence(300, fmt))

    assert [change.kind for change in changes] == ["started", "stopped"]


def test_settings_come_from_server_vad():
    detection = {
        "type": "server_vad",
        "threshold": 0.3,
        "prefix_padding_ms": 100,
        "silence_duration_ms": 700,
        "create_response": True,
    }

    assert VadSettings.of(detection) == VadSettings(
        threshold=0.3, prefix_padding_ms=100, silence_duration_ms=700
    )


@pytest.mark.parametrize(
    ("eagerness", "ms"), [("low", 2000), ("auto", 1000), ("medium", 1000), ("high", 500)]
)
def test_semantic_vad_waits_by_eagerness(eagerness, ms):
    assert VadSettings.of({"type": "semantic_vad", "eagerness": eagerness}).silence_duration_ms == ms


@given(
    parts=st.lists(st.tuples(st.sampled_from([LOUD, QUIET]), st.integers(1, 400)), max_size=8),
    cuts=st.lists(st.integers(1, 20_000), max_size=30),
)
def test_size_of_the_chunks_changes_nothing(parts, cuts):
    audio = pcm(*parts)
    whole, cut = Vad(VadSettings(), PCM16_24KHZ), Vad(VadSettings(), PCM16_24KHZ)

    at_once = whole.push(audio)
    in_pieces = []
    begin = 0
    for size in [*cuts, len(audio)]:
        in_pieces += cut.push(audio[begin : begin + size])
        begin += size

    assert in_pieces == at_once
    assert cut.speaking is whole.speaking


def test_g711_windows_are_20_ms_too():
    vad = Vad(VadSettings(), AudioFormat("g711_ulaw"))

    assert vad.push(b"\x80" * 480) == [Change("started", 0)]
