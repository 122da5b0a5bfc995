import pytest
from realtime_core.audio.sinks import NullSink
from realtime_core.budget import Budget
from realtime_core.client_parts import check_parts, clients_among
from realtime_core.errors import InvalidSettings
from realtime_core.limits import SessionLimits


def test_parts_that_fit_and_those_that_are_not_there_are_taken():
    check_parts(None, None, None, None)
    check_parts(SessionLimits(), Budget(max_duration_s=1), lambda: None, NullSink())
    check_parts(None, None, None, lambda: None)


@pytest.mark.parametrize(
    ("position", "words"),
    [
        (0, "limits must be a SessionLimits value, not int"),
        (1, "budget must be a Budget value, not int"),
        (2, "tool_error must be callable, not int"),
        (3, "audio_output_callback must be callable or an AudioSink, not int"),
    ],
)
def test_a_part_that_does_not_fit_is_named(position, words):
    parts = [None] * 4
    parts[position] = 3

    with pytest.raises(InvalidSettings, match=words):
        check_parts(*parts)


def test_fallbacks_are_clients():
    assert clients_among(iter(["a", "b"]), str) == ("a", "b")


@pytest.mark.parametrize(("fallbacks", "what"), [(3, "int"), (["acme"], "str"), ("acme", "str")])
def test_what_is_no_client_is_no_fallback(fallbacks, what):
    with pytest.raises(InvalidSettings, match=f"fallbacks takes clients, not {what}"):
        clients_among(fallbacks, dict)
