import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_simulator.buffer import IDLE_MS, InputBuffer, SpeechStarted, SpeechStopped
from realtime_simulator.refusals import Refusal

ULAW = AudioFormat("g711_ulaw")
VAD = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200}
LOUD = (8000).to_bytes(2, "little", signed=True)


def loud(ms: int) -> bytes:
    return LOUD * (24 * ms)


def quiet(ms: int) -> bytes:
    return bytes(48 * ms)


def test_commit_needs_100_ms():
    buffer = InputBuffer(PCM16_24KHZ, None)
    buffer.append(quiet(99))

    with pytest.raises(Refusal) as caught:
        buffer.commit()

    assert caught.value.code == "input_audio_buffer_commit_empty"
    assert str(caught.value) == (
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
        "but buffer only has 99.00ms of audio."
    )


def test_refused_commit_keeps_the_audio():
    buffer = InputBuffer(PCM16_24KHZ, None)
    buffer.append(quiet(60))
    with pytest.raises(Refusal):
        buffer.commit()

    buffer.append(quiet(40))

    assert buffer.commit().ms == 100


def test_commit_empties_the_buffer():
    buffer = InputBuffer(PCM16_24KHZ, None)
    buffer.append(loud(150))

    assert bytes(buffer.commit().data) == loud(150)
    assert buffer.ms == 0


def test_odd_byte_waits_for_its_other_half():
    buffer = InputBuffer(PCM16_24KHZ, None)

    buffer.append(loud(100) + b"\x40")
    first = buffer.commit()
    buffer.append(b"\x1f" + loud(100))

    assert bytes(first.data) == loud(100)
    assert bytes(buffer.commit().data) == b"\x40\x1f" + loud(100)


def test_append_above_15_mib_is_refused_whole():
    buffer = InputBuffer(PCM16_24KHZ, None)

    with pytest.raises(Refusal) as caught:
        buffer.append(bytes(15 * 1024 * 1024 + 1))

    assert (caught.value.code, buffer.ms) == ("invalid_value", 0)


def test_without_turn_detection_nothing_is_heard():
    buffer = InputBuffer(PCM16_24KHZ, None)

    assert buffer.append(loud(1000) + quiet(1000)) == []


def test_start_includes_the_prefix_and_stop_the_silence():
    buffer = InputBuffer(PCM16_24KHZ, VAD)

    started, stopped = buffer.append(quiet(1000) + loud(500) + quiet(400))

    assert started == SpeechStarted(700)
    assert isinstance(stopped, SpeechStopped)
    assert stopped.at_ms == 1700
    assert bytes(stopped.clip.data) == quiet(300) + loud(500) + quiet(200)


def test_prefix_never_reaches_before_the_first_audio():
    buffer = InputBuffer(PCM16_24KHZ, VAD)

    assert buffer.append(quiet(100) + loud(100)) == [SpeechStarted(0)]


def test_offsets_count_all_audio_of_the_session():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.append(loud(200) + quiet(1000))

    started, _ = buffer.append(loud(200) + quiet(1000))

    assert started == SpeechStarted(900)


def test_what_follows_a_turn_stays_for_the_next():
    buffer = InputBuffer(PCM16_24KHZ, VAD)

    buffer.append(loud(200) + quiet(350))

    assert buffer.ms == 150


def test_clear_forgets_audio_and_speech_but_not_the_offset():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.append(loud(500))

    buffer.clear()

    assert buffer.ms == 0
    assert buffer.append(quiet(500) + loud(100)) == [SpeechStarted(700)]


def test_clear_without_turn_detection():
    buffer = InputBuffer(PCM16_24KHZ, None)
    buffer.append(loud(500))

    buffer.clear()

    assert buffer.ms == 0


def test_commit_in_the_middle_of_speech_leaves_the_rest_to_turn_detection():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.append(loud(500))

    first = buffer.commit()
    (stopped,) = buffer.append(loud(100) + quiet(200))

    assert first.ms == 500
    assert isinstance(stopped, SpeechStopped)
    assert (stopped.at_ms, stopped.clip.ms) == (800, 300)


def test_long_silence_is_not_kept():
    buffer = InputBuffer(PCM16_24KHZ, VAD)

    buffer.append(quiet(IDLE_MS + 5000))

    assert buffer.ms == IDLE_MS


