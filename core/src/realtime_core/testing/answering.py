"""Clauses of answers: which event answers which command, and which answers none."""

from collections.abc import Iterator
from typing import Final

from realtime_core.commands import AddItem, AppendAudio, ClearAudio, Command, CommitAudio
from realtime_core.contents import Message
from realtime_core.errors import UnsupportedCommand
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeInterruptionEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.testing.asking import one_update
from realtime_core.testing.clauses import broken
from realtime_core.testing.line import Line, shape
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["AnsweringClauses"]

_WAITING: Final = 10
"""How many messages wait at once for their answers."""
_UNASKED: Final = (
    RealtimeTextEvent,
    RealtimeAudioEvent,
    RealtimeTranscriptEvent,
    RealtimeSpeechEvent,
    RealtimeInterruptionEvent,
    RealtimeErrorEvent,
)
"""What answers no message that is taken."""


def _beside(stage: Stage) -> Iterator[Command]:
    """What is answered, too, as far as it goes."""
    if stage.capabilities.input_formats:
        yield ClearAudio()


async def _unasked(stage: Stage, line: Line) -> None:
    """The service says all that it says by itself, while a message waits for its answer."""
    await line.marked()
    told, message = len(line.events), AddItem(item=Message("user", "And?"))
    await line.turn()
    await stage.say_something(line)
    await stage.double.hear("Hello")
    await stage.double.fail()
    await line.send(message)  # what was said is read behind that
    await line.answer(message)
    await stage.double.interrupt()
    await line.marked()
    for event in line.events[told:]:
        if isinstance(event, RealtimeResponseEvent):
            continue  # it may name the command that asked for the response
        ids = (None,) if isinstance(event, _UNASKED) else (None, message.command_id)
        if event.command_id not in ids:
            broken(f"nobody asked for this, and it has the id of a command: {shape([event])}")


class AnsweringClauses:
    """What is answered."""

    @clause(needs=("acks", "text"), do="set command_id on the event that answers AddItem")
    async def test_message_is_answered_by_its_id(self, stage: Stage) -> None:
        """The event that answers a message carries the command's id."""
        line, said = await stage.connect(), AddItem(item=Message("user", "Hello"))
        await line.send(said)
        await line.answer(said)

    @clause(needs=("acks", "listens"), do="set command_id on the event that answers CommitAudio")
    async def test_commit_is_answered_by_its_id(self, stage: Stage) -> None:
        """The event that answers the end of the user's turn carries the command's id."""
        line = await stage.connect()
        for _ in range(25):
            await line.send(AppendAudio(data=bytes(line.input_format.bytes_per_s // 50)))
        commit = CommitAudio()
        await line.send_if_taken(commit)
        await line.answer(commit)

    @clause(needs=("acks", "text"), do="match answers by an id, or by their order; not by the latest command")
    async def test_answers_find_their_commands(self, stage: Stage) -> None:
        """Many commands of several kinds that wait at once are each answered by an event with its own id;
        what the service says by itself answers none, also while one waits.
        """
        line = await stage.connect()
        items = [AddItem(item=Message("user", f"Number {number}")) for number in range(_WAITING)]
        wanted = set[str | None]()
        for command in (*one_update(stage), *(each for item in items for each in (item, *_beside(stage)))):
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
        await _unasked(stage, line)
