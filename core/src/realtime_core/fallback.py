"""What follows when a session cannot be opened: decides whether another provider is tried, and tries none."""

from collections.abc import Sequence

import attrs

from realtime_core.errors import (
    AuthenticationFailed,
    CommandTimeout,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LinkError,
    LostReason,
    ProviderError,
    RateLimited,
    RealtimeError,
)

__all__ = ["FailedAttempt", "falls_back", "named", "nobody_left"]


@attrs.frozen
class FailedAttempt:
    """A provider that could not open the session, and why; ``profile`` where it came from a file."""

    provider: str
    profile: str | None
    error: RealtimeError

    def __str__(self) -> str:
        return f"{named(self.provider, self.profile)}: {self.error}"


def named(provider: str, profile: str | None) -> str:
    """A provider, and the profile that it comes from."""
    return provider if profile is None else f"{provider} (profile {profile!r})"


def falls_back(error: BaseException) -> bool:
    """Whether another provider may do better: the link, the service or its credentials are at fault.

    Not the caller, whose mistake is one everywhere, nor the end of the event loop.
    """
    match error:
        case ConnectionLost(reason=LostReason.CANCELLED):
            return False
        case ProviderError():
            return error.retryable
        case LinkError() | AuthenticationFailed() | RateLimited() | CommandTimeout():
            return True
        case _:
            return False


def nobody_left(attempts: Sequence[FailedAttempt]) -> ConnectionFailed:
    """What is raised when several were tried and all have failed."""
    return ConnectionFailed(
        f"no provider could open a session: {'; '.join(map(str, attempts))}",
        reason=FailedReason.NO_PROVIDER,
        causes=tuple(attempt.error for attempt in attempts),
    )
