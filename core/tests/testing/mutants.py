"""The small provider with one fault each, and the clause of the kit that each fault breaks.

A fault is a class that differs from `SmallCodec` or `SmallConnection` in one method, or a `connect` or a
`Provider` that differs in one thing. Its docstring says what is wrong.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Final

import attrs
from realtime_core import (
    AudioContent,
    AudioFormat,
    Capabilities,
    ConnectionLost,
    LostReason,
    Message,
    ProtocolError,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeInterruptionEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    ToolResult,
    UnsupportedCommand,
)
from realtime_core.commands import AddItem, AppendAudio, Command, CommitAudio, CreateResponse
from realtime_core.options import option
from realtime_core.provider import Provider
from realtime_core.testing.pipes import PipeClosed
from small_provider import FULL, KINDS, Options, SmallCodec, SmallConnection, connect, lost, small

Connect = Callable[..., Any]


@attrs.frozen
class Mutant:
    """One fault.

    ``clause`` is the one that owns it.
    """

    clause: str
    name: str
    provider: Provider
    capabilities: Capabilities


MUTANTS: Final[list[Mutant]] = []


def _add(clause: str, fault: Any, provider: Provider) -> None:
    MUTANTS.append(Mutant(clause, fault.__name__, provider, provider.capabilities))


def codec(clause: str, kind: str = "full") -> Callable[[type[SmallCodec]], type[SmallCodec]]:
    """A fault of the codec."""

    def add(fault: type[SmallCodec]) -> type[SmallCodec]:
        broken = type(fault.__name__, (SmallConnection,), {"codec_class": fault})
        _add(clause, fault, small(KINDS[kind], broken))
        return fault

    return add


def connection(clause: str, kind: str = "full") -> Callable[[type[SmallConnection]], type[SmallConnection]]:
    """A fault of the connection."""

    def add(fault: type[SmallConnection]) -> type[SmallConnection]:
        _add(clause, fault, small(KINDS[kind], fault))
        return fault

    return add


def connecting(clause: str, kind: str = "full") -> Callable[[Connect], Connect]:
    """A fault of ``connect``."""

    def add(fault: Connect) -> Connect:
        _add(clause, fault, attrs.evolve(small(KINDS[kind]), connect=fault))
        return fault

    return add


def provider(clause: str) -> Callable[[Callable[[Provider], Provider]], Callable[[Provider], Provider]]:
    """A fault of what the hook returns."""

    def add(fault: Callable[[Provider], Provider]) -> Callable[[Provider], Provider]:
        _add(clause, fault, fault(small()))
        return fault

    return add


async def _connect(options: Any, setup: Any, cls: type[SmallConnection] = SmallConnection) -> Any:
    return await connect(options, setup, can=FULL, connection=cls)


# -- the plugin ------------------------------------------------------------------------------------


@provider("api_version_is_the_contracts")
def old_contract(good: Provider) -> Provider:
    return attrs.evolve(good, api_version=0)


@provider("provider_is_well_formed")
def answers_without_turns(good: Provider) -> Provider:
    return attrs.evolve(good, capabilities=attrs.evolve(FULL, turns=False))


@provider("provider_is_well_formed")
def live_setting_that_is_none(good: Provider) -> Provider:
    return attrs.evolve(good, capabilities=attrs.evolve(FULL, live_settings=frozenset({"humour"})))


@provider("missing_option_is_named")
def option_that_nobody_knows(good: Provider) -> Provider:
    @attrs.frozen
    class Loose(Options):
        no_such_option: int = option(default=0)

    return attrs.evolve(good, options=Loose)


@provider("secrets_do_not_show")
def key_in_the_repr_of_options(good: Provider) -> Provider:
    @attrs.frozen
    class Open:
        dial: Any = option()
        key: str = option(env="SMALL_KEY")

    return attrs.evolve(good, options=Open)


# -- opening ---------------------------------------------------------------------------------------


@codec("first_event_is_session_created")
class UpdatedFirst(SmallCodec):
    def ready(self, value: str, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from reversed(list(super().ready(value, wire)))


@codec("configuration_is_confirmed")
class NeverUpdated(SmallCodec):
    def ready(self, value: str, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield RealtimeSessionEvent(phase="created", session_id=value, **wire)


@codec("configuration_is_confirmed")
class UpdatedTwice(SmallCodec):
    def ready(self, value: str, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().ready(value, wire)
        yield RealtimeSessionEvent(phase="updated", **wire)


@codec("refused_credentials_are_authentication_failed")
class RefusalOfNoKind(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, kind="unknown") if isinstance(event, RealtimeErrorEvent) else event


@codec("refused_credentials_are_authentication_failed")
class RefusalThatAnswersNothing(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, command_id=None) if meaning == "refused" else event


@connection("service_that_hangs_up_at_once_is_told")
class WaitsBehindTheEnd(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            await asyncio.Event().wait()
            raise


@connecting("silent_service_does_not_hold_up_opening")
async def swallows_cancellation(options: Any, setup: Any) -> Any:
    dialling = asyncio.ensure_future(_connect(options, setup))
    while not dialling.done():
        try:
            await asyncio.wait({dialling}, timeout=4)
        except asyncio.CancelledError:
            continue
    return dialling.result()


@connecting("setting_is_honoured_or_refused")
async def drops_what_it_does_not_know(options: Any, setup: Any) -> Any:
    known = {name: getattr(setup.settings, name) for name in ("instructions", "voice")}
    return await _connect(options, attrs.evolve(setup, settings=type(setup.settings)(**known)))


@connecting("setting_is_honoured_or_refused")
async def refuses_too_late(options: Any, setup: Any) -> Any:
    await (await options.dial()).aclose()
    return await _connect(options, setup)


@connecting("unset_setting_is_not_sent")
async def has_defaults_of_its_own(options: Any, setup: Any) -> Any:
    settings = attrs.evolve(setup.settings, voice=setup.settings.voice or "baritone")
    return await _connect(options, attrs.evolve(setup, settings=settings))


@connecting("tools_are_told_or_refused")
async def forgets_tools(options: Any, setup: Any) -> Any:
    return await _connect(options, attrs.evolve(setup, tools=()))


@connection("secrets_do_not_show")
class LogsItsKey(SmallConnection):
    async def aclose(self) -> None:
        logging.getLogger("small").debug("closed the connection of %s", "small-key-1234")
        await super().aclose()


@codec("words_do_not_show")
class LogsFrames(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        logging.getLogger("small").debug("received %r", line)
        return super().events(line)


# -- what the assistant says -----------------------------------------------------------------------


@codec("text_is_told_exactly_once")
class WholeTextAtTheEnd(SmallCodec):
    said = ""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        self.said += value if meaning == "text" else ""
        if meaning == "end":
            yield RealtimeTextEvent(text=self.said, service_type="end", service_event=frame)
        yield from super().meaning(meaning, value, frame)


@codec("text_is_told_exactly_once")
class SkipsRepeatedPieces(SmallCodec):
    last = ""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        words = value.strip(" .") if meaning == "text" else ""
        if words and words.removeprefix("good ").casefold() in self.last.casefold():
            return
        self.last += words
        yield from super().meaning(meaning, value, frame)


@codec("text_is_told_as_it_comes")
class TextAtTheEnd(SmallCodec):
    said = ""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "text":
            self.said += value
            yield RealtimeEvent(service_type="text", service_event=frame)
            return
        if meaning == "end":
            yield RealtimeTextEvent(text=self.said, service_type="end", service_event=frame)
        yield from super().meaning(meaning, value, frame)


@codec("long_text_arrives_whole", kind="turn-less")
class ShortLines(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        return super().events(line if len(line) < 16_384 else line[:16_384])


@codec("event_carries_its_frame")
class WithoutFrames(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            plain = type(event) is RealtimeEvent
            yield event if plain else attrs.evolve(event, service_event=None)


@codec("audio_arrives_whole")
class EvenBytesOnly(SmallCodec):
    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        return super().audio(pcm[: len(pcm) // 2 * 2], wire)


@codec("audio_arrives_whole", kind="audio-only")
class DropsSmallPieces(SmallCodec):
    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        return super().audio(pcm, wire) if len(pcm) > 100 else RealtimeEvent(**wire)


@codec("audio_says_its_format", kind="audio-only")
class AlwaysTwentyFour(SmallCodec):
    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeAudioEvent(audio=AudioContent(pcm, AudioFormat("pcm16", 24_000)), **wire)


@codec("turn_is_created_then_told_then_done")
class NeverCreated(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "begin":
            yield RealtimeEvent(service_type=meaning, service_event=frame)
        else:
            yield from super().meaning(meaning, value, frame)


@codec("turn_is_created_then_told_then_done", kind="text-only")
class NoStatus(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, None if meaning == "end" else value, frame)


@codec("turn_is_created_then_told_then_done", kind="auto-continuing")
class DoneTwice(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield event
            if meaning == "end":
                yield event


@codec("turns_follow_each_other", kind="id-less")
class OneTurnOnly(SmallCodec):
    begun_before = False

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "begin" and self.begun_before:
            yield RealtimeEvent(service_type=meaning, service_event=frame)
            return
        self.begun_before |= meaning == "begin"
        yield from super().meaning(meaning, value, frame)


@codec("events_of_a_response_share_its_id")
class ItemForResponse(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            text = isinstance(event, RealtimeTextEvent)
            yield attrs.evolve(event, response_id=event.item_id) if text else event


@codec("events_of_a_response_share_its_id")
class OneIdForAll(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, response_id="the-response")


@codec("meanings_of_one_frame_keep_their_order")
class FirstMeaningOnly(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        events = super().events(line)
        return events if isinstance(events[0], RealtimeSessionEvent) else events[:1]


@codec("meanings_of_one_frame_keep_their_order")
class EndBeforeText(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        return sorted(super().events(line), key=lambda event: isinstance(event, RealtimeTextEvent))


@codec("users_words_are_a_transcript")
class PrintsTheUser(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        if meaning == "heard":
            yield RealtimeTextEvent(text=value, **wire)
        else:
            yield from super().beside(meaning, value, wire)


@codec("users_words_are_a_transcript")
class UserIsTheAssistant(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        if meaning == "heard":
            yield RealtimeTranscriptEvent(role="assistant", text=value, final=True, **wire)
        else:
            yield from super().beside(meaning, value, wire)


@codec("failure_at_the_service_is_an_error_event")
class HidesTrouble(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().beside("weather" if meaning == "trouble" else meaning, value, wire)


@codec("interruption_by_the_user_is_told")
class HidesSpeech(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().beside("weather" if meaning == "speech" else meaning, value, wire)


# -- what the service is told ----------------------------------------------------------------------


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


@connection("nothing_is_sent_after_the_end")
class SendsToNobody(SmallConnection):
    async def send(self, command: Command) -> None:
        if self.over is None:
            await super().send(command)


@connection("connections_are_independent")
class OneForAll(SmallConnection):
    everybody: ClassVar[list[SmallConnection]] = []

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.everybody.append(self)

    async def aclose(self) -> None:
        others, self.everybody[:] = list(self.everybody), []
        for other in others:
            await SmallConnection.aclose(other)
        await super().aclose()


# -- calls -----------------------------------------------------------------------------------------


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


# -- frames ----------------------------------------------------------------------------------------


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


# -- the end ---------------------------------------------------------------------------------------


@connection("closing_twice_is_harmless")
class ClosesOnce(SmallConnection):
    closed = False

    async def aclose(self) -> None:
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True
        await super().aclose()


@connection("closing_twice_at_once_is_harmless")
class ClosesOneAfterAnother(SmallConnection):
    closing = False

    async def aclose(self) -> None:
        if self.closing:
            raise RuntimeError("somebody closes it already")
        self.closing = True
        await asyncio.sleep(0)
        self.closing = False
        await super().aclose()


@connection("closing_wakes_a_waiting_reader")
class LeavesItsReader(SmallConnection):
    waits = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        self.waits = b"\n" not in self.buffer
        events = await asyncio.shield(asyncio.ensure_future(super().receive()))
        if self.over is not None:
            await asyncio.Event().wait()
        return events

    async def aclose(self) -> None:
        if self.waits and self.over is None:
            self.over = LostReason.CLOSED
            return
        await super().aclose()


@connection("closing_works_before_anything_is_read")
class ClosesWhatIsOpen(SmallConnection):
    is_open = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await super().receive()
        self.is_open = True
        return events

    async def aclose(self) -> None:
        if self.is_open:
            await super().aclose()


@connection("closing_ends_the_connection_at_the_service")
class ForgetsToHangUp(SmallConnection):
    async def aclose(self) -> None:
        self.over = LostReason.CLOSED


@connection("closing_does_not_wait_for_a_silent_service")
class WaitsForGoodbye(SmallConnection):
    async def aclose(self) -> None:
        if self.over is None and not self.buffer and not getattr(self, "greeted", False):
            await self.end.recv()
        await super().aclose()

    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await super().receive()
        self.greeted = True
        return events


@connection("closing_leaves_nothing_behind")
class LeavesATask(SmallConnection):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.heart = asyncio.ensure_future(asyncio.Event().wait())


@connection("closing_leaves_nothing_behind")
class LeavesASocket(SmallConnection):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        KEPT.append(socket.socket())


KEPT: Final[list[socket.socket]] = []


@connection("refusal_leaves_nothing_behind")
class LeavesATaskWhenRefused(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        finally:
            if self.over is not None:
                TASKS.append(asyncio.ensure_future(asyncio.Event().wait()))

    async def aclose(self) -> None:
        if self.over is None and not self.buffer:
            TASKS.append(asyncio.ensure_future(asyncio.Event().wait()))
        await super().aclose()


TASKS: Final[list["asyncio.Task[Any]"]] = []


@connection("dropped_connection_is_lost")
class ForeignErrors(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost as exc:
            if isinstance(exc.__cause__, PipeClosed):
                raise exc.__cause__ from None
            raise


@connection("dropped_connection_is_lost")
class LostOnce(SmallConnection):
    told = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        if self.told and self.over is LostReason.DROPPED:
            await asyncio.Event().wait()
        try:
            return await super().receive()
        except ConnectionLost:
            self.told = True
            raise


@connection("service_that_hangs_up_is_lost")
class EndIsAProtocolError(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost as exc:
            if exc.reason is LostReason.CLOSED:
                raise ProtocolError("the end") from exc
            raise


@connection("service_that_hangs_up_is_lost")
class ReasonInWords(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            reason: Any = "it has gone"
            raise ConnectionLost("gone", reason=reason) from None


@connection("last_words_are_told_before_the_end")
class ForgetsLastWords(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        if self.end._in.ended:
            self.over = self.over or LostReason.CLOSED
            raise lost(self.over)
        return await super().receive()


@connection("peer_that_vanishes_in_a_frame_is_lost")
class HalfFramesAreFrames(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            half, self.buffer = self.buffer, b""
            if half:
                return self.codec.events(half)
            raise


@connection("lost_connection_leaves_nothing_behind")
class CannotCloseWhatIsLost(SmallConnection):
    async def aclose(self) -> None:
        if self.over is LostReason.DROPPED:
            raise BrokenPipeError
        await super().aclose()


# -- cancellation ----------------------------------------------------------------------------------


@connecting("connect_can_be_cancelled_at_every_wait")
async def forgets_its_pipe(options: Any, setup: Any) -> Any:
    made = await _connect(options, setup)
    await asyncio.sleep(0)
    return made


@connecting("connect_can_be_cancelled_at_every_wait")
async def cancelled_is_failed(options: Any, setup: Any) -> Any:
    try:
        return await _connect(options, setup)
    except asyncio.CancelledError as exc:
        raise ProtocolError("it was interrupted") from exc


@connection("cancelled_receive_loses_nothing")
class LosesWhatItHolds(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await super().receive()
        await asyncio.sleep(0)
        return events


@connection("cancelled_send_breaks_nothing")
class WritesInTwoParts(SmallConnection):
    async def send(self, command: Command) -> None:
        line = self.codec.line(command)
        if self.over is not None:
            raise lost(self.over)
        await self.end.send(line[:5])
        await asyncio.sleep(0)
        await self.end.send(line[5:])


@connection("aclose_can_be_cancelled_at_every_wait")
class ClosedBeforeItIs(SmallConnection):
    closing = False

    async def aclose(self) -> None:
        if self.closing:
            return
        self.closing = True
        await asyncio.sleep(0)
        await super().aclose()


# -- sessions --------------------------------------------------------------------------------------


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
    made = await _connect(options, setup)
    for _ in range(3):
        await asyncio.sleep(0)
    return made


__all__ = ["KEPT", "MUTANTS", "Mutant"]
