import pytest
from realtime_core import (
    RateLimit,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeRateLimitEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    Usage,
)
from realtime_openai_wire.client_frames import METADATA_KEY
from realtime_openai_wire.names import GA_NAMES, SendEvents
from realtime_openai_wire.server_frames import WireState, server_events

PART = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}


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


def test_a_short_prompt_that_an_error_quotes_does_not_show(decode):
    error = {"code": "invalid_value", "message": "Bad: 'my dog'.", "param": "session.instructions"}

    (event,) = decode("error", error=error)

    assert event.message == "Bad: '<6 chars>'."


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
