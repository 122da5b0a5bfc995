"""Who may open a session: keys in headers and subprotocols, and the service's words for a refusal.

Knows nothing of sockets; ``headers`` is what the HTTP library has.
"""

import hmac
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final, Protocol

__all__ = [
    "SECRET_PREFIX",
    "Headers",
    "Refused",
    "bearer_of",
    "check_key",
    "is_beta",
    "key_of",
    "select_subprotocol",
]

SECRET_PREFIX: Final = "ek_"  # noqa: S105  # how all of them begin
"""Of client secrets."""

_KEY_PROTOCOL: Final = "openai-insecure-api-key."
_BETA_PROTOCOL: Final = "openai-beta.realtime-v1"
_REALTIME: Final = "realtime"
_SHOWN: Final = 4
"""How many characters of a long key a refusal shows, so that its owner knows which one it was."""


class Headers(Protocol):
    """The headers of a request."""

    def getall(self, key: str, default: list[str], /) -> list[str]:
        """All values of one header, or ``default``."""


class Refused(Exception):
    """A request that is answered by an HTTP status instead of a session."""

    def __init__(self, status: int, message: str, *, code: str | None, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param

    @classmethod
    def of_wrong_key(cls, key: str) -> "Refused":
        """The key opens nothing here."""
        return cls(401, f"Incorrect API key provided: {_masked(key)}.", code="invalid_api_key")

    @classmethod
    def of_unknown_secret(cls, key: str) -> "Refused":
        """The key looks like a client secret, and is none that was made here."""
        message = (
            f"Incorrect client secret provided: {_masked(key)}. Make one with POST /realtime/client_secrets; "
            "it is known as long as this server runs."
        )
        return cls(401, message, code="invalid_api_key")

    @classmethod
    def of_plan(cls, status: int) -> "Refused":
        """A test wants it so."""
        code = "invalid_api_key" if status == HTTPStatus.UNAUTHORIZED else None
        return cls(status, "Refused, as the test has planned.", code=code)

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        error = {
            "message": str(self),
            "type": "invalid_request_error",
            "param": self.param,
            "code": self.code,
        }
        return {"error": error}


def key_of(headers: Headers) -> str:
    """The key of a request.

    Raises:
        Refused: it has none.
    """
    bearer = bearer_of(headers)
    if bearer is not None:
        return bearer
    for protocol in _protocols(headers):
        if protocol.startswith(_KEY_PROTOCOL):
            return protocol.removeprefix(_KEY_PROTOCOL)
    message = (
        "You didn't provide an API key. You need to provide your API key in an Authorization header "
        "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
    )
    raise Refused(401, message, code=None)


def bearer_of(headers: Headers) -> str | None:
    """What comes in the ``Authorization`` header as ``Bearer``."""
    for value in headers.getall("Authorization", []):
        scheme, _, key = value.partition(" ")
        if scheme.lower() == "bearer" and key.strip():
            return key.strip()
    return None


def check_key(key: str, api_key: str | None) -> None:
    """Let a good key of the account pass: ``api_key``, or any if that is None.

    Raises:
        Refused: it is another, or looks like a client secret: those that are good are no keys of the account.
    """
    if api_key is None and key.startswith(SECRET_PREFIX):
        raise Refused.of_unknown_secret(key)
    if api_key is not None and not hmac.compare_digest(key.encode(), api_key.encode()):
        raise Refused.of_wrong_key(key)


def _masked(key: str) -> str:
    return f"{key[:_SHOWN]}***{key[-_SHOWN:]}" if len(key) > 4 * _SHOWN else "***"


def _protocols(headers: Headers) -> Iterator[str]:
    for value in headers.getall("Sec-WebSocket-Protocol", []):
        yield from map(str.strip, value.split(","))


def is_beta(headers: Headers) -> bool:
    """Whether a request asks for the beta shape, which is switched off."""
    asked = any("realtime=v1" in value for value in headers.getall("OpenAI-Beta", []))
    return asked or _BETA_PROTOCOL in _protocols(headers)


def select_subprotocol(headers: Headers) -> str | None:
    """The one that the service chooses; clients that offer none are as welcome."""
    return _REALTIME if _REALTIME in _protocols(headers) else None
