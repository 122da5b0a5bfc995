"""Which command does this event answer? The codec matches; nobody waits here.

Rules, in the order of what the service tells:

* the events of items carry the id of the item that the command chose (``added``) or named (``deleted``,
  ``truncated``, ``retrieved``); where they carry none, the oldest of the kind is meant;
* ``response.created`` echoes the id that the command put into the response's metadata;
* a cancelled ``response.done`` answers the oldest ``response.cancel`` that named it, or named none;
* ``error`` names the event id that caused it, and the oldest frame of that event id is meant; where it names
  none, its code, its ``param`` or its words tell the kind of frame, and one of that kind is meant or nobody;
  where these tell nothing, any may be meant, but only by an error that is about a request: a service's
  own trouble refuses nobody;
* ``session.updated``, ``…committed`` and ``…cleared`` name nothing: the oldest of the kind is meant.

Frames of the caller's own are in the table too, whatever they are, or an error about one of them would
refuse another's command. Their event ids are the caller's choice and may clash: nothing here rests on them.

What names nothing must not go wrong for ever because one answer never came. A command that has had
five seconds for an answer of the last sort, or for its cancellation, is forgotten when the next of its
kind is sent. A command whose answer would name it is never too late for that answer; but an error that
names nobody means the oldest that is not in doubt, and only where there is none the oldest. In doubt is
what has had five seconds, or what has likely been answered by a service that echoes no metadata or chooses
the ids of items itself: the oldest ``response.create`` once a response begins that names no command, the
oldest ``conversation.item.create`` once an item is added that nobody here named. (Both happen by themselves
too, by turn detection: so they only cast doubt, and answer nothing.)

The table is bounded: when it is full, the oldest command is forgotten, and its answer then
carries no id.
"""

from collections.abc import Iterator, Mapping
from itertools import count, takewhile
from typing import Any, Final

import attrs
from realtime_core.clock import current_clock

from realtime_openai_wire.errors import is_about_truncation, meaning_of
from realtime_openai_wire.fields import mapping, text
from realtime_openai_wire.names import SendEvents

__all__ = ["PATIENCE_S", "PendingCommands", "target_of"]

PATIENCE_S: Final = 5.0
"""How long the answer to a command may take before the next one of its kind may be meant."""

_PATIENT: Final = frozenset(
    {
        SendEvents.CONVERSATION_ITEM_CREATE,
        SendEvents.CONVERSATION_ITEM_RETRIEVE,
        SendEvents.CONVERSATION_ITEM_TRUNCATE,
        SendEvents.CONVERSATION_ITEM_DELETE,
        SendEvents.RESPONSE_CREATE,
    }
)
"""Frames whose answer names them; that of any other may be taken for another's, or never comes."""

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
    "audio": (SendEvents.INPUT_AUDIO_BUFFER_APPEND,),
}

_PROTOCOL: Final = frozenset(SendEvents)

_NOT_ABOUT_A_REQUEST: Final = frozenset({"server", "rate_limited", "auth", "quota", "expired"})
"""Kinds of errors that come by themselves."""


def target_of(frame: Mapping[str, Any]) -> str | None:
    """What a client's frame is about: the id of the item that it makes or names, or of the response."""
    return text(mapping(frame, "item"), "id") or text(frame, "item_id") or text(frame, "response_id")


@attrs.frozen
class _Pending:
    command_id: str
    event_id: str | None
    kind: str
    target: str | None
    sent_s: float | None
    doubted: bool = False


