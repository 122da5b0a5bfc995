import pybase64
import pytest
from realtime_core import (
    PCM16_24KHZ,
    ApprovalRequest,
    AudioContent,
    AudioFormat,
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    ToolCall,
    Usage,
)
from realtime_openai_wire.client_frames import METADATA_KEY
from realtime_openai_wire.frame_events import MALFORMED_FRAME
from realtime_openai_wire.names import ListenEvents, SendEvents
from realtime_openai_wire.server_frames import server_events
from realtime_openai_wire.state import WireState

ULAW = AudioFormat("g711_ulaw")
PART = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}


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


@pytest.mark.parametrize("odd", [None, 7, True, ["r1"], {}, "", "r" * 257])
def test_odd_ids_of_an_audio_delta_are_none(decode, odd):
    (event,) = decode("response.output_audio.delta", delta="", response_id=odd, item_id=odd)

    assert type(event) is RealtimeAudioEvent
    assert (event.response_id, event.item_id) == (None, None)


def test_audio_that_names_no_response_is_of_the_one_that_runs(decode):
    decode("response.created", response={"id": "", "audio": {"output": {"format": {"type": "audio/pcmu"}}}})

    (event,) = decode("response.output_audio.delta", delta="", response_id="")

    assert event.audio.format == ULAW


def test_audio_after_its_response_is_done_keeps_its_format(decode):
    decode("response.created", response={"id": "r1", "audio": {"output": {"format": {"type": "audio/pcmu"}}}})
    decode("response.done", response={"id": "r1", "status": "completed"})

    (event,) = decode("response.output_audio.delta", delta="", **PART)

    assert event.audio.format == ULAW


def test_a_format_that_was_asked_for_and_is_not_reported_is_that_of_the_response(decode, state):
    state.pending.add("cmd_1", "cmd_1", SendEvents.RESPONSE_CREATE)
    state.asked_formats.note("cmd_1", ULAW)
    decode("response.created", response={"id": "r1", "metadata": {METADATA_KEY: "cmd_1"}})

    (own,) = decode("response.output_audio.delta", delta="", **PART)
    (other,) = decode("response.output_audio.delta", delta="", response_id="r2")

    assert (own.audio.format, other.audio.format) == (ULAW, PCM16_24KHZ)


def test_audio_is_in_the_format_the_session_was_set_up_with():
    (event,) = server_events(WireState(ULAW), "response.output_audio.delta", {"delta": ""})

    assert event.audio.format == ULAW


def test_audio_of_a_response_keeps_the_format_the_response_reports(decode):
    decode("response.created", response={"id": "r1", "audio": {"output": {"format": {"type": "audio/pcmu"}}}})

    (own,) = decode("response.output_audio.delta", delta="", **PART)
    (other,) = decode("response.output_audio.delta", delta="", response_id="r2")

    assert own.audio.format == ULAW
    assert other.audio.format == PCM16_24KHZ


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


def test_a_failed_response_comes_after_its_error(decode):
    error = {"type": "invalid_request_error", "code": "rate_limit_exceeded", "message": "Try again in 6.9s"}
    response = {"id": "r1", "status": "failed", "status_details": {"type": "failed", "error": error}}

    failure, done = decode("response.done", response=response)

    assert (done.status, done.status_reason) == ("failed", "rate_limit_exceeded")
    assert type(failure) is RealtimeErrorEvent
    assert (failure.kind, failure.retryable, failure.fatal) == ("rate_limited", True, False)
    assert (failure.message, failure.response_id) == ("Try again in 6.9s", "r1")


@pytest.mark.parametrize("details", [None, "it broke", {"error": "it broke"}])
def test_a_failed_response_without_an_error_comes_after_an_unknown_one(decode, details):
    failure, _ = decode("response.done", response={"status": "failed", "status_details": details})

    assert (failure.kind, failure.code, failure.message) == ("unknown", None, "")


def test_no_text_is_kept_of_a_response_that_is_done(decode, state):
    for number in range(100):
        ids = {"response_id": f"r{number}", "item_id": f"i{number}", "content_index": 0}
        decode("response.created", response={"id": f"r{number}"})
        decode("response.output_text.delta", delta="Hello", **ids)
        decode("response.output_text.done", text="Hello", **ids)
        decode("response.done", response={"id": f"r{number}", "status": "completed"})

    assert (len(state.responses), state.responses.cost) == (64, 0)
    assert len(state.pending) == 0


