"""What one turn of the ``realtime`` command's conversation came to.

A turn is told of every event that belongs to it and knows whether it is over. Knows nothing of sessions,
waiting or output.
"""

from typing import Final

import attrs

from realtime_core.contents import ApprovalRequest, AudioContent, ToolCall, ToolResult, Usage, hidden
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeFunctionResultEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.usage import add_usage

__all__ = ["Called", "Input", "Play", "Say", "Turn"]

# The session's own word for a response that was asked for in vain.
_NOT_BEGUN: Final = "response_not_begun"


@attrs.frozen
class Say:
    """Something to write to the assistant."""

    text: str = attrs.field(repr=hidden)


@attrs.frozen
class Play:
    """Something to let the assistant hear; ``name`` says which file it is."""

    name: str
    audio: AudioContent


Input = Say | Play | None
"""What the user does in a turn; ``None``: nothing, the assistant speaks first."""


@attrs.define
class Called:
    """A function that the model called, and what came of it."""

    call: ToolCall
    result: ToolResult | None = None
    """``None``: nothing yet, or never."""


@attrs.define
class Turn:
    """One turn: the user's input, the assistant's answer.

    ``first_audio_ms`` counts from ``ask``, or from where the service heard the user stop. With
    ``calls_are_made`` the answer goes on after the results of the functions that the model calls; else
    nobody calls them.
    """

    number: int
    input: Input = None
    calls_are_made: bool = False
    calls: list[Called] = attrs.field(factory=list)
    audio_ms: float = 0.0
    first_audio_ms: float | None = None
    status: str | None = None
    """Of the last response: completed, cancelled, incomplete, failed; ``None`` before its end."""
    status_reason: str | None = None
    refusal: RealtimeErrorEvent | None = None
    """Why there will be no answer."""
    over: bool = False
    """Whether the answer was heard to its end; whoever leads the conversation says so."""
    usage: Usage = attrs.field(factory=Usage)
    items: set[str | None] = attrs.field(factory=set)
    """The conversation items that hold what the user said."""
    _asked_s: float | None = None
    _said: list[str] = attrs.field(factory=list)
    _heard: dict[str | None, str] = attrs.field(factory=dict)
    _written: set[str | None] = attrs.field(factory=set)
    """The items whose transcript is complete, or will never be."""
    _begun: int = 0
    _ended: int = 0
    _speaking: bool = False
    _unanswered: bool = False
    _open: set[str] = attrs.field(factory=set)
    """The calls that are being made, and the approvals that wait for a person."""

    def ask(self, now_s: float) -> None:
        """The input is complete: the answer's delay counts from here. Call it before asking for one."""
        self._asked_s = now_s

    def take(self, event: RealtimeEvent, now_s: float) -> None:
        """Learn from an event that came at ``now_s``."""
        match event:
            case RealtimeTextEvent(text=text):
                self._said.append(text.text)
            case RealtimeAudioEvent(audio=audio):
                self._hear_audio(audio, now_s)
            case RealtimeTranscriptEvent(role="user"):
                self._write_down(event)
            case RealtimeSpeechEvent(phase=phase):
                self._follow_speech(phase, event.item_id, now_s)
            case RealtimeResponseEvent(phase="created"):
                self._begun += 1
                self._unanswered = False
                if self._said:
                    self._said.append("\n")
            case RealtimeResponseEvent(phase="done"):
                self._end_response(event)
            case (
                RealtimeFunctionCallEvent()
                | RealtimeFunctionResultEvent()
                | RealtimeFunctionCancelledEvent()
                | RealtimeApprovalEvent()
            ):
                self._follow_calls(event)
            case RealtimeErrorEvent(item_id=item) if item in self.items:
                self._written.add(item)  # its transcription failed
            case RealtimeErrorEvent() if self._is_refusal(event):
                self.refusal = event

    @property
    def said(self) -> str:
        """What the assistant has said or written."""
        return "".join(self._said).strip()

    @property
    def heard(self) -> str:
        """What the service understood of the user's speech."""
        return " ".join(text.strip() for text in self._heard.values() if text.strip())

    @property
    def committed(self) -> bool:
        """Whether the service has taken what the user said, all of it, as said."""
        return bool(self.items) and not self._speaking

    @property
    def answering(self) -> bool:
        """Whether the answer to the last thing said has begun, or even ended."""
        return max(self._begun, self._ended) > 0 and not self._unanswered

    @property
    def answered(self) -> bool:
        """Whether the answer has ended, and no other is under way."""
        return self.answering and self._ended >= self._begun and not self.is_calling

    @property
    def is_calling(self) -> bool:
        """Whether the answer waits for us: a function is being called, or a person is asked."""
        return bool(self._open)

    def decided(self, request: ApprovalRequest) -> None:
        """The service has been told what a person says to ``request``."""
        self._settle(request.approval_id)

    @property
    def has_output(self) -> bool:
        """Whether anything at all has come from the assistant."""
        return bool(self._said) or self.audio_ms > 0

    @property
    def transcript_missing(self) -> bool:
        """Whether a transcript of what the user said can still come."""
        return not self._written or not self.items <= self._written

    def _is_refusal(self, event: RealtimeErrorEvent) -> bool:
        """Whether the error says that what was asked for will not come.

        One about an item or a response is about that, and may be late. Before we have asked, and once
        there is an answer, nothing is refused.
        """
        may_pass = event.retryable and event.code != _NOT_BEGUN
        if event.benign or may_pass or event.item_id or event.response_id:
            return False
        if event.kind in {"overflow", "callback"}:  # our own side's
            return False
        nothing_yet = self._begun > 0 or not self.has_output
        return self._asked_s is not None and not self.answering and nothing_yet

    def _follow_calls(self, event: RealtimeEvent) -> None:
        match event:
            case RealtimeFunctionCallEvent(function_call=call):
                self.calls.append(Called(call))
                if self.calls_are_made:
                    self._open.add(call.call_id)
            case RealtimeFunctionResultEvent(function_result=result, sent=sent):
                self._end_call(result, sent=sent)
            case RealtimeFunctionCancelledEvent(call_id=call_id):
                self._open.discard(call_id)
            case RealtimeApprovalEvent(request=request) if request.server is not None:
                self._open.add(request.approval_id)

    def _end_call(self, result: ToolResult, *, sent: bool) -> None:
        for called in self.calls:
            if called.call.call_id == result.call_id and called.result is None:
                called.result = result
                break
        if sent:
            self._settle(result.call_id)
        else:
            self._open.discard(result.call_id)

    def _settle(self, waiting: str) -> None:
        """What it was waited for is there: the service owes a response to it."""
        if waiting in self._open:
            self._open.discard(waiting)
            self._unanswered = True

    def _hear_audio(self, audio: AudioContent, now_s: float) -> None:
        if self.first_audio_ms is None and self._asked_s is not None:
            self.first_audio_ms = (now_s - self._asked_s) * 1000
        self.audio_ms += audio.duration_ms

    def _write_down(self, event: RealtimeTranscriptEvent) -> None:
        if event.final:
            self._heard[event.item_id] = event.text
            self._written.add(event.item_id)
        else:
            self._heard[event.item_id] = self._heard.get(event.item_id, "") + event.text

    def _follow_speech(self, phase: str, item_id: str | None, now_s: float) -> None:
        match phase:
            case "started":
                self._speaking = self._unanswered = True
            case "stopped":
                self._speaking = False
                self.first_audio_ms = None
                self.ask(now_s)
            case "committed":
                self._speaking = False
                self.items.add(item_id)

    def _end_response(self, event: RealtimeResponseEvent) -> None:
        self._ended += 1
        if self._ended > self._begun:  # a service that does not announce its responses
            self._unanswered = False
        self.status = event.status or "completed"  # a service without the word has no other end
        self.status_reason = event.status_reason
        if event.usage is not None:
            self.usage = add_usage([self.usage, event.usage])
