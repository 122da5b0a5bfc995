"""Why a call could not be made, or ended, as typed errors: each names the host and the remedy. Pure."""

from realtime_core.errors import ConnectionFailed, ConnectionLost, FailedReason, LostReason

__all__ = [
    "bad_answer",
    "closed_by_service",
    "closed_here",
    "media_failed",
    "media_late",
    "no_offer",
    "vanished",
]


def no_offer(error: Exception) -> ConnectionFailed:
    """There is nothing to call with."""
    if isinstance(error, TimeoutError):
        return ConnectionFailed(
            "no call could be offered in time: the ice_servers=... do not answer; check them, or give "
            + _MORE_TIME,
            reason=FailedReason.TIMEOUT,
        )
    return ConnectionFailed(
        f"no call can be offered ({type(error).__name__}); check the network and ice_servers=...",
        reason=FailedReason.UNREACHABLE,
    )


def bad_answer(host: str, what: str) -> ConnectionFailed:
    """The call was accepted with an answer that cannot be taken."""
    return ConnectionFailed(
        f"{host} accepted the call with an answer that cannot be taken: {what}; check the base URL",
        reason=FailedReason.REJECTED,
    )


def media_failed(host: str, *, has_path: bool) -> ConnectionFailed:
    """The peer connection failed before it was one; ``has_path``: ICE had found a way to the other side."""
    if has_path:
        return ConnectionFailed(
            f"{host} accepted the call, but then no connection came of it (DTLS); try again",
            reason=FailedReason.TLS,
        )
    return ConnectionFailed(
        f"{host} accepted the call, but no path to it was found (ICE); {_UDP}",
        reason=FailedReason.UNREACHABLE,
    )


def media_late(host: str, *, has_path: bool) -> ConnectionFailed:
    """The peer connection, or its channel, did not come up in time."""
    what = f"the data channel did not open in time; try again, or give {_MORE_TIME}"
    if not has_path:
        what = f"no path to it was found in time (ICE); {_UDP}, or give {_MORE_TIME}"
    return ConnectionFailed(f"{host} accepted the call, but {what}", reason=FailedReason.TIMEOUT)


def closed_by_service(host: str) -> ConnectionLost:
    """The other side ended the call."""
    return ConnectionLost(
        f"{host} closed the connection of the call; open a new session", reason=LostReason.CLOSED
    )


def vanished(host: str) -> ConnectionLost:
    """Nothing comes any more from the other side."""
    return ConnectionLost(
        f"{host} dropped the connection of the call: nothing comes from it any more; open a new session",
        reason=LostReason.DROPPED,
    )


def closed_here(host: str) -> ConnectionLost:
    """We ended the call."""
    return ConnectionLost(f"the call to {host} was ended here", reason=LostReason.CLOSED, retryable=False)


_UDP = "WebRTC needs UDP: check the firewall, or give ice_servers=..."
_MORE_TIME = "more timeout_s"
