import math

import pytest
from realtime_core.errors import InvalidOptions
from realtime_simulator.faults import FAULT_NAMES, Fault, FaultInjector, Send, parse_faults
from realtime_simulator.frames import End

DELTA = {"type": "response.output_text.delta", "event_id": "event_2", "response_id": "resp_1", "delta": "x"}
DONE = {"type": "response.done", "event_id": "event_3", "response": {"id": "resp_1"}}


def frame(number=1):
    return {"type": "session.updated", "event_id": f"event_{number}"}


def run(faults, *frames):
    inject = FaultInjector(parse_faults(faults))
    return [inject(given) for given in frames]


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("close:1001@7", Fault("close", 7, 1001)),
        (" abort@1 ", Fault("abort", 1)),
        ("stall@12", Fault("stall", 12)),
        ("garbage@2", Fault("garbage", 2)),
        ("unknown-event@2", Fault("unknown-event", 2)),
        ("late-delta@2", Fault("late-delta", 2)),
        ("null-event-id@2", Fault("null-event-id", 2)),
        ("slow@5", Fault("slow", 5, 50.0)),
        ("slow:200@5", Fault("slow", 5, 200.0)),
        ("slow:0@5", Fault("slow", 5, 0.0)),
        ("close:1001:back soon@7", Fault("close", 7, 1001, "back soon")),
        ("close:1001:@7", Fault("close", 7, 1001, "")),
        ("close:4000:me@home@7", Fault("close", 7, 4000, "me@home")),
        ("abort@12#1", Fault("abort", 12, session=1)),
        ("close:4000:me#2@7#3", Fault("close", 7, 4000, "me#2", 3)),
    ],
)
def test_fault_is_named_with_its_frame(spec, fault):
    assert Fault.parse(spec) == fault
    assert Fault.parse(str(fault)) == fault


@pytest.mark.parametrize("code", [99, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_wrong_close_code_names_those_there_are(code):
    choices = f"{code} is no close code: choose 1000 to 1003, 1007 to 1014 or 3000 to 4999"

    with pytest.raises(InvalidOptions, match=choices):
        Fault.parse(f"close:{code}@9")


def test_frames_count_from_1():
    with pytest.raises(InvalidOptions, match="frames count from 1"):
        Fault.parse("stall@0")


def test_sessions_count_from_1():
    with pytest.raises(InvalidOptions, match="sessions count from 1"):
        Fault.parse("stall@1#0")


def test_text_of_a_close_fits_its_frame():
    Fault.parse(f"close:1000:{'x' * 123}@1")

    with pytest.raises(InvalidOptions, match="123 bytes"):
        Fault.parse(f"close:1000:{'x' * 122}é@1")


@pytest.mark.parametrize(
    "spec",
    [
        *("", "close", "close@7", "close:1001", "abort:1@1", "slow:5:x@1", "close::x@1"),
        *("clse:1001@1", "stall@-1", "slow:x@1", "late delta@1"),
    ],
)
def test_wrong_fault_names_the_choices(spec):
    with pytest.raises(InvalidOptions, match="fault") as caught:
        Fault.parse(spec)

    assert FAULT_NAMES in str(caught.value)


@pytest.mark.parametrize(
    "given", ["abort@1,stall@2", ["abort@1", "stall@2"], [Fault("abort", 1), "stall@2"], ["abort@1,stall@2"]]
)
def test_several_faults_are_a_list_or_have_commas(given):
    assert parse_faults(given) == (Fault("abort", 1), Fault("stall", 2))


@pytest.mark.parametrize("given", ["", []])
def test_no_faults_are_none(given):
    assert parse_faults(given) == ()


def test_one_fault_is_a_list_too():
    assert parse_faults(Fault("abort", 1)) == (Fault("abort", 1),)


def test_without_faults_frames_pass():
    assert run("", frame(1), frame(2)) == [[Send(frame(1))], [Send(frame(2))]]


def test_fault_strikes_at_its_frame_and_not_before():
    first, second = run("abort@2", frame(1), frame(2))

    assert first == [Send(frame(1))]
    assert second == [End(None)]


def test_close_of_1001_says_why():
    assert run("close:1001@1", frame()) == [
        [End(1001, "Your session hit the maximum duration of 60 minutes.")]
    ]
    assert run("close:1011@1", frame()) == [[End(1011, "")]]


def test_close_may_say_something_else():
    assert run("close:1001:back soon@1", frame()) == [[End(1001, "back soon")]]
    assert run("close:1001:@1", frame()) == [[End(1001, "")]]


def test_injector_tells_what_strikes_and_what_waits():
    struck = []
    inject = FaultInjector(parse_faults("stall@2,slow@1"), lambda *told: struck.append(told))

    inject(frame())

    assert struck == [(Fault("slow", 1, 50.0), "session.updated")]
    assert (list(map(str, inject.waiting)), inject.sent) == (["stall@2"], 1)


def test_garbage_goes_before_the_frame():
    ((garbage, sent),) = run("garbage@1", frame())

    assert isinstance(garbage.frame, str)
    assert sent == Send(frame())


def test_unknown_event_goes_before_the_frame():
    ((unknown, sent),) = run("unknown-event@1", frame())

    assert unknown.frame["type"] == "simulator.unknown"
    assert sent == Send(frame())


def test_stalled_frames_are_never_sent():
    first, second = run("stall@1", frame(1), frame(2))

    assert first == [Send(frame(1), math.inf)]
    assert second == [Send(frame(2), math.inf)]


def test_slow_makes_each_further_frame_late():
    assert run("slow:200@2", frame(1), frame(2), frame(3)) == [
        [Send(frame(1))],
        [Send(frame(2), 200.0)],
        [Send(frame(3), 200.0)],
    ]


def test_late_delta_follows_its_responses_done():
    *_, (done, late) = run("late-delta@1", DELTA, DONE)

    assert done == Send(DONE)
    assert {**late.frame, "event_id": "event_2"} == DELTA
    assert late.frame["event_id"] not in {"event_2", "event_3"}


def test_late_delta_comes_once():
    assert [len(actions) for actions in run("late-delta@1", DELTA, DONE, DELTA, DONE)] == [1, 2, 1, 1]


def test_late_delta_waits_for_a_response_that_has_deltas():
    other = {**DONE, "response": {"id": "resp_0"}}

    assert [len(actions) for actions in run("late-delta@1", other, DELTA, other, DONE)] == [1, 1, 1, 2]


def test_errors_lose_the_clients_event_id():
    error = {"type": "error", "event_id": "event_1", "error": {"event_id": "mine", "code": "x"}}

    before, after = run("null-event-id@2", error, error)

    assert before == [Send(error)]
    assert after[0].frame["error"] == {"event_id": None, "code": "x"}
    assert error["error"]["event_id"] == "mine"


def test_faults_of_one_frame_all_strike():
    ((garbage, end),) = run("garbage@1,close:1011@1", frame())

    assert isinstance(garbage.frame, str)
    assert end == End(1011)
