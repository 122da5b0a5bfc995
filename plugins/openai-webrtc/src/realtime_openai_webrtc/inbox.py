"""What arrived and was not yet taken: frames of the channel, audio of the track, events of ours, in order.

Frames and events always wait; of audio the oldest leaves when too much of it waits. Knows nothing of peers.
"""

import asyncio
from collections import deque
from typing import Final

from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import AudioContent
from realtime_core.errors import ConnectionLost
from realtime_core.events import RealtimeEvent

__all__ = ["MOST_AUDIO_S", "Inbox"]

MOST_AUDIO_S: Final = 10
"""How much audio waits for whoever reads."""


class Inbox:
    """One reader's queue; ``audio_format`` is that of all audio put into it.

    Attributes:
        dropped_pieces: pieces of audio that left unread.
    """

    def __init__(self, audio_format: AudioFormat) -> None:
        self.dropped_pieces = 0
        self._format = audio_format
        self._frames: deque[tuple[int, str | bytes | RealtimeEvent]] = deque()
        self._audio: deque[tuple[int, bytes]] = deque()
        self._audio_bytes = 0
        self._arrived = 0
        self._news = asyncio.Event()
        self._end: ConnectionLost | None = None

    def put_frame(self, frame: str | bytes | RealtimeEvent) -> None:
        """A message of the channel, or what else there is to tell."""
        self._frames.append((self._next_number(), frame))

    def put_audio(self, pcm: bytes) -> None:
        """A piece of the track."""
        self._audio.append((self._next_number(), pcm))
        self._audio_bytes += len(pcm)
        while self._audio_bytes > MOST_AUDIO_S * self._format.bytes_per_s:
            self._pop_audio()
            self.dropped_pieces += 1

    def end(self, error: ConnectionLost, *, drop: bool = False) -> None:
        """Nothing more will arrive; the first reason counts. ``drop``: nor is what waits wanted any more."""
        self._end = self._end or error
        if drop:
            self._frames.clear()
            self._audio.clear()
        self._news.set()

    async def get(self) -> str | bytes | AudioContent | RealtimeEvent:
        """What arrived next. Cancelling loses nothing.

        Raises:
            ConnectionLost: all was taken, and nothing more will arrive; again on every further call.
        """
        while not self._frames and not self._audio:
            if self._end is not None:
                raise again(self._end)
            self._news.clear()
            await self._news.wait()
        if self._frames and (not self._audio or self._frames[0] < self._audio[0]):
            return self._frames.popleft()[1]
        return AudioContent(self._pop_audio(), self._format)

    def _next_number(self) -> int:
        self._arrived += 1
        self._news.set()
        return self._arrived

    def _pop_audio(self) -> bytes:
        _, pcm = self._audio.popleft()
        self._audio_bytes -= len(pcm)
        return pcm


def again(error: ConnectionLost) -> ConnectionLost:
    """The same, to be raised once more: an exception that is raised twice grows its traceback."""
    copy = ConnectionLost(str(error), reason=error.reason, code=error.code, retryable=error.retryable)
    copy.__cause__ = error
    return copy
