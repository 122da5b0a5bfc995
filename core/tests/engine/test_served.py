"""Responses that the service plays itself."""

import pytest
from realtime_core.engine.served import ServedResponses


@pytest.fixture
def served(clock):
    return ServedResponses(clock)


def test_what_begins_takes_the_place_of_what_was_played(served):
    assert served.begin("r1") == ()
    assert served.begin("r1") == ()
    assert served.begin("r2") == ("r1",)
    served.end("r1")

    assert served.now == ("r2",)
    assert "r2" in served
    assert "r1" not in served
    assert served.has_ended("r1")


def test_what_is_expected_is_about_to_be_played_for_a_while(served, clock):
    served.expect("r1")
    assert (served.now, "r1" in served) == (("r1",), False)

    clock.advance(2)
    served.expect("r2")

    assert served.now == ("r2",)


@pytest.mark.parametrize("ends", [False, True])
def test_what_plays_or_was_played_is_not_expected(served, ends):
    served.begin("r1")
    if ends:
        served.end("r1")
    served.expect("r1")

    assert served.now == (() if ends else ("r1",))


def test_what_begins_again_has_not_ended(served):
    served.begin("r1")
    served.end("r1")
    served.begin("r1")

    assert not served.has_ended("r1")


def test_what_was_cut_is_played_by_nobody(served):
    served.begin("r1")
    served.expect("r2")

    served.clear()

    assert served.now == ()


def test_the_latest_that_ended_are_known(served):
    for number in range(65):
        served.begin(str(number))
        served.end(str(number))

    assert [served.has_ended(str(number)) for number in (0, 1, 64)] == [False, True, True]
