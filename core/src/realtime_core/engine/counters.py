"""The counters of a session, gathered from the parts that count."""

from realtime_core.engine.engine import SessionEngine
from realtime_core.stats import SessionStats

__all__ = ["session_stats"]


def session_stats(engine: SessionEngine) -> SessionStats:
    """What they say now."""
    queue, output = engine.queue, engine.speech.output
    return SessionStats(
        queued_events=len(queue),
        queued_bytes=queue.bytes,
        dropped_events=queue.dropped_events,
        dropped_audio_ms=queue.dropped_audio_ms,
        dropped_text_chars=queue.dropped_text_chars,
        callback_backlog_bytes=output.backlog_bytes,
        callback_failures=output.failures,
        abandoned_tools=engine.toolbox.abandoned,
        media=engine.media_stats,
    )
