import attrs
import pytest
from realtime_core.limits import SessionLimits

FIELDS = [field.name for field in attrs.fields(SessionLimits)]


def test_default_queue_holds_twice_the_longest_response_and_32_mib():
    assert SessionLimits().queue_bytes == 32 * 1024 * 1024


def test_default_hold_of_a_callback_is_20_ms():
    assert SessionLimits().callback_hold_ms == 20


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_is_positive(name, value):
    with pytest.raises(ValueError, match=name):
        SessionLimits(**{name: value})


@pytest.mark.parametrize("name", FIELDS)
def test_a_limit_is_taken_as_given(name):
    assert getattr(SessionLimits(**{name: 7}), name) == 7


def test_limits_do_not_change():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        SessionLimits().queue_bytes = 1
