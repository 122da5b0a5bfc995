"""One conversation: what it takes, what it gives.

Puts the parts of `realtime_core.engine` together around one provider `Connection`. Knows nothing of any
vendor: it branches on `Capabilities` and on event classes, never on a ``service_type``.
"""

import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import attrs

from realtime_core.callbacks import AudioCallback
from realtime_core.capabilities import Capabilities
from realtime_core.clock import current_clock
from realtime_core.commands import AddItem, CreateResponse, Raw
from realtime_core.contents import ImageContent, Message, Role
from realtime_core.engine.configuration import Configuration, audio_input
from realtime_core.engine.lifecycle import End, Hooks, Lifecycle
from realtime_core.engine.native import native_settings, output_format
from realtime_core.engine.output import AudioOutput
from realtime_core.engine.pending import refusal
from realtime_core.engine.queue import EventQueue
from realtime_core.engine.sender import Sender
from realtime_core.engine.stream import EventStream
from realtime_core.engine.uplink import AudioLike
from realtime_core.errors import (
    ConnectionLost,
    LostReason,
    RealtimeError,
    SessionStateError,
    UnsupportedCommand,
)
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeImageEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeTextEvent,
)
from realtime_core.limits import SessionLimits
from realtime_core.provider import Connection, Provider, Setup
from realtime_core.settings import RealtimeSettings, merge_settings
from realtime_core.state import SessionState
from realtime_core.stats import SessionStats
from realtime_core.unset import UNSET

__all__ = ["RealtimeSession", "SessionPlan"]

_log = logging.getLogger("realtime_core")

_DEFAULT_OPEN_TIMEOUT_S: Final = 10.0


@attrs.frozen(kw_only=True)
class SessionPlan:
    """What a client decides about a session before it is opened."""

    provider: Provider
    name: str
    options: Any = attrs.field(repr=False)
    settings: RealtimeSettings
    create_response: bool = False
    audio_output_callback: AudioCallback | None = None
    limits: SessionLimits = attrs.field(factory=SessionLimits)
    on_open: Callable[["RealtimeSession"], object]
    on_delete: Callable[["RealtimeSession"], object]


