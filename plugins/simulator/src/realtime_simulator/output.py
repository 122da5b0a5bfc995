"""The items of a response: the events by which a message or a function call comes into being.

The orders are those of the captures: each delta stream ends with its ``done``, whose value is what was
really sent; ``conversation.item.done`` goes before ``response.output_item.done``. Knows nothing of
time or of why it is stopped.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs
from realtime_core.audio.formats import AudioFormat

from realtime_simulator.brain import Call, Say
from realtime_simulator.deltas import AudioDelta, Padding, WordDelta, spoken, tokens_of, written
from realtime_simulator.frames import Frame, Frames, Ids, Step
from realtime_simulator.items import Conversation, Item
from realtime_simulator.progress import Progress
from realtime_simulator.wire_audio import encode_base64, from_samples

__all__ = ["OpenItem", "Output", "arguments", "function_call", "message", "planned"]

Delta = WordDelta | AudioDelta


@attrs.define(eq=False)
class Output:
    """What the items of one response have in common.

    ``conversation`` None: it is out of band. ``context`` is what the model had before it.
    """

    response_id: str
    conversation: Conversation | None
    context: Sequence[Item]
    progress: Progress
    frames: Frames
    ids: Ids
    items: list[Item] = attrs.field(factory=list)
    padding: Padding = attrs.field(factory=Padding)

    def begin(self, kind: str, **fields: Any) -> "OpenItem":
        """A new item, the last one; nothing is sent yet."""
        shown = {"id": self.ids.new("item"), "type": kind, "status": "in_progress", **fields}
        item = Item(shown, made=True)
        self.items.append(item)
        return OpenItem(self, item, len(self.items) - 1)

    def wire(self) -> list[dict[str, Any]]:
        """The items as events show them."""
        return [item.wire() for item in self.items]


@attrs.define(eq=False)
class OpenItem:
    """An item that is being made."""

    output: Output
    item: Item
    index: int
    previous_item_id: str | None = None

    def opening(self) -> Iterator[Step]:
        """Its first events."""
        yield self._whole("response.output_item.added")
        if self.output.conversation is not None:
            for item in self.output.context:
                item.answered = True
            self.previous_item_id = self.output.conversation.add(self.item)
            yield self._mirror("added", self.previous_item_id)

    def closing(self, *, previous_item_id: str | None = None) -> Iterator[Step]:
        """Its last events; captures show a previous item only for written messages."""
        self.item.fields["status"] = "completed" if self.output.progress.going else "incomplete"
        if self.output.conversation is not None:
            yield self._mirror("done", previous_item_id)
        yield self._whole("response.output_item.done")

    def _whole(self, kind: str) -> Step:
        return Step(
            self.output.frames(
                kind,
                response_id=self.output.response_id,
                output_index=self.index,
                item=self.item.wire(),
            )
        )

    def _mirror(self, phase: str, previous_item_id: str | None) -> Step:
        kind = f"conversation.item.{phase}"
        return Step(self.output.frames(kind, previous_item_id=previous_item_id, item=self.item.wire()))

    def event(self, kind: str, **payload: Any) -> Frame:
        """An event about a part of it."""
        return self.output.frames(
            kind,
            response_id=self.output.response_id,
            item_id=self.item.id,
            output_index=self.index,
            **payload,
        )


def planned(say: Say, modality: str, fmt: AudioFormat, speed: float) -> Iterator[Delta]:
    """The deltas of a message in the modality and format of its response.

    Raises:
        TypeError: its audio is not what it should be.
    """
    if modality == "text":
        return written(say.text)
    # numpy loads with the first spoken reply
    from realtime_simulator.voice import change_speed, speak

    samples = speak(say.text) if say.audio is None else say.audio
    if samples.dtype != "int16" or samples.ndim != 1:
        raise TypeError(f"the audio of a Say is mono int16, not {samples.ndim}-D {samples.dtype}")
    return spoken(say.text, from_samples(change_speed(samples, speed), fmt))


def message(output: Output, plan: Iterator[Delta], modality: str) -> Iterator[Step]:
    """A message, from its start to its end."""
    opened = output.begin("message", role="assistant", content=[])
    yield from opened.opening()
    part = _Part(opened, audio=modality == "audio")
    yield from part.steps(plan)
    # captures show null here for audio, although `added` had an id
    yield from opened.closing(previous_item_id=opened.previous_item_id if modality == "text" else None)


class _Part:
    """The one content part of a message."""

    def __init__(self, opened: OpenItem, *, audio: bool) -> None:
        self._opened = opened
        self._item = opened.item
        self._audio = audio
        self._said: list[str] = []

    def steps(self, plan: Iterator[Delta]) -> Iterator[Step]:
        """From its ``added`` to its ``done``."""
        self._item.content.append(self._in_item(""))
        yield Step(self._event("response.content_part.added", part=self._in_event("")))
        yield from self._deltas(plan)
        yield from self._closing()

    def _event(self, kind: str, **payload: Any) -> Frame:
        return self._opened.event(kind, content_index=0, **payload)

    def _in_event(self, said: str) -> dict[str, Any]:
        """As ``content_part`` events show it, which have short names for its type."""
        return {"type": "audio", "transcript": said} if self._audio else {"type": "text", "text": said}

    def _in_item(self, said: str) -> dict[str, Any]:
        return {**self._in_event(said), "type": "output_audio" if self._audio else "output_text"}

    def _deltas(self, plan: Iterator[Delta]) -> Iterator[Step]:
        """What is said, until there is nothing left or the response is stopped."""
        word_event = "response.output_audio_transcript.delta" if self._audio else "response.output_text.delta"
        output = self._opened.output
        for delta in plan:
            if not output.progress.may_make(tokens_of(delta)):
                return
            if isinstance(delta, WordDelta):
                self._said.append(delta.text)
                padding = output.padding.to(delta.text)
                yield Step(self._event(word_event, delta=delta.text, obfuscation=padding), delta.ms)
            else:
                if not self._item.truncated:
                    self._item.clips[0] = delta.so_far
                yield Step(
                    self._event("response.output_audio.delta", delta=encode_base64(delta.data)), delta.ms
                )

    def _closing(self) -> Iterator[Step]:
        said = "".join(self._said)
        if not self._item.truncated:
            self._item.content[0] = self._in_item(said)
        if self._audio:
            yield Step(self._event("response.output_audio.done"))
            yield Step(self._event("response.output_audio_transcript.done", transcript=said))
        else:
            yield Step(self._event("response.output_text.done", text=said))
        yield Step(self._event("response.content_part.done", part=self._in_event(said)))


def function_call(output: Output, call: Call) -> Iterator[Step]:
    """A call of a function of the client, from its start to its end."""
    call_id = call.call_id or output.ids.new("call")
    opened = output.begin("function_call", name=call.name, call_id=call_id, arguments="")
    yield from opened.opening()
    named = {"name": call.name}
    yield from arguments(opened, "response.function_call_arguments", call.arguments, named, call_id=call_id)
    yield from opened.closing()


def arguments(
    opened: OpenItem, kind: str, text: str, done: Mapping[str, str] = MappingProxyType({}), **both: str
) -> Iterator[Step]:
    """The arguments of a call, word by word; ``both`` are fields of all events, ``done`` of the last."""
    output = opened.output
    sent: list[str] = []
    for delta in written(text):
        if not output.progress.may_make(tokens_of(delta)):
            break
        sent.append(delta.text)
        padding = output.padding.to(delta.text)
        yield Step(opened.event(f"{kind}.delta", **both, delta=delta.text, obfuscation=padding), delta.ms)
    opened.item.fields["arguments"] = "".join(sent)
    yield Step(opened.event(f"{kind}.done", **both, **done, arguments="".join(sent)))
