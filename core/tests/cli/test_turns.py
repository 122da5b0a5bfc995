import pytest
from realtime_core.cli.presenter import shortfall
from realtime_core.cli.turns import Say, Turn
from realtime_core.contents import ApprovalRequest, AudioContent, TextContent, ToolCall, ToolResult, Usage
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeFunctionResultEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

CREATED = RealtimeResponseEvent(phase="created")
DONE = RealtimeResponseEvent(phase="done", status="completed", usage=Usage(total_tokens=3))
CANCELLED = RealtimeResponseEvent(phase="done", status="cancelled", status_reason="turn_detected")
STARTED = RealtimeSpeechEvent(phase="started")
STOPPED = RealtimeSpeechEvent(phase="stopped")
COMMITTED = RealtimeSpeechEvent(phase="committed", item_id="a")
AUDIO = RealtimeAudioEvent(audio=AudioContent(bytes(960)))


def text(value):
    return RealtimeTextEvent(text=TextContent(value))


def heard(value, *, final=True, item_id="a"):
    return RealtimeTranscriptEvent(role="user", text=value, final=final, item_id=item_id)


def turn_after(*events):
    turn = Turn(1)
    for event in events:
        turn.take(event, 0.0)
    return turn


def test_answered_when_the_response_is_done():
    assert not turn_after().answered
    assert not turn_after(CREATED).answered
    assert turn_after(CREATED, DONE).answered


def test_a_service_that_does_not_announce_its_responses_answers_too():
    assert turn_after(STARTED, STOPPED, COMMITTED, DONE).answered


def test_an_answer_that_was_talked_over_is_not_the_answer():
    talked_over = turn_after(STARTED, STOPPED, CREATED, STARTED, CANCELLED)

    assert not talked_over.answering
    assert turn_after(STARTED, STOPPED, CREATED, STARTED, CANCELLED, STOPPED, CREATED, DONE).answered


def test_what_several_responses_said_stays_apart():
    assert turn_after(CREATED, text("One"), DONE, CREATED, text("Two")).said == "One\nTwo"


def test_a_final_transcript_takes_the_place_of_its_pieces():
    pieces = heard("he m", final=False), heard("ight", final=False)

    assert turn_after(*pieces).heard == "he might"
    assert turn_after(*pieces, heard("He might.")).heard == "He might."
    assert turn_after(heard("One."), heard("Two.", item_id="b")).heard == "One. Two."


def test_a_transcript_is_missing_until_every_item_has_one():
    second = RealtimeSpeechEvent(phase="committed", item_id="b")

    assert turn_after(COMMITTED).transcript_missing
    assert not turn_after(COMMITTED, heard("One.")).transcript_missing
    assert turn_after(COMMITTED, second, heard("One.")).transcript_missing


def test_a_transcription_that_failed_is_not_waited_for():
    failure = RealtimeErrorEvent(kind="server", item_id="a")

    assert not turn_after(COMMITTED, failure).transcript_missing
    assert turn_after(failure).transcript_missing


REFUSED = RealtimeErrorEvent(kind="invalid_request")


def asked(*events):
    turn = Turn(1)
    turn.ask(0.0)
    for event in events:
        turn.take(event, 0.0)
    return turn


def test_an_error_in_place_of_the_answer_is_its_refusal():
    assert asked(REFUSED).refusal is REFUSED


@pytest.mark.parametrize(
    "event",
    [
        RealtimeErrorEvent(kind="invalid_request", benign=True),
        RealtimeErrorEvent(kind="rate_limited", retryable=True),
        RealtimeErrorEvent(kind="server", item_id="of an earlier turn"),
        RealtimeErrorEvent(kind="server", response_id="of an earlier turn"),
        RealtimeErrorEvent(kind="overflow"),
        RealtimeErrorEvent(kind="callback"),
    ],
)
def test_other_errors_refuse_nothing(event):
    assert asked(event).refusal is None


def test_nothing_is_refused_before_we_ask_or_once_there_is_an_answer():
    assert turn_after(REFUSED).refusal is None
    assert asked(CREATED, REFUSED).refusal is None
    assert asked(text("Well"), REFUSED).refusal is None


# -- calls -------------------------------------------------------------------------------------------


def called(call_id="a"):
    return RealtimeFunctionCallEvent(function_call=ToolCall(call_id, "add", "{}"))


def result(call_id="a"):
    return RealtimeFunctionResultEvent(function_result=ToolResult(call_id, "add", "3"))


def calling_turn(*events):
    turn = Turn(1, calls_are_made=True)
    turn.ask(0.0)
    for event in events:
        turn.take(event, 0.0)
    return turn


