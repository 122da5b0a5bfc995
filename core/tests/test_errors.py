import re

import pytest
from realtime_core import errors


def _drawn() -> dict[str, str]:
    """Class name to parent, as the module docstring draws it: four columns a level."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in errors.__doc__.splitlines():
        match = re.match(r"^ {4}((?:[│ ] {3})*(?:[├└]── )?)(\w+)", line)
        if match is None or not hasattr(errors, match[2]):
            continue
        depth = len(match[1]) // 4
        path[depth:] = [match[2]]
        parents[match[2]] = path[depth - 1] if depth else "Exception"
    return parents


def _real() -> dict[str, str]:
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, Exception)]
    return {cls.__name__: cls.__bases__[0].__name__ for cls in classes}


def test_drawn_tree_is_the_real_tree():
    assert _drawn() == _real()


def test_all_names_every_class_of_the_module():
    classes = [name for name, value in vars(errors).items() if isinstance(value, type)]

    assert sorted(errors.__all__) == sorted(name for name in classes if name != "StrEnum")


@pytest.mark.parametrize("cls", [errors.InvalidOptions, errors.InvalidSettings])
def test_wrong_value_is_a_value_error_too(cls):
    assert issubclass(cls, ValueError)


def test_authentication_failed_carries_the_http_status():
    error = errors.AuthenticationFailed("no", status=401)

    assert (str(error), error.status) == ("no", 401)


def test_authentication_failed_has_no_status_unless_told():
    assert errors.AuthenticationFailed("no").status is None


def test_provider_error_carries_code_and_whether_to_try_again():
    error = errors.ProviderError("no", code="server_error", retryable=True)

    assert (str(error), error.code, error.retryable) == ("no", "server_error", True)


def test_provider_error_is_not_retryable_unless_told():
    error = errors.ProviderError("no")

    assert (error.code, error.retryable) == (None, False)


def test_rate_limited_is_retryable_unless_told():
    error = errors.RateLimited("slow down")

    assert (str(error), error.code, error.retryable) == ("slow down", None, True)


def test_rate_limited_without_quota_is_not_retryable():
    error = errors.RateLimited("no quota", code="insufficient_quota", retryable=False)

    assert (error.code, error.retryable) == ("insufficient_quota", False)


def test_connection_failed_carries_reason_and_status():
    error = errors.ConnectionFailed("no", reason=errors.FailedReason.NOT_FOUND, status=404)

    assert (str(error), error.reason, error.status) == ("no", errors.FailedReason.NOT_FOUND, 404)


def test_connection_lost_carries_reason_and_code():
    error = errors.ConnectionLost("gone", reason=errors.LostReason.POLICY, code=1008, retryable=False)

    assert (str(error), error.reason, error.code, error.retryable) == (
        "gone",
        errors.LostReason.POLICY,
        1008,
        False,
    )


def test_connection_lost_is_retryable_unless_told():
    error = errors.ConnectionLost("gone", reason=errors.LostReason.DROPPED)

    assert (error.code, error.retryable) == (None, True)


@pytest.mark.parametrize("reasons", [errors.FailedReason, errors.LostReason])
def test_reason_is_its_own_word_in_small_letters(reasons):
    assert [str(reason) for reason in reasons] == [reason.name.lower() for reason in reasons]
