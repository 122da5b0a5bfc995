"""What a session asks of a connection: one class per command, vendor-neutral.

Knows nothing of any wire. Every command has a ``command_id``; an event that answers it carries the
same id (see `realtime_core.provider.Connection`).
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

import attrs

from realtime_core.contents import ImageContent, Message, ToolCall, ToolResult, hidden
from realtime_core.settings import RealtimeSettings

__all__ = [
    "AddItem",
    "AppendAudio",
    "CancelResponse",
    "ClearAudio",
    "Command",
    "CommitAudio",
    "CreateResponse",
    "DeleteItem",
    "Raw",
    "Truncate",
    "UpdateSession",
    "new_command_id",
]

_numbers = count(1)


def new_command_id() -> str:
    """An id that no other command of this process has."""
    return f"cmd_{next(_numbers)}"


@attrs.frozen(kw_only=True)
class Command:
    """Any command."""

    command_id: str = attrs.field(factory=new_command_id)


@attrs.frozen(kw_only=True)
class UpdateSession(Command):
    """Change the settings that are set in ``settings``; answered by a session event ``updated``."""

    settings: RealtimeSettings


@attrs.frozen(kw_only=True)
class AppendAudio(Command):
    """The next piece of the user's audio, in the connection's input format; never answered."""

    data: bytes = attrs.field(repr=hidden)


@attrs.frozen(kw_only=True)
class CommitAudio(Command):
    """End the user's turn; answered by a speech event ``committed``. Does not ask for a response."""


@attrs.frozen(kw_only=True)
class ClearAudio(Command):
    """Forget the audio appended since the last commit; answered by the service's own event."""


@attrs.frozen(kw_only=True)
class AddItem(Command):
    """Add an item to the end of the conversation; answered by the event that tells of it.

    An image is one that the user shows: given only where the capabilities say ``images``. Does not ask for a
    response.
    """

    item: Message | ToolCall | ToolResult | ImageContent


@attrs.frozen(kw_only=True)
class DeleteItem(Command):
    """Remove an item from the conversation; answered by the event that tells of it."""

    item_id: str


@attrs.frozen(kw_only=True)
class Truncate(Command):
    """Keep the first ``keep_ms`` of an item that the assistant spoke; the rest was never heard.

    Answered by the event that tells of it.
    """

    item_id: str
    keep_ms: int


@attrs.frozen(kw_only=True)
class CreateResponse(Command):
    """Ask for a response; ``overrides`` hold for this one only and are passed on as they are."""

    overrides: Mapping[str, Any] = attrs.field(factory=dict, repr=hidden)


@attrs.frozen(kw_only=True)
class CancelResponse(Command):
    """Stop a response, by default the one that runs; answered by its response event ``done``, cancelled."""

    response_id: str | None = None


@attrs.frozen(kw_only=True)
class Raw(Command):
    """A frame in the service's own words: sent as it is, not tracked by the engine."""

    service_type: str
    payload: Mapping[str, Any] = attrs.field(factory=dict, repr=hidden)
