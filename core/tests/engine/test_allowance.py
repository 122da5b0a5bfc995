import pytest
from realtime_core.budget import Budget, Prices
from realtime_core.contents import Usage
from realtime_core.engine.allowance import Allowance
from realtime_core.errors import LostReason
from realtime_core.usage import SessionUsage

PRICES = Prices(input_text=4, input_audio=32, output_text=16, output_audio=64)


class Woken:
    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1


@pytest.fixture
def woken():
    return Woken()


@pytest.fixture
def allowance(clock, woken):
    def make(**budget):
        return Allowance(Budget(**budget), clock, woken)

    return make


def tokens(count):
    return SessionUsage(tokens=Usage(total_tokens=count))


def seconds(duration_s):
    return SessionUsage(duration_s=duration_s)


def codes(events):
    return [event.code for event in events]


def test_without_bounds_nothing_is_ever_said(allowance, clock):
    free = allowance(prices=PRICES)
    free.start()

    assert free.check(SessionUsage(tokens=Usage(total_tokens=10**9), cost=1e9), idle=True) == ()
    assert (free.refuses, free.expired, clock.pending) == (None, None, 0)


def test_below_the_warning_nothing_is_said(allowance):
    bound = allowance(max_tokens=1000)

    assert bound.check(tokens(799), idle=True) == ()
    assert bound.refuses is None


def test_a_warning_comes_at_its_share_and_once(allowance):
    bound = allowance(max_tokens=1000)

    (warning,) = bound.check(tokens(850), idle=True)

    assert (warning.kind, warning.code, warning.benign, warning.fatal) == (
        "quota",
        "budget_warning",
        True,
        False,
    )
    assert warning.message == "85% of the budget is used, max_tokens of 1000 (850 used)"
    assert bound.check(tokens(900), idle=True) == ()
    assert (bound.refuses, bound.expired) == (None, None)


def test_each_bound_warns_on_its_own(allowance):
    bound = allowance(max_tokens=1000, max_cost=2.0, prices=PRICES)

    first = bound.check(SessionUsage(tokens=Usage(total_tokens=900), cost=0.1), idle=True)
    second = bound.check(SessionUsage(tokens=Usage(total_tokens=950), cost=1.9), idle=True)

    assert [event.message for event in (*first, *second)] == [
        "90% of the budget is used, max_tokens of 1000 (900 used)",
        "95% of the budget is used, max_cost of 2 (1.9 used)",
    ]


def test_two_bounds_may_warn_at_once(allowance):
    bound = allowance(max_tokens=1000, max_cost=2.0, prices=PRICES)

    both = bound.check(SessionUsage(tokens=Usage(total_tokens=900), cost=1.9), idle=True)

    assert codes(both) == ["budget_warning", "budget_warning"]


def test_a_used_up_budget_is_told_once_and_refuses(allowance):
    bound = allowance(max_tokens=1000)

    (told,) = bound.check(tokens(1042), idle=False)

    assert (told.kind, told.code, told.benign, told.retryable) == ("quota", "budget_exhausted", False, False)
    assert told.message == (
        "the budget is used up, max_tokens of 1000 (1042 used): no response is begun any more, "
        "and the session ends when what is being said has been heard, at the latest in 10 s"
    )
    assert bound.refuses == (
        "the budget of the session is used up, max_tokens of 1000 (1042 used): it begins no response any "
        "more, and ends; give the next one a larger Budget"
    )
    assert bound.check(tokens(2000), idle=False) == ()


def test_a_bound_that_is_passed_in_one_step_is_not_warned_of_too(allowance):
    assert codes(allowance(max_tokens=1000).check(tokens(1000), idle=False)) == ["budget_exhausted"]


def test_once_it_is_used_up_no_other_bound_warns(allowance):
    bound = allowance(max_tokens=1000, max_cost=2.0, prices=PRICES)
    bound.check(SessionUsage(tokens=Usage(total_tokens=1000), cost=0.1), idle=False)

    assert bound.check(SessionUsage(tokens=Usage(total_tokens=1000), cost=1.9), idle=False) == ()


