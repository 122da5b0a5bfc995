import pybase64
import pytest
from realtime_core import (
    PCM16_24KHZ,
    AudioContent,
    AudioFormat,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    TextContent,
)
from realtime_openai_wire.names import ListenEvents
from realtime_openai_wire.server_frames import MALFORMED_FRAME, WireState, server_events

ULAW = AudioFormat("g711_ulaw")
PART = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}
TEXT_DELTA = ["response.output_text.delta", "response.output_audio_transcript.delta"]
TEXT_DONE = [("response.output_text.done", "text"), ("response.output_audio_transcript.done", "transcript")]


# --- audio


def test_an_audio_delta_is_audio(decode):
    (event,) = decode("response.output_audio.delta", delta=pybase64.b64encode(b"\1\2\3").decode(), **PART)

    assert type(event) is RealtimeAudioEvent
    assert event.audio == AudioContent(b"\1\2\3", PCM16_24KHZ)
    assert (event.response_id, event.item_id) == ("r1", "i1")
    assert event.service_type == ListenEvents.RESPONSE_OUTPUT_AUDIO_DELTA


@pytest.mark.parametrize("delta", [None, 3, [], {}, "AAA", "A A=", "é", "AA==AA=="])
def test_a_bad_audio_delta_is_an_error_and_not_fatal(decode, delta):
    (event,) = decode("response.output_audio.delta", delta=delta, **PART)

    assert type(event) is RealtimeErrorEvent
    assert (event.kind, event.code, event.fatal) == ("server", MALFORMED_FRAME, False)
    assert (event.response_id, event.item_id) == ("r1", "i1")


def test_an_audio_delta_without_audio_is_an_error(decode):
    (event,) = decode("response.output_audio.delta", **PART)

    assert event.code == MALFORMED_FRAME


@pytest.mark.parametrize("odd", [None, 7, True])
def test_odd_ids_of_an_audio_delta_are_none(decode, odd):
    (event,) = decode("response.output_audio.delta", delta="", response_id=odd, item_id=odd)

    assert type(event) is RealtimeAudioEvent
    assert (event.response_id, event.item_id) == (None, None)


def test_an_unhashable_id_of_an_audio_delta_is_an_error(decode):
    (event,) = decode("response.output_audio.delta", delta="", response_id=["r1"], item_id={})

    assert event.code == MALFORMED_FRAME


def test_audio_is_in_the_format_the_session_was_set_up_with():
    (event,) = server_events(WireState(ULAW), "response.output_audio.delta", {"delta": ""})

    assert event.audio.format == ULAW


@pytest.mark.parametrize("name", ["session.created", "session.updated"])
def test_audio_follows_the_format_the_session_reports(decode, name):
    decode(name, session={"audio": {"output": {"format": {"type": "audio/pcmu"}}}})

    (event,) = decode("response.output_audio.delta", delta="", **PART)

    assert event.audio.format == ULAW


def test_audio_follows_the_flat_format_of_beta_services(decode):
    decode("session.updated", session={"output_audio_format": "g711_ulaw"})

    (event,) = decode("response.audio.delta", delta="", **PART)

    assert event.audio.format == ULAW


@pytest.mark.parametrize("session", [None, {}, {"audio": {"output": {"format": {"type": "audio/opus"}}}}])
def test_a_format_that_is_not_reported_stays(session):
    state = WireState(ULAW)
    server_events(state, "session.updated", {"session": session})

    assert state.output_format is ULAW


def test_audio_of_a_response_keeps_the_format_the_response_reports(decode):
    decode("response.created", response={"id": "r1", "audio": {"output": {"format": {"type": "audio/pcmu"}}}})

    (own,) = decode("response.output_audio.delta", delta="", **PART)
    (other,) = decode("response.output_audio.delta", delta="", response_id="r2")

    assert own.audio.format == ULAW
    assert other.audio.format == PCM16_24KHZ


# --- text


@pytest.mark.parametrize("name", TEXT_DELTA)
def test_a_text_delta_is_a_new_piece(decode, name):
    (event,) = decode(name, delta="Hel", obfuscation="x", **PART)

    assert type(event) is RealtimeTextEvent
    assert event.text == TextContent("Hel")
    assert event.role is None
    assert (event.response_id, event.item_id) == ("r1", "i1")