def test_answer_goes_on_after_the_results_of_its_calls():
    calls = CREATED, called("a"), called("b"), DONE

    assert calling_turn(*calls).is_calling
    assert not calling_turn(*calls).answered
    assert calling_turn(*calls, result("a")).is_calling
    assert not calling_turn(*calls, result("a"), result("b")).is_calling
    assert not calling_turn(*calls, result("a"), result("b")).answered
    assert calling_turn(*calls, result("a"), result("b"), CREATED, DONE).answered


def test_response_beside_a_call_is_not_what_follows_from_it():
    beside = CREATED, called(), DONE, CREATED, DONE

    assert not calling_turn(*beside).answered
    assert not calling_turn(*beside, result()).answered
    assert calling_turn(*beside, result(), CREATED, DONE).answered


def test_calls_and_results_are_kept_together():
    turn = calling_turn(called("a"), called("b"), result("b"), result("of an earlier turn"))

    assert [(one.call.call_id, one.result and one.result.call_id) for one in turn.calls] == [
        ("a", None),
        ("b", "b"),
    ]


def test_call_that_nobody_makes_is_not_waited_for():
    turn = turn_after(CREATED, called(), DONE)

    assert turn.answered
    assert turn.calls[0].result is None


def test_call_that_is_withdrawn_is_not_waited_for():
    withdrawn = RealtimeFunctionCancelledEvent(call_id="a")

    assert calling_turn(CREATED, called("a"), withdrawn, DONE).answered
    assert not calling_turn(CREATED, called("a"), called("b"), result("b"), withdrawn, DONE).answered


def test_consent_to_a_call_of_the_service_is_waited_for():
    of_ours = RealtimeApprovalEvent(request=ApprovalRequest("approval_1", "refund", "{}"))
    request = ApprovalRequest("mcpr_1", "search", "{}", server="docs")

    turn = calling_turn(CREATED, of_ours, RealtimeApprovalEvent(request=request), DONE)

    assert turn.is_calling
    turn.decided(request)
    assert not turn.is_calling
    assert not turn.answered


def test_error_in_place_of_what_follows_from_a_call_is_a_refusal():
    called_and_answered = CREATED, text("Well"), called(), DONE, result()

    assert calling_turn(*called_and_answered, REFUSED).refusal is REFUSED
    assert calling_turn(*called_and_answered, CREATED, REFUSED).refusal is None


def test_a_response_that_ends_without_a_status_is_complete():
    assert turn_after(RealtimeResponseEvent(phase="done")).status == "completed"


def test_an_answer_falls_short_unless_it_is_over():
    assert shortfall(turn_after(AUDIO)) == "unfinished"
    assert shortfall(turn_after(CREATED, CANCELLED)) == "cancelled"
    assert shortfall(turn_after(CREATED, DONE)) is None


def test_a_service_without_responses_falls_short_of_nothing():
    turn = turn_after(AUDIO)
    turn.over = True

    assert shortfall(turn) is None


def test_the_first_audio_counts_from_the_end_of_the_input():
    turn = Turn(1, Say("hi"))
    turn.ask(10.0)

    turn.take(AUDIO, 10.25)
    turn.take(AUDIO, 10.75)

    assert turn.first_audio_ms == 250
    assert turn.audio_ms == 40


def test_the_first_audio_counts_from_where_the_service_heard_the_user_stop():
    turn = Turn(1)
    turn.ask(10.0)
    turn.take(AUDIO, 10.1)

    turn.take(STOPPED, 11.0)
    turn.take(AUDIO, 11.5)

    assert turn.first_audio_ms == 500


def test_audio_before_any_input_has_no_delay():
    assert turn_after(AUDIO).first_audio_ms is None


def test_usage_adds_up_over_the_responses():
    assert turn_after(CREATED, DONE, CREATED, DONE, CANCELLED).usage == Usage(total_tokens=6)


def test_events_that_mean_nothing_to_a_turn_change_nothing():
    others = RealtimeEvent(), RealtimeSpeechEvent(phase="timeout"), heard("x")

    turn = turn_after(*others[:2], RealtimeTranscriptEvent(role="assistant", text="x", final=True))

    assert turn == Turn(1)


def test_output_is_text_or_audio():
    assert not turn_after(CREATED).has_output
    assert turn_after(text("x")).has_output
    assert turn_after(AUDIO).has_output


def test_result_that_was_not_sent_is_owed_no_response():
    result = ToolResult("a", "f", "1")
    turn = calling_turn(
        CREATED, called(), DONE, RealtimeFunctionResultEvent(function_result=result, sent=False)
    )

    assert turn.answered
