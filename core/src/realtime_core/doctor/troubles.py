"""Why a step failed, and what helps: errors of this project, of sockets and of TLS, in words. Pure."""

import re
import socket
import ssl
from collections.abc import Iterable
from typing import Final

from realtime_core.doctor.address import Address
from realtime_core.doctor.steps import Trouble
from realtime_core.errors import (
    AuthenticationFailed,
    CallerError,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    RateLimited,
    RealtimeError,
    UnknownProvider,
)

__all__ = [
    "authentication_trouble",
    "foreign_trouble",
    "http_trouble",
    "lookup_late",
    "lookup_trouble",
    "no_session",
    "no_words",
    "opening_trouble",
    "refusal_of",
    "silence",
    "tcp_trouble",
    "tls_trouble",
    "trouble_of",
    "tunnel_trouble",
    "wordless",
]

_GIVE: Final = ": give "
_ASSIGNMENT: Final = re.compile(r"(?<!--option )\b(\w+=\.\.\.)")

# Of OpenSSL's X509_V_ERR: expired; unknown authority, four of them; the name is another.
_EXPIRED: Final = 10
_UNKNOWN_AUTHORITY: Final = frozenset({2, 18, 19, 20, 21})
_WRONG_NAME: Final = frozenset({62, 64})
_TLS_ALERT: Final = b"\x15\x03"
_WHO_ARE_YOU: Final = "407"
_LATER: Final = (
    "try again later; if it stays so, check the address and what stands before it (gateway, proxy)"
)
_OF_THE_ADDRESS: Final = frozenset(
    {FailedReason.NOT_FOUND, FailedReason.NOT_WEBSOCKET, FailedReason.REJECTED}
)


def trouble_of(error: RealtimeError) -> Trouble:
    """The trouble that an error tells of: its message ends with the remedy."""
    detail, remedy = _split(str(error))
    return Trouble(
        detail, remedy or _customary(error), is_callers=isinstance(error, CallerError | UnknownProvider)
    )


def _split(message: str) -> tuple[str, str]:
    """What is wrong, and what helps, in the words of the command line."""
    parts = message.split("; ")
    if all(_GIVE in part for part in parts):
        pairs = [part.split(_GIVE, 1) for part in parts]
        detail, remedy = "; ".join(what for what, _ in pairs), "; ".join(f"give {how}" for _, how in pairs)
    else:
        detail, remedy = ("; ".join(parts[:-1]), parts[-1]) if len(parts) > 1 else (message, "")
    return detail, _ASSIGNMENT.sub(r"--option \1", remedy)


def _customary(error: RealtimeError) -> str:
    """What helps where the message does not say."""
    match error:
        case AuthenticationFailed():
            return "check the key or token"
        case RateLimited():
            return "try again later, or check the plan and its billing"
        case ConnectionFailed() | ConnectionLost():
            return "check the address and the network; try again"
        case CallerError():
            return "check what was given by --option and by the environment"
        case _:
            return "look for these words in the service's documentation, or ask the authors of the provider"


def foreign_trouble(error: BaseException, author: str) -> Trouble:
    """The plugin raised what it must not; its words are not shown, they may hold anything."""
    return Trouble(
        f"the plugin raised {type(error).__name__}, which breaks the contract of providers",
        f"tell the authors of {author}; try: pip install --upgrade {author}",
    )


def authentication_trouble(error: AuthenticationFailed, credentials: str) -> Trouble:
    """The service refused ``credentials``, which says where they came from."""
    trouble = trouble_of(error)
    return Trouble(trouble.detail, f"{trouble.remedy}; what was sent is {credentials or 'nothing'}")


def lookup_trouble(host: str, place: str, error: OSError | UnicodeError) -> Trouble:
    """The host has no address."""
    if isinstance(error, UnicodeError) or getattr(error, "errno", None) == socket.EAI_NONAME:
        return Trouble(f"no address is known for {host}", f"check the spelling of the host in {place}")
    why = getattr(error, "strerror", None) or type(error).__name__
    return Trouble(
        f"no address is known for {host} ({why})",
        f"check the network and its name server, then the host in {place}",
    )


def lookup_late(host: str) -> Trouble:
    """The name server does not answer."""
    return Trouble(
        f"no name server answers for {host}", "check the network (VPN), and the name servers of this machine"
    )


def refusal_of(error: OSError) -> str:
    """What one address says to a connection."""
    match error:
        case TimeoutError():
            return "does not answer"
        case ConnectionRefusedError():
            return "refuses the connection"
        case _:
            return f"cannot be reached ({(error.strerror or type(error).__name__).lower()})"


def tcp_trouble(address: Address, place: str, refusals: Iterable[tuple[str, OSError]]) -> Trouble:
    """None of the addresses of a host takes a connection."""
    told = list(refusals)
    detail = "; ".join(f"{ip} port {address.port} {refusal_of(error)}" for ip, error in told)
    if any(isinstance(error, ConnectionRefusedError) for _, error in told):
        remedy = f"nothing listens there: check the port in {place}, and that the service runs"
    elif any(isinstance(error, TimeoutError) for _, error in told):
        remedy = f"a firewall may be in the way, or the network wants a proxy (HTTPS_PROXY); check {place}"
    else:
        remedy = f"check the network (VPN, firewall), then {place}"
    return Trouble(detail, remedy)


