"""Audio that travels beside the frames, on tracks: what a connection asks of it, what commands become.

Knows nothing of WebRTC. On a track the audio has the track's format, whatever the session object says, so
that nobody is asked for another.
"""

from typing import Final, Protocol

import attrs
from realtime_core.commands import Command, CreateResponse, UpdateSession
from realtime_core.settings import RealtimeSettings
from realtime_core.stats import MediaStats
from realtime_core.unset import UNSET

__all__ = ["FRAME_MS", "Media", "on_track", "without_formats"]

FRAME_MS: Final = 20
"""What one packet of audio on a track lasts."""


class Media(Protocol):
    """The user's audio on its way to a track, and the counters of the other one.

    What the service's track brings comes from the pipe, in the order of arrival.
    """

    @property
    def takes_audio(self) -> bool:
        """Whether the track is for what is appended, and not the application's own."""

    @property
    def waiting_ms(self) -> float:
        """How much of what was appended has not left."""

    async def append(self, pcm: bytes) -> None:
        """Take the next piece of the user's audio; return when there is room for it. A cancelled call counts
        as taken.

        Raises:
            UnsupportedCommand: the track is the application's own.
            ConnectionLost: the media have ended.
        """

    async def flushed(self) -> None:
        """Wait until all that was appended has left, and cannot be overtaken by a frame any more; return at
        once where nothing was.

        Raises:
            ConnectionLost: the media have ended.
        """

    def clear(self) -> None:
        """Forget what has been appended and has not left."""

    @property
    def stats(self) -> MediaStats:
        """The counters of the service's track."""


def without_formats(settings: RealtimeSettings) -> RealtimeSettings:
    """What a session object says of ``settings`` where the audio is on tracks."""
    return attrs.evolve(settings, input_audio_format=UNSET, output_audio_format=UNSET)


def on_track(command: Command) -> Command:
    """A command as it is to be written where the audio is on tracks."""
    match command:
        case UpdateSession():
            return attrs.evolve(command, settings=without_formats(command.settings))
        case CreateResponse(overrides={"output_audio_format": _}):
            overrides = {
                name: value for name, value in command.overrides.items() if name != "output_audio_format"
            }
            return attrs.evolve(command, overrides=overrides)
        case _:
            return command