class RealtimeSession:
    """A conversation with one provider. Clients make it: see `realtime_core.client.RealtimeClient`.

    It belongs to the event loop that opens it. ``async with session:`` opens and deletes it.
    """

    def __init__(self, plan: SessionPlan) -> None:
        if plan.create_response and not plan.provider.capabilities.turns:
            raise _no_responses(plan.name)
        self._plan = plan
        self._clock = current_clock()
        self._id: str | None = None
        self._failure_seen = False
        self._setup = Setup(settings=native_settings(plan.settings, self.capabilities))
        self._queue = EventQueue(plan.limits.queue_bytes)
        self._output = AudioOutput(
            output_format(plan.settings), limits=plan.limits, clock=self._clock, report=self._queue_event
        )
        if plan.audio_output_callback is not None:
            self._output.attach(plan.audio_output_callback)
        self._life = Lifecycle(
            Hooks(
                connect=self._connect,
                take=self._take,
                prepare=self._prepare,
                serve=self._output.run,
                finish=self._finish,
            ),
            name=plan.name,
            clock=self._clock,
            open_timeout_s=getattr(plan.options, "timeout_s", None) or _DEFAULT_OPEN_TIMEOUT_S,
            close_timeout_s=plan.limits.close_timeout_s,
        )
        self._sender = Sender(
            self._life,
            audio_input(plan.settings, plan.provider),
            acks=self.capabilities.acks,
            clock=self._clock,
            timeout_s=plan.limits.command_timeout_s,
        )
        self._configuration = Configuration(
            plan.settings, plan.provider, plan.name, sender=self._sender, life=self._life
        )

    def __repr__(self) -> str:
        return f"<RealtimeSession {self._plan.name} {self.state}>"

    # -- what it is ------------------------------------------------------------------------------

    @property
    def id(self) -> str | None:
        """The service's id of the session, once it has told one."""
        return self._id

    @property
    def state(self) -> SessionState:
        """Where it is in its life."""
        return self._life.state

    @property
    def settings(self) -> RealtimeSettings:
        """The settings in force: those given, and those updated since and accepted."""
        return self._configuration.settings

    @property
    def capabilities(self) -> Capabilities:
        """What its provider can do."""
        return self._plan.provider.capabilities

    @property
    def stats(self) -> SessionStats:
        """Its counters now."""
        return SessionStats(
            queued_events=len(self._queue),
            queued_bytes=self._queue.bytes,
            dropped_events=self._queue.dropped_events,
            dropped_audio_ms=self._queue.dropped_audio_ms,
            dropped_text_chars=self._queue.dropped_text_chars,
            callback_backlog_bytes=self._output.backlog_bytes,
            callback_failures=self._output.failures,
        )

    # -- its life --------------------------------------------------------------------------------

    async def create_session(self) -> None:
        """Open it: once. Returns when the service has accepted the configuration.

        Raises:
            SessionStateError: it was opened before.
            ConnectionFailed: the service cannot be reached, or does not answer in time.
            ConnectionLost: it hung up before the session was open.
            AuthenticationFailed: it refused the credentials.
            ProviderError: it refused the configuration.
            UnsupportedSetting: the provider cannot honour a setting.
        """
        first = self.state is SessionState.NEW
        if first:
            self._plan.on_open(self)
        try:
            await self._life.open()
        except BaseException:
            if first:
                self._failure_seen = True
                self._plan.on_delete(self)
            raise

    async def delete_session(self) -> None:
        """End it and wait until nothing of it is left. Harmless when repeated, and from any task of its loop;
        from inside its own audio callback it returns at once, and the session ends when the callback returns.
        """
        await self._delete()
        failure = self._failure()
        if failure is not None and not self._failure_seen:
            _log.warning("a session ended by itself, and nobody was told: %s", failure)

    async def _delete(self) -> None:
        if self.state is not SessionState.CLOSED:
            self._life.check_loop()
        self._plan.on_delete(self)
        self._output.stop()
        await self._life.close()

    async def wait_closed(self) -> None:
        """Wait until it has ended, in whichever way."""
        await self._life.wait_closed()

    async def __aenter__(self) -> Self:
        await self.create_session()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._delete()
        failure = self._failure()
        if exc is None and failure is not None and not self._failure_seen:
            self._failure_seen = True
            raise failure

    # -- receiving -------------------------------------------------------------------------------

    def receive(self, audio_output_callback: AudioCallback | None = None) -> EventStream:
        """The session's events, for as long as it lives, in the order of the wire.

        What arrived before is kept; leaving the loop and calling again continues. One task at a time.
        ``audio_output_callback`` takes the place of the one given before, from this call on; in a session
        that has ended it is not called any more, and the audio is in the events.

        The stream ends when somebody here deletes the session. If it ends in any other way the stream
        raises, after a last ``RealtimeSessionEvent`` ``closed``:

        Raises:
            SessionStateError: the session has not been opened; or another task is waiting.
            ConnectionLost: the connection ended; ``reason`` and ``code`` say how.
            AuthenticationFailed, RateLimited, ProviderError: the service ended it with that error.
            ProtocolError: the provider's code failed.
        """
        if self.state in (SessionState.NEW, SessionState.OPENING):
            self._life.connection()
        if audio_output_callback is not None and self.state is SessionState.OPEN:
            missed = () if self._output.has_callback else self._queue.unheard_audio()
            self._output.attach(audio_output_callback, missed)
        return EventStream(self._queue, self._see_failure, self._life.check_loop)

    # -- sending ---------------------------------------------------------------------------------

    async def send(self, event: RealtimeEvent) -> None:
        """Send an event: audio, text, image, function result, or a plain ``RealtimeEvent`` as a raw
        pass-through in the service's own words (``service_type`` and ``service_event``), which the engine
        does not track.

        Raises:
            SessionStateError: the session is not open.
            UnsupportedCommand: an event of that class cannot be sent, or not to this provider.
            ConnectionLost: the connection ended; it was not sent.
        """
        match event:
            case RealtimeAudioEvent():
                await self.send_audio(event.audio)
            case RealtimeTextEvent():
                await self.send_text(event.text.text, role=event.role or "user")
            case RealtimeImageEvent():
                await self.send_image(event.image)
            case RealtimeFunctionResultEvent():
                await self._sender.write(AddItem(item=event.function_result))
            case RealtimeEvent(service_type=str() as service_type) if type(event) is RealtimeEvent:
                payload = {} if event.service_event is None else event.service_event
                if not isinstance(payload, Mapping):
                    raise UnsupportedCommand(f"service_event is a mapping, not {type(payload).__name__}")
                await self._sender.write(Raw(service_type=str(service_type), payload=payload))
            case _:
                raise UnsupportedCommand(
                    f"cannot send {type(event).__name__}; send RealtimeAudioEvent, RealtimeTextEvent, "
                    "RealtimeImageEvent, RealtimeFunctionResultEvent, or a RealtimeEvent with a service_type"
                )

    async def send_audio(self, pcm: AudioLike) -> None:
        """Send a piece of the user's audio: bytes in the session's input format, of any length; an int16
        array, mono, at the session's input rate; or `AudioContent` in its own format.

        Raises:
            SessionStateError: the session is not open.
            InvalidSettings: it is no audio.
            ConnectionLost: the connection ended; it was not sent.
        """
        await self._sender.append(pcm)

    async def send_text(self, text: str, *, role: Role = "user", respond: bool = False) -> None:
        """Add a message to the conversation; ``respond``: and ask for a response.

        Raises:
            SessionStateError: the session is not open.
            UnsupportedCommand: ``respond`` at a provider without turns.
            ConnectionLost: the connection ended; it was not sent.
        """
        await self._add(AddItem(item=Message(role, text)), respond=respond)

    async def send_image(self, image: ImageContent | bytes, *, respond: bool = False) -> None:
        """Show the model an image: PNG or JPEG; ``respond``: and ask for a response.

        Raises:
            SessionStateError: the session is not open.
            InvalidSettings: it is no such image.
            UnsupportedCommand: the provider takes no images; or ``respond`` at one without turns.
            ConnectionLost: the connection ended; it was not sent.
        """
        if not self.capabilities.images:
            raise UnsupportedCommand(f"{self._plan.name} takes no images; describe it with send_text")
        content = image if isinstance(image, ImageContent) else ImageContent(image)
        await self._add(AddItem(item=content), respond=respond)

    async def commit_audio(self) -> None:
        """End the user's turn; returns when the service has. Asks for no response.

        Raises:
            SessionStateError: the session is not open.
            ProviderError: the service refused, for instance because there was too little audio.
            CommandTimeout: it did not answer.
            ConnectionLost: the connection ended.
        """
        await self._sender.commit()

    async def clear_audio(self) -> None:
        """Forget the audio sent since the last commit; returns when the service has.

        Raises:
            SessionStateError, ProviderError, CommandTimeout, ConnectionLost: as `commit_audio`.
        """
        await self._sender.clear()

    async def create_response(self, **overrides: Any) -> None:
        """Ask for a response; ``overrides`` hold for this one. Returns when the request is written.

        Raises:
            SessionStateError: the session is not open.
            UnsupportedCommand: the provider has no turns.
            ConnectionLost: the connection ended; it was not sent.
        """
        if not self.capabilities.turns:
            raise _no_responses(self._plan.name)
        await self._sender.write(CreateResponse(overrides=overrides))

    async def update_session(
        self, settings: RealtimeSettings | Mapping[str, Any] | None = None, **setting: Any
    ) -> None:
        """Change the settings that are set, keywords over ``settings``; returns when they are in force.

        Raises:
            SessionStateError: the session is not open.
            UnsupportedSetting: the provider has no such setting, or cannot change it in an open session.
            InvalidSettings: a value is wrong.
            ProviderError: the service refused; nothing has changed.
            CommandTimeout: it did not answer.
            ConnectionLost: the connection ended.
        """
        self._life.connection()
        change = merge_settings(self._plan.provider.settings, settings, setting)
        self._changed(await self._configuration.update(change))

    async def _add(self, item: AddItem, *, respond: bool) -> None:
        if respond and not self.capabilities.turns:
            raise _no_responses(self._plan.name)
        await self._sender.write(*((item, CreateResponse()) if respond else (item,)))

    # -- what the engine calls -------------------------------------------------------------------

    async def _connect(self) -> Connection:
        return await self._plan.provider.connect(self._plan.options, self._setup)

    async def _prepare(self, connection: Connection) -> None:
        if self._plan.create_response:
            await connection.send(CreateResponse())

    def _take(self, event: RealtimeEvent) -> None:
        """What an event means to the session itself; then it goes to the consumer. Never waits."""
        if type(event) is RealtimeAudioEvent:
            heard = self._output.has_callback
            for audio in self._output.deliver(event):
                self._queue_event(audio, heard=heard)
            return
        match event:
            case RealtimeSessionEvent(phase="created"):
                self._id = event.session_id
                self._life.created()
            case RealtimeSessionEvent(phase="updated"):
                self._life.configured()
                self._changed(self._configuration.accepted(event.command_id))
                self._configuration.follow(event.input_format)
            case RealtimeErrorEvent(command_id=str() as refused) if self._configuration.awaits(refused):
                self._configuration.refused(refused)
            case RealtimeResponseEvent(phase="done"):
                for audio in self._output.finish():
                    self._queue_event(audio, heard=self._output.has_callback)
        self._queue_event(event)
        if event.command_id is not None:
            self._sender.pending.answer(event)
        if isinstance(event, RealtimeErrorEvent) and (
            event.fatal or event.command_id == self._setup.command_id
        ):
            self._life.request(End.by(refusal(event)))

    def _changed(self, change: RealtimeSettings | None) -> None:
        """A change of settings is in force now."""
        if change is not None and change.output_audio_format is not UNSET:
            for audio in self._output.retarget(output_format(change)):
                self._queue_event(audio, heard=self._output.has_callback)

    def _queue_event(self, event: RealtimeEvent, *, heard: bool = False) -> None:
        if not self._queue.put(event, heard=heard):
            stuck = ConnectionLost(
                f"the session was ended: {self._plan.limits.queue_bytes} bytes of events that may not be "
                "dropped were waiting, and nobody read them; iterate receive()",
                reason=LostReason.CONSUMER_STUCK,
            )
            self._life.request(End.by(stuck))

    def _finish(self, end: End) -> None:
        code = end.failure.code if isinstance(end.failure, ConnectionLost) else None
        self._queue.put(
            RealtimeSessionEvent(
                phase="closed",
                session_id=self._id,
                reason=end.reason,
                code=code,
                lost_audio_ms=self._output.abandon(),
            )
        )
        self._queue.end()
        self._sender.pending.fail(
            end.failure or SessionStateError("the session was deleted while this waited for an answer")
        )

    def _failure(self) -> RealtimeError | None:
        return None if self._life.end is None else self._life.end.failure

    def _see_failure(self) -> RealtimeError | None:
        self._failure_seen = True
        return self._failure()


def _no_responses(name: str) -> UnsupportedCommand:
    return UnsupportedCommand(f"{name} answers by itself; a response cannot be asked for")
