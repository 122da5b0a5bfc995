"""What a session counts."""

import attrs

__all__ = ["MediaStats", "SessionStats"]


@attrs.frozen(kw_only=True)
class MediaStats:
    """Counters of a track that carries the assistant's audio."""

    packets_received: int = 0
    packets_lost: int = 0
    """Those that did not come, or came too late to be played."""
    lost_audio_ms: float = 0.0
    """Audio in whose place there is silence."""
    jitter_ms: float = 0.0
    """How much the time between packets varies (RFC 3550 §6.4.1)."""
    silent_ms: float = 0.0
    """Audio that was not delivered, because nothing was being said."""


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
    media: MediaStats | None = None
    """Of the track, where the provider's audio travels on one."""