@pytest.mark.parametrize("name", TEXT_DELTA)
@pytest.mark.parametrize("delta", [None, 3, []])
def test_a_text_delta_without_text_is_an_error(decode, name, delta):
    (event,) = decode(name, delta=delta, **PART)

    assert (type(event), event.code) == (RealtimeErrorEvent, MALFORMED_FRAME)


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_a_finished_text_is_no_new_piece(decode, name, field):
    decode(name.replace("done", "delta"), delta="Hel", **PART)
    decode(name.replace("done", "delta"), delta="lo", **PART)

    (event,) = decode(name, **{field: "Hello"}, **PART)

    assert type(event) is RealtimeTranscriptEvent
    assert (event.role, event.text, event.final) == ("assistant", "Hello", True)
    assert (event.response_id, event.item_id) == ("r1", "i1")


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_what_no_delta_brought_is_one_piece_before_the_finished_text(decode, name, field):
    decode(name.replace("done", "delta"), delta="Hel", **PART)

    piece, whole = decode(name, **{field: "Hello"}, **PART)

    assert (type(piece), piece.text.text) == (RealtimeTextEvent, "lo")
    assert (type(whole), whole.text) == (RealtimeTranscriptEvent, "Hello")
    assert (piece.response_id, piece.item_id) == ("r1", "i1")


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_a_service_that_sends_only_the_finished_text_brings_it_once(decode, name, field):
    piece, whole = decode(name, **{field: "Hello"}, **PART)
    (again,) = decode(name, **{field: "Hello"}, **PART)

    assert piece.text.text == whole.text == again.text == "Hello"


def test_parts_of_a_response_do_not_mix(decode):
    decode("response.output_text.delta", delta="One", **PART)
    decode("response.output_text.delta", delta="Two", **{**PART, "content_index": 1})

    (first,) = decode("response.output_text.done", text="One", **PART)
    (second,) = decode("response.output_text.done", text="Two", **{**PART, "content_index": 1})

    assert (first.text, second.text) == ("One", "Two")


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_a_finished_text_without_text_is_what_the_deltas_brought(decode, name, field):
    decode(name.replace("done", "delta"), delta="Hel", **PART)

    (event,) = decode(name, **{field: None}, **PART)

    assert event.text == "Hel"


# --- the user


def test_a_transcription_delta_is_a_piece_of_what_the_user_said(decode):
    (event,) = decode("conversation.item.input_audio_transcription.delta", delta="Hi", item_id="u1")

    assert type(event) is RealtimeTranscriptEvent
    assert (event.role, event.text, event.final, event.item_id) == ("user", "Hi", False, "u1")


def test_a_completed_transcription_is_what_the_user_said(decode):
    (event,) = decode("conversation.item.input_audio_transcription.completed", transcript="Hi.", item_id="u1")

    assert (event.role, event.text, event.final, event.item_id) == ("user", "Hi.", True, "u1")


@pytest.mark.parametrize("word", ["delta", "completed"])
def test_a_transcription_without_text_is_an_error(decode, word):
    (event,) = decode(f"conversation.item.input_audio_transcription.{word}", item_id="u1")

    assert (event.code, event.item_id) == (MALFORMED_FRAME, "u1")


def test_a_failed_transcription_is_an_error_that_the_session_survives(decode):
    error = {"type": "invalid_request_error", "code": "insufficient_quota", "message": "No credit."}

    (event,) = decode("conversation.item.input_audio_transcription.failed", item_id="u1", error=error)

    assert type(event) is RealtimeErrorEvent
    assert (event.kind, event.code) == ("quota", "insufficient_quota")
    assert event.message == "No credit.; check the plan and its billing"
    assert (event.fatal, event.item_id, event.command_id) == (False, "u1", None)


@pytest.mark.parametrize(
    ("name", "fields", "phase", "offset_ms"),
    [
        ("input_audio_buffer.speech_started", {"audio_start_ms": 640}, "started", 640),
        ("input_audio_buffer.speech_stopped", {"audio_end_ms": 1280}, "stopped", 1280),
        (
            "input_audio_buffer.timeout_triggered",
            {"audio_start_ms": 5000, "audio_end_ms": 9000},
            "timeout",
            9000,
        ),
        ("input_audio_buffer.committed", {"previous_item_id": None}, "committed", None),
        ("input_audio_buffer.speech_started", {"audio_start_ms": "soon"}, "started", None),
    ],
)
def test_the_users_speech_has_its_phases(decode, name, fields, phase, offset_ms):
    (event,) = decode(name, item_id="u1", **fields)

    assert type(event) is RealtimeSpeechEvent
    assert (event.phase, event.offset_ms, event.item_id) == (phase, offset_ms, "u1")
