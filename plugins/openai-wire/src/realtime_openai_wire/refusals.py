"""Why a connection was refused or ended, as typed errors.

Pure: maps HTTP statuses, operating-system errors and WebSocket close codes; knows no library's
exceptions. Every message names the host, what happened and the remedy, in one line and without secrets.
"""

import ssl
from collections.abc import Collection
from http import HTTPStatus
from typing import Any, Final

import attrs
import msgspec
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    ProviderError,
    RateLimited,
    RealtimeError,
)
from realtime_core.masking import mask_secrets
from realtime_core.reasons import NOT_RETRYABLE, failed_reason, failed_reason_of_status, lost_reason

from realtime_openai_wire.errors import NEW_SECRET, is_expired_secret, meaning_of, tidy_message
from realtime_openai_wire.fields import mapping, text

__all__ = [
    "OPENAI_CHECKS",
    "Checks",
    "closed_by_peer",
    "closed_by_us",
    "not_reached",
    "refused",
    "refused_call",
    "stalled",
]

_LONGEST_PLAIN_BODY: Final = 200
_SECRET_PREFIX: Final = "ek_"  # noqa: S105  # how all client secrets begin


@attrs.frozen(kw_only=True)
class Checks:
    """What a user can check, in the words of a provider's options."""

    place: str = "base URL"
    """Where the service is."""

    key: str = "the API key and its account"
    """What the service does not know."""

    rights: str = "that the key's project, and your region, may use this model"
    """What the service does not allow."""

    model: str = "the model"
    """What the service does not have."""


OPENAI_CHECKS: Final = Checks()
"""What it is with OpenAI."""


def refused(
    host: str,
    status: int,
    body: bytes = b"",
    checks: Checks = OPENAI_CHECKS,
    *,
    secrets: Collection[str] = (),
) -> RealtimeError:
    """The error for an HTTP status in place of a WebSocket, with the reason in ``body``.

    ``secrets`` are what was sent and may be quoted there; the error quotes none of them.
    """
    code, said = _reason_in(body, secrets)
    answer = f"{host} answered HTTP {status}{_because(said)}"
    place = checks.place
    match status:
        case HTTPStatus.UNAUTHORIZED if is_expired_secret(said) or (
            code == "token_expired" and any(secret.startswith(_SECRET_PREFIX) for secret in secrets)
        ):
            return AuthenticationFailed(f"{answer}; {NEW_SECRET}", status=status)
        case HTTPStatus.UNAUTHORIZED:
            return AuthenticationFailed(f"{answer}; check {checks.key}", status=status)
        case HTTPStatus.FORBIDDEN:
            return AuthenticationFailed(f"{answer}; check {checks.rights}", status=status)
        case HTTPStatus.TOO_MANY_REQUESTS if meaning_of(code).kind == "quota":
            return RateLimited(f"{answer}; check the plan and its billing", code=code, retryable=False)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(f"{answer}; try again later", code=code)
        case HTTPStatus.NOT_FOUND:
            remedy = f"check the {place} and {checks.model}"
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            remedy = "the service is in trouble; try again later"
        case _ if status < HTTPStatus.MULTIPLE_CHOICES:
            remedy = f"it speaks no WebSocket there; check the {place}"
        case _ if status < HTTPStatus.BAD_REQUEST:
            remedy = f"it redirects elsewhere; give that {place} instead"
        case _:
            remedy = f"check the {place}, {checks.model}, headers and query"
    reason = failed_reason_of_status(status)
    return ConnectionFailed(f"{answer}; {remedy}", reason=reason, status=status)


def refused_call(
    host: str, status: int, body: bytes = b"", *, secrets: Collection[str] = ()
) -> RealtimeError:
    """The error for an HTTP status in place of an answer to a call that brought the configuration.

    ``secrets``: as for `refused`.
    """
    code, said = _reason_in(body, secrets)
    if status == HTTPStatus.BAD_REQUEST and code is not None:
        # over a WebSocket the same comes as an ``error`` event after ``session.update``
        return ProviderError(f"{host} refused the call{_because(said)}; check the settings", code=code)
    return refused(host, status, body, secrets=secrets)


def _because(said: str) -> str:
    """What the service said, to stand before a remedy."""
    return f": {said.rstrip('.')}" if said else ""


