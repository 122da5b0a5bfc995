"""Clauses of what the service is told: audio, messages, results, and commands that are answered."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from realtime_core.commands import (
    AddItem,
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    Raw,
    Truncate,
    UpdateSession,
)
from realtime_core.contents import ConversationItem, ImageContent, Message, ToolCall, ToolResult
from realtime_core.errors import UnsupportedCommand
from realtime_core.events import RealtimeResponseEvent
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.heard import Heard
from realtime_core.testing.line import Line, is_done, plays
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["AskingClauses"]

_WAITING: Final = 10
"""How many messages wait at once for their answers."""
_PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(64)


class Dance(Command):
    """A command that no service has a means for."""


async def _answered(line: Line, command: Command) -> None:
    await line.send(command)
    await line.until(
        lambda event: event.command_id == command.command_id,
        f"an event with the command_id of {type(command).__name__}",
    )


async def _answered_if_taken(line: Line, command: Command) -> None:
    try:
        await _answered(line, command)
    except UnsupportedCommand as exc:
        raise NotApplicable(f"{type(command).__name__} raises UnsupportedCommand") from exc


async def _spoken(stage: Stage, line: Line) -> str:
    """A second of speech, as a turn: the id of its item."""
    await line.turn()
    await stage.double.audio(bytes(line.output_format.bytes_per_s))
    event = await line.until(lambda event: plays(event) and bool(event.item_id), "audio with an item_id")
    await line.turn_ends()
    return event.item_id or ""


def _longer_than(size: int) -> Callable[[Heard], bool]:
    return lambda heard: len(heard.pcm) > size


def _first(stage: Stage) -> Iterator[Command]:
    """One change of settings, where that goes: a second may wait for the answer to the first."""
    if "instructions" in stage.capabilities.live_settings:
        yield UpdateSession(settings=stage.settings(instructions="Be long."))


def _beside(stage: Stage) -> Iterator[Command]:
    """What is answered, too, as far as it goes."""
    if stage.capabilities.input_formats:
        yield ClearAudio()


class AskingClauses:
    """What the service is told."""

    @clause(
        needs=("listens", "exact"), do="write the bytes of AppendAudio as they are, all of them, in order"
    )
    async def test_users_audio_reaches_the_service_whole(self, stage: Stage) -> None:
        """Audio that is appended reaches the service once, in order, byte for byte, whatever its size."""
        for wanted in stage.capabilities.input_formats:
            line = await stage.connect(input_audio_format=wanted)
            before, pcm, start = len(stage.double.heard.pcm), bytes(range(256)) * 15, 0
            for size in (640, 1, 333, 2, 960, len(pcm)):
                await line.send(AppendAudio(data=pcm[start : start + size]))
                start += size
            await line.heard(_longer_than(before + len(pcm) - 1), "audio of that length")
            if stage.double.heard.pcm[before:] != pcm:
                broken(f"{len(pcm)} bytes were appended, and others were heard")
            await line.aclose()

    @clause(needs=("text",), do="write an item's text as it is, with its role")
    async def test_message_reaches_the_service(self, stage: Stage) -> None:
        """A message reaches the service once, word for word, with its role."""
        line, said = await stage.connect(), Message("user", "Grüße,\n“Zoë” \\ 👋")
        await line.send(AddItem(item=said))
        await line.heard(lambda heard: bool(heard.messages), "message")
        await line.quiet()
        if stage.double.heard.messages != [said]:
            broken(f"{said!r} was said, {stage.double.heard.messages!r} was heard")

    @clause(
        needs=("text", "history"), do="keep roles and order of what was said before; say it before all else"
    )
    async def test_history_keeps_order_and_roles(self, stage: Stage) -> None:
        """What was said before reaches the service in its order, with its roles."""
        line = await stage.connect()
        items: Sequence[ConversationItem] = (
            Message("user", "I am Zoë."),
            Message("assistant", "Hello, Zoë."),
            Message("user", "Who am I?"),
        )
        for item in items:
            await line.send(AddItem(item=item))
        await line.heard(lambda heard: len(heard.messages) >= len(items), "three messages")
        if stage.double.heard.messages != list(items):
            broken(f"the roles heard were {[message.role for message in stage.double.heard.messages]}")

    @clause(
        needs=("text", "history"),
        do="write ToolCall and ToolResult of the history, or raise UnsupportedCommand",
    )
    async def test_history_of_calls_is_told_or_refused(self, stage: Stage) -> None:
        """A call and its result said before reach the service, or raise UnsupportedCommand."""
        line = await stage.connect()
        try:
            await line.send(AddItem(item=ToolCall("call_0", "look_up", '{"what": "rain"}')))
            await line.send(AddItem(item=ToolResult("call_0", "look_up", '"no"')))
        except UnsupportedCommand:
            return
        await line.heard(lambda heard: bool(heard.calls), "call of the history")
        await line.heard(lambda heard: bool(heard.results), "result of the history's call")

    @clause(needs=("images",), do="write the image's bytes and media type, or say images=False")
    async def test_image_reaches_the_service(self, stage: Stage) -> None:
        """An image reaches the service as it is."""
        line = await stage.connect()
        await line.send(AddItem(item=ImageContent(_PNG)))
        await line.heard(lambda heard: bool(heard.images), "image")
        if stage.double.heard.images != [ImageContent(_PNG)]:
            broken("another image was heard")

    @clause(do="write commands in the order of the calls of send, through one queue or none")
    async def test_order_of_sends_is_order_at_the_service(self, stage: Stage) -> None:
        """Commands reach the service in the order in which they were sent."""
        line, can = await stage.connect(), stage.capabilities
        sent: list[tuple[str, Command]] = []
        if can.input_formats and not can.paced:
            sent += [("audio", AppendAudio(data=bytes(960))), ("commit", CommitAudio())]
        if can.text:
            sent.append(("message", AddItem(item=Message("user", "Well?"))))
        if can.turns and can.client_responses:
            sent.append(("response", CreateResponse()))
        for _, command in sent:
            try:
                await line.send(command)
            except UnsupportedCommand:
                sent = [each for each in sent if each[1] is not command]
        kinds: list[Any] = ["setup", *(kind for kind, _ in sent)]
        await line.heard(lambda heard: len(heard.kinds) >= len(kinds), ", then ".join(kinds))
        if stage.double.heard.kinds != kinds:
            broken(f"sent: {', '.join(kinds)}; heard: {', '.join(stage.double.heard.kinds)}")

    @clause(needs=("text",), do="ask for a response when you are given CreateResponse, and never else")
    async def test_no_response_is_asked_for_unasked(self, stage: Stage) -> None:
        """A response is asked for by CreateResponse alone, once each."""
        line = await stage.connect()
        await line.send(AddItem(item=Message("user", "Hello")))
        await line.heard(lambda heard: bool(heard.messages), "message")
        await line.quiet()
        unasked = stage.double.heard.responses
        if unasked:
            broken("a message made the provider ask for a response")
        if stage.capabilities.turns and stage.capabilities.client_responses:
            await line.turn()
            await line.turn_ends()
            await line.quiet()
            if stage.double.heard.responses != 1:
                broken(f"CreateResponse asked for {stage.double.heard.responses} responses")

    @clause(do="raise UnsupportedCommand in send for a command that you have no means for, before writing")
    async def test_unknown_command_is_refused(self, stage: Stage) -> None:
        """A command that the provider has no means for raises UnsupportedCommand; nothing is sent."""
        line = await stage.connect()
        heard = len(stage.double.heard.notes)
        try:
            await line.send(Dance())
        except UnsupportedCommand:
            await line.quiet()
        else:
            broken("send() took a command of a class that does not exist")
        if len(stage.double.heard.notes) != heard:
            broken("the service heard something of it")

    @clause(do="write the frame of Raw as it is, or raise UnsupportedCommand")
    async def test_raw_frame_is_sent_or_refused(self, stage: Stage) -> None:
        """A frame in the service's own words is sent as it is, or raises UnsupportedCommand."""
        line = await stage.connect()
        try:
            await line.send(Raw(service_type="kit.hello", payload={"number": 7}))
        except UnsupportedCommand:
            return
        await line.heard(lambda heard: bool(heard.of("raw")), "raw frame")

    @clause(needs=("acks", "text"), do="set command_id on the event that answers AddItem")
    async def test_message_is_answered_by_its_id(self, stage: Stage) -> None:
        """The event that answers a message carries the command's id."""
        await _answered(await stage.connect(), AddItem(item=Message("user", "Hello")))

    @clause(needs=("acks", "listens"), do="set command_id on the event that answers CommitAudio")
    async def test_commit_is_answered_by_its_id(self, stage: Stage) -> None:
        """The event that answers the end of the user's turn carries the command's id."""
        line = await stage.connect()
        for _ in range(25):
            await line.send(AppendAudio(data=bytes(line.input_format.bytes_per_s // 50)))
        await _answered_if_taken(line, CommitAudio())

    @clause(needs=("acks", "listens"), do="set command_id on the event that answers ClearAudio")
    async def test_clear_is_answered_by_its_id(self, stage: Stage) -> None:
        """The event that answers the clearing of the user's audio carries the command's id."""
        await _answered_if_taken(await stage.connect(), ClearAudio())

    @clause(needs=("acks", "text"), do="match answers by an id, or by their order; not by the latest command")
    async def test_answers_find_their_commands(self, stage: Stage) -> None:
        """Many commands of several kinds that wait at once are each answered by an event with its own id."""
        line = await stage.connect()
        items = [AddItem(item=Message("user", f"Number {number}")) for number in range(_WAITING)]
        wanted = set[str | None]()
        for command in (*_first(stage), *(each for item in items for each in (item, *_beside(stage)))):
            try:
                await line.send(command)
            except UnsupportedCommand:
                continue
            wanted.add(command.command_id)
        await line.until_told(
            lambda: wanted <= {event.command_id for event in line.events},
            f"an answer to each of {len(wanted)} commands",
        )
        ids = [command.command_id for command in items]
        order = [event.command_id for event in line.events if event.command_id in ids]
        if list(dict.fromkeys(order)) != ids:
            broken("the answers came in another order than the items")

    @clause(needs=("cancel",), do="write CancelResponse; the response is then done, status 'cancelled'")
    async def test_cancelled_response_is_done(self, stage: Stage) -> None:
        """A response that is cancelled is done with status 'cancelled'."""
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        begun = await line.until(plays, "the beginning of the reply")
        await line.send(CancelResponse(response_id=begun.response_id))
        await line.heard(lambda heard: bool(heard.of("cancel")), "cancellation")
        done = await line.done()
        if isinstance(done, RealtimeResponseEvent) and done.status != "cancelled":
            broken(f"the response was done with status {done.status!r}")
        await line.marked()
        if (times := sum(map(is_done, line.events))) != 1:
            broken(f"the response was done {times} times")

    @clause(needs=("truncate", "ids", "speaks"), do="write Truncate with the item's id and keep_ms")
    async def test_truncation_reaches_the_service(self, stage: Stage) -> None:
        """What was not heard of an item is told to the service: which item, and how much is kept."""
        line = await stage.connect()
        cut = Truncate(item_id=await _spoken(stage, line), keep_ms=120)
        await line.send(cut)
        await line.heard(lambda heard: bool(heard.of("truncate")), "truncation")
        if stage.double.heard.of("truncate") != [(cut.item_id, 120)]:
            broken(f"the service heard {stage.double.heard.of('truncate')}")

    @clause(
        needs=("acks", "truncate", "ids", "speaks"), do="set command_id on the event that answers Truncate"
    )
    async def test_truncation_is_answered_by_its_id(self, stage: Stage) -> None:
        """The event that answers a truncation carries the command's id."""
        line = await stage.connect()
        await _answered(line, Truncate(item_id=await _spoken(stage, line), keep_ms=120))
