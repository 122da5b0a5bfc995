"""Faults in what becomes of frames, and those that a whole session shows."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from mutant import (
    LeavesATask,
    codec,
    connecting,
    connection,
    plain_connect,
)
from mutants_asking import AllIsTheUser
from realtime_core import (
    ConnectionLost,
    LostReason,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeInterruptionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    ToolResult,
)
from realtime_core.commands import (
    AddItem,
    Command,
    CreateResponse,
)
from small_provider import SmallCodec, SmallConnection


@codec("unknown_frame_is_a_plain_event")
class UnknownIsAnError(SmallCodec):
    def unknown(self, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeErrorEvent(kind="unknown", **wire)


@codec("unknown_frame_is_a_plain_event")
class UnknownIsEmpty(SmallCodec):
    def unknown(self, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeEvent(service_type=wire["service_type"])


@codec("unreadable_frame_is_an_error_event")
class Unreadable(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        json.loads(line)
        return super().events(line)


@codec("unreadable_frame_is_an_error_event")
class UnreadableIsFatal(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        events = super().events(line)
        unreadable = isinstance(events[0], RealtimeErrorEvent) and events[0].code == "unreadable_frame"
        return [attrs.evolve(events[0], fatal=True)] if unreadable else events


@connection("frames_behind_an_unreadable_one_are_read")
class EndsAtAnUnreadableFrame(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await super().receive()
        if isinstance(events[0], RealtimeErrorEvent):
            self.over, self.buffer = LostReason.PROTOCOL, b""
        return events


@codec("malformed_frame_is_no_exception")
class TrustsFields(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        if line.startswith(b'{"calls"'):
            _ = [call["name"] for call in json.loads(line)["calls"]]
        return super().events(line)


@codec("malformed_frame_is_no_exception", kind="text-only")
class NoneIsText(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, str(value) if meaning == "text" else value, frame)


@connection("burst_is_told_whole")
class ForgetsWhatWaits(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        while len(self.end._in.chunks) > 100:
            self.end._in.chunks.popleft()
        return await super().receive()


@codec("session_prints_a_reply")
class TextOfNobodysItem(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield event
            if isinstance(event, RealtimeTextEvent) and value == "to ":
                yield event


@codec("session_plays_a_reply")
class SoundIsPlain(SmallCodec):
    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        del pcm
        return RealtimeEvent(**wire)


@codec("session_runs_a_tool_once")
class CallWithoutAnEnd(SmallCodec):
    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        for event in super().call(call, wire):
            assert isinstance(event, RealtimeFunctionCallEvent)
            yield attrs.evolve(event, function_call=attrs.evolve(event.function_call, name="look-up"))


@codec("session_tells_of_an_interruption")
class SpeechStops(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        for event in super().beside(meaning, value, wire):
            if isinstance(event, RealtimeSpeechEvent | RealtimeInterruptionEvent):
                yield RealtimeSpeechEvent(phase="stopped", **wire)
            else:
                yield event


@codec("session_is_seeded_with_history")
class HistoryOfTheUser(AllIsTheUser):
    pass


@connection("session_tells_that_it_was_lost")
class LosesItsWay(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost as exc:
            raise OSError("gone") from exc


@connection("session_leaves_nothing_behind")
class LeavesATaskEachTime(LeavesATask):
    pass


@connecting("opening_can_be_cancelled_at_every_wait")
async def keeps_its_pipe(options: Any, setup: Any) -> Any:
    made = await plain_connect(options, setup)
    for _ in range(3):
        await asyncio.sleep(0)
    return made


@connection("session_runs_a_tool_once", seen="2 responses were asked for after the result")
class AnswersItself(SmallConnection):
    """Beside the engine."""

    async def send(self, command: Command) -> None:
        await super().send(command)
        if isinstance(command, AddItem) and isinstance(command.item, ToolResult):
            await super().send(CreateResponse())


@codec("unreadable_frame_is_an_error_event", seen="receive() returned no event")
class NothingForWhatCannotBeRead(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        return [event for event in super().events(line) if not isinstance(event, RealtimeErrorEvent)]


@codec("failure_at_the_service_is_an_error_event", seen="the error event is fatal")
class TroubleIsFatal(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        for event in super().beside(meaning, value, wire):
            trouble = isinstance(event, RealtimeErrorEvent)
            yield attrs.evolve(event, fatal=True) if trouble else event


@codec("unknown_frame_is_a_plain_event", seen="without its service_type, or with an empty service_event")
class UnknownIsEmptied(SmallCodec):
    def unknown(self, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeEvent(service_type=wire["service_type"], service_event={})


@codec("unknown_frame_is_a_plain_event", seen="without its service_type, or with an empty service_event")
class UnknownHasNoName(SmallCodec):
    def unknown(self, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeEvent(service_event=wire["service_event"])


@codec("event_carries_its_frame", seen="events of one frame have different ones")
class FramesAreTorn(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, service_event={meaning: value})


@codec(
    "event_carries_its_frame",
    kind="audio-only",
    seen="a RealtimeAudioEvent came with a service_event that is empty",
)
class AudioHasNoFrame(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, value, {} if meaning == "audio" else frame)


@codec("event_carries_its_frame", seen="a RealtimeFunctionCallEvent came without service_type")
class CallsHaveNoFrame(SmallCodec):
    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        return super().call(call, {**wire, "service_event": None})


@codec("event_carries_its_frame", seen="a RealtimeResponseEvent came with a service_type, and without")
class TurnsHaveNoFrame(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, service_event=None) if meaning == "begin" else event


@codec("malformed_frame_is_no_exception", seen="TypeError was raised")
class EveryFrameIsAnObject(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        if line.strip() in (b"null", b"5", b"[]"):
            raise TypeError("not an object")
        return super().events(line)
