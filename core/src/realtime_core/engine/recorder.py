"""Builds the conversation from events: every item once, in the service's order, however late its words come.

Knows nothing of sessions or wires, and never waits. It keeps all that was said and shown, while it lives.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final
from unicodedata import east_asian_width

from realtime_core.captions import Caption, CaptionBoard
from realtime_core.contents import ConversationItem, Message, Role
from realtime_core.conversation import Conversation
from realtime_core.engine.nameless import NamelessTurns
from realtime_core.engine.turn import Turn
from realtime_core.engine.turns import Turns
from realtime_core.events import (
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
    RealtimeImageEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

__all__ = ["Recorder"]

# of speech at the usual 150 to 160 words a minute
_MS_PER_CHARACTER: Final = 65.0
# Chinese, Japanese and Korean: four to five syllables a second
_MS_PER_WIDE_CHARACTER: Final = 220.0


class Recorder:
    """One session's conversation, as it grows. Give it the events that are part of it, in order."""

    def __init__(self) -> None:
        self.captions = CaptionBoard(self._current_captions)
        self._turns = Turns(self._changed)
        self._nameless = NamelessTurns(self._new_turn, self._end_turn)
        self._latest: dict[str | None, Turn] = {}
        """The assistant's latest message of each response that runs."""
        self._conversation: Conversation | None = Conversation()

    @property
    def conversation(self) -> Conversation:
        """All of it, as it is now."""
        if self._conversation is None:
            entries = (turn.entry() for turn in self._turns)
            self._conversation = Conversation(entry for entry in entries if entry is not None)
        return self._conversation

    def take(self, event: RealtimeEvent) -> None:
        """What ``event`` means to the conversation; most mean nothing."""
        handle = self._HANDLERS.get(type(event))
        # what is late for an item that is gone does not bring it back
        if handle is not None and not self._turns.is_late(event):
            handle(self, event)

    def sent(self, item: ConversationItem, command_id: str) -> None:
        """This side adds ``item``: say so before it is written. An item event that answers the command tells
        of the same one.
        """
        self._fill(self._turns.sent(item, command_id), item)
        if isinstance(item, Message) and item.role == "user":
            self._nameless.user_began()

    def refused(self, command_id: str) -> None:
        """What was `sent` with that command was not added after all."""
        self._turns.refused(command_id)

    def interrupted(self, item_id: str | None, heard_ms: float, received_ms: float | None) -> None:
        """What the assistant says was cut short: ``heard_ms`` were heard of the ``received_ms`` of its audio;
        None: nobody knows how long it would have been, and its words tell.

        ``item_id`` None: its latest message at a service without ids. Of an item without audio nothing can be
        heard, and all of its words count.
        """
        turn = self._nameless.last_said if item_id is None else self._turns.get(item_id)
        if turn is None:
            return
        if received_ms is None:
            turn.interrupt(heard_ms, max(heard_ms, _spoken_ms(turn.text)))
        elif received_ms > 0:
            turn.interrupt(min(max(heard_ms, 0.0), received_ms), received_ms)
        else:
            turn.interrupt(None)
        self._changed(turn)

    # -- events ------------------------------------------------------------------------------------

    def _take_text(self, event: RealtimeTextEvent) -> None:
        # the hot path: every piece of the assistant's output
        turn = self._turns.named(event.item_id) or self._nameless.saying(event.response_id)
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
        turn = self._turns.named(event.item_id)
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
            turn = self._turns.named(event.item_id)
            if turn is None:
                self._nameless.committed()
            else:
                turn.role = turn.role or "user"
                self._changed(turn)

    def _take_call(self, event: RealtimeFunctionCallEvent) -> None:
        turn = self._turns.told(event, event.function_call)
        self._fill(turn, event.function_call)
        self._nameless.called(turn)

    def _take_result(self, event: RealtimeFunctionResultEvent) -> None:
        result = event.function_result
        turn = self._turns.told(event, result)
        turn.item = result  # it knows how long the call took, which the service does not
        turn.local = turn.local or not event.sent
        self._fill(turn, result)

    def _take_image(self, event: RealtimeImageEvent) -> None:
        self._fill(self._turns.told(event, event.image), event.image)

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
                turn = self._turns.delete(event.item_id)
                if turn is not None:
                    self._changed(turn)
            case "truncated":
                turn = self._turns.get(event.item_id)
                if turn is not None:
                    turn.interrupt(event.keep_ms)
                    self._changed(turn)
            case _:
                told = self._turns.told(event, event.item)
                self._turns.place(told, event.previous_item_id)
                told.role = told.role or event.role
                self._fill(told, event.item, done=event.phase == "done")

    def _take_interruption(self, event: RealtimeInterruptionEvent) -> None:
        # how much was heard is told by `interrupted`; this tells that the user speaks
        if event.cause != "client":
            self._nameless.user_began()

    def _take_error(self, event: RealtimeErrorEvent) -> None:
        if event.command_id is not None:
            self.refused(event.command_id)

    # -- what changes ------------------------------------------------------------------------------

    def _fill(self, turn: Turn, item: ConversationItem | None, *, done: bool = True) -> None:
        turn.fill(item, done=done)
        self._turns.hold(turn, item)
        self._changed(turn)

    def _new_turn(self, role: Role, *, before: Turn | None = None) -> Turn:
        turn = self._turns.new(role, before=before)
        self._changed(turn)
        return turn

    def _end_turn(self, turn: Turn) -> None:
        """Nothing more of it is expected."""
        turn.final = True
        if not turn.gone:
            self._changed(turn)

    def _changed(self, turn: Turn) -> None:
        turn.changed()
        self._conversation = None
        if self.captions.is_read:
            before = turn.shown
            caption = _show(turn)
            if caption is not None and caption != before:
                self.captions.publish(caption)

    def _current_captions(self) -> Iterator[Caption]:
        captions = map(_show, self._turns)
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
        RealtimeInterruptionEvent: _take_interruption,
        RealtimeErrorEvent: _take_error,
    }


def _spoken_ms(text: str) -> float:
    """About how long it takes to say ``text``."""
    wide = sum(east_asian_width(character) in "WF" for character in text)
    return (len(text) - wide) * _MS_PER_CHARACTER + wide * _MS_PER_WIDE_CHARACTER


def _show(turn: Turn) -> Caption | None:
    """The caption of ``turn`` as it is now, which every reader is about to have."""
    turn.shown = turn.caption()
    return turn.shown
