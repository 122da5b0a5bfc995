"""Every exception this project raises, as one tree.

::

    RealtimeError
    ├── RegistryError              a provider cannot be found or loaded
    │   ├── UnknownProvider            no installed distribution has that name
    │   ├── DuplicateProvider          two distributions claim one name
    │   └── BrokenPlugin               the plugin does not import or does not keep the contract
    ├── CallerError                the program asked for something that cannot be
    │   ├── InvalidConfig              a configuration file, or what it says, is wrong
    │   ├── InvalidOptions             a provider option is missing or wrong
    │   ├── InvalidSettings            a session setting is wrong
    │   ├── UnsupportedSetting         the provider cannot honour that setting
    │   ├── UnsupportedCommand         the provider cannot do that
    │   ├── InvalidTool                a function cannot be a tool as it stands
    │   └── SessionStateError          not now: the session is not open, or has ended
    ├── ServiceError               the service answered, and said no
    │   ├── AuthenticationFailed       key, token or permission refused
    │   ├── ProviderError              any other refusal, with the service's ``code``
    │   ├── RateLimited                too many requests or tokens, or no quota
    │   └── CommandTimeout             no answer to a command in time
    └── LinkError                  the link to the service
        ├── ConnectionFailed           there never was one
        ├── ConnectionLost             it ended, and nobody here asked for that
        └── ProtocolError              the peer, or a plugin, broke the protocol

A message names the offender, the choices and the remedy; it never holds a key, a token, a
prompt, a transcript or audio. Exceptions of other libraries never escape: they are the
``__cause__``.
"""

from enum import StrEnum

__all__ = [
    "AuthenticationFailed",
    "BrokenPlugin",
    "CallerError",
    "CommandTimeout",
    "ConnectionFailed",
    "ConnectionLost",
    "DuplicateProvider",
    "FailedReason",
    "InvalidConfig",
    "InvalidOptions",
    "InvalidSettings",
    "InvalidTool",
    "LinkError",
    "LostReason",
    "ProtocolError",
    "ProviderError",
    "RateLimited",
    "RealtimeError",
    "RegistryError",
    "ServiceError",
    "SessionStateError",
    "UnknownProvider",
    "UnsupportedCommand",
    "UnsupportedSetting",
]


class FailedReason(StrEnum):
    """Why a connection was never made."""

    REFUSED = "refused"
    """Nothing listens at that host and port."""
    DNS = "dns"
    """The host name has no address."""
    TLS = "tls"
    """The certificate or the handshake was not acceptable."""
    TIMEOUT = "timeout"
    """No answer in time."""
    NOT_FOUND = "not_found"
    """HTTP 404: no such path, model or deployment."""
    NOT_WEBSOCKET = "not_websocket"
    """Something answered, but it does not speak WebSocket."""
    REJECTED = "rejected"
    """Another HTTP status; see ``status``."""
    UNAVAILABLE = "unavailable"
    """HTTP 5xx: the service is in trouble."""
    UNREACHABLE = "unreachable"
    """Any other trouble of the network."""
    NO_PROVIDER = "no_provider"
    """A client with fallbacks tried all of them; see ``causes``."""


class LostReason(StrEnum):
    """Why a connection ended although nobody here asked for it."""

    CLOSED = "closed"
    """The server closed it as if all were well (WebSocket code 1000)."""
    GOING_AWAY = "going_away"
    """The server goes away (1001, 1012, 1013)."""
    EXPIRED = "expired"
    """The session reached the longest life that the service allows."""
    DROPPED = "dropped"
    """The network dropped it: no close frame (1005, 1006)."""
    SERVER_ERROR = "server_error"
    """The server failed (1011)."""
    POLICY = "policy"
    """The server objects to what was sent (1008, 3000-3999)."""
    REJECTED = "rejected"
    """The service refused with a code of its own (4000-4999)."""
    PROTOCOL = "protocol"
    """One side broke the WebSocket protocol (1002, 1003, 1007)."""
    FRAME_TOO_BIG = "frame_too_big"
    """A frame was larger than the limit (1009)."""
    CONSUMER_STUCK = "consumer_stuck"
    """Events that may never be dropped filled the queue, and nobody read them."""
    BUDGET_EXHAUSTED = "budget_exhausted"
    """The session has used what its `Budget` allows."""
    CANCELLED = "cancelled"
    """The session's own task was cancelled: the event loop was shut down."""


class RealtimeError(Exception):
    """Base of everything this project raises."""


class RegistryError(RealtimeError):
    """A provider cannot be found or loaded."""


class UnknownProvider(RegistryError):
    """No installed distribution registers a provider of that name."""


class DuplicateProvider(RegistryError):
    """Two installed distributions register one provider name, or names that differ only in case or dash."""


class BrokenPlugin(RegistryError):
    """The plugin fails to import, never comes back from it, or does not keep the provider contract."""


class CallerError(RealtimeError):
    """The program asked for something that cannot be."""


class InvalidConfig(CallerError, ValueError):
    """A configuration file cannot be read, or says what a configuration cannot."""


class InvalidOptions(CallerError, ValueError):
    """A provider option is missing, unknown or wrong.

    Attributes:
        missing: the names of those that nobody gave, and somebody has to.
    """

    def __init__(self, *args: object, missing: tuple[str, ...] = ()) -> None:
        super().__init__(*args)
        self.missing = missing


class InvalidSettings(CallerError, ValueError):
    """A session setting is unknown or has a value that cannot be meant."""


class UnsupportedSetting(CallerError):
    """The provider has no way to honour a setting that was set."""


class UnsupportedCommand(CallerError):
    """The provider has no way to do what was asked."""


class InvalidTool(CallerError, ValueError):
    """A function cannot be a tool as it stands: its name, a parameter, or a setting."""


class SessionStateError(CallerError):
    """The call does not fit the state of the session; nothing was sent."""


class ServiceError(RealtimeError):
    """The service answered, and said no."""


class AuthenticationFailed(ServiceError):
    """The key, token or permission was refused.

    ``status`` is the HTTP status where there was one.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ProviderError(ServiceError):
    """The service refused a command or failed.

    ``code`` is the service's own word for it; ``retryable`` says whether the same request can
    succeed later.
    """

    def __init__(self, message: str, *, code: str | None = None, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


class RateLimited(ServiceError):
    """Too many requests or tokens (``retryable``), or no quota left (not ``retryable``)."""

    def __init__(self, message: str, *, code: str | None = None, retryable: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable


class CommandTimeout(ServiceError):
    """The service did not answer a command in time; it may still carry it out."""


class LinkError(RealtimeError):
    """Something is wrong with the link to the service."""


class ConnectionFailed(LinkError):
    """There never was a session.

    ``reason`` is typed, ``status`` the HTTP status where there was one. ``causes`` are the errors of all
    providers that were tried, where there were several.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: FailedReason,
        status: int | None = None,
        causes: tuple[RealtimeError, ...] = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.causes = causes


class ConnectionLost(LinkError):
    """The connection ended, and nobody here asked for that.

    ``reason`` is typed, ``code`` the WebSocket close code where there was one, ``retryable``
    says whether a new session can be expected to work.
    """

    def __init__(
        self, message: str, *, reason: LostReason, code: int | None = None, retryable: bool = True
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.code = code
        self.retryable = retryable


class ProtocolError(LinkError):
    """The peer, or a provider plugin, did something that the contract does not allow."""
