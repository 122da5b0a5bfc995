"""Which command does this event answer? The codec matches; nobody waits here.

Rules, in the order of what the service tells:

* the events of items carry the id of the item that the command chose (``added``) or named (``deleted``,
  ``truncated``, ``retrieved``); where they carry none, the oldest of the kind is meant;
* ``response.created`` echoes the id that the command put into the response's metadata;
* a cancelled ``response.done`` answers the oldest ``response.cancel`` that named it, or named none;
* ``error`` names the event id that caused it; where that is null, its code or its ``param`` tells
  the kind of command, and the oldest of that kind is meant, else the oldest of all;
* ``session.updated``, ``…committed`` and ``…cleared`` name nothing: the oldest of the kind is meant.

What names nothing must not go wrong for ever because one answer never came: a command that has had
five seconds for an answer of the last sort, or for its cancellation, is forgotten when the next of its
kind is sent.

The table is bounded: when it is full, the oldest command is forgotten, and its answer then
carries no id.
"""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, Final

import attrs
from realtime_core.clock import current_clock

from realtime_openai_wire.fields import mapping, text
from realtime_openai_wire.names import SendEvents

__all__ = ["PATIENCE_S", "PendingCommands", "target_of"]

PATIENCE_S: Final = 5.0
"""How long the answer to a command may take before the next one of its kind may be meant."""

_IMPATIENT: Final = frozenset(
    {
        SendEvents.SESSION_UPDATE,
        SendEvents.INPUT_AUDIO_BUFFER_COMMIT,
        SendEvents.INPUT_AUDIO_BUFFER_CLEAR,
        SendEvents.RESPONSE_CANCEL,
    }
)
"""Frames whose answer may be taken for that of another one."""

_CAPACITY: Final = 1024

_KIND_BY_CODE: Final[dict[str | None, str]] = {
    "input_audio_buffer_commit_empty": SendEvents.INPUT_AUDIO_BUFFER_COMMIT,
    "conversation_already_has_active_response": SendEvents.RESPONSE_CREATE,
    "cannot_update_voice": SendEvents.SESSION_UPDATE,
    "response_cancel_not_active": SendEvents.RESPONSE_CANCEL,
    "item_create_duplicate_item_id": SendEvents.CONVERSATION_ITEM_CREATE,
    "item_retrieve_invalid_item_id": SendEvents.CONVERSATION_ITEM_RETRIEVE,
    "item_delete_invalid_item_id": SendEvents.CONVERSATION_ITEM_DELETE,
    "item_truncate_invalid_item_id": SendEvents.CONVERSATION_ITEM_TRUNCATE,
    "item_already_truncated": SendEvents.CONVERSATION_ITEM_TRUNCATE,
}

_KINDS_BY_PARAM: Final[dict[str, tuple[str, ...]]] = {
    "session": (SendEvents.SESSION_UPDATE,),
    "item": (SendEvents.CONVERSATION_ITEM_CREATE,),
    "previous_item_id": (SendEvents.CONVERSATION_ITEM_CREATE,),
    "item_id": (
        SendEvents.CONVERSATION_ITEM_TRUNCATE,
        SendEvents.CONVERSATION_ITEM_DELETE,
        SendEvents.CONVERSATION_ITEM_RETRIEVE,
    ),
    "content_index": (SendEvents.CONVERSATION_ITEM_TRUNCATE,),
    "audio_end_ms": (SendEvents.CONVERSATION_ITEM_TRUNCATE,),
    "response": (SendEvents.RESPONSE_CREATE,),
    "response_id": (SendEvents.RESPONSE_CANCEL,),
}

_PARAMS_OF_OTHERS: Final = frozenset({"type", "audio"})
"""Parameters of frames that are not in the table: raw ones of an unknown type, appended audio."""


def target_of(frame: Mapping[str, Any]) -> str | None:
    """What a client's frame is about: the id of the item that it makes or names, or of the response."""
    return text(mapping(frame, "item"), "id") or text(frame, "item_id") or text(frame, "response_id")


@attrs.frozen
class _Pending:
    command_id: str
    kind: str
    target: str | None
    sent_s: float | None


class PendingCommands:
    """The commands that were written and not yet answered, oldest first, by their event id."""

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}
        self._clock = current_clock()

    def __len__(self) -> int:
        return len(self._pending)

    def add(
        self, event_id: str, command_id: str, kind: str, target: str | None = None, *, sent: bool = True
    ) -> None:
        """Note a command: ``kind`` is the name of its frame, ``target`` what it is about (`target_of`).

        One that is not ``sent`` may be refused by an error, but nothing else answers it.
        """
        if kind in _IMPATIENT:
            # they are in the order in which they were sent
            for key in list(takewhile(lambda key: self._left_s(key) <= 0, self._of(kind))):
                del self._pending[key]
        if len(self._pending) >= _CAPACITY:
            del self._pending[next(iter(self._pending))]
        self._pending[event_id] = _Pending(command_id, kind, target, self._clock.now_s() if sent else None)

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

    def answer_item(self, kind: str, item_id: str | None) -> str | None:
        """The oldest command of that kind that is about the item; where none is named, the oldest.

        But an item without an id may have been added by anybody.
        """
        if item_id is None:
            return None if kind == SendEvents.CONVERSATION_ITEM_CREATE else self.answer_oldest(kind)
        return self._take(next((key for key in self._of(kind) if self._pending[key].target == item_id), None))

    def answer_creation(self, event_id: str | None) -> str | None:
        """The ``response.create`` that the metadata of a response names."""
        pending = None if event_id is None else self._pending.get(event_id)
        return None if pending is None or pending.kind != SendEvents.RESPONSE_CREATE else self._take(event_id)

    def answer_cancellation(self, response_id: str | None) -> str | None:
        """The oldest ``response.cancel`` that named a response which was cancelled, or named none."""
        of_kind = self._of(SendEvents.RESPONSE_CANCEL)
        if response_id is None:
            return self._take(next(of_kind, None))
        meant = (key for key in of_kind if self._pending[key].target in (response_id, None))
        return self._take(next(meant, None))

    def answer_error(self, error: Mapping[str, Any]) -> str | None:
        """The command that an error refuses."""
        if error.get("event_id") is not None:
            return self._take(text(error, "event_id"))
        code = text(error, "code")
        if code in _KIND_BY_CODE:
            return self._take(next(self._of(_KIND_BY_CODE[code]), None))
        param = (text(error, "param") or "").partition(".")[0]
        if param in _PARAMS_OF_OTHERS:
            return None
        meant = next(self._of(*_KINDS_BY_PARAM.get(param, ())), None)
        return self._take(next(iter(self._pending), None) if meant is None else meant)

    def _of(self, *kinds: str) -> Iterator[str]:
        return (key for key, command in self._pending.items() if command.kind in kinds)

    def _left_s(self, event_id: str) -> float:
        sent_s = self._pending[event_id].sent_s
        return PATIENCE_S if sent_s is None else PATIENCE_S - (self._clock.now_s() - sent_s)

    def _take(self, event_id: str | None) -> str | None:
        if event_id is None:
            return None
        command = self._pending.pop(event_id, None)
        return None if command is None else command.command_id