def test_new_format_drops_what_was_in_the_old_one():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.append(quiet(500))

    buffer.configure(ULAW, VAD)

    assert (buffer.ms, buffer.format) == (0, ULAW)
    assert buffer.append(b"\xff" * 8000 + b"\x80" * 800) == [SpeechStarted(1200)]


def test_same_detection_goes_on_listening():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.append(loud(500))

    buffer.configure(PCM16_24KHZ, dict(VAD))

    assert buffer.speaking


def test_detection_can_be_switched_off_and_on():
    buffer = InputBuffer(PCM16_24KHZ, VAD)

    buffer.configure(PCM16_24KHZ, None)
    unheard = buffer.append(loud(500))
    buffer.configure(PCM16_24KHZ, VAD)

    assert unheard == []
    assert buffer.append(loud(100)) == [SpeechStarted(200)]


@given(
    parts=st.lists(st.tuples(st.booleans(), st.integers(1, 500)), max_size=8),
    cuts=st.lists(st.integers(1, 30_000), max_size=30),
    detect=st.booleans(),
)
def test_size_of_the_chunks_changes_nothing(parts, cuts, detect):
    audio = b"".join(loud(ms) if is_loud else quiet(ms) for is_loud, ms in parts)
    whole = InputBuffer(PCM16_24KHZ, VAD if detect else None)
    cut = InputBuffer(PCM16_24KHZ, VAD if detect else None)

    at_once = whole.append(audio)
    in_pieces = []
    begin = 0
    for size in [*cuts, len(audio)]:
        in_pieces += cut.append(audio[begin : begin + size])
        begin += size

    assert in_pieces == at_once
    assert cut.ms == whole.ms


def test_told_speech_starts_and_stops_where_it_is_told():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.append(quiet(1000))

    assert buffer.start_speech() == SpeechStarted(700)
    assert buffer.speaking
    assert buffer.append(quiet(500)) == []
    stopped = buffer.stop_speech()

    assert (stopped.at_ms, stopped.clip.ms, buffer.speaking) == (1500, 800, False)


def test_told_speech_needs_no_audio():
    buffer = InputBuffer(PCM16_24KHZ, VAD)

    assert buffer.start_speech() == SpeechStarted(0)
    assert buffer.stop_speech().clip.ms == 0


def test_speech_that_was_heard_can_be_stopped():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.append(loud(400))

    assert buffer.stop_speech().at_ms == 400
    assert buffer.append(quiet(400)) == []


def test_speech_is_heard_after_told_speech():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.start_speech()
    buffer.stop_speech()

    heard = buffer.append(loud(100) + quiet(200))

    assert [type(change) for change in heard] == [SpeechStarted, SpeechStopped]


def test_user_who_speaks_cannot_start():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.start_speech()

    with pytest.raises(RuntimeError, match="speaks already"):
        buffer.start_speech()


def test_nobody_can_be_told_to_speak_without_turn_detection():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.start_speech()
    buffer.configure(PCM16_24KHZ, None)

    with pytest.raises(RuntimeError, match="turn detection is off"):
        buffer.start_speech()
    with pytest.raises(RuntimeError, match="nobody speaks"):
        buffer.stop_speech()


def test_user_who_does_not_speak_cannot_stop():
    with pytest.raises(RuntimeError, match="nobody speaks"):
        InputBuffer(PCM16_24KHZ, VAD).stop_speech()


@pytest.mark.parametrize(
    "change",
    [
        lambda buffer: buffer.clear(),
        lambda buffer: buffer.configure(PCM16_24KHZ, {**VAD, "threshold": 0.9}),
        lambda buffer: buffer.configure(ULAW, VAD),
    ],
)
def test_told_speech_goes_on_whatever_the_client_changes(change):
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.start_speech()
    buffer.append(quiet(500))

    change(buffer)

    assert buffer.speaking
    assert buffer.append(b"") == []
    assert (buffer.stop_speech().at_ms, buffer.speaking) == (500, False)


def test_told_speech_is_over_when_detection_is_switched_off():
    buffer = InputBuffer(PCM16_24KHZ, VAD)
    buffer.start_speech()

    buffer.configure(PCM16_24KHZ, None)
    buffer.configure(PCM16_24KHZ, VAD)

    assert not buffer.speaking