@pytest.mark.parametrize(
    ("name", "phase", "reason"),
    [
        ("output_audio_buffer.started", "playback_started", None),
        ("output_audio_buffer.stopped", "playback_stopped", None),
        ("output_audio_buffer.cleared", "playback_stopped", "cleared"),
    ],
)
def test_a_service_that_plays_the_audio_tells_when(decode, name, phase, reason):
    event = decode(name, response_id="r1")[-1]

    assert type(event) is RealtimeResponseEvent
    assert (event.phase, event.status_reason, event.response_id) == (phase, reason, "r1")
    assert event.status is None


def test_a_service_that_throws_away_what_it_was_playing_interrupts(decode):
    interruption = decode("output_audio_buffer.cleared", response_id="r1")[0]

    assert type(interruption) is RealtimeInterruptionEvent
    assert (interruption.cause, interruption.response_id) == ("service", "r1")


def test_what_is_no_more_played_answers_who_asked_for_that(decode, state):
    state.pending.add("e1", "cmd_1", SendEvents.OUTPUT_AUDIO_BUFFER_CLEAR)

    (_, cleared) = decode("output_audio_buffer.cleared", response_id="r1")

    assert cleared.command_id == "cmd_1"


# --- cancellation


def cancelled(**fields):
    return {"response": {"id": "r1", "status": "cancelled", **fields}}


def test_a_cancelled_response_answers_its_cancellation(decode, state):
    state.pending.add("e1", "cmd_1", SendEvents.RESPONSE_CANCEL, target="r2")
    state.pending.add("e2", "cmd_2", SendEvents.RESPONSE_CANCEL, target="r1")
    state.pending.add("e3", "cmd_3", SendEvents.RESPONSE_CANCEL)

    ids = [decode("response.done", **cancelled())[0].command_id for _ in range(3)]

    assert ids == ["cmd_2", "cmd_3", None]


@pytest.mark.parametrize("status", ["completed", "incomplete", None])
def test_a_response_that_ended_by_itself_answers_no_cancellation(decode, state, status):
    state.pending.add("e1", "cmd_1", SendEvents.RESPONSE_CANCEL, target="r1")

    (event,) = decode("response.done", response={"id": "r1", "status": status})

    assert event.command_id is None
    assert len(state.pending) == 1


def test_a_cancelled_response_that_was_never_seen_to_begin_settles_both_commands(decode, state):
    state.pending.add("cmd_1", "cmd_1", SendEvents.RESPONSE_CREATE)
    state.pending.add("cmd_2", "cmd_2", SendEvents.RESPONSE_CANCEL, target="r1")

    done, other = decode("response.done", **cancelled(metadata={METADATA_KEY: "cmd_1"}))

    assert (type(done), done.phase, done.command_id) == (RealtimeResponseEvent, "done", "cmd_1")
    assert (type(other), other.response_id, other.command_id) == (RealtimeEvent, "r1", "cmd_2")
    assert len(state.pending) == 0


def test_a_response_that_names_no_command_casts_doubt_on_the_oldest(decode, state):
    state.pending.add("create", "create", SendEvents.RESPONSE_CREATE)
    state.pending.add("update", "update", SendEvents.SESSION_UPDATE)
    decode("response.created", response={"id": "r1"})

    (event,) = decode("error", error={"type": "invalid_request_error", "code": "invalid_value"})

    assert event.command_id == "update"


def test_a_response_that_names_its_command_casts_none(decode, state):
    for name in ("create 1", "create 2", "update"):
        kind = SendEvents.SESSION_UPDATE if name == "update" else SendEvents.RESPONSE_CREATE
        state.pending.add(name, name, kind)
    decode("response.created", response={"id": "r1", "metadata": {METADATA_KEY: "create 1"}})

    (event,) = decode("error", error={"type": "invalid_request_error", "code": "invalid_value"})

    assert event.command_id == "create 2"


# --- which part is audio


@pytest.mark.parametrize("part", ["audio", "output_audio"])
def test_the_part_that_is_audio_is_remembered(decode, state, part):
    text = {**PART, "content_index": 0}
    audio = {**PART, "content_index": 1}

    decode("response.content_part.added", part={"type": "text", "text": ""}, **text)
    (event,) = decode("response.content_part.added", part={"type": part, "transcript": ""}, **audio)

    assert type(event) is RealtimeEvent
    assert (event.response_id, event.item_id) == ("r1", "i1")
    assert state.audio_parts.index_of("i1") == 1


# --- function calls

