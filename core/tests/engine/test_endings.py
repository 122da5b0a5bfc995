"""Ends that are told when the service has played what they are the ends of."""

import pytest
from realtime_core.commands import CreateResponse
from realtime_core.engine.endings import Endings
from realtime_core.engine.request import ResponseRequest
from realtime_core.events import RealtimeResponseEvent


@pytest.fixture
def told():
    return []


@pytest.fixture
def served():
    return {"r1", "r2"}


@pytest.fixture
def endings(told, served, clock):
    yield (made := Endings(served.__contains__, report=told.append, clock=clock))
    made.tell()
    assert clock.pending == 0


def done(name="r1"):
    return RealtimeResponseEvent(
        service_type="response.done", phase="done", status="completed", response_id=name
    )


def request():
    async def heard(_):
        return True

    return ResponseRequest(CreateResponse(), heard)


def test_an_end_is_told_when_its_response_is_not_played_any_more(endings, told, served):
    asked = request()
    endings.hold(done(), asked)
    endings.tell_played()
    assert told == []
    assert not asked.done.settled

    served.clear()
    endings.tell_played()

    (event,) = told
    # its frame was told in its place
    assert (event.service_type, event.status, event.response_id) == (None, "completed", "r1")
    assert asked.done.value is event


def test_each_end_is_told_once_and_in_their_order(endings, told, served):
    endings.hold(done("r1"), None)
    endings.hold(done("r2"), None)
    served.discard("r2")
    endings.tell_played()
    endings.tell()
    endings.tell()

    assert [event.response_id for event in told] == ["r2", "r1"]


def test_an_end_whose_response_is_never_played_is_told_all_the_same(endings, told, served, clock):
    endings.hold(done("r1"), None)
    served.clear()

    clock.advance(2.1)

    assert len(told) == 1


def test_time_alone_tells_nothing_of_what_is_played(endings, told, clock):
    endings.hold(done("r1"), None)

    clock.advance(60)

    assert told == []


def test_the_end_of_what_was_cut_short_says_so(endings, told, served):
    asked = request()
    endings.hold(done("r1"), asked)
    endings.hold(done("r2"), None)
    served.discard("r1")

    endings.tell_cut(["r1"])

    (event,) = told
    assert (event.response_id, event.status, event.status_reason) == ("r1", "cancelled", "interrupted")
    assert asked.done.value is event
