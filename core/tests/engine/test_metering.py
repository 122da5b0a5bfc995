import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.budget import Budget, Prices
from realtime_core.clock import VirtualClock
from realtime_core.contents import ToolResult, Usage
from realtime_core.engine import metering
from realtime_core.engine.metering import Meter
from realtime_core.events import (
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeInterruptionEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
)
from realtime_core.usage import FirstAudio, SessionUsage, add_usage

PRICES = Prices(input_text=4, input_audio=32, output_text=16, output_audio=64)
USAGE = Usage(
    total_tokens=253,
    input_tokens=132,
    output_tokens=121,
    input_text_tokens=119,
    input_audio_tokens=13,
    cached_tokens=64,
    cached_text_tokens=64,
    output_text_tokens=30,
    output_audio_tokens=91,
)


@pytest.fixture
def meter(clock):
    return Meter(clock)


def created(response_id="resp_1", command_id=None):
    return RealtimeResponseEvent(phase="created", response_id=response_id, command_id=command_id)


def done(response_id="resp_1", usage=USAGE, status="completed", **fields):
    return RealtimeResponseEvent(phase="done", response_id=response_id, status=status, usage=usage, **fields)


def speech(phase):
    return RealtimeSpeechEvent(phase=phase)


# -- tokens --------------------------------------------------------------------------------------


def test_tokens_add_up_over_responses(meter):
    for number in range(3):
        meter.take(done(f"resp_{number}"))

    assert meter.usage.tokens == add_usage([USAGE] * 3)
    assert meter.usage.responses == 3


def test_a_response_that_is_told_done_twice_counts_once(meter):
    meter.take(done())
    meter.take(done())

    assert meter.usage.tokens == USAGE
    assert (meter.usage.responses, meter.usage.unreported_responses) == (1, 0)


def test_a_response_without_usage_counts_as_one_without_tokens(meter):
    meter.take(done(usage=None))

    assert meter.usage == SessionUsage(responses=1, unreported_responses=1)


def test_tokens_that_come_with_the_second_telling_count_once(meter):
    for usage in (None, USAGE, USAGE, None):
        meter.take(done(usage=usage))

    assert meter.usage == SessionUsage(tokens=USAGE, responses=1)


def test_responses_without_ids_count_each(meter):
    meter.take(done(None))
    meter.take(done(None))

    assert meter.usage.tokens == add_usage([USAGE] * 2)
    assert meter.usage.responses == 2


def test_out_of_band_responses_count_too(meter):
    meter.take(done(out_of_band=True))

    assert meter.usage.tokens == USAGE


def test_totals_that_a_service_leaves_out_are_made(meter):
    meter.take(done(usage=Usage(input_text_tokens=7, output_text_tokens=3)))

    assert meter.usage.tokens.total_tokens == 10


@pytest.mark.parametrize("status", ["cancelled", "incomplete", "failed"])
def test_responses_count_by_how_they_ended(meter, status):
    meter.take(done("resp_1", status="completed"))
    meter.take(done("resp_2", status=status))

    assert meter.usage.responses == 2
    assert getattr(meter.usage, f"{status}_responses") == 1


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.none() | st.integers(0, 100)), max_size=30)
)
def test_whatever_is_told_tokens_are_the_sum_of_the_first_telling_of_each(rows):
    meter = Meter(VirtualClock())
    for response_id, count in rows:
        usage = None if count is None else Usage(total_tokens=count, input_text_tokens=count)
        meter.take(done(response_id, usage=usage))

    first = {}
    for response_id, count in rows:
        if response_id is not None and count is not None:
            first.setdefault(response_id, count)
    nameless = [count for response_id, count in rows if response_id is None]
    assert meter.usage.tokens.total_tokens == sum(first.values()) + sum(filter(None, nameless))
    assert meter.usage.responses == len({row[0] for row in rows} - {None}) + len(nameless)