def tunnel_trouble(authority: str, place: str, status: str, *, has_login: bool) -> Trouble:
    """The proxy that ``place`` names does not lead on; ``has_login``: it was told a user and a password."""
    why = f"it answers HTTP {status}" if status else "it does not answer as an HTTP proxy does"
    if status != _WHO_ARE_YOU:
        remedy = f"check {place}, NO_PROXY and what the proxy allows"
    elif has_login:
        remedy = f"check the user and the password in {place}: the proxy does not take them"
    else:
        remedy = f"the proxy wants to know who you are: write http://user:password@host:port in {place}"
    return Trouble(f"the proxy does not lead to {authority}: {why}", remedy)


def silence(address: Address, place: str, what: str) -> Trouble:
    """Something takes connections and says nothing."""
    return Trouble(
        f"{address.authority} takes the connection and then says nothing: {what}",
        f"check host and port in {place}: another program may listen there; else the service hangs, "
        "try again later",
    )


def tls_trouble(address: Address, place: str, error: Exception) -> Trouble:
    """The certificate is not trusted, or there is no TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return Trouble(
            f"the certificate of {address.host} is not trusted: {why}", _certificate_remedy(error, place)
        )
    if isinstance(error, ssl.SSLError):
        why = (getattr(error, "reason", None) or "no reason given").lower().replace("_", " ")
        return Trouble(
            f"{address.authority} does not speak TLS ({why})",
            f"check the port in {place}, or write http:// if it is a service of your own without TLS",
        )
    return Trouble(
        f"{address.authority} ended the connection in the middle of the TLS handshake",
        f"check the port in {place}, and whether a proxy or firewall intercepts TLS",
    )


def _certificate_remedy(error: ssl.SSLCertVerificationError, place: str) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return "check the clock of this machine; if it is right, whoever runs the service has to renew it"
    if code in _WRONG_NAME:
        return f"check the host in {place}: the certificate is for another"
    if code in _UNKNOWN_AUTHORITY:
        return (
            "if a proxy, or a service of your own, has its own authority, name its certificate in "
            "SSL_CERT_FILE; else somebody may be listening in"
        )
    return "tell whoever runs the service"


def http_trouble(address: Address, place: str, said: bytes) -> Trouble:
    """What answered is no HTTP; ``said`` is how it began."""
    if said.startswith(_TLS_ALERT):
        return Trouble(
            f"{address.authority} speaks TLS, and {address.scheme}:// does not",
            f"write https:// (or wss://) in {place}",
        )
    return Trouble(
        f"{address.authority} answers, but not as HTTP does",
        f"check host and port in {place}: another program may listen there",
    )


def no_session(waited_s: float, *, is_connected: bool, is_created: bool) -> Trouble:
    """Opening a session took too long."""
    if is_created:
        return Trouble(
            f"the service made a session, and has not said in {waited_s:.0f} s whether it takes its settings",
            "check that the address is that of its realtime API, and the model; else it is in trouble, try "
            "again later",
        )
    if is_connected:
        return Trouble(
            f"the service let us in, and made no session in {waited_s:.0f} s",
            "check that the address is that of its realtime API; else it is in trouble, try again later",
        )
    return Trouble(
        f"the service does not answer the request for a session: waited {waited_s:.0f} s",
        _LATER,
    )


def opening_trouble(error: RealtimeError, address: Address | None, place: str, *, hurried: bool) -> Trouble:
    """The session could not be opened at ``address``, which ``place`` says; ``hurried``: with little time."""
    trouble = trouble_of(error)
    remedy = trouble.remedy
    match error:
        case ConnectionFailed(reason=FailedReason.TIMEOUT) if hurried:
            # more time would not help: there is none here
            remedy = _LATER
        case ConnectionFailed(reason=reason) if address is not None and reason in _OF_THE_ADDRESS:
            url = f"{address.scheme}://{address.authority}{address.path}"
            remedy = f"{remedy}; it was looked for at {url}, of {place}"
    return Trouble(trouble.detail, remedy, is_callers=trouble.is_callers)


def no_words(limit_s: float, error: str) -> Trouble:
    """A session is open, and nothing is said."""
    why = f": {error}" if error else ""
    return Trouble(
        f"the session is open, and the service has not answered in {limit_s:.0f} s{why}",
        "check the model, and the service's status page; try again later",
    )


def wordless(status: str | None, *reasons: str | None) -> Trouble:
    """A response has ended without audio."""
    if status == "completed":
        return Trouble(
            "the response has no audio", "check that the model speaks, and that the account may use its audio"
        )
    how = ": ".join(dict.fromkeys(part for part in (status, *reasons) if part)) or "nobody says why"
    return Trouble(
        f"the response ended without audio ({how})",
        "check the model and what the account may use; try again later",
    )