def test_the_session_goes_on_while_something_runs_or_plays(allowance):
    bound = allowance(max_tokens=1000)

    bound.check(tokens(1000), idle=False)

    assert bound.expired is None


def test_the_session_ends_when_nothing_plays_any_more(allowance):
    bound = allowance(max_tokens=1000)
    bound.check(tokens(1000), idle=False)

    bound.check(tokens(1042), idle=True)

    assert bound.expired.reason is LostReason.BUDGET_EXHAUSTED
    assert bound.expired.reason == "budget_exhausted"
    assert bound.expired.retryable is False
    assert str(bound.expired) == (
        "the session was ended: its budget is used up, max_tokens of 1000 (1000 used); "
        "give the next one a larger Budget"
    )


def test_the_session_ends_at_once_if_nothing_plays(allowance):
    bound = allowance(max_tokens=1000)

    events = bound.check(tokens(1000), idle=True)

    assert codes(events) == ["budget_exhausted"]
    assert bound.expired is not None


def test_what_expired_stays_the_same(allowance):
    bound = allowance(max_tokens=1000)
    bound.check(tokens(1000), idle=True)
    first = bound.expired

    bound.check(tokens(1000), idle=True)

    assert bound.expired is first


def test_the_grace_ends_even_while_something_plays(allowance, clock, woken):
    bound = allowance(max_tokens=1000, grace_s=10)
    bound.check(tokens(1000), idle=False)

    clock.advance(9.9)
    assert (woken.times, bound.expired) == (0, None)
    clock.advance(0.1)
    bound.check(tokens(1000), idle=False)

    assert woken.times == 1
    assert bound.expired is not None


def test_time_warns_and_ends_without_anything_happening(allowance, clock, woken):
    bound = allowance(max_duration_s=600, grace_s=5)
    bound.start()

    clock.advance(480)
    assert woken.times == 1
    # a system's timer may fire a hair before its time
    (warning,) = bound.check(seconds(479.9999), idle=True)
    clock.advance(120)
    assert woken.times == 2
    (told,) = bound.check(seconds(599.9999), idle=False)

    assert warning.message == "80% of the budget is used, max_duration_s of 600 (480 used)"
    assert "max_duration_s of 600 (600 used)" in told.message
    assert bound.expired is None
    clock.advance(5)
    bound.check(seconds(605), idle=False)
    assert bound.expired is not None


def test_time_is_bounded_by_what_has_passed_when_somebody_asks_too(allowance):
    bound = allowance(max_duration_s=600)

    assert codes(bound.check(seconds(500), idle=True)) == ["budget_warning"]


def test_a_warning_share_of_one_is_no_warning(allowance):
    bound = allowance(max_tokens=1000, warn_at=1.0)

    assert bound.check(tokens(999), idle=True) == ()
    assert codes(bound.check(tokens(1000), idle=True)) == ["budget_exhausted"]


def test_closing_leaves_no_timer(allowance, clock, woken):
    bound = allowance(max_duration_s=600)
    bound.start()

    bound.close()
    clock.advance(1000)

    assert (clock.pending, woken.times) == (0, 0)


def test_the_grace_begins_no_timer_after_the_end(allowance, clock):
    bound = allowance(max_tokens=1000)
    bound.close()

    bound.check(tokens(1000), idle=False)

    assert clock.pending == 0


def test_the_grace_is_the_only_timer_of_a_used_up_budget(allowance, clock):
    bound = allowance(max_tokens=1000, max_duration_s=600)
    bound.start()

    bound.check(tokens(1000), idle=False)

    assert clock.pending == 1
    bound.close()
    assert clock.pending == 0


def test_without_grace_the_session_ends_as_soon_as_the_loop_gets_to_it(allowance, clock, woken):
    bound = allowance(max_tokens=1000, grace_s=0)
    bound.check(tokens(1000), idle=False)
    assert bound.expired is None

    clock.advance(0)
    bound.check(tokens(1000), idle=False)

    assert woken.times == 1
    assert bound.expired is not None
