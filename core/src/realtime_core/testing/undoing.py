"""Clauses of what is taken back: a response, what was not heard of it, an item, the user's audio."""

from realtime_core.commands import CancelResponse, ClearAudio, DeleteItem, Truncate
from realtime_core.events import RealtimeResponseEvent
from realtime_core.testing.clauses import broken
from realtime_core.testing.line import Line, is_done, plays
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["UndoingClauses"]


async def _spoken(stage: Stage, line: Line) -> str:
    """A second of speech, as a turn: the id of its item."""
    await line.turn()
    await stage.double.audio(bytes(line.output_format.bytes_per_s))
    event = await line.until(lambda event: plays(event) and bool(event.item_id), "audio with an item_id")
    await line.turn_ends()
    return event.item_id or ""


class UndoingClauses:
    """What is taken back."""

    @clause(
        needs=("acks", "listens"),
        do="write ClearAudio, and set command_id on the event that answers it",
    )
    async def test_clear_is_answered_by_its_id(self, stage: Stage) -> None:
        """The clearing of the user's audio reaches the service; the event that answers it carries the
        command's id.
        """
        line, clear = await stage.connect(), ClearAudio()
        await line.send_if_taken(clear)
        await line.heard(lambda heard: bool(heard.of("clear")), "ClearAudio")
        await line.answer(clear)

    @clause(needs=("cancel",), do="write CancelResponse; the response is then done, status 'cancelled'")
    async def test_cancelled_response_is_done(self, stage: Stage) -> None:
        """A response that is cancelled, which the service is told by its id, is done with status
        'cancelled'.
        """
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        begun = await line.until(plays, "the beginning of the reply")
        await line.send(CancelResponse(response_id=begun.response_id))
        await line.heard(lambda heard: bool(heard.of("cancel")), "cancellation")
        told = [each for each in stage.double.heard.of("cancel") if each is not None]
        if begun.response_id and any(each != begun.response_id for each in told):
            broken(f"response {begun.response_id!r} was to be cancelled, and the service heard {told}")
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
        cut = Truncate(item_id=await _spoken(stage, line), keep_ms=120)
        await line.send(cut)
        await line.answer(cut)

    @clause(needs=("truncate", "ids", "speaks"), do="write DeleteItem with the item's id")
    async def test_deletion_reaches_the_service(self, stage: Stage) -> None:
        """That an item is to be forgotten, of which nothing was heard, is told to the service: which item."""
        line = await stage.connect()
        item_id = await _spoken(stage, line)
        await line.send_if_taken(DeleteItem(item_id=item_id))
        await line.heard(lambda heard: bool(heard.of("delete")), "DeleteItem")
        if stage.double.heard.of("delete") != [item_id]:
            broken(f"item {item_id!r} was deleted, and the service heard {stage.double.heard.of('delete')}")
