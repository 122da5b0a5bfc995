"""The making of one response: a stream of events that can be stopped at any of them.

The orders are those of the captures: each delta stream ends with its ``done``, whose value is what
was really sent; ``conversation.item.done`` goes before ``response.output_item.done``; the last is
``response.done``, exactly once. Knows nothing of time, sockets or why it is stopped.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

import attrs
from realtime_core.audio.formats import AudioFormat

from realtime_simulator.brain import Reply
from realtime_simulator.deltas import AudioDelta, Padding, WordDelta, spoken, written
from realtime_simulator.frames import Frame, Frames, Ids
from realtime_simulator.items import Conversation, Item
from realtime_simulator.usage import Tokens, usage
from realtime_simulator.wire_audio import FORMATS, encode_base64, from_samples

__all__ = ["Response", "ResponseSpec", "Status", "Step"]

Step: TypeAlias = tuple[Frame, float]
"""An event, and for how many milliseconds of speech it keeps the model busy."""

Status: TypeAlias = Literal["in_progress", "completed", "cancelled", "incomplete", "failed"]


@attrs.frozen(kw_only=True)
class ResponseSpec:
    """What a response is asked to be: the session's settings under those of ``response.create``."""

    conversation: Conversation | None
    """Where its items go; None: nowhere, it is out of band."""

    modality: Literal["text", "audio"]
    format: dict[str, Any]
    voice: Any
    speed: float
    max_output_tokens: int | Literal["inf"]
    metadata: dict[str, str] | None
    read: Tokens
    cached: Tokens

    @property
    def audio_format(self) -> AudioFormat:
        """The format of its audio deltas."""
        return FORMATS[self.format["type"]]


class Response:
    """One response, from ``response.created`` to ``response.done``."""

    def __init__(self, frames: Frames, ids: Ids, spec: ResponseSpec, answer: Callable[[], Reply]) -> None:
        self.id = ids.new("resp")
        self.spec = spec
        self.status: Status = "in_progress"
        self.finished = False
        """Whether its ``response.done`` has been made."""

        self._details: dict[str, Any] | None = None
        self._frames = frames
        self._ids = ids
        self._answer = answer
        self._padding = Padding()
        self._output: list[Item] = []
        self._words = 0
        self._audio_tokens = 0

    def created(self) -> Frame:
        """Its first event."""
        return self._frames("response.created", response=self._wire(usage=None))

    def stop(self, status: Status, **details: Any) -> None:
        """End it early, unless it is ending: what is left of `steps` only closes what is open."""
        if self._going:
            self.status = status
            self._details = {"type": status, **details}

    @property
    def _going(self) -> bool:
        return self.status == "in_progress"

    def steps(self) -> Iterator[Step]:
        """All its other events."""
        plan = self._planned()
        if plan is not None and self._going:
            yield from self._message(plan)
        if self._going:
            self.status = "completed"
        self.finished = True
        made = Tokens(self._words, self._audio_tokens)
        yield (
            self._frames(
                "response.done", response=self._wire(usage=usage(self.spec.read, self.spec.cached, made))
            ),
            0.0,
        )

    def _planned(self) -> Iterator[WordDelta | AudioDelta] | None:
        """The deltas of the brain's answer; None: it has none, and the response fails."""
        try:
            return _plan(self._answer(), self.spec)
        except Exception as exc:  # noqa: BLE001  # a brain is the user's code: its failure is the model's
            message = f"The model failed to answer: {type(exc).__name__}: {exc}"
            error = {"type": "server_error", "code": "server_error", "message": message}
            self.stop("failed", error=error)
            return None

    def _message(self, plan: Iterator[WordDelta | AudioDelta]) -> Iterator[Step]:
        """A message item, from its start to its end."""
        conversation = self.spec.conversation
        audio = self.spec.modality == "audio"
        item = Item(
            {
                "id": self._ids.new("item"),
                "type": "message",
                "status": "in_progress",
                "role": "assistant",
                "content": [],
            }
        )
        index = len(self._output)
        self._output.append(item)
        yield self._item_event("response.output_item.added", item, index), 0.0
        previous_item_id = None
        if conversation is not None:
            previous_item_id = conversation.add(item)
            yield self._mirror("added", item, previous_item_id), 0.0
        message = _Message(self, item, index)
        item.content.append(message.shown_in_item(""))
        yield message.event("response.content_part.added", part=message.part("")), 0.0
        yield from message.deltas(plan)
        yield from message.closing()
        item.fields["status"] = "completed" if self._going else "incomplete"
        if conversation is not None:
            # captures show null here for audio, although `added` had an id
            yield self._mirror("done", item, None if audio else previous_item_id), 0.0
        yield self._item_event("response.output_item.done", item, index), 0.0

    def may_say(self, delta: WordDelta | AudioDelta) -> bool:
        """Whether a delta may still be sent: not if it was stopped, or the tokens are used up."""
        limit = self.spec.max_output_tokens
        if self._going and limit != "inf" and self._words + self._audio_tokens + delta.tokens > limit:
            self.stop("incomplete", reason="max_output_tokens")
        if self._going:
            if isinstance(delta, WordDelta):
                self._words += delta.tokens
            else:
                self._audio_tokens += delta.tokens
        return self._going

    def _item_event(self, kind: str, item: Item, index: int) -> Frame:
        return self._frames(kind, response_id=self.id, output_index=index, item=item.wire())

    def _mirror(self, phase: str, item: Item, previous_item_id: str | None) -> Frame:
        return self._frames(f"conversation.item.{phase}", previous_item_id=previous_item_id, item=item.wire())

    def part_event(self, kind: str, item: Item, index: int, **payload: Any) -> Frame:
        """An event about the one content part of a message."""
        return self._frames(
            kind, response_id=self.id, item_id=item.id, output_index=index, content_index=0, **payload
        )

    def padding(self, text: str) -> str:
        """The ``obfuscation`` of a text delta."""
        return self._padding.to(text)

    def _wire(self, *, usage: dict[str, Any] | None) -> dict[str, Any]:
        spec = self.spec
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self.status,
            "status_details": self._details,
            "output": [item.wire() for item in self._output],
            "conversation_id": None if spec.conversation is None else spec.conversation.id,
            "output_modalities": [spec.modality],
            "max_output_tokens": spec.max_output_tokens,
            "audio": {"output": {"format": spec.format, "voice": spec.voice}},
            "usage": usage,
            "metadata": spec.metadata,
        }


