"""What one turn of the ``realtime`` command's conversation came to.

A turn is told of every event that belongs to it and knows whether it is over. Knows nothing of sessions,
waiting or output.
"""

import attrs

from realtime_core.contents import AudioContent, Usage, hidden
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.usage import add_usage

__all__ = ["Input", "Play", "Say", "Turn"]


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
class Turn:
    """One turn: the user's input, the assistant's answer.

    ``first_audio_ms`` counts from ``ask``, or from where the service heard the user stop.
    """

    number: int
    input: Input = None
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
        return self.answering and self._ended >= self._begun

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
        if event.benign or event.retryable or event.item_id or event.response_id:
            return False
        if event.kind in {"overflow", "callback"}:  # our own side's
            return False
        return self._asked_s is not None and not self.answering and not self.has_output

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
