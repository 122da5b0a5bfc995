import pytest
from realtime_core.errors import (
    AuthenticationFailed,
    CommandTimeout,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    InvalidOptions,
    LostReason,
    ProtocolError,
    ProviderError,
    RateLimited,
    SessionStateError,
    UnsupportedSetting,
)
from realtime_core.fallback import FailedAttempt, falls_back, nobody_left

REFUSED = ConnectionFailed("refused", reason=FailedReason.REFUSED)


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        ConnectionLost("gone", reason=LostReason.DROPPED),
        ProtocolError("broken"),
        AuthenticationFailed("no"),
        RateLimited("no quota", retryable=False),
        CommandTimeout("late"),
        ProviderError("overloaded", retryable=True),
    ],
)
def test_another_is_tried_where_link_service_or_credentials_are_at_fault(error):
    assert falls_back(error)


@pytest.mark.parametrize(
    "error",
    [
        InvalidOptions("wrong"),
        UnsupportedSetting("wrong"),
        SessionStateError("deleted"),
        ProviderError("no such voice"),
        ConnectionLost("the loop ends", reason=LostReason.CANCELLED),
        ValueError("something else"),
    ],
)
def test_no_other_is_tried_where_the_caller_is_at_fault_or_wants_no_more(error):
    assert not falls_back(error)


def test_what_is_raised_when_all_failed_names_all_and_keeps_their_errors():
    no = AuthenticationFailed("no")

    error = nobody_left([FailedAttempt("acme", "support", REFUSED), FailedAttempt("beta", None, no)])

    assert str(error) == "no provider could open a session: acme (profile 'support'): refused; beta: no"
    assert (error.reason, error.causes) == (FailedReason.NO_PROVIDER, (REFUSED, no))
