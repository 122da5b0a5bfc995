import pybase64
import pytest
from realtime_core import (
    PCM16_24KHZ,
    AudioContent,
    AudioFormat,
    RateLimit,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeRateLimitEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    TextContent,
    Usage,
)
from realtime_openai_wire.client_frames import METADATA_KEY
from realtime_openai_wire.names import GA_NAMES, ListenEvents, SendEvents
from realtime_openai_wire.server_frames import MALFORMED_FRAME, WireState, server_events

ULAW = AudioFormat("g711_ulaw")
PART = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}
IDS = {"response_id": "r1", "item_id": "i1"}
TEXT_DELTA = ["response.output_text.delta", "response.output_audio_transcript.delta"]
TEXT_DONE = [("response.output_text.done", "text"), ("response.output_audio_transcript.done", "transcript")]


@pytest.fixture
def state():
    return WireState()


@pytest.fixture
def decode(state):
    """The events of a frame, as one session after another frame."""

    def one(name, **fields):
        frame = {"type": name, "event_id": "event_1", **fields}
        events = server_events(state, name, frame)
        assert all(event.service_event is frame for event in events)
        assert all(event.service_type == GA_NAMES.get(name, name) for event in events)
        return events

    return one


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
    assert (event.kind, event.code, event.message) == ("quota", "insufficient_quota", "No credit.")
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


# --- session


def test_a_created_session_tells_its_id_and_its_end(decode):
    (event,) = decode("session.created", session={"id": "sess_1", "expires_at": 1785217650})

    assert type(event) is RealtimeSessionEvent
    assert (event.phase, event.session_id, event.expires_at_s) == ("created", "sess_1", 1785217650)


def test_an_updated_session_answers_the_update_in_flight(decode, state):
    state.pending.add("e1", "cmd_1", SendEvents.SESSION_UPDATE)

    (answer,) = decode("session.updated", session={"id": "sess_1"})
    (unasked,) = decode("session.updated", session={"id": "sess_1"})

    assert (answer.phase, answer.command_id) == ("updated", "cmd_1")
    assert unasked.command_id is None


def test_a_created_session_answers_nothing(decode, state):
    state.pending.add("e1", "cmd_1", SendEvents.SESSION_UPDATE)

    (event,) = decode("session.created", session={})

    assert event.command_id is None
    assert len(state.pending) == 1


# --- answers


@pytest.mark.parametrize("word", ["commit", "clear"])
def test_the_buffers_answers_are_for_the_oldest_command(decode, state, word):
    kind = f"input_audio_buffer.{word}"
    state.pending.add("e1", "cmd_1", kind)
    state.pending.add("e2", "cmd_2", kind)
    answer = {"commit": "input_audio_buffer.committed", "clear": "input_audio_buffer.cleared"}[word]

    ids = [decode(answer)[0].command_id for _ in range(3)]

    assert ids == ["cmd_1", "cmd_2", None]


@pytest.mark.parametrize("name", ["conversation.item.added", "conversation.item.created"])
def test_an_added_item_answers_the_command_that_chose_its_id(decode, state, name):
    state.pending.add("e1", "cmd_1", SendEvents.CONVERSATION_ITEM_CREATE, item_id="mine")

    (theirs,) = decode(name, item={"id": "theirs"})
    (mine,) = decode(name, item={"id": "mine"})

    assert type(mine) is RealtimeEvent
    assert (mine.command_id, mine.item_id) == ("cmd_1", "mine")
    assert (theirs.command_id, theirs.item_id) == (None, "theirs")


# --- responses


def test_a_created_response_answers_the_command_in_its_metadata(decode, state):
    state.pending.add("cmd_1", "cmd_1", SendEvents.RESPONSE_CREATE)
    metadata = {METADATA_KEY: "cmd_1", "topic": "tea", "odd": 3}

    (event,) = decode("response.created", response={"id": "r1", "metadata": metadata})

    assert type(event) is RealtimeResponseEvent
    assert (event.phase, event.response_id, event.command_id) == ("created", "r1", "cmd_1")
    assert event.metadata == {"topic": "tea"}
    assert event.status is None
    assert len(state.pending) == 0


@pytest.mark.parametrize("metadata", [None, {}, {METADATA_KEY: "another's"}, {METADATA_KEY: 5}, "odd"])
def test_a_response_nobody_here_asked_for_answers_nothing(decode, state, metadata):
    state.pending.add("cmd_1", "cmd_1", SendEvents.RESPONSE_CREATE)

    (event,) = decode("response.created", response={"id": "r1", "metadata": metadata})

    assert (event.command_id, event.metadata) == (None, None)
    assert len(state.pending) == 1


def test_a_finished_response_tells_its_status_and_usage(decode):
    usage = {"total_tokens": 3, "input_tokens": 2, "output_tokens": 1}
    details = {"type": "cancelled", "reason": "turn_detected"}
    response = {"id": "r1", "status": "cancelled", "status_details": details, "usage": usage}

    (event,) = decode("response.done", response=response)

    assert type(event) is RealtimeResponseEvent
    assert (event.phase, event.response_id) == ("done", "r1")
    assert (event.status, event.status_reason) == ("cancelled", "turn_detected")
    assert event.usage == Usage(total_tokens=3, input_tokens=2, output_tokens=1)