def _plan(reply: Reply, spec: ResponseSpec) -> Iterator[WordDelta | AudioDelta]:
    """The deltas of a reply in the modality and format of the response."""
    if spec.modality == "text":
        return written(reply.text)
    # numpy loads with the first spoken reply
    from realtime_simulator.voice import change_speed, speak

    samples = speak(reply.text) if reply.audio is None else reply.audio
    if samples.dtype != "int16" or samples.ndim != 1:
        raise TypeError(f"the audio of a Reply is mono int16, not {samples.ndim}-D {samples.dtype}")
    return spoken(reply.text, from_samples(change_speed(samples, spec.speed), spec.audio_format))


class _Message:
    """The content part of one message while it is said."""

    def __init__(self, response: Response, item: Item, index: int) -> None:
        self._response = response
        self._item = item
        self._index = index
        self._audio = response.spec.modality == "audio"
        self._said: list[str] = []

    def event(self, kind: str, **payload: Any) -> Frame:
        return self._response.part_event(kind, self._item, self._index, **payload)

    def part(self, said: str) -> dict[str, Any]:
        """The part as ``content_part`` events show it, which have short names for its type."""
        return {"type": "audio", "transcript": said} if self._audio else {"type": "text", "text": said}

    def shown_in_item(self, said: str) -> dict[str, Any]:
        """The part as items show it."""
        return {**self.part(said), "type": "output_audio" if self._audio else "output_text"}

    def deltas(self, plan: Iterator[WordDelta | AudioDelta]) -> Iterator[Step]:
        """What is said, until there is nothing left or the response is stopped."""
        word_event = "response.output_audio_transcript.delta" if self._audio else "response.output_text.delta"
        for delta in plan:
            if not self._response.may_say(delta):
                return
            if isinstance(delta, WordDelta):
                self._said.append(delta.text)
                padding = self._response.padding(delta.text)
                yield self.event(word_event, delta=delta.text, obfuscation=padding), delta.ms
            else:
                if not self._item.truncated:
                    self._item.clips[0] = delta.so_far
                yield self.event("response.output_audio.delta", delta=encode_base64(delta.data)), delta.ms

    def closing(self) -> Iterator[Step]:
        """The ``done`` events of the part."""
        said = "".join(self._said)
        if not self._item.truncated:
            self._item.content[0] = self.shown_in_item(said)
        if self._audio:
            yield self.event("response.output_audio.done"), 0.0
            yield self.event("response.output_audio_transcript.done", transcript=said), 0.0
        else:
            yield self.event("response.output_text.done", text=said), 0.0
        yield self.event("response.content_part.done", part=self.part(said)), 0.0
