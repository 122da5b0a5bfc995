"""Faults in what the service is told, and in calls."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import attrs
from mutant import (
    codec,
    connection,
)
from realtime_core import (
    ImageContent,
    Message,
    RealtimeEvent,
    ToolResult,
    UnsupportedCommand,
)
from realtime_core.commands import (
    AddItem,
    AppendAudio,
    Command,
    CommitAudio,
    CreateResponse,
    Raw,
    UpdateSession,
)
from small_provider import SmallCodec, SmallConnection


@codec("users_audio_reaches_the_service_whole")
class EvenBytesOnlyUp(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        if isinstance(command, AppendAudio):
            command = AppendAudio(data=command.data[: len(command.data) // 2 * 2])
        return super().frame(command)


@codec("message_reaches_the_service")
class AsciiOnly(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        frame = super().item(item)
        if isinstance(item, Message):
            frame["message"][1] = item.content.encode("ascii", "replace").decode()
        return frame


@codec("history_keeps_order_and_roles")
class AllIsTheUser(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        return super().item(Message("user", item.content) if isinstance(item, Message) else item)


@codec("history_of_calls_is_told_or_refused")
class CallsAreMessages(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        return super().item(item) if not hasattr(item, "arguments") else {"message": ["user", item.name]}


@codec("image_reaches_the_service")
class NoImagesAfterAll(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        return {"message": ["user", "[image]"]} if hasattr(item, "media_type") else super().item(item)


@connection("order_of_sends_is_order_at_the_service")
class CommitsWhenItLikes(SmallConnection):
    kept: bytes = b""

    async def send(self, command: Command) -> None:
        if isinstance(command, CommitAudio):
            self.kept = self.codec.line(command)
            return
        await super().send(command)
        kept, self.kept = self.kept, b""
        if kept:
            await self.end.send(kept)


@connection("no_response_is_asked_for_unasked")
class AnswersEveryMessage(SmallConnection):
    async def send(self, command: Command) -> None:
        await super().send(command)
        if isinstance(command, AddItem) and isinstance(command.item, Message):
            await super().send(CreateResponse())


@connection("unknown_command_is_refused")
class TakesAnything(SmallConnection):
    async def send(self, command: Command) -> None:
        try:
            await super().send(command)
        except UnsupportedCommand:
            return


@codec("raw_frame_is_sent_or_refused")
class RawIsForgotten(SmallCodec):
    def line(self, command: Command) -> bytes:
        return b"" if type(command).__name__ == "Raw" else super().line(command)


class _Unanswered(SmallCodec):
    kinds: ClassVar[tuple[str, ...]]

    def answer(self, command_id: str, wire: dict[str, Any]) -> RealtimeEvent:
        named = type(self.commands.get(command_id)).__name__ in self.kinds
        event = super().answer(command_id, wire)
        return attrs.evolve(event, command_id=None) if named else event


@codec("message_is_answered_by_its_id")
class UnansweredMessages(_Unanswered):
    kinds = ("AddItem",)


@codec("commit_is_answered_by_its_id")
class UnansweredCommits(_Unanswered):
    kinds = ("CommitAudio",)


@codec("clear_is_answered_by_its_id")
class UnansweredClears(_Unanswered):
    kinds = ("ClearAudio",)


@codec("answers_find_their_commands")
class LatestIsAnswered(SmallCodec):
    def answer(self, command_id: str, wire: dict[str, Any]) -> RealtimeEvent:
        latest = list(self.commands)[-1] if self.commands else command_id
        return super().answer(latest, wire)


@codec("live_setting_reaches_the_service")
class OldSettings(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        frame = super().frame(command)
        return {"update": {}} if "update" in frame else frame


@codec("cancelled_response_is_done")
class CancelledIsCompleted(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, "completed" if value == "cancelled" else value, frame)


@codec("truncation_reaches_the_service")
class TruncatesInSeconds(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        frame = super().frame(command)
        if "truncate" in frame:
            frame["truncate"][1] /= 1000
        return frame


@codec("call_is_told_exactly_once")
class CalledTwice(SmallCodec):
    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().call(call, wire)
        yield from super().call(call, wire)


@codec("call_is_told_exactly_once", kind="auto-continuing")
class FirstCallOnly(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, value[:1] if meaning == "calls" else value, frame)


@codec("call_is_told_as_it_was_made")
class ArgumentsAsPython(SmallCodec):
    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().call({**call, "args": repr(json.loads(call["args"]))}, wire)


@codec("call_is_told_as_it_was_made", kind="turn-less")
class IdsOfItsOwn(SmallCodec):
    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().call({**call, "id": f"own-{call['id']}"}, wire)


@connection("result_reaches_the_service_once")
class ResultsTwice(SmallConnection):
    async def send(self, command: Command) -> None:
        await super().send(command)
        if isinstance(command, AddItem) and isinstance(command.item, ToolResult):
            await super().send(AddItem(item=command.item))


@connection("result_asks_for_no_response")
class GoesOnByItself(SmallConnection):
    async def send(self, command: Command) -> None:
        await super().send(command)
        if isinstance(command, AddItem) and isinstance(command.item, ToolResult):
            await super().send(CreateResponse())


@codec("users_audio_reaches_the_service_whole", seen="and others were heard")
class OtherByteOrder(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        if isinstance(command, AppendAudio):
            command = AppendAudio(data=command.data[::-1])
        return super().frame(command)


@codec("image_reaches_the_service", seen="another image was heard")
class HeadsOfImages(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        image = isinstance(item, ImageContent)
        return super().item(ImageContent(item.data[:20]) if image else item)


@connection("no_response_is_asked_for_unasked", seen="CreateResponse asked for 2 responses")
class AsksTwice(SmallConnection):
    async def send(self, command: Command) -> None:
        await super().send(command)
        if isinstance(command, CreateResponse):
            await super().send(CreateResponse())


@connection("unknown_command_is_refused", seen="the service heard something of it")
class RefusesAfterWriting(SmallConnection):
    async def send(self, command: Command) -> None:
        try:
            await super().send(command)
        except UnsupportedCommand:
            await super().send(Raw(service_type="what", payload={}))
            raise


@codec("live_setting_reaches_the_service", seen="it was answered by RealtimeEvent")
class UpdatesArePlain(SmallCodec):
    def answer(self, command_id: str, wire: dict[str, Any]) -> RealtimeEvent:
        update = isinstance(self.commands.get(command_id), UpdateSession)
        event = super().answer(command_id, wire)
        return RealtimeEvent(**wire) if update else event


@codec("call_is_told_exactly_once")
class OncePerArguments(SmallCodec):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.seen: set[str] = set()

    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        if call["args"] not in self.seen:
            self.seen.add(call["args"])
            yield from super().call(call, wire)


@codec("call_is_told_exactly_once")
class NotWithoutArguments(SmallCodec):
    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        if json.loads(call["args"]):
            yield from super().call(call, wire)


@codec("truncation_is_answered_by_its_id")
class AnswersNoTruncation(SmallCodec):
    def answer(self, command_id: str, wire: dict[str, Any]) -> RealtimeEvent:
        event = super().answer(command_id, wire)
        return attrs.evolve(event, command_id=None) if getattr(event, "phase", "") == "truncated" else event


@codec("cancelled_response_is_done", seen="the response was done 2 times")
class DoneTwiceOnCancel(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield event
            if getattr(event, "status", "") == "cancelled":
                yield event


@codec("history_of_calls_is_told_or_refused", seen="the service heard no result of the history's call")
class LosesResultsOfTheHistory(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        match command:
            case AddItem(item=ToolResult()):
                return {"raw": {}}
        return super().frame(command)


@codec("call_is_told_exactly_once", seen="while RealtimeFunctionCallEvent 2 of ")
class OneCallATurn(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        return super().meaning(meaning, value[:1] if meaning == "calls" else value, frame)


@codec("answers_find_their_commands", seen="nobody asked for this, and it has the id of a command: Text")
class LatestIdOnWhatIsSaid(SmallCodec):
    latest: str | None = None

    def line(self, command: Command) -> bytes:
        self.latest = command.command_id
        return super().line(command)

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            is_said = meaning in ("text", "audio", "speech", "heard")
            yield attrs.evolve(event, command_id=self.latest) if is_said else event


@codec("answers_find_their_commands", seen="it has the id of a command: Error")
class FailureAnswersWhatWaits(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        waits = next(reversed(self.commands), None)
        for event in super().beside(meaning, value, wire):
            yield attrs.evolve(event, command_id=waits) if meaning == "trouble" else event


@codec("answers_find_their_commands", seen="it has the id of a command: plain")
class SecretIdOfUnknownFrames(SmallCodec):
    def unknown(self, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeEvent(**wire, command_id="the latest")