def _reason_in(body: bytes, secrets: Collection[str]) -> tuple[str | None, str]:
    """The error's code, and what the service said: its JSON ``error.message``, or a short plain text."""
    try:
        payload: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        plain = body.decode(errors="replace")
        is_page = "<" in plain or len(plain) > _LONGEST_PLAIN_BODY
        return None, "" if is_page else tidy_message(mask_secrets(plain, secrets))
    if not isinstance(payload, dict):
        return None, ""
    error = mapping(payload, "error") or payload
    said = text(error, "message") or text(payload, "error") or ""
    return text(error, "code") or text(error, "type"), tidy_message(
        mask_secrets(said, secrets), text(error, "param")
    )


def not_reached(host: str, error: Exception, checks: Checks = OPENAI_CHECKS) -> ConnectionFailed:
    """The error for a connection that never got as far as HTTP."""
    place = checks.place
    reason = failed_reason(error)
    match reason:
        case FailedReason.TIMEOUT:
            what = "gave no answer in time; try again, or give timeout_s=..."
        case FailedReason.DNS:
            what = f"has no address; check the {place} and the network"
        case FailedReason.TLS if isinstance(error, ssl.SSLCertVerificationError):
            why = tidy_message(error.verify_message)
            what = f"has a certificate that is not trusted ({why}); check the host"
        case FailedReason.TLS:
            what = f"did not complete the TLS handshake; check the {place}'s scheme"
        case FailedReason.REFUSED:
            what = f"refused the connection; check the {place} and its port"
        case _ if isinstance(error, ImportError):
            what = f"cannot be reached: {_missing_package(error)}"
        case _:
            what = f"cannot be reached ({type(error).__name__}); check the network and its proxy settings"
    return ConnectionFailed(f"{host} {what}", reason=reason)


def _missing_package(error: ImportError) -> str:
    if "socks" in str(error).lower():
        return (
            "the environment names a SOCKS proxy, which takes packages of its own; "
            "pip install 'httpx[socks]' 'python-socks[asyncio]'"
        )
    return f"a package is missing ({error.name or type(error).__name__}); install it"


_NO_CLOSE_FRAME: Final = 1006
_KEEPALIVE_FAILED: Final = 1011
_EXPIRY: Final = "maximum duration"


def closed_by_peer(host: str, code: int | None = None, said: str = "") -> ConnectionLost:
    """The error for the close code that the service sent; without one, it just dropped off."""
    code = _NO_CLOSE_FRAME if code is None else code
    reason = LostReason.EXPIRED if _EXPIRY in said.lower() else lost_reason(code)
    how = "dropped the connection" if code == _NO_CLOSE_FRAME else f"closed the connection ({code})"
    return ConnectionLost(
        f"{host} {how}{_because(tidy_message(said))}; {_advice(reason)}",
        reason=reason,
        code=code,
        retryable=reason not in NOT_RETRYABLE,
    )


def closed_by_us(host: str, code: int, said: str = "") -> ConnectionLost:
    """The error for the close code that our side sent because the service failed it."""
    if code == _KEEPALIVE_FAILED:
        what = f"{host} answers no pings any more; open a new session"
        return ConnectionLost(what, reason=LostReason.DROPPED, code=_NO_CLOSE_FRAME)
    reason = lost_reason(code)
    if reason is LostReason.REJECTED:  # that word is the service's, and this code ours
        reason = LostReason.PROTOCOL
    message = f"what {host} sent cannot be taken ({code}){_because(tidy_message(said))}; {_advice(reason)}"
    return ConnectionLost(message, reason=reason, code=code, retryable=reason not in NOT_RETRYABLE)


def stalled(host: str) -> ConnectionLost:
    """The error for a connection that we cut because the service took nothing of what was sent."""
    what = f"{host} takes nothing any more of what is sent; open a new session"
    return ConnectionLost(what, reason=LostReason.DROPPED, code=_NO_CLOSE_FRAME)


def _advice(reason: LostReason) -> str:
    match reason:
        case LostReason.POLICY | LostReason.REJECTED | LostReason.PROTOCOL:
            return "check the key, the settings and what was sent"
        case LostReason.FRAME_TOO_BIG:
            return "a frame was larger than the limit; open a new session"
        case _:
            return "open a new session"
