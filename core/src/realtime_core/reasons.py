"""What the operating system, HTTP and WebSocket say of a link, as the reasons of our errors.

Pure, for providers of every kind: knows no library and no service, and writes no messages.
"""

import re
import socket
import ssl
from collections.abc import Mapping
from errno import ECONNREFUSED
from http import HTTPStatus
from typing import Final

from realtime_core.errors import FailedReason, LostReason

__all__ = ["NOT_RETRYABLE", "failed_reason", "failed_reason_of_status", "lost_reason"]

_CLOSE_CODES: Final[Mapping[int, LostReason]] = {
    1000: LostReason.CLOSED,
    1001: LostReason.GOING_AWAY,
    1002: LostReason.PROTOCOL,
    1003: LostReason.PROTOCOL,
    1005: LostReason.DROPPED,
    1006: LostReason.DROPPED,
    1007: LostReason.PROTOCOL,
    1008: LostReason.POLICY,
    1009: LostReason.FRAME_TOO_BIG,
    1010: LostReason.PROTOCOL,
    1011: LostReason.SERVER_ERROR,
    1012: LostReason.GOING_AWAY,
    1013: LostReason.GOING_AWAY,
    1014: LostReason.SERVER_ERROR,
    1015: LostReason.DROPPED,
}
"""RFC 6455 §7.4.1, and the registry of close codes."""

_POLICY_CODES: Final = range(3000, 4000)

NOT_RETRYABLE: Final = frozenset({LostReason.PROTOCOL, LostReason.POLICY, LostReason.REJECTED})
"""After these a new session cannot be expected to work: for ``retryable`` of `ConnectionLost`."""


def failed_reason(error: Exception) -> FailedReason:
    """Why a connection that never got as far as HTTP was not made."""
    match error:
        case TimeoutError():
            return FailedReason.TIMEOUT
        case socket.gaierror():
            return FailedReason.DNS
        case ssl.SSLError():
            return FailedReason.TLS
        case OSError() if _is_refusal(error):
            return FailedReason.REFUSED
        case _:
            return FailedReason.UNREACHABLE


def _is_refusal(error: OSError) -> bool:
    if isinstance(error, ConnectionRefusedError):
        return True
    # asyncio melts the errors of a host with several addresses into one without a number
    numbers = re.findall(r"\[Errno (\d+)\]", str(error)) if error.errno is None else []
    return bool(numbers) and set(numbers) == {str(ECONNREFUSED)}


def failed_reason_of_status(status: int) -> FailedReason:
    """Why a connection was not made that HTTP answered with ``status`` in place of the upgrade.

    401 and 403 are an `AuthenticationFailed` instead, and 429 is a `RateLimited`.
    """
    if status == HTTPStatus.NOT_FOUND:
        return FailedReason.NOT_FOUND
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FailedReason.UNAVAILABLE
    return FailedReason.NOT_WEBSOCKET if status < HTTPStatus.MULTIPLE_CHOICES else FailedReason.REJECTED


def lost_reason(code: int | None) -> LostReason:
    """Why a WebSocket ended that its peer closed with ``code``; None: without a close frame."""
    if code is None:
        return LostReason.DROPPED
    of_its_own = LostReason.POLICY if code in _POLICY_CODES else LostReason.REJECTED
    return _CLOSE_CODES.get(code, of_its_own)
