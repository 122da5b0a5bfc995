"""What a session counts."""

import attrs

__all__ = ["SessionStats"]


@attrs.frozen(kw_only=True)
class SessionStats:
    """Counters of one session at one moment."""

    queued_events: int
    """Events that wait for ``receive``."""
    queued_bytes: int
    """About their bytes on the wire."""
    dropped_events: int
    """Events that left the full queue unread."""
    dropped_audio_ms: float
    """Audio in them."""
    dropped_text_chars: int
    """Text in them."""
    callback_backlog_bytes: int
    """Audio that waits for a coroutine callback."""
    abandoned_tools: int
    """Calls of tools that took too long, and whose thread was left to itself."""
    callback_failures: int
    """How often the audio callback has raised; a run of failures is one event."""