# -- cost ----------------------------------------------------------------------------------------


def test_without_prices_there_is_no_cost(meter):
    meter.take(done())

    assert meter.usage.cost is None


def test_with_prices_cost_adds_up(clock):
    meter = Meter(clock, Budget(prices=PRICES))
    assert meter.usage.cost == 0.0

    meter.take(done("resp_1"))
    meter.take(done("resp_2"))

    assert meter.usage.cost == pytest.approx(2 * PRICES.cost(USAGE))


# -- time to first audio -------------------------------------------------------------------------


def test_a_requested_response_counts_from_the_written_request(meter, clock):
    meter.requested("cmd_1")
    clock.advance(0.2)
    meter.take(created(command_id="cmd_1"))
    clock.advance(0.3)
    meter.first_audio("resp_1")
    clock.advance(2)

    assert meter.take(done()) == done(first_audio_ms=pytest.approx(500))
    assert meter.usage.first_audio == FirstAudio(
        count=1, last_ms=pytest.approx(500), mean_ms=pytest.approx(500), max_ms=pytest.approx(500)
    )


def test_a_response_of_the_service_counts_from_the_end_of_speech(meter, clock):
    meter.take(speech("started"))
    clock.advance(1)
    meter.take(speech("stopped"))
    clock.advance(0.1)
    meter.take(speech("committed"))
    clock.advance(0.1)
    meter.take(created())
    clock.advance(0.2)
    meter.first_audio("resp_1")

    assert meter.take(done()).first_audio_ms == pytest.approx(400)


def test_without_turn_detection_the_commit_is_the_end_of_speech(meter, clock):
    meter.take(speech("committed"))
    clock.advance(0.4)
    meter.take(created())
    meter.first_audio("resp_1")

    assert meter.take(done()).first_audio_ms == pytest.approx(400)


def test_a_commit_counts_again_in_the_turn_behind_one_with_turn_detection(meter, clock):
    for phase in ("started", "stopped", "committed"):
        meter.take(speech(phase))
    meter.take(created())
    clock.advance(5)
    meter.take(speech("committed"))
    clock.advance(0.4)
    meter.take(created("resp_2"))
    meter.first_audio("resp_2")

    assert meter.take(done("resp_2")).first_audio_ms == pytest.approx(400)


def test_speech_that_goes_on_is_not_ended(meter):
    meter.take(speech("stopped"))
    meter.take(speech("started"))
    meter.take(created())

    assert "resp_1" not in meter.awaiting


def test_speech_that_somebody_ends_by_hand_ends_with_the_commit(meter, clock):
    meter.take(speech("started"))
    meter.take(speech("committed"))
    clock.advance(0.4)
    meter.take(created())
    meter.first_audio("resp_1")

    assert meter.take(done()).first_audio_ms == pytest.approx(400)


def test_a_silence_that_is_only_noticed_asks_for_nothing(meter):
    meter.take(speech("timeout"))
    meter.take(created())

    assert not meter.awaiting


def test_a_turn_is_answered_once(meter):
    meter.take(speech("stopped"))
    meter.take(created("resp_1"))
    meter.take(created("resp_2"))

    assert list(meter.awaiting) == ["resp_1"]


def test_a_request_behind_the_turn_answers_it(meter):
    meter.take(speech("committed"))
    meter.requested("cmd_1")
    meter.take(created("resp_1", "cmd_1"))
    meter.take(created("resp_2"))

    assert list(meter.awaiting) == ["resp_1"]


def test_a_turn_that_ends_behind_the_request_still_has_its_response(meter, clock):
    meter.requested("cmd_1")
    clock.advance(1)
    meter.take(speech("stopped"))
    meter.take(created("resp_1", "cmd_1"))
    clock.advance(0.2)
    meter.take(created("resp_2"))
    meter.first_audio("resp_2")

    assert meter.take(done("resp_2")).first_audio_ms == pytest.approx(200)


