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

Importing that module must be cheap: import the vendor's packages inside ``connect``.
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
"""The version of this contract."""

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
    """

    async def send(self, command: Command) -> None:
        """Write a command; return when it is written, not when it is answered.

        Commands reach the service in the order of the calls. Only the commands in
        `realtime_core.commands` are given; one that the service has no means for raises.

        Raises:
            UnsupportedCommand: the service has no means for it.
            ConnectionLost: the connection has ended; nothing was sent.
        """

    async def receive(self) -> Sequence[RealtimeEvent]:
        """The events of the next wire frame, at least one, in order.

        The first is a ``RealtimeSessionEvent`` ``created``; one ``updated`` follows once the
        configuration is in force (made up where the service says nothing), or an error event with
        the setup's ``command_id``. A frame that has no event class of its own is a plain
        ``RealtimeEvent``; a frame that cannot be read is an error event, not an exception. Audio
        is in one of the ``output_formats``. An event that answers a command carries its
        ``command_id``. Cancelling loses nothing. Called by one task only.

        Raises:
            ConnectionLost: the connection has ended, in whichever way; again on every further call.
        """

    async def aclose(self) -> None:
        """End the connection and free everything it holds. May be called twice, and while another
        task waits in ``receive``; that one then raises `ConnectionLost`. Never raises.
        """


@attrs.frozen(kw_only=True)
class Provider:
    """What a plugin's hook returns.

    Attributes:
        connect: ``await connect(options, setup)``: a connection, or `ConnectionFailed`,
            `AuthenticationFailed`, `RateLimited`, or another `RealtimeError`. If it is cancelled it
            leaves nothing behind. The engine bounds it, with the wait for the configuration, by the
            option ``timeout_s`` if the options class has one, else by 10 seconds.
        options: an attrs class, its fields made by `realtime_core.options.option`.
        settings: the settings it can honour: `RealtimeSettings`, or a class that extends it.
        capabilities: what it can do.
        capabilities_for: what it can do with certain options, if some of them change that; asked once,
            when a client is made, and before anything is opened.
        endpoint: the URL that ``connect`` will reach with certain options, as ``wss://host[:port]/path`` or
            ``https://...``, or None where nothing goes over the network; without a key or a token in it,
            since it is shown to people. It opens nothing, raises `InvalidOptions` or nothing, and need not
            name a service's later redirects. ``realtime doctor`` tries DNS, TCP, TLS and HTTP there.
            Left out, those steps are skipped.
        api_version: the version of this contract that the plugin was written for: a number of its own,
            not `API_VERSION`, so that a core with another contract can tell.
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
        """The provider that this plugin offers."""
        raise AssertionError("a hook specification is never called")
