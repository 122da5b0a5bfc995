"""The ledger of calls on its own."""

import pytest
from realtime_core.engine.calls import CallLedger


@pytest.fixture
def ledger():
    return CallLedger()


def test_call_is_new_once(ledger):
    assert ledger.begin("r", "c")
    assert not ledger.begin("r", "c")
    assert ledger.knows("c")
    assert not ledger.knows("d")


def test_two_responses_may_call_by_the_same_id(ledger):
    assert ledger.begin("r", "call_0")
    assert ledger.begin("s", "call_0")


def test_model_goes_on_once_after_all_answers_and_the_end_of_the_response(ledger):
    for call in "abc":
        ledger.begin("r", call)

    assert not ledger.answered("r", "a")
    assert not ledger.response_done("r")
    assert not ledger.answered("r", "b")
    assert ledger.answered("r", "c")
    assert not ledger.answered("r", "c")
    assert not ledger.response_done("r")


def test_model_goes_on_at_the_end_where_all_were_answered_before(ledger):
    ledger.begin("r", "a")
    assert not ledger.answered("r", "a")

    assert ledger.response_done("r")


def test_response_without_calls_lets_nothing_go_on(ledger):
    assert not ledger.response_done("r")
    assert not ledger.answered("r", "a")


def test_answer_to_an_unknown_call_lets_nothing_go_on(ledger):
    ledger.begin("r", "a")
    ledger.response_done("r")

    assert not ledger.answered("r", "b")


def test_call_that_comes_after_the_end_of_its_response_is_waited_for(ledger):
    ledger.begin("r", "a")
    ledger.answered("r", "a")
    assert ledger.response_done("r")

    assert ledger.begin("r", "late")
    assert ledger.answered("r", "late")


def test_without_ids_of_responses_the_end_of_one_tells_it_from_the_next(ledger):
    assert ledger.begin(None, "call_0")
    ledger.answered(None, "call_0")
    assert ledger.response_done(None)

    assert ledger.begin(None, "call_0")
    assert not ledger.answered(None, "call_0")
    assert ledger.response_done(None)


def test_of_very_many_responses_those_are_forgotten_first_that_are_over(ledger):
    ledger.begin("open", "a")
    ledger.begin("over", "b")
    ledger.answered("over", "b")
    ledger.response_done("over")

    for number in range(255):
        ledger.begin(f"r{number}", f"c{number}")

    assert ledger.knows("a")
    assert ledger.begin("over", "b")  # as if it had never been


def test_of_very_many_open_responses_the_oldest_is_forgotten(ledger):
    for number in range(257):
        ledger.begin(f"r{number}", f"c{number}")

    assert not ledger.knows("c0")
    assert ledger.knows("c1")


def test_without_ids_and_ends_an_answered_call_may_come_again(ledger):
    assert ledger.begin(None, "call_0")
    assert not ledger.begin(None, "call_0")
    ledger.answered(None, "call_0")

    assert ledger.knows("call_0")
    assert ledger.begin(None, "call_0")


def test_of_very_many_answered_calls_the_oldest_is_forgotten(ledger):
    for number in range(1_025):
        ledger.begin("r", f"call_{number}")
        ledger.answered("r", f"call_{number}")

    assert not ledger.knows("call_0")
    assert ledger.knows("call_1")


def test_model_goes_on_if_it_has_any_answer_and_not_if_it_has_none(ledger):
    for response in ("some", "none"):
        ledger.begin(response, "a")
        ledger.begin(response, "b")
        ledger.response_done(response)

    ledger.answered("some", "a")
    assert ledger.answered("some", "b", told=False)
    ledger.answered("none", "a", told=False)
    assert not ledger.answered("none", "b", told=False)
