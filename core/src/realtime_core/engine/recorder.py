"""Builds the conversation from events: every item once, in the service's order, however late its words come.

Knows nothing of sessions or wires, and never waits. It keeps all that was said and shown, while it lives.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, ClassVar, Final

from realtime_core.captions import Caption, CaptionBoard
from realtime_core.contents import ConversationItem, Message, Role, ToolCall, ToolResult
from realtime_core.conversation import Conversation
from realtime_core.engine.nameless import NamelessTurns
from realtime_core.engine.turn import Turn
from realtime_core.engine.turn_order import TurnOrder
from realtime_core.events import (
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
    RealtimeImageEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

__all__ = ["Recorder"]

# ids of deleted items, of which late events may still come
_MOST_DELETED: Final = 256


class Recorder:
    """One session's conversation, as it grows. Give it the events that are part of it, in order."""

    def __init__(self) -> None:
        self.captions = CaptionBoard(self._current_captions)
        self._keys = count(1)
        self._order = TurnOrder()
        self._nameless = NamelessTurns(self._new_turn, self._end_turn)
        self._items: dict[str, Turn] = {}
        self._calls: dict[str, Turn] = {}
        self._results: dict[str, Turn] = {}
        self._sent: dict[str, Turn] = {}
        """What this side added, by command, until the service tells of it."""
        self._latest: dict[str | None, Turn] = {}
        """The assistant's latest message of each response that runs."""
        self._deleted: dict[str, None] = {}
        self._conversation: Conversation | None = Conversation()

    @property
    def conversation(self) -> Conversation:
        """All of it, as it is now."""
        if self._conversation is None:
            entries = (turn.entry() for turn in self._order)
            self._conversation = Conversation(entry for entry in entries if entry is not None)
        return self._conversation

    def take(self, event: RealtimeEvent) -> None:
        """What ``event`` means to the conversation; most mean nothing."""
        handle = self._HANDLERS.get(type(event))
        if handle is None:
            return
        if event.item_id in self._deleted:
            if not isinstance(event, RealtimeItemEvent) or event.phase != "added":
                return  # what is late for an item that is gone does not bring it back
            del self._deleted[event.item_id]
        handle(self, event)

    def sent(self, item: ConversationItem, command_id: str) -> None:
        """This side adds ``item``: say so before it is written. An item event that answers the command tells
        of the same one.
        """
        turn = self._turn_of(item)
        if turn is None:
            turn = self._append(Turn(self._new_key()))
        self._sent[command_id] = turn
        self._fill(turn, item)
        if isinstance(item, Message) and item.role == "user":
            self._nameless.user_began()

    def refused(self, command_id: str) -> None:
        """What was `sent` with that command was not added after all."""
        turn = self._sent.pop(command_id, None)
        if turn is not None and turn.item_id is None:
            self._remove(turn)

    def interrupted(self, item_id: str | None, heard_ms: float, received_ms: float) -> None:
        """What the assistant says was cut short: ``heard_ms`` were heard of the ``received_ms`` of its audio.

        ``item_id`` None: its latest message at a service without ids. Of an item without audio nothing can be
        heard, and all of its words count.
        """
        turn = self._nameless.last_said if item_id is None else self._items.get(item_id)
        if turn is None:
            return
        if received_ms > 0:
            turn.interrupt(min(max(heard_ms, 0.0), received_ms), received_ms)
        else:
            turn.interrupt(None)
        self._changed(turn)

    # -- events ------------------------------------------------------------------------------------

    def _take_text(self, event: RealtimeTextEvent) -> None:
        # the hot path: every piece of the assistant's output
        turn = self._items.get(event.item_id) if event.item_id is not None else None
        if turn is None:
            turn = self._named(event.item_id) or self._nameless.saying(event.response_id)
        turn.role = turn.role or event.role or "assistant"
        turn.final = False
        turn.add_piece(event.text.text)
        before = self._latest.get(event.response_id)
        if before is not turn:
            self._latest[event.response_id] = turn
            if before is not None:
                self._end_turn(before)
        self._changed(turn)

    def _take_transcript(self, event: RealtimeTranscriptEvent) -> None:
        if event.role != "user" and not event.final:
            return  # pieces of the assistant's words are text events
        turn = self._named(event.item_id)
        if turn is None:
            turn = self._nameless_transcript(event)
        turn.role = turn.role or event.role
        if event.role == "user" and event.final:
            turn.replace(event.text)
        elif event.final:
            turn.end_part(event.text)
        else:
            turn.add_piece(event.text)
        turn.final = event.final
        self._changed(turn)

    def _nameless_transcript(self, event: RealtimeTranscriptEvent) -> Turn:
        if event.role != "user":
            return self._nameless.said(event.response_id)
        return self._nameless.heard() if event.final else self._nameless.hearing()

    def _take_speech(self, event: RealtimeSpeechEvent) -> None:
        if event.phase == "started":
            self._nameless.user_began()
        elif event.phase == "committed":
            turn = self._named(event.item_id)
            if turn is None:
                self._nameless.committed()
            else:
                turn.role = turn.role or "user"
                self._changed(turn)

    def _take_call(self, event: RealtimeFunctionCallEvent) -> None:
        turn = self._resolve(event, event.function_call)
        self._fill(turn, event.function_call)
        self._nameless.called(turn)

    def _take_result(self, event: RealtimeFunctionResultEvent) -> None:
        result = event.function_result
        turn = self._resolve(event, result)
        turn.item = result  # it knows how long the call took, which the service does not
        turn.local = turn.local or not event.sent
        self._fill(turn, result)

    def _take_image(self, event: RealtimeImageEvent) -> None:
        self._fill(self._resolve(event, event.image), event.image)

    def _take_response(self, event: RealtimeResponseEvent) -> None:
        if event.phase == "created":
            self._nameless.response_created(event.response_id)
        elif event.phase == "done":
            self._nameless.response_done(event.response_id)
            turn = self._latest.pop(event.response_id, None)
            if turn is not None:
                turn.interrupted = turn.interrupted or event.status == "cancelled"
                self._end_turn(turn)

    def _take_item(self, event: RealtimeItemEvent) -> None:
        if event.item_id is None:
            return
        match event.phase:
            case "deleted":
                self._delete(event.item_id)
            case "truncated":
                turn = self._items.get(event.item_id)
                if turn is not None:
                    turn.interrupt(event.keep_ms)
                    self._changed(turn)
            case _:
                turn = self._resolve(event, event.item)
                self._order.place(turn, event.previous_item_id)
                turn.role = turn.role or event.role
                self._fill(turn, event.item, done=event.phase == "done")

    def _take_error(self, event: RealtimeErrorEvent) -> None:
        if event.command_id is not None:
            self.refused(event.command_id)

    # -- turns -------------------------------------------------------------------------------------

    def _resolve(self, event: RealtimeEvent, item: ConversationItem | None) -> Turn:
        """The turn that ``event`` tells of: known by its id, by what was sent, by its call, or new."""
        sent = self._sent.pop(event.command_id, None) if event.command_id is not None else None
        same = sent or self._turn_of(item)
        if same is not None and None not in (same.item_id, event.item_id) and same.item_id != event.item_id:
            same = None  # a call id that serves twice
        named = self._items.get(event.item_id) if event.item_id is not None else None
        if named is not None and same is not None and named is not same:
            self._merge(named, same)
            return named
        turn = named or same
        if turn is None:
            return self._named(event.item_id) or self._append(Turn(self._new_key()))
        if turn.item_id is None and event.item_id is not None:
            turn.item_id = event.item_id
            self._items[event.item_id] = turn
            self._order.know(turn)
        return turn

    def _merge(self, turn: Turn, other: Turn) -> None:
        """Both were told of before anything said that they are one: ``turn`` holds what ``other`` held."""
        turn.role, turn.item = turn.role or other.role, turn.item or other.item
        turn.final = turn.final or other.final
        if not turn.text:
            turn.replace(other.text)
        self._remove(other)
        if turn.item is not None:
            self._fill(turn, turn.item)

    def _fill(self, turn: Turn, item: ConversationItem | None, *, done: bool = True) -> None:
        """``turn`` holds ``item``, if it does not hold more already; ``done``: nothing else will come."""
        match item:
            case None:
                turn.final = turn.final or (done and turn.role != "user")
            case Message(role, words):
                turn.role = turn.role or role
                if words != turn.text and words.startswith(turn.text):
                    turn.replace(words)
                turn.final = turn.final or done or role != "assistant"
            case _:
                turn.item = turn.item or item
                turn.final = True
                if isinstance(item, ToolCall):
                    self._calls[item.call_id] = turn
                elif isinstance(item, ToolResult):
                    self._results[item.call_id] = turn
        self._changed(turn)

    def _turn_of(self, item: ConversationItem | None) -> Turn | None:
        match item:
            case ToolCall(call_id):
                return self._calls.get(call_id)
            case ToolResult(call_id):
                return self._results.get(call_id)
            case _:
                return None

    def _named(self, item_id: str | None) -> Turn | None:
        """The turn of that item, which is new if there is none; None without an id."""
        if item_id is None:
            return None
        turn = self._items.get(item_id)
        if turn is None:
            turn = self._items[item_id] = Turn(item_id, item_id)
            self._append(turn)
        return turn

    def _new_turn(self, role: Role, *, before: Turn | None = None) -> Turn:
        turn = Turn(self._new_key(), role=role)
        self._append(turn, before=before)
        self._changed(turn)
        return turn

    def _append(self, turn: Turn, *, before: Turn | None = None) -> Turn:
        self._order.append(turn, before=before)
        return turn

    def _end_turn(self, turn: Turn) -> None:
        """Nothing more of it is expected."""
        turn.final = True
        self._changed(turn)

    def _new_key(self) -> str:
        return f"local_{next(self._keys)}"

    def _delete(self, item_id: str) -> None:
        turn = self._items.pop(item_id, None)
        if len(self._deleted) >= _MOST_DELETED:
            del self._deleted[next(iter(self._deleted))]
        self._deleted[item_id] = None
        if turn is None:
            return
        if turn.interrupted:
            # the service forgets it because nothing was heard; that it began to speak is worth keeping
            turn.heard_ms, turn.local = 0.0, True
            self._changed(turn)
        else:
            self._remove(turn)

    def _remove(self, turn: Turn) -> None:
        self._order.remove(turn)
        match turn.item:
            case ToolCall(call_id):
                self._calls.pop(call_id, None)
            case ToolResult(call_id):
                self._results.pop(call_id, None)
        self._conversation = None
        self._publish(turn, gone=True)

    def _changed(self, turn: Turn) -> None:
        turn.changed()
        self._conversation = None
        if self.captions.is_read:
            self._publish(turn)

    # -- captions ----------------------------------------------------------------------------------

    def _publish(self, turn: Turn, *, gone: bool = False) -> None:
        caption = turn.caption(gone=gone)
        if caption is not None:
            self.captions.publish(caption)

    def _current_captions(self) -> Iterator[Caption]:
        captions = (turn.caption() for turn in self._order)
        return (caption for caption in captions if caption is not None)

    # -- what each event means ---------------------------------------------------------------------

    _HANDLERS: ClassVar[dict[type[RealtimeEvent], Callable[["Recorder", Any], None]]] = {
        RealtimeTextEvent: _take_text,
        RealtimeTranscriptEvent: _take_transcript,
        RealtimeSpeechEvent: _take_speech,
        RealtimeFunctionCallEvent: _take_call,
        RealtimeFunctionResultEvent: _take_result,
        RealtimeImageEvent: _take_image,
        RealtimeResponseEvent: _take_response,
        RealtimeItemEvent: _take_item,
        RealtimeErrorEvent: _take_error,
    }
