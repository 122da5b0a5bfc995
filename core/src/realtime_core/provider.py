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

The sections ``Clauses`` below are the contract, sentence by sentence. The name of a clause is that of its
test in `realtime_core.testing.ProviderConformance`, which asks for each of them, and for more. ``With ids``
and the like mean a flag of `Capabilities`: the clause binds a provider that has it.
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

It is raised when a plugin that keeps the contract as it was would break or be misunderstood, and not for what
it need not know; CONTRIBUTING says when that is, and how something is deprecated before. The registry refuses
a provider of another version, and says which side to upgrade.
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
        answers_find_their_commands: With acks, an event that answers a command, be it a refusal, carries
            its ``command_id``; no other event carries one.
        secrets_do_not_show: No key or token stands in a message of an exception, in an event, in a ``repr``
            or in a log line, nor in the URL that ``Provider.endpoint`` gives.
        words_do_not_show: No prompt, transcript or audio stands in a message of an exception, in a ``repr``
            or in a log line.
        loop_is_not_held: No method, nor ``connect``, keeps the event loop from everything else: what takes
            longer than some milliseconds is awaited, or done in a thread.
    """

    async def send(self, command: Command) -> None:
        """Write a command of `realtime_core.commands`; return when it is written, not when it is answered.

        Clauses:
            order_of_sends_is_order_at_the_service: Commands reach the service in the order of the calls,
                whichever of them are written as several frames.
            sends_at_once_do_not_mix: Several tasks may call ``send`` at once; each command reaches the
                service whole.
            unknown_command_is_refused: A command that the service has no means for raises
                `UnsupportedCommand`; nothing of it is sent, and the connection goes on.
            live_setting_reaches_the_service: An `UpdateSession` of settings among ``live_settings`` changes
                them, and is confirmed where commands are answered.
            setting_that_is_not_live_is_refused: An `UpdateSession` of any other setting raises
                `UnsupportedSetting` or `UnsupportedCommand`, or is answered by an error event; it is never
                ignored.
            users_audio_reaches_the_service_whole: The user's audio reaches the service byte for byte; where
                it takes several formats, it is told which.
            message_reaches_the_service: A message reaches the service once, word for word, however long.
            result_reaches_the_service_once: So does the result of a call, be it plain words or nothing.
            history_keeps_order_and_roles: With history, what was said before reaches the service in its
                order and with its roles, at any time where the capabilities say so; a role that the service
                has not raises `UnsupportedCommand`.
            overrides_reach_the_service: The overrides of a `CreateResponse`, and that it is out of band,
                reach the service as they are, or raise.
            cancelled_response_is_done: A `CancelResponse` reaches the service with the response's id where it
                has one, and the response is done, cancelled.
            clear_is_answered_by_its_id: A `ClearAudio` reaches the service, or raises `UnsupportedCommand`.
            truncation_reaches_the_service: With ``truncate="client"`` a `Truncate` reaches the service with
                the item's id.
            deletion_reaches_the_service: So does a `DeleteItem`.
            no_response_is_asked_for_unasked: A response is asked for by `CreateResponse` alone, once each:
                not by a message, an image, a change of settings, the end of the user's audio, or the result
                of a call.
            nothing_is_sent_after_the_end: Once the connection has ended, ``send`` raises `ConnectionLost`,
                and nothing was sent.
            cancelled_send_breaks_nothing: A ``send`` that is cancelled has sent its command whole or not at
                all; the connection goes on, or raises `ConnectionLost` from then on.

        Raises:
            UnsupportedCommand: the service has no means for it.
            UnsupportedSetting: the service cannot honour a setting of an `UpdateSession`.
            ConnectionLost: the connection has ended; nothing was sent.
        """

    async def receive(self) -> Sequence[RealtimeEvent]:
        """The events of the next wire frame, in order. Called by one task at a time.

        A call of which the service wants no result any more is a `RealtimeFunctionCancelledEvent`.

        Clauses:
            first_event_is_session_created: The first event is a `RealtimeSessionEvent` ``created``.
            configuration_is_confirmed: One `RealtimeSessionEvent` ``updated`` follows once the
                configuration is in force, made up where the service says nothing; or, where it is refused,
                an error event with ``Setup.command_id``, or an exception.
            meanings_of_one_frame_keep_their_order: Every frame gives at least one event, one with several
                meanings an event for each, in its order; frames come in wire order.
            event_carries_its_frame: An event of a frame has the service's name for it in ``service_type``,
                and the decoded frame, untouched, in ``service_event``; a frame of bytes has none.
            unknown_frame_is_a_plain_event: A frame that has no event class of its own is a plain
                `RealtimeEvent` that carries it, never an error.
            unreadable_frame_is_an_error_event: A frame that cannot be read is a `RealtimeErrorEvent` that
                is not fatal, not an exception.
            malformed_frame_is_no_exception: A frame of a known type with wrong fields is an error event or
                a plain one, not an exception.
            frames_behind_an_unreadable_one_are_read: After frames that cannot be read the next is read;
                where framing itself is lost, that is the end.
            text_is_told_exactly_once: A `RealtimeTextEvent` holds only what was not told before, so that
                all of them together are the reply, once and in order.
            audio_arrives_whole: All audio of a reply arrives once and in order, in pieces of whatever size.
            audio_says_its_format: The audio of a `RealtimeAudioEvent` is in one of the ``output_formats``,
                and says which.
            turn_is_created_then_told_then_done: With turns, a response is told ``created`` before its first
                part, and ``done`` once, with a status, after its last; both are made up where the service
                does not tell them.
            events_of_a_response_share_its_id: With ids, all that belongs to a response carries its
                ``response_id``, and audio and items their ``item_id``.
            call_is_told_exactly_once: A call of the model is one `RealtimeFunctionCallEvent`, given when
                its arguments are complete; pieces of them are plain events.
            interruption_by_the_user_is_told: The user's speech in a running turn is a speech event
                ``started``, or a `RealtimeInterruptionEvent` with the cause ``service`` where the service
                only stops; it is told once, and what the service ends by it is not ``completed``.
            failure_at_the_service_is_an_error_event: A failure that the service tells of is a
                `RealtimeErrorEvent`, fatal only if the service ends the session for it.
            cancelled_receive_loses_nothing: A ``receive`` that is cancelled loses no frame and no part of
                one; the next call goes on.
            last_words_are_told_before_the_end: What came before the end is given first; then ``receive``
                raises `ConnectionLost`.
            service_that_hangs_up_is_lost: An end in the orderly way is `ConnectionLost`, too, with a
                `LostReason`.
            peer_that_vanishes_in_a_frame_is_lost: A peer that vanishes in the middle of a frame is
                `ConnectionLost`; the half frame is nothing.
            dropped_connection_is_lost: A connection that the network drops, in a running turn as between
                two, is `ConnectionLost`; so is every further ``receive``, after this end as after any other.

        Raises:
            ConnectionLost: the connection has ended.
        """

    async def aclose(self) -> None:
        """End the connection and free everything it holds.

        Clauses:
            closing_twice_is_harmless: Closing raises nothing, whatever the peer does, and may be done
                again, also after the end.
            closing_twice_at_once_is_harmless: Closing may be done by two tasks at once.
            closing_wakes_a_waiting_reader: A task that waits in ``receive`` while the connection is closed
                gets `ConnectionLost`.
            closing_leaves_nothing_behind: When ``aclose`` returns, no task, thread or socket of this
                connection is left.
            closing_does_not_wait_for_a_silent_service: A peer that does not answer keeps ``aclose`` for
                less than 5 seconds; after that a session lets go of it (`SessionLimits`).
            aclose_can_be_cancelled_at_every_wait: After an ``aclose`` that was cancelled, another one ends
                what is left.
        """


@attrs.frozen(kw_only=True)
class Provider:
    """What a plugin's hook returns.

    Attributes:
        connect: ``await connect(options, setup)``: a new `Connection`. ``options`` is an instance of the
            options class. It raises nothing but a `RealtimeError`: `UnsupportedSetting`, `InvalidOptions`,
            `AuthenticationFailed`, `RateLimited`, `ProviderError`, and `ConnectionFailed` for all else that
            keeps it from connecting; the exception of another library is the ``__cause__``. The engine
            bounds it, with the wait for the configuration, by the option ``timeout_s`` if the options class
            has one, else by 10 seconds.
        options: an attrs class, its fields made by `realtime_core.options.option`.
        settings: the settings it can honour: `RealtimeSettings`, or a class that extends it.
        capabilities: what it can do.
        api_version: the version of this contract that the plugin was written for: a number of its own,
            not `API_VERSION`, so that a core with another contract can tell.
        capabilities_for: what it can do with certain options, if some of them change that; asked once,
            when a client is made, and before anything is opened.
        endpoint: the URL that ``connect`` will reach with certain options, as ``wss://host[:port]/path``
            or ``https://...``, or None where nothing goes over the network. It opens nothing, raises
            `InvalidOptions` or nothing, has no key or token in it, since it is shown to people, and need not
            know where a service sends one on from there.
            ``realtime doctor`` tries DNS, TCP, TLS and HTTP there. Left out, those steps are skipped.

    Clauses:
        provider_is_well_formed: Options and settings are attrs classes as said above, and the capabilities
            do not contradict each other.
        api_version_is_the_contracts: The version is that of this contract.
        missing_option_is_named: Without a required option `InvalidOptions` is raised, and names it.
        setting_is_honoured_or_refused: A setting that is set reaches the service, or raises
            `UnsupportedSetting` or `InvalidSettings` in ``connect`` before any I/O; it never vanishes, and
            None is a value.
        own_setting_is_honoured_or_refused: So does a setting that the provider's class adds.
        unset_setting_is_not_sent: What is unset is not sent, so that the service's own default holds.
        tools_are_told_or_refused: Tools of the set-up reach the service with their descriptions and
            parameters, mappings among them as they are, or raise `UnsupportedSetting` before any I/O.
        refused_credentials_are_authentication_failed: Wrong credentials are `AuthenticationFailed`, or an
            error event of the kind ``auth`` where the service tells it only later.
        service_that_hangs_up_at_once_is_told: A service that ends the connection at once is
            `ConnectionFailed` or `ConnectionLost`, soon.
        refusal_leaves_nothing_behind: A ``connect`` that raises leaves no task, thread or socket behind.
        connect_can_be_cancelled_at_every_wait: A ``connect`` that is cancelled, wherever it waits, leaves
            nothing behind, here or at the service.
        connections_are_independent: A provider's ``connect`` may be called again and at the same time; no
            connection knows of another.
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

        Importing the module and calling this open nothing, wait for nothing and start nothing, and import no
        package of the vendor: that is what ``connect`` is for. Nor do they change what the whole process
        shares (logging, warnings, the event loop policy, standard streams, the current folder), or print
        anything. The registry does both in a thread that is not
        the main one, and gives them up after 10 seconds.

        Clauses:
            provider_loads_by_name: The entry point's module, or object, has exactly one function
                ``realtime_provider``, without parameters, marked with `hookimpl`; importing it and calling
                that come back at once, in any thread.
            loading_it_loads_no_other_plugin: Neither imports a package of another distribution's provider.
        """
        raise AssertionError("a hook specification is never called")
