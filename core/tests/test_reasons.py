import errno
import socket
import ssl

import pytest
from realtime_core.errors import FailedReason, LostReason
from realtime_core.reasons import NOT_RETRYABLE, failed_reason, failed_reason_of_status, lost_reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(errno.ETIMEDOUT, "timed out"), FailedReason.TIMEOUT),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), FailedReason.DNS),
        (ssl.SSLCertVerificationError(), FailedReason.TLS),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), FailedReason.REFUSED),
        (OSError("Multiple exceptions: [Errno 111] Connect, [Errno 111] Connect"), FailedReason.REFUSED),
        (OSError("Multiple exceptions: [Errno 111] Connect, [Errno 101] no"), FailedReason.UNREACHABLE),
        (OSError(errno.ENETUNREACH, "unreachable"), FailedReason.UNREACHABLE),
        (ValueError("odd"), FailedReason.UNREACHABLE),
    ],
)
def test_what_keeps_from_reaching_a_host_has_its_reason(error, reason):
    assert failed_reason(error) is reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, FailedReason.NOT_WEBSOCKET),
        (302, FailedReason.REJECTED),
        (400, FailedReason.REJECTED),
        (404, FailedReason.NOT_FOUND),
        (500, FailedReason.UNAVAILABLE),
        (503, FailedReason.UNAVAILABLE),
    ],
)
def test_status_in_place_of_an_upgrade_has_its_reason(status, reason):
    assert failed_reason_of_status(status) is reason


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, LostReason.DROPPED),
        (1000, LostReason.CLOSED),
        (1001, LostReason.GOING_AWAY),
        (1011, LostReason.SERVER_ERROR),
        (2500, LostReason.REJECTED),
        (3000, LostReason.POLICY),
        (3999, LostReason.POLICY),
        (4000, LostReason.REJECTED),
    ],
)
def test_close_code_has_its_reason(code, reason):
    assert lost_reason(code) is reason


@pytest.mark.parametrize("code", [1002, 1008, 3000, 4000])
def test_what_the_peer_objects_to_cannot_be_tried_again(code):
    assert lost_reason(code) in NOT_RETRYABLE


@pytest.mark.parametrize("code", [None, 1000, 1001, 1009, 1011])
def test_every_other_end_can_be_tried_again(code):
    assert lost_reason(code) not in NOT_RETRYABLE
