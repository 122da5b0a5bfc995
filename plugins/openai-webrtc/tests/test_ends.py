import pytest
from realtime_core.errors import ConnectionFailed, ConnectionLost, FailedReason, LostReason
from realtime_openai_webrtc import ends

HOST = "api.example.com"


@pytest.mark.parametrize(
    ("error", "reason", "remedy"),
    [
        (ends.bad_answer(HOST, "it is no SDP"), FailedReason.REJECTED, "check the base URL"),
        (ends.media_failed(HOST, has_path=False), FailedReason.UNREACHABLE, "WebRTC needs UDP"),
        (ends.media_failed(HOST, has_path=True), FailedReason.TLS, "try again"),
        (ends.media_late(HOST, has_path=False), FailedReason.TIMEOUT, "WebRTC needs UDP"),
        (ends.media_late(HOST, has_path=True), FailedReason.TIMEOUT, "more timeout_s"),
    ],
)
def test_a_call_that_was_never_connected_says_where_and_what_helps(error, reason, remedy):
    assert isinstance(error, ConnectionFailed)
    assert error.reason is reason
    assert HOST in str(error)
    assert remedy in str(error)


def test_a_call_that_cannot_be_offered_says_what_to_check():
    error = ends.no_offer(OSError("words"))

    assert error.reason is FailedReason.UNREACHABLE
    assert str(error) == "no call can be offered (OSError); check the network and ice_servers=..."


def test_ice_servers_that_do_not_answer_are_named():
    error = ends.no_offer(TimeoutError())

    assert error.reason is FailedReason.TIMEOUT
    assert "the ice_servers=... do not answer" in str(error)


@pytest.mark.parametrize(
    ("error", "reason", "retryable"),
    [
        (ends.closed_by_service(HOST), LostReason.CLOSED, True),
        (ends.vanished(HOST), LostReason.DROPPED, True),
        (ends.closed_here(HOST), LostReason.CLOSED, False),
    ],
)
def test_a_call_that_ended_says_who_did_it(error, reason, retryable):
    assert isinstance(error, ConnectionLost)
    assert (error.reason, error.retryable) == (reason, retryable)
    assert HOST in str(error)
