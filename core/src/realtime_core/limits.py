"""The bounds of a session, in one value."""

import attrs

from realtime_core.checks import positive

__all__ = ["SessionLimits"]


@attrs.frozen(kw_only=True)
class SessionLimits:
    """How much a session keeps, and how long it waits.

    The defaults suit a conversation: the queue holds more than twice the longest response that
    OpenAI gives (4,096 tokens, about 205 s of audio, 13 MB on the wire).

    Raises:
        InvalidSettings: a bound is not a number above 0.
    """

    queue_bytes: int = attrs.field(default=32 * 1024 * 1024, validator=positive(int))
    """How much may wait to be read by ``receive``, counted as on the wire; the same bound holds for
    audio that waits for a coroutine callback."""

    callback_hold_ms: float = attrs.field(default=20.0, validator=positive(int, float))
    """A plain audio callback that holds the event loop longer is reported, once."""

    command_timeout_s: float = attrs.field(default=10.0, validator=positive(int, float))
    """How long a command that is answered waits for its answer."""

    tool_timeout_s: float = attrs.field(default=60.0, validator=positive(int, float))
    """How long a call of a tool may run, where the tool does not say."""

    tool_concurrency: int = attrs.field(default=16, validator=positive(int))
    """How many calls of tools run at once; further ones wait for their turn."""

    close_timeout_s: float = attrs.field(default=5.0, validator=positive(int, float))
    """How long the end of a session waits for a provider or a callback that does not let go."""
