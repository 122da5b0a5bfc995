import pytest
from realtime_core import (
    PCM16_24KHZ,
    AudioFormat,
    RateLimit,
    RealtimeErrorEvent,
    RealtimeRateLimitEvent,
    RealtimeSessionEvent,
)
from realtime_openai_wire.names import SendEvents
from realtime_openai_wire.server_frames import server_events
from realtime_openai_wire.state import WireState

ULAW = AudioFormat("g711_ulaw")
PART = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}


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


def test_a_format_that_an_update_asked_for_is_in_force_when_it_is_not_reported(decode, state):
    for number, audio_format in enumerate((ULAW, PCM16_24KHZ)):
        state.pending.add(f"e{number}", f"cmd_{number}", SendEvents.SESSION_UPDATE)
        state.asked_formats.note(f"cmd_{number}", audio_format)

    formats = []
    for _ in range(3):
        decode("session.updated", session={})
        formats.append(state.output_format)

    assert formats == [ULAW, PCM16_24KHZ, PCM16_24KHZ]


def test_a_session_that_does_not_report_its_format_is_as_it_was_set_up():
    state = WireState(ULAW)
    created = {"audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}}}}
    formats = []
    for name, session in (("created", created), ("updated", {}), ("updated", created), ("updated", {})):
        server_events(state, f"session.{name}", {"session": session})
        formats.append(state.output_format)

    assert formats == [PCM16_24KHZ, ULAW, PCM16_24KHZ, PCM16_24KHZ]


def test_a_format_that_was_refused_is_not_in_force(decode, state):
    state.pending.add("cmd_1", "cmd_1", SendEvents.SESSION_UPDATE)
    state.asked_formats.note("cmd_1", ULAW)

    decode("error", error={"event_id": "cmd_1"})

    assert len(state.asked_formats) == 0


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
    assert (event.retryable, event.fatal, event.benign) == (True, False, False)
    assert event.command_id == "cmd_1"
    assert event.message == error["message"]


def test_a_short_prompt_that_an_error_quotes_does_not_show(decode):
    error = {"code": "invalid_value", "message": "Bad: 'my dog'.", "param": "session.instructions"}

    (event,) = decode("error", error=error)

    assert event.message == "Bad: '<6 chars>'."


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


@pytest.mark.parametrize("name", ["transcription_session.created", "transcription_session.updated"])
def test_a_transcription_session_tells_what_it_takes(decode, name):
    (event,) = decode(name, session={"id": "sess_1", "input_audio_format": "g711_ulaw"})

    assert type(event) is RealtimeSessionEvent
    assert event.input_format == ULAW
