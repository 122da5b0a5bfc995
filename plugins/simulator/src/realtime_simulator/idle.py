"""The idle timeout: how long nobody has spoken since the assistant was last heard.

Time is a number that the caller passes in; knows nothing of events.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["IdleTimer"]


class IdleTimer:
    """Runs from when an answer has been played until the user speaks or another answer begins."""

    def __init__(self) -> None:
        self._quiet_s: float | None = None
        self.begin_ms = 0.0
        """How much audio had been written when the answer had been played."""

    def start(self, now_s: float, *, playback_s: float, written_ms: float) -> None:
        """An answer is done, and takes so long to play."""
        self._quiet_s = now_s + playback_s
        self.begin_ms = written_ms

    def stop(self) -> None:
        """Somebody speaks."""
        self._quiet_s = None

    def wrote(self, now_s: float, written_ms: float) -> None:
        """The client has sent audio, ``written_ms`` in all."""
        if self._quiet_s is not None and now_s < self._quiet_s:
            self.begin_ms = written_ms

    def due_s(self, detection: Mapping[str, Any] | None) -> float | None:
        """When it is over, by the session's ``turn_detection``; None: it does not run."""
        timeout_ms = None if detection is None else detection.get("idle_timeout_ms")
        if self._quiet_s is None or timeout_ms is None:
            return None
        return self._quiet_s + float(timeout_ms) / 1000