CALL = {
    "id": "i1",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": '{"city": "Paris"}',
}
SECOND_CALL = {**CALL, "id": "i2", "call_id": "call_2", "name": "get_time"}
MESSAGE = {"id": "i0", "type": "message", "status": "completed", "role": "assistant", "content": []}


def done(*items, status="completed"):
    return {"response": {"id": "r1", "status": status, "output": list(items)}}


def calls_of(events):
    return [event.function_call for event in events if isinstance(event, RealtimeFunctionCallEvent)]


def test_a_call_is_given_out_once_and_complete(decode):
    ids = {"response_id": "r1", "item_id": "i1", "output_index": 0, "call_id": "call_1"}
    begun = {**CALL, "status": "in_progress", "arguments": ""}
    item = {"output_index": 0, "item": CALL}

    before = [
        *decode("response.output_item.added", response_id="r1", output_index=0, item=begun),
        *decode("conversation.item.added", item=begun, previous_item_id=None),
        *decode("response.function_call_arguments.delta", delta='{"city": ', **ids),
        *decode("response.function_call_arguments.delta", delta='"Paris"}', **ids),
        *decode("response.function_call_arguments.done", arguments=CALL["arguments"], **ids),
        *decode("conversation.item.done", item=CALL, previous_item_id=None),
    ]
    (event,) = decode("response.output_item.done", response_id="r1", **item)
    after = [
        *decode("response.output_item.done", response_id="r1", **item),
        *decode("response.done", **done(CALL)),
    ]

    assert {type(event) for event in before} == {RealtimeEvent, RealtimeItemEvent}
    assert type(event) is RealtimeFunctionCallEvent
    assert event.function_call == ToolCall("call_1", "get_weather", '{"city": "Paris"}')
    assert (event.response_id, event.item_id) == ("r1", "i1")
    assert [type(event) for event in after] == [RealtimeEvent, RealtimeResponseEvent]


def test_a_service_that_never_finishes_items_gives_its_calls_with_the_response(decode):
    first, second, end = decode("response.done", **done(MESSAGE, CALL, SECOND_CALL))

    assert [first.function_call.call_id, second.function_call.call_id] == ["call_1", "call_2"]
    assert [first.item_id, second.item_id] == ["i1", "i2"]
    assert {first.response_id, second.response_id, end.response_id} == {"r1"}
    assert end.phase == "done"


def test_parallel_calls_after_a_preamble_are_each_given_out_once(decode):
    events = [
        *decode("response.output_item.done", response_id="r1", output_index=0, item=MESSAGE),
        *decode("response.output_item.done", response_id="r1", output_index=1, item=CALL),
        *decode("response.output_item.done", response_id="r1", output_index=2, item=SECOND_CALL),
        *decode("response.done", **done(MESSAGE, CALL, SECOND_CALL)),
    ]

    assert [call.call_id for call in calls_of(events)] == ["call_1", "call_2"]
    assert [type(event) for event in events] == [
        RealtimeEvent,
        RealtimeFunctionCallEvent,
        RealtimeFunctionCallEvent,
        RealtimeResponseEvent,
    ]


@pytest.mark.parametrize("status", ["incomplete", "in_progress", "cancelled", 5, ""])
def test_a_call_that_was_cut_off_is_never_given_out(decode, status):
    cut = {**CALL, "status": status, "arguments": '{"city": "Par'}

    events = [
        *decode("response.output_item.done", response_id="r1", item=cut),
        *decode("response.done", **done(cut, status="incomplete")),
    ]

    assert calls_of(events) == []


def test_a_complete_call_of_a_cancelled_response_is_given_out(decode):
    assert len(calls_of(decode("response.done", **done(CALL, status="cancelled")))) == 1


@pytest.mark.parametrize("how", ["absent", "null"])
def test_a_call_without_a_status_is_complete_when_its_item_is_done(decode, how):
    item = {key: value for key, value in CALL.items() if key != "status"}
    item |= {"status": None} if how == "null" else {}

    assert len(calls_of(decode("response.output_item.done", response_id="r1", item=item))) == 1


@pytest.mark.parametrize(
    ("status", "calls"), [("completed", 1), (None, 1), ("cancelled", 0), ("incomplete", 0), ("failed", 0)]
)
def test_in_a_response_a_call_without_a_status_has_the_responses(decode, status, calls):
    item = {key: value for key, value in CALL.items() if key != "status"}

    assert len(calls_of(decode("response.done", **done(item, status=status)))) == calls


