"""One conversation, as the application sees it: what it takes, what it gives.

What happens inside is the business of `realtime_core.engine`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from realtime_core.audio.sinks import AudioSink
from realtime_core.callbacks import AudioCallback
from realtime_core.capabilities import Capabilities
from realtime_core.captions import Captions
from realtime_core.commands import AddItem
from realtime_core.contents import ApprovalRequest, ImageContent, Message, Role
from realtime_core.conversation import Conversation
from realtime_core.engine.configuration import Change
from realtime_core.engine.counters import session_stats
from realtime_core.engine.engine import SessionEngine
from realtime_core.engine.opening import Opening
from realtime_core.engine.plan import SessionPlan, definitions
from realtime_core.engine.raw import raw_command
from realtime_core.engine.stream import EventStream
from realtime_core.engine.uplink import AudioLike
from realtime_core.errors import InvalidSettings, RealtimeError
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeImageEvent,
    RealtimeTextEvent,
)
from realtime_core.fallback import FailedAttempt
from realtime_core.responses import ResponseHandle
from realtime_core.settings import RealtimeSettings, merge_settings
from realtime_core.state import SessionState
from realtime_core.stats import SessionStats
from realtime_core.tools.tool import Tools, as_tools
from realtime_core.unset import UNSET, UnsetType
from realtime_core.usage import SessionUsage

__all__ = ["RealtimeSession"]

_log = logging.getLogger("realtime_core")


class RealtimeSession:
    """A conversation with one provider. Clients make it: see `realtime_core.client.RealtimeClient`.

    It belongs to the event loop that opens it. ``async with session:`` opens and deletes it.
    """

    def __init__(
        self,
        plans: Sequence[SessionPlan],
        *,
        on_open: Callable[["RealtimeSession"], object],
        on_delete: Callable[["RealtimeSession"], object],
    ) -> None:
        self._on_open = on_open
        self._on_delete = on_delete
        self._failure_seen = False
        self._opening = Opening(plans, self)

    def __repr__(self) -> str:
        return f"<RealtimeSession {self.provider} {self.state}>"

    # -- what it is ------------------------------------------------------------------------------

    @property
    def _engine(self) -> SessionEngine:
        return self._opening.engine

    @property
    def _plan(self) -> SessionPlan:
        return self._opening.engine.plan

    @property
    def provider(self) -> str:
        """The name of the provider it is with: a fallback's, where one had to be tried."""
        return self._plan.name

    @property
    def profile(self) -> str | None:
        """The profile of ``realtime.toml`` that it is with, if any."""
        return self._plan.profile

    @property
    def failed_attempts(self) -> tuple[FailedAttempt, ...]:
        """The providers that could not open it, in the order they were tried, and why."""
        return self._opening.attempts

    @property
    def id(self) -> str | None:
        """The service's id of the session, once it has told one."""
        return self._engine.meanings.session_id

    @property
    def state(self) -> SessionState:
        """Where it is in its life."""
        return self._engine.life.state

    @property
    def settings(self) -> RealtimeSettings:
        """The settings in force: those given, and those updated since and accepted."""
        return self._engine.configuration.settings

    @property
    def capabilities(self) -> Capabilities:
        """What its provider can do."""
        return self._plan.provider.capabilities

    @property
    def conversation(self) -> Conversation:
        """All that was said so far, in the order of the conversation; a value, which does not change."""
        return self._engine.recorder.conversation

    @property
    def usage(self) -> SessionUsage:
        """What it has used so far."""
        return self._engine.meter.usage

    def captions(self) -> Captions:
        """The texts of the conversation as they come: an async iterator, beside ``receive``.

        Each `Caption` is the whole text of one turn as it is known now; a later one with the same ``key``
        takes its place. A new reader begins with the turns so far.
        """
        return self._engine.recorder.captions.subscribe()

    @property
    def stats(self) -> SessionStats:
        """Its counters now."""
        return session_stats(self._engine)

    # -- its life --------------------------------------------------------------------------------

    async def create_session(self) -> None:
        """Open it: once. Returns when the service has accepted the configuration.

        Raises:
            SessionStateError: it was opened before.
            ConnectionFailed: no service could be reached, or answered in time; ``causes``, if several.
            ConnectionLost: it hung up before the session was open.
            AuthenticationFailed: it refused the credentials.
            ProviderError: it refused the configuration.
            UnsupportedSetting: the provider cannot honour a setting.
        """
        first = self.state is SessionState.NEW
        if first:
            self._on_open(self)
        try:
            await self._opening.open()
        except BaseException:
            if first:
                self._failure_seen = True
                self._on_delete(self)
            raise

    async def delete_session(self) -> None:
        """End it and wait until nothing of it is left. Harmless when repeated, and from any task of its loop;
        from inside its own audio callback it returns at once, and the session ends when the callback returns.
        """
        await self._delete()
        failure = self._engine.failure
        if failure is not None and not self._failure_seen:
            # the service's own words may hold anybody's
            _log.warning("a session ended by itself, and nobody was told: %s", type(failure).__name__)

    async def _delete(self) -> None:
        if self.state is not SessionState.CLOSED:
            self._engine.life.check_loop()
        self._on_delete(self)
        self._opening.stop()
        self._engine.speech.output.stop()
        await self._engine.life.close()

    async def wait_closed(self) -> None:
        """Wait until it has ended, in whichever way."""
        await self._opening.wait_closed()

    async def __aenter__(self) -> Self:
        await self.create_session()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._delete()
        failure = self._engine.failure
        if exc is None and failure is not None and not self._failure_seen:
            self._failure_seen = True
            raise failure

    # -- receiving -------------------------------------------------------------------------------

    def receive(self, audio_output_callback: AudioCallback | AudioSink | None = None) -> EventStream:
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
            self._engine.life.connection()
        if audio_output_callback is not None and self.state is SessionState.OPEN:
            self._engine.attach(audio_output_callback)
        return EventStream(self._engine.queue, self._see_failure, self._engine.life.check_loop)

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
                await self._engine.toolbox.send_result(event.function_result)
            case _:
                await self._engine.sender.write(raw_command(event))

    async def send_audio(self, pcm: AudioLike) -> None:
        """Send a piece of the user's audio: bytes in the session's input format, of any length; an int16
        array, mono, at the session's input rate; or `AudioContent` in its own format.

        Raises:
            SessionStateError: the session is not open.
            InvalidSettings: it is no audio.
            UnsupportedCommand: the provider takes no audio.
            ConnectionLost: the connection ended; it was not sent.
        """
        self._plan.check_audio()
        await self._engine.sender.append(pcm)

    async def send_text(
        self, text: str, *, role: Role = "user", respond: bool = False
    ) -> ResponseHandle | None:
        """Add a message to the conversation; ``respond``: and ask for a response, whose handle it returns.

        Raises:
            SessionStateError: the session is not open.
            UnsupportedCommand: the provider takes no text; ``respond`` where a response cannot be asked for;
                or a role that the provider takes as history only.
            ConnectionLost: the connection ended; it was not sent.
        """
        self._plan.check_text(role)
        return await self._add(AddItem(item=Message(role, text)), respond=respond)

    async def send_image(
        self, image: ImageContent | bytes, *, respond: bool = False
    ) -> ResponseHandle | None:
        """Show the model an image: PNG or JPEG; ``respond``: and ask for a response, whose handle it returns.

        Raises:
            SessionStateError: the session is not open.
            InvalidSettings: it is no such image.
            UnsupportedCommand: the provider takes no images; or ``respond`` at one without turns.
            ConnectionLost: the connection ended; it was not sent.
        """
        self._plan.check_images("describe it with send_text")
        item = image if isinstance(image, ImageContent) else ImageContent(image)
        return await self._add(AddItem(item=item), respond=respond)

    async def commit_audio(self) -> None:
        """End the user's turn; returns when the service has. Asks for no response.

        Raises:
            SessionStateError: the session is not open.
            ProviderError: the service refused, for instance because there was too little audio.
            CommandTimeout: it did not answer.
            ConnectionLost: the connection ended.
        """
        await self._engine.sender.commit()

    async def clear_audio(self) -> None:
        """Forget the audio sent since the last commit; returns when the service has.

        Raises:
            SessionStateError, ProviderError, CommandTimeout, ConnectionLost: as `commit_audio`.
        """
        await self._engine.sender.clear()

    async def create_response(
        self, *, conversation: Literal["auto", "none"] = "auto", **overrides: Any
    ) -> ResponseHandle:
        """Ask for a response; ``overrides`` hold for this one. Returns when the request is written, or waits
        for its turn: while a response is active, requests without overrides become one that follows it,
        and those with overrides follow one by one.

        With ``conversation="none"`` it is out of band: not part of the conversation, asked for at once, and
        what it says is in its handle and nowhere else.

        Raises:
            SessionStateError: the session is not open; or 64 responses with overrides wait already.
            UnsupportedCommand: a response cannot be asked for.
            InvalidSettings: an override has a value that cannot be meant.
            ConnectionLost: the connection ended; it was not sent.
        """
        if conversation not in ("auto", "none"):
            raise InvalidSettings(f"conversation takes 'auto' or 'none', not {conversation!r}")
        self._check_may_ask()
        if "tools" in overrides:
            overrides["tools"] = definitions(as_tools(overrides["tools"]))
        return await self._engine.responder.ask(conversation=conversation, overrides=overrides)

    async def interrupt(self) -> bool:
        """Stop what the assistant says, and what it was asked to say next; whether there was anything.

        What was not heard is forgotten: here, by the sink, and by the model. Returns when the service has
        been told, not when it has answered.

        Raises:
            SessionStateError: the session is not open.
            ConnectionLost: the connection ended.
        """
        return await self._engine.interrupt()

    def report_played(self, item_id: str, ms: float) -> None:
        """Say how much of an item was heard, where the player knows: it takes the place of the estimate.

        Raises:
            InvalidSettings: ``ms`` is no time.
        """
        self._engine.speech.report_played(item_id, ms)

    async def approve(self, request: ApprovalRequest) -> None:
        """Let a call be made that a ``RealtimeApprovalEvent`` brought, with just these arguments.

        Raises:
            SessionStateError: no such call waits any more; or the session is not open.
            ConnectionLost: the connection ended.
        """
        await self._engine.answer_approval(request, approve=True)

    async def deny(self, request: ApprovalRequest, reason: str = "") -> None:
        """Let it not be made; the model is told so, with the ``reason``.

        Raises:
            SessionStateError, ConnectionLost: as `approve`.
        """
        await self._engine.answer_approval(request, approve=False, reason=reason)

    async def update_session(
        self,
        settings: RealtimeSettings | Mapping[str, Any] | None = None,
        *,
        tools: Tools | UnsetType = UNSET,
        **setting: Any,
    ) -> None:
        """Change the settings that are set, keywords over ``settings``; returns when they are in force.

        ``tools`` takes the place of all tools; calls that run go on.

        Raises:
            SessionStateError: the session is not open.
            UnsupportedSetting: the provider has no such setting, or cannot change it in an open session.
            InvalidSettings: a value is wrong.
            InvalidTool: a function cannot be a tool.
            ProviderError: the service refused; nothing has changed.
            CommandTimeout: it did not answer.
            ConnectionLost: the connection ended.
        """
        self._engine.life.connection()
        change = Change(
            merge_settings(self._plan.provider.settings, settings, setting),
            UNSET if isinstance(tools, UnsetType) else as_tools(tools),
        )
        self._engine.meanings.changed(await self._engine.configuration.update(change))

    def _check_may_ask(self) -> None:
        self._plan.check_responses()
        self._engine.life.connection()
        self._engine.budget.refuse()

    async def _add(self, item: AddItem, *, respond: bool) -> ResponseHandle | None:
        if not respond:
            await self._engine.sender.write(item)
            return None
        self._check_may_ask()
        return await self._engine.responder.ask(item)

    def _see_failure(self) -> RealtimeError | None:
        self._failure_seen = True
        return self._engine.failure