def test_a_finished_response_that_was_never_seen_to_begin_answers_its_command(decode, state):
    state.pending.add("cmd_1", "cmd_1", SendEvents.RESPONSE_CREATE)

    (event,) = decode("response.done", response={"id": "r1", "metadata": {METADATA_KEY: "cmd_1"}})

    assert event.command_id == "cmd_1"


def test_a_failed_response_is_followed_by_its_error(decode):
    error = {"type": "invalid_request_error", "code": "rate_limit_exceeded", "message": "Try again in 6.9s"}
    response = {"id": "r1", "status": "failed", "status_details": {"type": "failed", "error": error}}

    done, failure = decode("response.done", response=response)

    assert (done.status, done.status_reason) == ("failed", "rate_limit_exceeded")
    assert type(failure) is RealtimeErrorEvent
    assert (failure.kind, failure.retryable, failure.fatal) == ("rate_limited", True, False)
    assert (failure.message, failure.response_id) == ("Try again in 6.9s", "r1")


@pytest.mark.parametrize("details", [None, "it broke", {"error": "it broke"}])
def test_a_failed_response_without_an_error_is_followed_by_an_unknown_one(decode, details):
    _, failure = decode("response.done", response={"status": "failed", "status_details": details})

    assert (failure.kind, failure.code, failure.message) == ("unknown", None, "")


def test_nothing_is_kept_of_a_response_that_is_done(decode, state):
    for number in range(100):
        ids = {"response_id": f"r{number}", "item_id": f"i{number}", "content_index": 0}
        decode("response.created", response={"id": f"r{number}"})
        decode("response.output_text.delta", delta="Hello", **ids)
        decode("response.output_text.done", text="Hello", **ids)
        decode("response.done", response={"id": f"r{number}", "status": "completed"})

    assert len(state.responses) == 0
    assert len(state.pending) == 0


# --- errors and the rest


def test_an_error_tells_its_kind_and_the_command_it_refuses(decode, state):
    state.pending.add("cmd_1", "cmd_1", SendEvents.RESPONSE_CREATE)
    error = {
        "type": "invalid_request_error",
        "code": "conversation_already_has_active_response",
        "message": "Conversation already has an active response in progress: resp_1.",
        "param": None,
        "event_id": "cmd_1",
    }

    (event,) = decode("error", error=error)

    assert type(event) is RealtimeErrorEvent
    assert (event.kind, event.code) == ("response_active", "conversation_already_has_active_response")
    assert (event.retryable, event.fatal, event.benign) == (True, False, True)
    assert event.command_id == "cmd_1"
    assert event.message == error["message"]


def test_an_error_without_a_code_goes_by_its_type(decode):
    (event,) = decode("error", error={"type": "server_error", "code": None, "message": None})

    assert (event.kind, event.code, event.message) == ("server", "server_error", "")


def test_secrets_of_an_error_do_not_reach_its_message(decode):
    (event,) = decode("error", error={"message": "Incorrect API key provided: sk-abcdef123456."})

    assert event.message == "Incorrect API key provided: sk-…"


@pytest.mark.parametrize("error", [None, "broken", [], {}, {"event_id": 4, "code": [], "type": {}}])
def test_an_odd_error_is_an_unknown_one(decode, error):
    (event,) = decode("error", error=error)

    assert (event.kind, event.fatal) == ("unknown", False)


def test_rate_limits_are_reported(decode):
    (event,) = decode("rate_limits.updated", rate_limits=[{"name": "tokens", "remaining": 5}])

    assert type(event) is RealtimeRateLimitEvent
    assert event.limits == (RateLimit("tokens", remaining=5),)


@pytest.mark.parametrize(
    ("fields", "response_id", "item_id"),
    [
        (PART, "r1", "i1"),
        ({"response_id": "r1", "item": {"id": "i1"}}, "r1", "i1"),
        ({"response": {"id": "r1"}}, "r1", None),
        ({"response_id": 1, "item_id": [], "item": "i", "response": 5}, None, None),
    ],
)
def test_a_frame_without_a_class_of_its_own_is_plain_with_its_ids(decode, fields, response_id, item_id):
    (event,) = decode("response.telepathy.delta", **fields)

    assert type(event) is RealtimeEvent
    assert (event.response_id, event.item_id) == (response_id, item_id)


@pytest.mark.parametrize("old", GA_NAMES)
def test_an_event_under_its_beta_name_is_the_same_event(old):
    current = GA_NAMES[old]
    fields = {"delta": "", "text": "Hello", "response_id": "r1", "item": {"id": "i1"}}

    events = server_events(WireState(), old, {"type": old, **fields})

    assert [type(event) for event in events] == [
        type(event) for event in server_events(WireState(), current, {"type": current, **fields})
    ]
    assert {event.service_type for event in events} == {current}
