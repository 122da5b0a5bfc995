"""The contract of a provider: what a plugin gives, and what the session engine asks of it.

A plugin is a distribution with an entry point in the group ``realtime_core.providers``::

    [project.entry-points."realtime_core.providers"]
    acme-ws = "realtime_acme.plugin"

The entry point's name is the provider's name; its value is a module with one hook::

    from realtime_core.provider import Provider, hookimpl

    @hookimpl
    def realtime_provider() -> Provider:
        return Provider(
            connect=connect,
            options=AcmeOptions,
            settings=AcmeSettings,
            capabilities=Capabilities(...),
            api_version=1,
        )

The sections ``Clauses`` below are the contract, sentence by sentence. Each sentence has a name, which the
conformance kit, its reports and the documentation use; `realtime_core.contract` lists them all. ``with
ids`` and the like mean a flag of `Capabilities`: the clause binds a provider that has it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import attrs
import pluggy

from realtime_core.capabilities import Capabilities
from realtime_core.commands import Command, new_command_id
from realtime_core.contents import ToolDefinition
from realtime_core.events import RealtimeEvent
from realtime_core.settings import RealtimeSettings

__all__ = [
    "API_VERSION",
    "ENTRY_POINT_GROUP",
    "Connection",
    "Provider",
    "Setup",
    "hookimpl",
    "hookspec",
]

API_VERSION: Final = 1
"""The version of this contract: a whole number.

