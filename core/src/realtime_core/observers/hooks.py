"""The hooks of an observer: what it is told, when, and with which values.

Knows nothing of how observers are found or called. All values are immutable and passed by reference: an
event's ``service_event`` is the very mapping that the application gets, so look and do not touch.
"""

from typing import Final

import attrs
import pluggy

from realtime_core.commands import Command
from realtime_core.contents import ToolCall, ToolResult
from realtime_core.errors import RealtimeError
from realtime_core.events import RealtimeEvent

__all__ = ["ENTRY_POINT_GROUP", "PROJECT", "ObserverSpecs", "SessionInfo", "hookimpl"]

ENTRY_POINT_GROUP: Final = "realtime_core.observers"
"""The entry points by which a distribution registers observers for every session."""

# not the project of the providers' hooks: one module may have hooks of both kinds
PROJECT: Final = "realtime_core_observers"

hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)
"""Marks a hook of an observer."""


@attrs.frozen
class SessionInfo:
    """Which session it is."""

    provider: str
    number: int
    """Counts the sessions of this process that are observed: the same for all that is told of one."""
    session_id: str | None = None
    """The service's id, from when it has told one."""


class ObserverSpecs:
    """The hooks. What is told of one session comes in order."""

    @hookspec
    def realtime_session_opened(self, session: SessionInfo) -> None:
        """The service has made the session; nothing of it was told before."""

    @hookspec
    def realtime_session_closed(self, session: SessionInfo, reason: str, error: RealtimeError | None) -> None:
        """It has ended; of a session that could not be opened, or never was, it may be all that is told.

        ``error`` is None if somebody here asked for the end. Nothing of it is told afterwards.
        """

    @hookspec
    def realtime_event(self, session: SessionInfo, event: RealtimeEvent) -> None:
        """An event, in the order in which the session took it."""

    @hookspec
    def realtime_command(self, session: SessionInfo, command: Command) -> None:
        """A command, when it was written; the user's audio too, piece by piece."""

    @hookspec
    def realtime_tool(self, session: SessionInfo, call: ToolCall, result: ToolResult) -> None:
        """The session has answered a call of the model: ``result`` says how long the tool ran, and whether it
        failed. What the application answers itself is a command only.
        """