def test_a_request_of_which_nothing_is_known_counts_from_the_turn(meter):
    meter.take(speech("stopped"))
    meter.take(created("resp_1", "cmd_of_somebody_else"))

    assert list(meter.awaiting) == ["resp_1"]


def test_a_refused_request_is_forgotten(clock):
    meter = Meter(clock, acks=False)
    meter.requested("cmd_1")
    meter.take(RealtimeErrorEvent(kind="invalid_request", command_id="cmd_1"))
    meter.take(RealtimeErrorEvent(kind="server"))
    meter.take(created())

    assert not meter.awaiting


def test_with_acknowledgements_a_response_of_the_service_answers_no_request(meter):
    meter.requested("cmd_1")
    meter.take(created("resp_own"))
    meter.take(created("resp_1", "cmd_1"))

    assert list(meter.awaiting) == ["resp_1"]


def test_without_acknowledgements_a_response_answers_the_oldest_request(clock):
    meter = Meter(clock, acks=False)
    meter.requested("cmd_1")
    clock.advance(1)
    meter.requested("cmd_2")
    clock.advance(1)
    meter.take(created(None))
    meter.first_audio(None)

    assert meter.take(done(None)).first_audio_ms == pytest.approx(2000)


def test_without_acknowledgements_and_requests_a_turn_is_answered(clock):
    meter = Meter(clock, acks=False)
    meter.take(speech("committed"))
    clock.advance(1)
    meter.take(created(None))
    meter.first_audio(None)

    assert meter.take(done(None)).first_audio_ms == pytest.approx(1000)


def test_only_the_first_audio_counts(meter, clock):
    meter.requested("cmd_1")
    meter.take(created(command_id="cmd_1"))
    meter.first_audio("resp_1")
    clock.advance(1)
    meter.first_audio("resp_1")

    assert meter.usage.first_audio.count == 1
    assert meter.usage.first_audio.last_ms == 0


def test_audio_is_awaited_until_it_comes_or_the_response_ends(meter):
    meter.take(speech("stopped"))
    meter.take(created("resp_1"))
    meter.take(speech("stopped"))
    meter.take(created("resp_2"))
    assert set(meter.awaiting) == {"resp_1", "resp_2"}

    meter.first_audio("resp_1")
    meter.take(done("resp_2"))

    assert not meter.awaiting


def test_a_response_without_audio_has_no_time_to_it(meter):
    meter.requested("cmd_1")
    meter.take(created(command_id="cmd_1"))

    assert meter.take(done()).first_audio_ms is None
    assert meter.usage.first_audio == FirstAudio()


def test_two_responses_at_once_are_told_apart(meter, clock):
    meter.requested("cmd_1")
    clock.advance(1)
    meter.requested("cmd_2")
    meter.take(created("resp_1", "cmd_1"))
    meter.take(created("resp_2", "cmd_2"))
    meter.first_audio("resp_2")
    clock.advance(1)
    meter.first_audio("resp_1")

    assert meter.take(done("resp_1")).first_audio_ms == pytest.approx(2000)
    assert meter.take(done("resp_2")).first_audio_ms == 0
    assert meter.usage.first_audio.mean_ms == pytest.approx(1000)


def test_over_a_media_track_the_begin_of_playback_is_the_first_audio(meter, clock):
    meter.requested("cmd_1")
    meter.take(created(command_id="cmd_1"))
    clock.advance(0.3)
    meter.take(RealtimeResponseEvent(phase="playback_started", response_id="resp_1"))

    assert meter.take(done()).first_audio_ms == pytest.approx(300)


# -- the rest ------------------------------------------------------------------------------------


def test_interruptions_count(meter):
    meter.take(RealtimeInterruptionEvent(cause="speech"))
    meter.take(RealtimeInterruptionEvent(cause="client"))

    assert meter.usage.interruptions == 2