def test_a_call_that_the_client_added_is_not_one_of_the_model(decode):
    events = [
        *decode("conversation.item.added", item=CALL, previous_item_id=None),
        *decode("conversation.item.done", item=CALL, previous_item_id=None),
        *decode("conversation.item.created", item=CALL, previous_item_id=None),
        *decode("conversation.item.retrieved", item=CALL),
    ]

    assert {type(event) for event in events} == {RealtimeEvent, RealtimeItemEvent}


def test_a_call_is_given_out_although_the_ids_around_it_are_missing(decode):
    item = {key: value for key, value in CALL.items() if key != "id"}

    (event,) = decode("response.output_item.done", item=item)

    assert event.function_call.call_id == "call_1"
    assert (event.response_id, event.item_id) == (None, None)


def test_without_a_call_id_the_items_id_is_it(decode):
    item = {key: value for key, value in CALL.items() if key != "call_id"}

    events = [*decode("response.output_item.done", item=item), *decode("response.done", **done(item))]

    assert [call.call_id for call in calls_of(events)] == ["i1"]


@pytest.mark.parametrize(
    "lost",
    [
        {"name": None},
        {"name": ""},
        {"arguments": None},
        {"arguments": {"city": 1}},
        {"call_id": "c" * 257, "id": 5},
    ],
)
def test_a_call_that_its_item_lacks_something_of_comes_whole_with_its_response(decode, lost):
    (before,) = decode("response.output_item.done", response_id="r1", item={**CALL, **lost})
    call, _ = decode("response.done", **done(CALL))
    (again,) = decode("response.done", **done(CALL))

    assert type(before) in (RealtimeErrorEvent, RealtimeEvent)
    assert call.function_call == ToolCall("call_1", "get_weather", '{"city": "Paris"}')
    assert type(again) is RealtimeResponseEvent


@pytest.mark.parametrize("output", [[], None, "its own"])
@pytest.mark.parametrize("response_id", ["r1", None])
def test_a_call_without_arguments_is_given_out_with_its_response(decode, response_id, output):
    item = {key: value for key, value in CALL.items() if key != "arguments"}
    (before,) = decode("response.output_item.done", response_id=response_id, item=item)
    response = {"id": "r1", "status": "completed", "output": [item] if output == "its own" else output}

    call, end = decode("response.done", response=response)

    assert type(before) is RealtimeEvent
    assert (call.function_call, call.item_id) == (ToolCall("call_1", "get_weather", ""), "i1")
    assert end.phase == "done"


@pytest.mark.parametrize("named", [True, False])
def test_a_call_id_that_comes_again_in_another_response_is_another_call(decode, named):
    calls = []
    for response_id in ("r1", "r2"):
        decode("response.created", response={"id": response_id})
        of = {"response_id": response_id} if named else {}
        calls += calls_of(decode("response.output_item.done", item=CALL, **of))
        end = {"id": response_id, "status": "completed", "output": [CALL]}
        calls += calls_of(decode("response.done", response=end))

    assert len(calls) == 2


@pytest.mark.parametrize("lost", [{"name": None}, {"call_id": None, "id": None}, {"arguments": {"city": 1}}])
def test_a_call_that_cannot_be_made_is_an_error(decode, lost):
    (event,) = decode("response.output_item.done", response_id="r1", item={**CALL, **lost})

    assert type(event) is RealtimeErrorEvent
    assert (event.code, event.response_id) == (MALFORMED_FRAME, "r1")


@pytest.mark.parametrize("output", [None, "call", {}, [None, "call", [], 5]])
def test_an_odd_output_holds_no_calls(decode, output):
    (event,) = decode("response.done", response={"id": "r1", "status": "completed", "output": output})

    assert type(event) is RealtimeResponseEvent


def test_what_a_response_out_of_band_says_names_its_response(decode):
    response = {"id": "r9", "conversation_id": None, "metadata": {"topic": "tea"}}
    ids = {"response_id": "r9", "item_id": "i9", "content_index": 0}

    (created,) = decode("response.created", response=response)
    (piece,) = decode("response.output_text.delta", delta="Hi", **ids)
    (audio,) = decode("response.output_audio.delta", delta="", **ids)

    assert created.metadata == {"topic": "tea"}
    assert {created.response_id, piece.response_id, audio.response_id} == {"r9"}


# --- out of band


def ask(state, command_id, *, out_of_band):
    state.pending.add(command_id, command_id, SendEvents.RESPONSE_CREATE)
    if out_of_band:
        state.out_of_band.note(command_id, None)


