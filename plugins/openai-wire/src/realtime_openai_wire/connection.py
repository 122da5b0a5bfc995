"""A connection out of a codec and a pipe: configures the session and keeps the commands in order.

Knows nothing of sockets: a `Pipe` carries text both ways, over whatever. Where the audio travels beside the
frames, `Media` take the user's, and the pipe brings the assistant's.
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from typing import Final, Protocol

import attrs
from realtime_core.audio.formats import AudioFormat
from realtime_core.clock import current_clock, timeout
from realtime_core.commands import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    Raw,
    UpdateSession,
)
from realtime_core.contents import AudioContent
from realtime_core.errors import (
    CommandTimeout,
    ConnectionLost,
    LostReason,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.events import RealtimeErrorEvent, RealtimeEvent, RealtimeSessionEvent
from realtime_core.provider import Setup
from realtime_core.settings import set_fields
from realtime_core.stats import MediaStats
from realtime_core.turnstile import Turnstile
from realtime_core.unset import UNSET

from realtime_openai_wire.codec import OpenAIRealtimeCodec
from realtime_openai_wire.media import Media
from realtime_openai_wire.names import SendEvents
from realtime_openai_wire.settings import FIXED_SETTINGS, SessionType
from realtime_openai_wire.track_audio import TrackAudio

__all__ = ["Pipe", "WireConnection"]

_LIVE_MS: Final = 100.0
"""What waits at most of audio that is sent as it is spoken."""

_LONGEST_REST_S: Final = 0.5
"""How long what was played may take to come to its end, should the track bring nothing any more."""

_STANDSTILL_S: Final = 5.0
"""How much longer than the audio that waits a track may take to send it."""

_CLEAR_OUTPUT: Final = SendEvents.OUTPUT_AUDIO_BUFFER_CLEAR


class Pipe(Protocol):
    """Carries frames to one service and back."""

    async def send(self, text: str) -> None:
        """Write a frame; return when it is written. A cancelled call counts as written.

        Raises:
            UnsupportedCommand: the frame is too big for the other side; nothing was written.
            ConnectionLost: the pipe has ended.
        """

    async def recv(self) -> str | bytes | AudioContent | RealtimeEvent:
        """The next frame, the next audio of the service's track, or what else there is to tell, as an event.

        Cancelling loses nothing.

        Raises:
            ConnectionLost: the pipe has ended, in whichever way; again on every further call.
        """

    async def aclose(self) -> None:
        """Free everything it holds; a waiting ``recv`` then raises. May be called twice. Never raises."""


class WireConnection:
    """A `realtime_core.provider.Connection` that speaks the protocol through ``pipe``.

    It sends the configuration in ``setup`` itself, once the service has made the session, and keeps
    one ``session.update`` in flight, since its answer names no command: a second one waits until the
    first is answered or has had five seconds for it, and what is sent after it waits behind it.
    ``session_type`` is what the service was asked for when the pipe was opened. With ``media`` the audio is
    not in the frames: what ends the user's turn waits until the audio before it has left, and without turn
    detection the input buffer, which a track fills all the time, is cleared before the first audio of a turn.
    ``is_configured``: the session was made with the configuration of ``setup``, which is sent all the same,
    so that the service says what is in force; where it is too big to be sent, what it said first counts.
    ``fixed``: names of the settings that an open session cannot change.

    Raises:
        CallerError: the settings cannot be written; nothing was sent, and the pipe is still yours.

    After this you must call `aclose`; it closes the pipe.
    """

    def __init__(
        self,
        pipe: Pipe,
        setup: Setup,
        *,
        media: Media | None = None,
        session_type: SessionType = "realtime",
        is_configured: bool = False,
        fixed: Collection[str] = FIXED_SETTINGS,
    ) -> None:
        self._pipe = pipe
        self._is_configured = is_configured
        self._fixed = fixed
        self._media = media
        output_format = AudioFormat.parse(setup.settings.output_audio_format)
        self._codec = OpenAIRealtimeCodec(output_format, session_type, on_track=media is not None)
        self._track = None if media is None else TrackAudio(self._codec.spoken_item)
        self._is_manual = setup.settings.turn_detection is None
        self._has_audio = False
        self._commit_id: str | None = None
        tools = setup.tools or UNSET
        self._setup = UpdateSession(settings=setup.settings, tools=tools, command_id=setup.command_id)
        self._configuration: str | None = self._codec.encode(self._setup, sent=False)
        self._configuring: asyncio.Task[None] | None = None
        self._held: Sequence[RealtimeEvent] = ()
        self._clock = current_clock()
        self._order = Turnstile()
        self._may_update = asyncio.Event()
        self._end: ConnectionLost | None = None

    async def send(self, command: Command) -> None:
        """Write a command, after all that were given before it; with media a cancellation goes ahead of those
        that wait for the audio before them.

        Raises:
            UnsupportedCommand: the protocol has no means for it.
            UnsupportedSetting: an `UpdateSession` of what is fixed, as the model is.
            ConnectionLost: the connection has ended; nothing was sent.
        """
        if self._media is not None and isinstance(command, CancelResponse):
            # nothing that it is about waits for the pace of the user's audio
            self._ensure_open()
            await self._write_beside(self._media, command)
            return
        if not self._order.enter_nowait():
            await self._order.enter()
        try:
            if isinstance(command, UpdateSession):
                self._check_fixed(command)
                await self._settle_update()
            self._ensure_open()
            if self._media is None:
                await self._write(command)
            else:
                await self._write_beside(self._media, command)
        finally:
            self._order.leave()

    async def receive(self) -> Sequence[RealtimeEvent]:
        """The events of the next frame; before it gives out the session's first it sends the configuration.

        Raises:
            ConnectionLost: the connection has ended; again on every further call.
        """
        self._ensure_open()
        if self._configuration is None and not self._held:
            return await self._next_events()
        if not self._held:
            self._held = await self._next_events()
        if self._configuration is not None and _has_session(self._held):
            await self._configure(self._configuration)
        events, self._held = self._held, ()
        return events

    async def aclose(self) -> None:
        """Close the pipe; a waiting `receive` or `send` raises `ConnectionLost`."""
        self._ended(
            ConnectionLost("the connection was closed here", reason=LostReason.CLOSED, retryable=False)
        )
        try:
            await self._pipe.aclose()
        finally:
            if self._configuring is not None:
                self._configuring.cancel()
                await asyncio.gather(self._configuring, return_exceptions=True)

    @property
    def media_stats(self) -> MediaStats | None:
        """The counters of the service's track, if there is one."""
        if self._media is None or self._track is None:
            return None
        return attrs.evolve(self._media.stats, silent_ms=self._track.undelivered_ms)

    async def _write(self, command: Command) -> None:
        text = self._codec.encode(command)
        if isinstance(command, UpdateSession | Raw) and self._codec.awaits_update:
            self._may_update.clear()
        try:
            await self._pipe.send(text)
        except UnsupportedCommand:
            self._codec.not_sent(command)
            raise

    async def _write_beside(self, media: Media, command: Command) -> None:
        """A command where the audio is on a track, which a frame must not overtake."""
        match command:
            case AppendAudio():
                if self._is_manual and not self._has_audio and media.takes_audio:
                    await self._write(ClearAudio())
                self._has_audio = True
                await media.append(command.data)
                return
            case CommitAudio() | Raw(service_type=SendEvents.INPUT_AUDIO_BUFFER_COMMIT):
                await self._flushed(media)
                self._has_audio, self._commit_id = False, command.command_id
            case CreateResponse() | Raw(service_type=SendEvents.RESPONSE_CREATE):
                # a microphone that never stops has nearly nothing waiting, and would be late ever after
                if self._is_manual or media.waiting_ms > _LIVE_MS:
                    await self._flushed(media)
            case ClearAudio() | Raw(service_type=SendEvents.INPUT_AUDIO_BUFFER_CLEAR):
                media.clear()
                self._has_audio = False
            case CancelResponse():
                # the service plays it from a buffer, also when it is done
                playing = Raw(command_id=command.command_id, service_type=_CLEAR_OUTPUT)
                if self._codec.is_open(command.response_id):
                    await self._write(command)
                    playing = Raw(service_type=_CLEAR_OUTPUT)
                command = playing
        await self._write(command)

    async def _flushed(self, media: Media) -> None:
        """Wait for the audio before a frame.

        Raises:
            CommandTimeout: the track does not move.
        """
        try:
            async with timeout(self._clock, media.waiting_ms / 1000 + _STANDSTILL_S):
                await media.flushed()
        except TimeoutError as exc:
            raise CommandTimeout("the audio before it does not leave the track; open a new session") from exc

    async def _next_events(self) -> Sequence[RealtimeEvent]:
        track = self._track
        while True:
            try:
                if track is None or not track.holds:
                    arrived = await self._pipe.recv()
                else:
                    async with timeout(self._clock, _LONGEST_REST_S):
                        arrived = await self._pipe.recv()
            except ConnectionLost as exc:
                self._ended(exc)
                if track is None or not track.holds:
                    raise
                return track.release()  # the end is told after it
            except TimeoutError:
                assert track is not None  # nothing else is timed
                return track.release()
            events = self._events_of(arrived)
            if events:
                return events

    def _events_of(self, arrived: str | bytes | AudioContent | RealtimeEvent) -> tuple[RealtimeEvent, ...]:
        match arrived:
            case AudioContent():
                return () if self._track is None else self._track.take(arrived)
            case RealtimeEvent():
                return (arrived,)
            case _:
                return self._decode(arrived)

    def _decode(self, frame: str | bytes) -> tuple[RealtimeEvent, ...]:
        events = self._codec.decode(frame)
        if not self._may_update.is_set() and not self._codec.awaits_update:
            self._may_update.set()
        if self._track is None:
            return events
        for event in events:
            if isinstance(event, RealtimeErrorEvent) and event.command_id == self._commit_id is not None:
                self._has_audio = True  # it is still there, for the next commit
            if isinstance(event, RealtimeSessionEvent) and event.turn_detection is not UNSET:
                was_manual, self._is_manual = self._is_manual, event.turn_detection is None
                self._has_audio = self._has_audio and was_manual == self._is_manual
        return self._track.frame(events)

    def _check_fixed(self, command: UpdateSession) -> None:
        begun = set_fields(self._setup.settings)
        for name, value in set_fields(command.settings).items():
            if name in self._fixed and value != begun.get(name, UNSET):
                raise UnsupportedSetting(
                    f"setting {name!r} is fixed when a session is made; open a new session"
                )

    async def _settle_update(self) -> None:
        """Wait until the update before is answered, or its answer is given up."""
        while not self._may_update.is_set() and (left_s := self._codec.update_left_s) > 0:
            with contextlib.suppress(TimeoutError):
                async with timeout(self._clock, left_s):
                    await self._may_update.wait()

    async def _configure(self, configuration: str) -> None:
        """Send the configuration exactly once, however often the caller is cancelled meanwhile."""
        if self._configuring is None:
            self._codec.mark_sent(self._setup)
            self._configuring = asyncio.create_task(self._pipe.send(configuration))
        await asyncio.wait([self._configuring])
        self._ensure_open()
        self._configuration = None
        try:
            self._configuring.result()
        except ConnectionLost:
            pass  # recv says so after the frames that explain it
        except UnsupportedCommand:
            if not self._is_configured:
                raise
            self._held = (*self._held, *self._codec.confirm(tuple(self._held)))

    def _ended(self, end: ConnectionLost) -> None:
        self._end = self._end or end
        self._may_update.set()

    def _ensure_open(self) -> None:
        if self._end is not None:
            end = self._end
            raise ConnectionLost(str(end), reason=end.reason, code=end.code, retryable=end.retryable) from end


def _has_session(events: Sequence[RealtimeEvent]) -> bool:
    # compatible services are known to begin with "updated"
    return any(isinstance(event, RealtimeSessionEvent) for event in events)
