from itertools import product

import pytest
from realtime_core.errors import SessionStateError
from realtime_core.state import TRANSITIONS, SessionState, Trigger, next_state

# the life of a session, written out again: to change the table is to change the contract
ALLOWED = {
    ("new", "open"): "opening",
    ("new", "close"): "closed",
    ("opening", "ready"): "open",
    ("opening", "close"): "closing",
    ("opening", "fail"): "closing",
    ("open", "close"): "closing",
    ("open", "fail"): "closing",
    ("closing", "close"): "closing",
    ("closing", "fail"): "closing",
    ("closing", "down"): "closed",
    ("closed", "close"): "closed",
}
FORBIDDEN = sorted(set(product(map(str, SessionState), map(str, Trigger))) - set(ALLOWED))


@pytest.mark.parametrize(("state", "trigger", "after"), [(*pair, after) for pair, after in ALLOWED.items()])
def test_allowed_trigger_leads_on(state, trigger, after):
    assert next_state(SessionState(state), Trigger(trigger)) is SessionState(after)


@pytest.mark.parametrize(("state", "trigger"), FORBIDDEN)
def test_forbidden_trigger_is_refused_by_name(state, trigger):
    with pytest.raises(
        SessionStateError, match=f"cannot {trigger} a session that is {state}; make a new one"
    ):
        next_state(SessionState(state), Trigger(trigger))


def test_the_table_has_nothing_else():
    assert {(str(state), str(trigger)) for state, trigger in TRANSITIONS} == set(ALLOWED)


def test_nothing_leaves_closed():
    assert {after for (state, _), after in TRANSITIONS.items() if state is SessionState.CLOSED} == {
        SessionState.CLOSED
    }