class PendingCommands:
    """The commands that were written and not yet answered, in the order in which they were sent."""

    def __init__(self) -> None:
        # by a number of our own: event ids may clash
        self._pending: dict[int, _Pending] = {}
        self._numbers = count()
        self._clock = current_clock()

    def __len__(self) -> int:
        return len(self._pending)

    def add(
        self,
        event_id: str | None,
        command_id: str,
        kind: str,
        target: str | None = None,
        *,
        sent: bool = True,
    ) -> None:
        """Note a command: ``kind`` is the name of its frame, ``target`` what it is about (`target_of`).

        One that is not ``sent`` may be refused by an error, but nothing else answers it. An empty
        ``event_id`` is none.
        """
        if kind not in _PATIENT:
            # they are in the order in which they were sent
            for key in list(takewhile(lambda key: self._left_s(key) <= 0, self._of(kind))):
                del self._pending[key]
        if len(self._pending) >= _CAPACITY:
            del self._pending[next(iter(self._pending))]
        sent_s = self._clock.now_s() if sent else None
        self._note(_Pending(command_id, event_id or None, kind, target, sent_s))

    def mark_sent(self, command_id: str) -> None:
        """A command that was not sent when it was noted is sent now."""
        waiting = (key for key, command in self._pending.items() if command.sent_s is None)
        key = next((key for key in waiting if self._pending[key].command_id == command_id), None)
        if key is not None:
            self._note(attrs.evolve(self._pending.pop(key), sent_s=self._clock.now_s()))

    def forget(self, command_id: str) -> None:
        """A command was not sent after all, and nothing answers it."""
        for key in [key for key, command in self._pending.items() if command.command_id == command_id]:
            del self._pending[key]

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

    def answer_creation(self, command_id: str | None) -> str | None:
        """The ``response.create`` that the metadata of a response names."""
        of_kind = self._of(SendEvents.RESPONSE_CREATE)
        named = (key for key in of_kind if self._pending[key].command_id == command_id)
        return self._take(next(named, None))

    def answer_cancellation(self, response_id: str | None) -> str | None:
        """The oldest ``response.cancel`` that named a response which was cancelled, or named none."""
        of_kind = self._of(SendEvents.RESPONSE_CANCEL)
        if response_id is None:
            return self._take(next(of_kind, None))
        meant = (key for key in of_kind if self._pending[key].target in (response_id, None))
        return self._take(next(meant, None))

    def answer_error(self, error: Mapping[str, Any]) -> str | None:
        """The command that an error refuses."""
        event_id = error.get("event_id")
        if event_id not in (None, ""):
            named = (key for key, command in self._pending.items() if command.event_id == event_id)
            return self._take(next(named, None))
        return self._take(self._first_not_in_doubt(self._refusable(error)))

    def doubt(self, kind: str) -> None:
        """The oldest command of that kind that is not in doubt has likely been answered already."""
        key = next((key for key in self._of(kind) if not self._pending[key].doubted), None)
        if key is not None:
            self._pending[key] = attrs.evolve(self._pending[key], doubted=True)

    def _refusable(self, error: Mapping[str, Any]) -> list[int]:
        """The commands that an error which names nobody may mean."""
        if is_about_truncation(text(error, "message")):
            return list(self._of(SendEvents.CONVERSATION_ITEM_TRUNCATE))
        code = text(error, "code")
        if code in _KIND_BY_CODE:
            return list(self._of(_KIND_BY_CODE[code]))
        param = (text(error, "param") or "").partition(".")[0]
        if param in _KINDS_BY_PARAM:
            return list(self._of(*_KINDS_BY_PARAM[param]))
        if param == "type":
            return [key for key, command in self._pending.items() if command.kind not in _PROTOCOL]
        if meaning_of(code, text(error, "type")).kind in _NOT_ABOUT_A_REQUEST:
            return []
        return list(self._pending)

    def _first_not_in_doubt(self, keys: list[int]) -> int | None:
        certain = (key for key in keys if not self._pending[key].doubted and self._left_s(key) > 0)
        return next(certain, next(iter(keys), None))

    def _note(self, command: _Pending) -> None:
        self._pending[next(self._numbers)] = command

    def _of(self, *kinds: str) -> Iterator[int]:
        return (key for key, command in self._pending.items() if command.kind in kinds)

    def _left_s(self, key: int) -> float:
        sent_s = self._pending[key].sent_s
        return PATIENCE_S if sent_s is None else PATIENCE_S - (self._clock.now_s() - sent_s)

    def _take(self, key: int | None) -> str | None:
        return None if key is None else self._pending.pop(key).command_id
