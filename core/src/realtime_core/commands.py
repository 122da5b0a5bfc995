"""What a session asks of a connection: one class per command, vendor-neutral.

Knows nothing of any wire. Every command has a ``command_id``; an event that answers it carries the
same id (see `realtime_core.provider.Connection`).
"""

from collections.abc import Mapping
from itertools import count
from typing import Any, Literal

import attrs

from realtime_core.contents import ConversationItem, ToolDefinition, hidden
from realtime_core.settings import RealtimeSettings
from realtime_core.unset import UNSET, UnsetType

__all__ = [
    "AddItem",
    "AnswerApproval",
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
    """Change the settings that are set in ``settings``, and the tools if they are set; answered by a session
    event ``updated``. ``tools`` replaces all of them: see `realtime_core.provider.Setup`.
    """

    settings: RealtimeSettings
    tools: tuple[ToolDefinition | Mapping[str, Any], ...] | UnsetType = UNSET


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

    item: ConversationItem


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
    """Ask for a response; ``overrides`` hold for this one only and are passed on as they are.

    One with ``conversation="none"`` is out of band: it is not written to the conversation, and may run
    beside another. Never given to a provider without ``client_responses``.
    """

    conversation: Literal["auto", "none"] = "auto"
    overrides: Mapping[str, Any] = attrs.field(factory=dict, repr=hidden)


@attrs.frozen(kw_only=True)
class CancelResponse(Command):
    """Stop a response, by default the one that runs; answered by its response event ``done``, cancelled."""

    response_id: str | None = None


@attrs.frozen(kw_only=True)
class AnswerApproval(Command):
    """What a person says to an `ApprovalRequest` of the service's own tools."""

    approval_id: str
    approve: bool
    reason: str = attrs.field(default="", repr=hidden)


@attrs.frozen(kw_only=True)
class Raw(Command):
    """A frame in the service's own words: sent as it is, not tracked by the engine."""

    service_type: str
    payload: Mapping[str, Any] = attrs.field(factory=dict, repr=hidden)