@pytest.mark.parametrize(
    ("reported", "out_of_band"),
    [({"conversation_id": None}, True), ({"conversation_id": "conv_1"}, False), ({}, False)],
)
@pytest.mark.parametrize("phase", ["created", "done"])
def test_a_response_is_out_of_band_where_the_service_says_so(decode, phase, reported, out_of_band):
    (event,) = decode(f"response.{phase}", response={"id": "r1", **reported})

    assert (event.phase, event.out_of_band) == (phase, out_of_band)


@pytest.mark.parametrize("phases", [("created", "done"), ("done",)])
def test_a_response_is_out_of_band_where_it_was_asked_for_so(decode, state, phases):
    ask(state, "cmd_1", out_of_band=True)
    ask(state, "cmd_2", out_of_band=False)

    events = [
        decode(
            f"response.{phase}", response={"id": f"r{number}", "metadata": {METADATA_KEY: f"cmd_{number}"}}
        )[0]
        for phase in phases
        for number in (1, 2)
    ]

    assert [event.out_of_band for event in events] == [True, False] * len(phases)
    assert len(state.out_of_band) == 0


def test_the_end_of_a_response_is_where_its_beginning_was(decode):
    decode("response.created", response={"id": "r1", "conversation_id": None})
    decode("response.created", response={"id": "r2", "conversation_id": "conv_1"})

    (first,) = decode("response.done", response={"id": "r1", "conversation_id": "conv_1"})
    (second,) = decode("response.done", response={"id": "r2", "conversation_id": None})

    assert (first.out_of_band, second.out_of_band) == (True, False)


def test_an_end_that_names_no_response_is_where_the_beginning_before_it_was(decode):
    decode("response.created", response={"id": "r1", "conversation_id": None})

    (event,) = decode("response.done", response={"status": "completed"})

    assert event.out_of_band


# --- requests for approval

REQUEST = {
    "id": "mcpr_1",
    "type": "mcp_approval_request",
    "server_label": "docs",
    "name": "search",
    "arguments": '{"q": "tea"}',
}


def test_a_call_that_waits_for_approval_is_asked_about_once_with_its_exact_arguments(decode):
    asked, plain = decode("response.output_item.done", response_id="r1", item=REQUEST)
    again = decode("response.output_item.done", response_id="r1", item=REQUEST)
    end = decode("response.done", **done(REQUEST))

    assert type(asked) is RealtimeApprovalEvent
    assert asked.request == ApprovalRequest("mcpr_1", "search", '{"q": "tea"}', server="docs")
    assert (asked.response_id, asked.item_id) == ("r1", "mcpr_1")
    assert [type(event) for event in (plain, *again, *end)] == [
        RealtimeEvent,
        RealtimeEvent,
        RealtimeResponseEvent,
    ]


def test_a_request_that_only_the_end_of_its_response_tells_of_is_asked_about(decode):
    asked, end = decode("response.done", **done(REQUEST))

    assert (type(asked), asked.item_id) == (RealtimeApprovalEvent, "mcpr_1")
    assert end.phase == "done"


def test_a_request_of_a_response_that_was_cut_off_is_not_asked_about(decode):
    (event,) = decode("response.done", **done(REQUEST, status="cancelled"))

    assert type(event) is RealtimeResponseEvent


@pytest.mark.parametrize("lost", [{"id": None}, {"name": ""}, {"arguments": {"q": "tea"}}])
def test_a_request_that_cannot_be_read_is_an_error(decode, lost):
    event, plain = decode("response.output_item.done", response_id="r1", item={**REQUEST, **lost})

    assert (type(event), event.code) == (RealtimeErrorEvent, MALFORMED_FRAME)
    assert type(plain) is RealtimeEvent


@pytest.mark.parametrize("lost", [{"arguments": None}, {"server_label": None}])
def test_a_request_may_lack_what_is_not_needed(decode, lost):
    event, _ = decode("response.output_item.done", response_id="r1", item={**REQUEST, **lost})

    assert type(event) is RealtimeApprovalEvent


def test_what_is_played_out_of_band_interrupts_nobody(decode):
    decode("response.created", response={"id": "r9", "conversation_id": None})

    (started,) = decode("output_audio_buffer.started", response_id="r9")
    (cleared,) = decode("output_audio_buffer.cleared", response_id="r9")

    assert started.out_of_band
    assert (cleared.phase, cleared.out_of_band) == ("playback_stopped", True)