It is raised when a plugin that keeps the contract as it was would break or be misunderstood: a clause is
added or made stricter, a field, a command or an event is removed, renamed or means something else. It is
not raised for what a plugin need not know: an optional field, a capability whose default is what was
before, an event or a command that nobody gets who did not ask for it, a clause that is dropped. The
registry refuses a provider of another version, and says which side to upgrade. CONTRIBUTING tells how
something is deprecated.
"""

ENTRY_POINT_GROUP: Final = "realtime_core.providers"

hookspec: Final = pluggy.HookspecMarker("realtime_core")
hookimpl: Final = pluggy.HookimplMarker("realtime_core")


@attrs.frozen(kw_only=True)
class Setup:
    """How a session is to begin.

    ``settings`` is of the provider's own class; its audio formats are always set, and always ones that
    the provider's capabilities list. Use it wherever the service wants it: URL, call body, first
    frame. ``tools`` are the functions that the model may call; a mapping among them is a tool of the
    service's own, in its own words. An event that says whether the configuration was accepted carries
    ``command_id``.
    """

    settings: RealtimeSettings
    tools: tuple[ToolDefinition | Mapping[str, Any], ...] = ()
    command_id: str = attrs.field(factory=new_command_id)


class Connection(Protocol):
    """One live session with a service.

    One whose audio travels on a track may have a property ``media_stats``: `realtime_core.stats.MediaStats`.

    Clauses:
        answers_name_their_command: With acks, an event that answers a command, be it a refusal, carries its
            ``command_id``; no other event carries one.
        no_secrets_in_words: No key, token, prompt, transcript or audio stands in a message of an exception,
            in a ``repr`` or in a log line.
    """

    async def send(self, command: Command) -> None:
        """Write a command of `realtime_core.commands`; return when it is written, not when it is answered.

        Clauses:
            sends_keep_their_order: Commands reach the service in the order of the calls, whichever of them
                are written as several frames.
            unsupported_command_raises: A command that the service has no means for raises
                `UnsupportedCommand`; nothing of it is written, and the connection goes on.
            unsupported_change_raises: An `UpdateSession` of a setting that is not among ``live_settings``,
                or that the service has no value for, raises `UnsupportedSetting` or `UnsupportedCommand`,
                or is answered by an error event with its ``command_id``; it is never ignored.
            send_after_end_raises: Once the connection has ended, ``send`` raises `ConnectionLost`; nothing
                was sent.
            cancelled_send_breaks_no_frame: A ``send`` that is cancelled has written whole frames or none;
                the connection goes on, or raises `ConnectionLost` from then on.
            commands_are_left_alone: A command, and what it holds, is not changed.

        Raises:
            UnsupportedCommand: the service has no means for it.
            UnsupportedSetting: the service cannot honour a setting of an `UpdateSession`.
            ConnectionLost: the connection has ended; nothing was sent.
        """

    async def receive(self) -> Sequence[RealtimeEvent]:
        """The events of the next wire frame, in order. Called by one task at a time.

        Clauses:
            created_comes_first: The first event is a `RealtimeSessionEvent` ``created``.
            updated_when_configured: A `RealtimeSessionEvent` ``updated`` follows once the configuration is
                in force, made up where the service says nothing; or, where it is refused, an error event
                with ``Setup.command_id``, or an exception.
            frame_has_an_event: Every frame gives at least one event, and a frame with several meanings one
                for each, in its order; frames come in wire order.
            unknown_frame_is_plain: A frame that has no event class of its own is a plain `RealtimeEvent`
                with ``service_type`` and ``service_event``, and nothing else happens.
            unreadable_frame_is_an_error_event: A frame that cannot be read is a `RealtimeErrorEvent`, not
                an exception, and the frame after it is read; or, where framing itself is lost, the end.
            payload_is_untouched: An event's ``service_event`` is the decoded frame as it came.
            audio_is_native: The audio of a `RealtimeAudioEvent` is in one of the ``output_formats``, and
                says which.
            text_is_new: A `RealtimeTextEvent` holds only what was not told before, so that all of them
                together are the answer, once.
            responses_begin_and_end: With turns, a response is told ``created`` before its first part, and
                ``done`` once, with a status, after its last; both are made up where the service does not
                tell them.
            ids_name_what_they_belong_to: With ids, every part of a response carries its ``response_id``,
                and audio and items their ``item_id``.
            call_comes_once: A call of the model is one `RealtimeFunctionCallEvent`, given when its
                arguments are complete; pieces of them are plain events.
            withdrawn_call_is_told: A call of which the service wants no result any more is a
                `RealtimeFunctionCancelledEvent`.
            interruption_is_told: Where the service itself stops the answer because the user speaks, that is
                told: by speech ``started`` if it comes first, else by a `RealtimeInterruptionEvent` with
                the cause ``service``.
            cancelled_receive_loses_nothing: A ``receive`` that is cancelled loses no frame and no part of
                one; the next call goes on.
            end_is_told: When the connection ends, in whichever way and be it in the middle of a frame, what
                came before is given first; then ``receive`` raises `ConnectionLost` with the reason.
            end_is_told_again: Once it has raised `ConnectionLost`, ``receive`` raises that on every further
                call.

        Raises:
            ConnectionLost: the connection has ended.
        """

    async def aclose(self) -> None:
        """End the connection and free everything it holds.

        Clauses:
            close_frees_everything: When ``aclose`` returns, no task, thread or socket of this connection is
                left.
            close_is_idempotent: A connection may be closed twice, at once or one after the other, and after
                its end.
            close_wakes_the_reader: A task that waits in ``receive`` while the connection is closed gets
                `ConnectionLost`.
            close_never_raises: Closing raises nothing, whatever the peer does.
            close_does_not_wait_for_the_peer: A peer that does not answer keeps ``aclose`` for less than 5
                seconds; after that a session lets go of it (`SessionLimits`).
            cancelled_close_frees_everything: What an ``aclose`` that is cancelled had not freed is freed
                all the same.
        """


@attrs.frozen(kw_only=True)
class Provider:
    """What a plugin's hook returns.

    Attributes:
        connect: ``await connect(options, setup)``: a new `Connection`. ``options`` is an instance of the
            options class. The engine bounds it, with the wait for the configuration, by the option
            ``timeout_s`` if the options class has one, else by 10 seconds.
        options: an attrs class, its fields made by `realtime_core.options.option`.
        settings: the settings it can honour: `RealtimeSettings`, or a class that extends it.
        capabilities: what it can do.
        api_version: the version of this contract that the plugin was written for: a number of its own,
            not `API_VERSION`, so that a core with another contract can tell.
        capabilities_for: what it can do with certain options, if some of them change that; asked once,
            when a client is made, and before anything is opened.
        endpoint: the URL that ``connect`` will reach with certain options, as ``wss://host[:port]/path``
            or ``https://...``, or None where nothing goes over the network. It opens nothing, raises
            `InvalidOptions` or nothing, and need not know where a service sends one on from there.
            ``realtime doctor`` tries DNS, TCP, TLS and HTTP there. Left out, those steps are skipped.

    Clauses:
        connect_refuses_settings_first: A setting that is set and cannot be honoured raises
            `UnsupportedSetting` or `InvalidSettings` before any I/O; it never vanishes. So do tools where
            there are none.
        connect_errors_are_typed: A failed ``connect`` raises nothing but a `RealtimeError`:
            `AuthenticationFailed`, `RateLimited`, `ProviderError`, `InvalidOptions`, and `ConnectionFailed`
            for all else that keeps it from connecting; the exception of another library is its
            ``__cause__``.
        failed_connect_leaves_nothing: A ``connect`` that raises leaves no task, thread or socket behind.
        cancelled_connect_leaves_nothing: A ``connect`` that is cancelled, wherever it waits, leaves no
            task, thread or socket behind.
        connections_are_independent: A provider's ``connect`` may be called again and at the same time; no
            connection knows of another.
        endpoint_has_no_secret: The URL that ``endpoint`` gives has no key or token in it, since it is shown
            to people.
    """

    connect: Callable[[Any, Setup], Awaitable[Connection]]
    options: type[attrs.AttrsInstance]
    settings: type[RealtimeSettings]
    capabilities: Capabilities
    api_version: int
    capabilities_for: Callable[[Any], Capabilities] | None = None
    endpoint: Callable[[Any], str | None] | None = None


class HookSpecs:
    """The hooks of a provider plugin."""

    @hookspec(firstresult=True)
    def realtime_provider(self) -> Provider:
        """The provider that this plugin offers.

        Clauses:
            one_hook: The entry point's module, or object, has exactly one function ``realtime_provider``,
                without parameters, marked with `hookimpl`.
            import_is_quick: Importing that module and calling the hook opens nothing, waits for nothing and
                starts nothing; the packages of the vendor are imported inside ``connect``.
            import_in_any_thread: Both work in any thread, since the registry does them in one of its own.
            imports_no_other_plugin: Importing the module, calling the hook and connecting import no other
                plugin.
        """
        raise AssertionError("a hook specification is never called")
