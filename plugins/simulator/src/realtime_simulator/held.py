"""Sessions that are held from their beginning, and whose clients are overheard, for the conformance kit.

Knows nothing of what they are to say.
"""

import asyncio
from typing import Any, Final, Literal

from realtime_core.testing import Heard

from realtime_simulator.frames import End
from realtime_simulator.overheard import note_of
from realtime_simulator.watch import Watch
from realtime_simulator.watched import Bell, Steering, WatchedSession

__all__ = ["HeldSession", "HeldWatch"]

_QUIET: Final = 500
"""A track is never silent quite: below this nobody speaks."""


class HeldSession(WatchedSession):
    """Notes what its client says, and tells when the server has said something."""

    def __init__(self, heard: Heard, model: str, steering: Steering, bell: Bell, *, number: int) -> None:
        super().__init__(model, steering, bell, number=number)
        self._notes = heard
        self._is_configured = False
        self._said = asyncio.Event()
        heard.came()

    def frame_received(self, frame: Any) -> None:
        """It says what it wants."""
        super().frame_received(frame)
        note = note_of(frame, is_first=not self._is_configured)
        self._is_configured = self._is_configured or note.kind == "setup"
        # a model is what a client connects to, not what it says
        value = {"model": self.model, **note.value} if note.kind == "setup" else note.value
        self._notes.note(note.kind, value)

    def audio_received(self, pcm: bytes) -> None:
        """A track never stops: what is silent is nothing that it says."""
        super().audio_received(pcm)
        # numpy loads with the first audio
        import numpy as np

        if np.abs(np.frombuffer(pcm, np.int16).astype(np.int32)).max(initial=0) > _QUIET:
            self._notes.note("audio", pcm)

    def frame_sent(self, frame: Any) -> None:
        """The server has said something."""
        super().frame_sent(frame)
        self._said.set()

    def ended(self, by: Literal["client", "server"]) -> None:
        """One of them has gone."""
        if self.ended_by is None:
            self._notes.left()
        super().ended(by)
        self._said.set()

    def settle(self, *without: str) -> bool:
        """Make all that is due, but for events of those types; whether some of it is not written yet."""
        return self.ended_by is None and self._steering.settle(*without)

    def finish(self, end: End) -> None:
        """End it when all is written."""
        self._going().finish(end)

    async def written(self) -> None:
        """Wait until all that is due is written."""
        while self.settle():
            self._said.clear()
            await self._said.wait()


class HeldWatch(Watch):
    """Has every session held from its beginning."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self._notes = heard

    def begin(self, model: str, steering: Steering) -> WatchedSession:
        """A session begins."""
        session = super().begin(model, steering)
        steering.hold()
        return session

    def _watched(self, model: str, steering: Steering, bell: Bell) -> WatchedSession:
        return HeldSession(self._notes, model, steering, bell, number=len(self.sessions) + 1)