def test_tools_count_with_their_times(meter):
    def result(**fields):
        return RealtimeFunctionResultEvent(function_result=ToolResult("call_1", "f", "1", **fields))

    for event in (result(duration_ms=20.0), result(duration_ms=50.0, is_error=True), result()):
        meter.take(event)

    assert meter.usage == SessionUsage(tool_calls=3, tool_errors=1, tool_ms=70.0, longest_tool_ms=50.0)


def test_an_event_that_is_not_counted_comes_back_as_it_is(meter):
    events = [RealtimeEvent(), created(), done(), speech("timeout")]

    assert [meter.take(event) is event for event in events] == [True] * 4


def test_duration_runs_while_the_session_is_open(meter, clock):
    clock.advance(5)
    assert meter.usage.duration_s == 0
    meter.start()
    clock.advance(7)
    assert meter.usage.duration_s == 7
    meter.close()
    clock.advance(9)

    assert meter.usage.duration_s == 7


def test_a_usage_does_not_change_once_it_is_given(meter):
    before = meter.usage

    meter.take(done())

    assert before == SessionUsage()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        before.responses = 1


@pytest.mark.parametrize("kind", ["requests", "responses", "ended responses"])
def test_what_never_ends_does_not_fill_the_memory(meter, kind):
    for number in range(metering._REMEMBERED + 5):
        match kind:
            case "requests":
                meter.requested(f"cmd_{number}")
            case "responses":
                meter.take(speech("stopped"))
                meter.take(created(f"resp_{number}"))
            case _:
                meter.take(done(f"resp_{number}"))

    assert len(meter._requests) + len(meter.awaiting) + len(meter._ended) == metering._REMEMBERED


# -- the budget ----------------------------------------------------------------------------------


def test_without_a_budget_nothing_is_refused(meter):
    meter.start()
    meter.take(done())

    assert (meter.check(idle=True), meter.refuses, meter.expired) == ((), None, None)


def test_tokens_warn_then_refuse_then_end(clock):
    meter = Meter(clock, Budget(max_tokens=600))
    meter.take(done("resp_1"))
    assert meter.check(idle=False) == ()
    meter.take(done("resp_2"))
    assert [event.code for event in meter.check(idle=False)] == ["budget_warning"]
    meter.take(done("resp_3"))
    assert [event.code for event in meter.check(idle=False)] == ["budget_exhausted"]
    assert "max_tokens of 600 (759 used)" in meter.refuses
    assert meter.expired is None

    meter.check(idle=True)

    assert meter.expired.reason == "budget_exhausted"


def test_cost_is_bounded_by_the_prices(clock):
    meter = Meter(clock, Budget(max_cost=PRICES.cost(USAGE), prices=PRICES))

    meter.take(done())

    assert [event.code for event in meter.check(idle=True)] == ["budget_exhausted"]


def test_time_wakes_the_session(clock):
    woken = []
    meter = Meter(clock, Budget(max_duration_s=60, grace_s=5), wake=lambda: woken.append(clock.now_s()))
    began_s = clock.now_s()
    meter.start()

    clock.advance(48)
    warned = meter.check(idle=True)
    clock.advance(12)
    told = meter.check(idle=False)
    clock.advance(5)
    meter.check(idle=False)

    assert [at_s - began_s for at_s in woken] == [48, 60, 65]
    assert [event.code for event in (*warned, *told)] == ["budget_warning", "budget_exhausted"]
    assert meter.expired is not None


def test_nobody_has_to_be_woken(clock):
    meter = Meter(clock, Budget(max_duration_s=60))
    meter.start()

    clock.advance(60)

    assert [event.code for event in meter.check(idle=True)] == ["budget_exhausted"]


def test_closing_leaves_no_timer(clock):
    meter = Meter(clock, Budget(max_duration_s=60))
    meter.start()

    meter.close()
    meter.close()

    assert clock.pending == 0
