"""Which command does this event answer? The codec matches; nobody waits here.

Rules, in the order of what the service tells:

* ``conversation.item.added`` carries the item id that the command chose;
* ``response.created`` echoes the id that the command put into the response's metadata;
* ``error`` names the event id that caused it; where that is null, its code or its ``param`` tells
  the kind of command, and the oldest of that kind is meant, else the oldest of all;
* ``session.updated``, ``…committed`` and ``…cleared`` name nothing: the oldest of the kind is meant.

The table is bounded: when it is full, the oldest command is forgotten, and its answer then
carries no id.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from realtime_openai_wire.fields import text
from realtime_openai_wire.names import SendEvents

__all__ = ["PendingCommands"]

_CAPACITY: Final = 1024

_KIND_BY_CODE: Final[dict[str | None, str | None]] = {
    "input_audio_buffer_commit_empty": SendEvents.INPUT_AUDIO_BUFFER_COMMIT,
    "conversation_already_has_active_response": SendEvents.RESPONSE_CREATE,
    "cannot_update_voice": SendEvents.SESSION_UPDATE,
    "item_create_duplicate_item_id": SendEvents.CONVERSATION_ITEM_CREATE,
    # these answer frames that are not in the table
    "response_cancel_not_active": None,
    "item_retrieve_invalid_item_id": None,
    "item_delete_invalid_item_id": None,
    "item_truncate_invalid_item_id": None,
    "item_already_truncated": None,
}

_KIND_BY_PARAM: Final = {
    "session": SendEvents.SESSION_UPDATE,
    "item": SendEvents.CONVERSATION_ITEM_CREATE,
    "response": SendEvents.RESPONSE_CREATE,
}


@attrs.frozen
class _Pending:
    command_id: str
    kind: str
    item_id: str | None


class PendingCommands:
    """The commands that were written and not yet answered, oldest first, by their event id."""

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, event_id: str, command_id: str, kind: str, item_id: str | None = None) -> None:
        """Note a command: ``kind`` is the name of its frame, ``item_id`` the item that it makes."""
        if len(self._pending) >= _CAPACITY:
            del self._pending[next(iter(self._pending))]
        self._pending[event_id] = _Pending(command_id, kind, item_id)

    def has(self, kind: str) -> bool:
        """Whether a command of that kind waits for its answer."""
        return next(self._of(kind), None) is not None

    def answer_oldest(self, kind: str) -> str | None:
        """The oldest command of that kind; it is answered now."""
        return self._take(next(self._of(kind), None))

    def answer_item(self, item_id: str | None) -> str | None:
        """The command that made the item."""
        of_kind = self._of(SendEvents.CONVERSATION_ITEM_CREATE)
        return self._take(next((key for key in of_kind if self._pending[key].item_id == item_id), None))

    def answer(self, event_id: str | None) -> str | None:
        """The command that the service names."""
        return self._take(event_id)

    def answer_error(self, error: Mapping[str, Any]) -> str | None:
        """The command that an error refuses."""
        if error.get("event_id") is not None:
            return self._take(text(error, "event_id"))
        code = text(error, "code")
        if code in _KIND_BY_CODE:
            kind = _KIND_BY_CODE[code]
            return None if kind is None else self.answer_oldest(kind)
        param_kind = _KIND_BY_PARAM.get((text(error, "param") or "").partition(".")[0])
        if param_kind is not None and self.has(param_kind):
            return self.answer_oldest(param_kind)
        return self._take(next(iter(self._pending), None))

    def _of(self, kind: str) -> Iterator[str]:
        return (key for key, command in self._pending.items() if command.kind == kind)

    def _take(self, event_id: str | None) -> str | None:
        if event_id is None:
            return None
        command = self._pending.pop(event_id, None)
        return None if command is None else command.command_id
