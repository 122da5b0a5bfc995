"""Which command does this event answer? The codec matches; nobody waits here.

Rules, in the order of what the service tells:

* ``conversation.item.added`` carries the item id that the command chose;
* ``response.created`` echoes the id that the command put into the response's metadata;
* ``error`` names the event id that caused it; where that is null, its code or its ``param`` tells
  the kind of command, and the oldest of that kind is meant, else the oldest of all;
* ``session.updated``, ``…committed`` and ``…cleared`` name nothing: the oldest of the kind is meant.

What names nothing must not go wrong for ever because one answer never came: a command that has had
five seconds for an answer of the last sort is forgotten when the next of its kind is sent.

The table is bounded: when it is full, the oldest command is forgotten, and its answer then
carries no id.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs
from realtime_core.clock import current_clock

from realtime_openai_wire.fields import text
from realtime_openai_wire.names import SendEvents

__all__ = ["PATIENCE_S", "UNNAMED_ANSWERS", "PendingCommands"]

PATIENCE_S: Final = 5.0
"""How long the answer to a command may take before the next one of its kind may be meant."""

UNNAMED_ANSWERS: Final = frozenset(
    {
        SendEvents.SESSION_UPDATE,
        SendEvents.INPUT_AUDIO_BUFFER_COMMIT,
        SendEvents.INPUT_AUDIO_BUFFER_CLEAR,
    }
)
"""Frames whose answer names nobody."""

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
    sent_s: float | None


class PendingCommands:
    """The commands that were written and not yet answered, oldest first, by their event id."""

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}
        self._clock = current_clock()

    def __len__(self) -> int:
        return len(self._pending)

    def add(
        self, event_id: str, command_id: str, kind: str, item_id: str | None = None, *, sent: bool = True
    ) -> None:
        """Note a command: ``kind`` is the name of its frame, ``item_id`` the item that it makes.

        One that is not ``sent`` may be refused by an error, but nothing else answers it.
        """
        if kind in UNNAMED_ANSWERS:
            for key in [key for key in self._of(kind) if self._left_s(key) <= 0]:
                del self._pending[key]
        if len(self._pending) >= _CAPACITY:
            del self._pending[next(iter(self._pending))]
        self._pending[event_id] = _Pending(command_id, kind, item_id, self._clock.now_s() if sent else None)

    def mark_sent(self, event_id: str) -> None:
        """A command that was not sent when it was noted is sent now."""
        command = self._pending.pop(event_id, None)
        if command is not None:
            self._pending[event_id] = attrs.evolve(command, sent_s=self._clock.now_s())

    def has(self, kind: str) -> bool:
        """Whether a command of that kind waits for its answer."""
        return next(self._of(kind), None) is not None

    def left_s(self, kind: str) -> float:
        """How long a command of that kind may yet take for its answer; 0 when none is waited for."""
        return max((self._left_s(key) for key in self._of(kind)), default=0.0)

    def answer_oldest(self, kind: str) -> str | None:
        """The oldest command of that kind that was sent; it is answered now."""
        sent = (key for key in self._of(kind) if self._pending[key].sent_s is not None)
        return self._take(next(sent, None))

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
            return None if kind is None else self._take(next(self._of(kind), None))
        param_kind = _KIND_BY_PARAM.get((text(error, "param") or "").partition(".")[0])
        if param_kind is not None and self.has(param_kind):
            return self._take(next(self._of(param_kind), None))
        return self._take(next(iter(self._pending), None))

    def _of(self, kind: str) -> Iterator[str]:
        return (key for key, command in self._pending.items() if command.kind == kind)

    def _left_s(self, event_id: str) -> float:
        sent_s = self._pending[event_id].sent_s
        return PATIENCE_S if sent_s is None else PATIENCE_S - (self._clock.now_s() - sent_s)

    def _take(self, event_id: str | None) -> str | None:
        if event_id is None:
            return None
        command = self._pending.pop(event_id, None)
        return None if command is None else command.command_id
