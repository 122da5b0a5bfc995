"""A client: a factory of sessions with one provider, by name.

Knows nothing of any vendor; the provider is whatever its distribution registered.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import attrs

from realtime_core.audio.sinks import AudioSink
from realtime_core.budget import Budget
from realtime_core.callbacks import AudioCallback
from realtime_core.candidate import candidate
from realtime_core.capabilities import Capabilities
from realtime_core.client_parts import check_parts, clients_among
from realtime_core.errors import SessionStateError
from realtime_core.events import RealtimeEvent
from realtime_core.history import History, history_items
from realtime_core.limits import SessionLimits
from realtime_core.observers.loading import given_observers
from realtime_core.provider import Provider
from realtime_core.registry import load_provider
from realtime_core.settings import RealtimeSettings
from realtime_core.tools.failures import ErrorHook
from realtime_core.tools.tool import Tools, as_tools
from realtime_core.unset import UNSET, UnsetType

if TYPE_CHECKING:
    from realtime_core.engine.stream import EventStream
    from realtime_core.session import RealtimeSession

__all__ = ["RealtimeClient", "create_client"]


def create_client(
    name: str,
    /,
    *,
    settings: RealtimeSettings | Mapping[str, Any] | None = None,
    audio_output_callback: AudioCallback | AudioSink | None = None,
    limits: SessionLimits | None = None,
    budget: Budget | None = None,
    observers: Iterable[object] = (),
    tool_error: ErrorHook | None = None,
    fallbacks: Sequence["RealtimeClient"] = (),
    **options: Any,
) -> "RealtimeClient":
    """A client of the provider called ``name``. Opens nothing.

    Args:
        name: a provider's name, such as ``openai-ws``; ``realtime providers`` lists those installed.
        settings: for all its sessions.
        audio_output_callback: for all its sessions; see `RealtimeClient`.
        limits: bounds for all its sessions.
        budget: what each of its sessions may use.
        observers: told of everything in all its sessions; see `realtime_core.observers`.
        tool_error: decides what the model is told of a tool that failed: given the `ToolCall` and the
            exception it gives the text, or None for the customary one, which never quotes the exception.
        fallbacks: clients to open a session with, in order, where this one cannot; see `RealtimeClient`.
        options: the provider's; what is not given comes from the environment.

    Raises:
        UnknownProvider, DuplicateProvider, BrokenPlugin: it cannot be loaded.
        InvalidOptions: an option is missing or wrong.
        UnsupportedSetting, InvalidSettings: a setting is.
    """
    return RealtimeClient(
        load_provider(name),
        name=name,
        settings=settings,
        audio_output_callback=audio_output_callback,
        limits=limits,
        budget=budget,
        observers=observers,
        tool_error=tool_error,
        fallbacks=fallbacks,
        options=options,
    )


class RealtimeClient:
    """A factory of sessions; many may be open at once.

    ``async with client(...)`` opens one and deletes it at the end; ``async with client`` is the same as
    ``async with client()``. While it has exactly one session, its own ``receive``, ``send``,
    ``update_session`` and ``delete_session`` act on that one.

    ``audio_output_callback`` gets decoded audio before anything else happens to it: a 1-D int16 array,
    mono, at the session's output rate. A plain callable runs inline and must not block; a
    coroutine function runs in the session's own task, in order, and may be slow; an `AudioSink` tells how
    much of it was heard, which makes interruption exact.

    ``fallbacks`` are tried in order while a session is being opened, and only then, if the link, the service
    or its credentials are at fault, not the caller; the session tells which ``provider`` it is
    with. Of each, its provider, options and settings count; all else is this client's.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        name: str,
        settings: RealtimeSettings | Mapping[str, Any] | None = None,
        audio_output_callback: AudioCallback | AudioSink | None = None,
        limits: SessionLimits | None = None,
        budget: Budget | None = None,
        observers: Iterable[object] = (),
        tool_error: ErrorHook | None = None,
        fallbacks: Sequence["RealtimeClient"] = (),
        profile: str | None = None,
        options: Mapping[str, Any] | attrs.AttrsInstance | None = None,
    ) -> None:
        self.candidate = candidate(provider, name=name, options=options, settings=settings, profile=profile)
        """What it opens sessions with, if it can."""
        others = clients_among(fallbacks, RealtimeClient)
        self._candidates = (self.candidate, *(client.candidate for client in others))
        self._audio_output_callback = audio_output_callback
        self._limits = limits if limits is not None else SessionLimits()
        self._budget = budget
        self._tool_error = tool_error
        check_parts(limits, budget, tool_error, audio_output_callback)
        self._observers = given_observers(observers)
        self._sessions: list[RealtimeSession] = []
        # with the task that entered: several may use one client in 'async with' at once
        self._entered: list[tuple[asyncio.Task[Any] | None, RealtimeSession]] = []

    def __repr__(self) -> str:
        return f"<RealtimeClient {self.name} sessions={len(self._sessions)}>"

    @property
    def name(self) -> str:
        """The name of its provider."""
        return self.candidate.name

    @property
    def profile(self) -> str | None:
        """The profile of ``realtime.toml`` that it was made of, if any."""
        return self.candidate.profile

    @property
    def settings(self) -> RealtimeSettings:
        """Its settings for all sessions."""
        return self.candidate.settings

    @property
    def capabilities(self) -> Capabilities:
        """What its provider can do, with the options that the client has."""
        return self.candidate.provider.capabilities

    def __call__(
        self,
        settings: RealtimeSettings | Mapping[str, Any] | None = None,
        *,
        history: History = (),
        tools: Tools = (),
        auto_invoke: bool = True,
        create_response: bool = False,
        audio_output_callback: AudioCallback | AudioSink | None = None,
        **setting: Any,
    ) -> "RealtimeSession":
        """A session, not yet open: ``async with`` or its ``create_session()`` opens it.

        Args:
            settings: over those of the client.
            history: what was said before: the `Conversation` of another session, of whatever provider, or
                messages, calls and results; see `realtime_core.history.history_items`.
            tools: functions that the model may call, `Tool` objects, or tools of the service's own: mappings
                in its own words.
            auto_invoke: call them; else the calls are events, to be answered with their results by ``send``.
            create_response: ask for a response as soon as it is open.
            audio_output_callback: instead of the client's.
            setting: single settings, over ``settings``.

        Raises:
            UnsupportedSetting: the provider cannot honour a setting.
            InvalidSettings: a value is wrong.
            InvalidTool: a function cannot be a tool.
            UnsupportedCommand: ``create_response`` where a response cannot be asked for; or history that the
                provider does not take.
        """
        # numpy and the engine load with the first session, so that importing the package stays quick
        from realtime_core.engine.plan import SessionPlan
        from realtime_core.session import RealtimeSession

        callback = self._audio_output_callback if audio_output_callback is None else audio_output_callback
        shared = {
            "history": history_items(history),
            "tools": as_tools(tools),
            "auto_invoke": auto_invoke,
            "tool_error": self._tool_error,
            "create_response": create_response,
            "audio_output_callback": callback,
            "limits": self._limits,
            "budget": self._budget,
            "observers": self._observers,
        }
        plans = [SessionPlan.of(one, one.merged(settings, setting), **shared) for one in self._candidates]
        return RealtimeSession(plans, on_open=self._sessions.append, on_delete=self._forget)

    async def create_session(
        self,
        settings: RealtimeSettings | Mapping[str, Any] | None = None,
        *,
        history: History = (),
        tools: Tools = (),
        auto_invoke: bool = True,
        create_response: bool = False,
        audio_output_callback: AudioCallback | AudioSink | None = None,
        **setting: Any,
    ) -> "RealtimeSession":
        """A new session, open. Arguments: as calling the client. Errors: those, and of opening it."""
        session = self(
            settings,
            history=history,
            tools=tools,
            auto_invoke=auto_invoke,
            create_response=create_response,
            audio_output_callback=audio_output_callback,
            **setting,
        )
        await session.create_session()
        return session

    async def __aenter__(self) -> "RealtimeSession":
        session = self()
        await session.__aenter__()
        self._entered.append((asyncio.current_task(), session))
        return session

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        task = asyncio.current_task()
        own = [entry for entry in self._entered if entry[0] is task]
        entry = (own or self._entered)[-1]
        self._entered.remove(entry)
        await entry[1].__aexit__(exc_type, exc, traceback)

    async def aclose(self) -> None:
        """Delete all its sessions."""
        await asyncio.gather(*(session.delete_session() for session in self._sessions))

    def receive(self, audio_output_callback: AudioCallback | AudioSink | None = None) -> "EventStream":
        """``RealtimeSession.receive`` of the only session.

        Raises:
            SessionStateError: there is none, or more than one.
        """
        return self._only().receive(audio_output_callback)

    async def send(self, event: RealtimeEvent) -> None:
        """``RealtimeSession.send`` of the only session.

        Raises:
            SessionStateError: there is none, or more than one.
        """
        await self._only().send(event)

    async def update_session(
        self,
        settings: RealtimeSettings | Mapping[str, Any] | None = None,
        *,
        tools: Tools | UnsetType = UNSET,
        **setting: Any,
    ) -> None:
        """``RealtimeSession.update_session`` of the only session.

        Raises:
            SessionStateError: there is none, or more than one.
        """
        await self._only().update_session(settings, tools=tools, **setting)

    async def delete_session(self) -> None:
        """``RealtimeSession.delete_session`` of the only session; nothing to do if there is none.

        Raises:
            SessionStateError: there is more than one.
        """
        if self._sessions:
            await self._only().delete_session()

    def _only(self) -> "RealtimeSession":
        match self._sessions:
            case [session]:
                return session
            case []:
                raise SessionStateError("the client has no session; use 'async with client(...)'")
            case several:
                raise SessionStateError(
                    f"the client has {len(several)} sessions; call this on the session you mean"
                )

    def _forget(self, session: "RealtimeSession") -> None:
        if session in self._sessions:
            self._sessions.remove(session)
