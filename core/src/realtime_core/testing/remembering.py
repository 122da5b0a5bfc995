"""Clauses of what was said before: the history that a session is given."""

from typing import Final

from realtime_core.commands import AddItem
from realtime_core.contents import Message, ToolCall, ToolResult
from realtime_core.errors import UnsupportedCommand
from realtime_core.testing.clauses import broken
from realtime_core.testing.line import Line
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["RememberingClauses"]

_HISTORY: Final = (
    Message("system", "Her name is Zoë."),
    Message("user", "I am Zoë."),
    Message("assistant", "Hello, Zoë."),
    Message("user", "Who am I?"),
)


async def _told_in_order(stage: Stage, line: Line, *items: Message) -> None:
    before = len(stage.double.heard.messages)
    taken: list[Message] = []
    for item in items:
        try:
            await line.send(AddItem(item=item))
        except UnsupportedCommand:
            if item.role != "system":  # not every service has it
                raise
        else:
            taken.append(item)
    await line.heard(lambda heard: len(heard.messages) >= before + len(taken), f"{len(taken)} messages")
    if (told := stage.double.heard.messages[before:]) != taken:
        broken(f"the roles heard were {[message.role for message in told]}")


class RememberingClauses:
    """What was said before."""

    @clause(
        needs=("text", "history"), do="keep roles and order of what was said before; say it before all else"
    )
    async def test_history_keeps_order_and_roles(self, stage: Stage) -> None:
        """What was said before reaches the service in its order, with its roles; with history at any time,
        also behind a turn. A role that the service has not raises UnsupportedCommand.
        """
        line = await stage.connect()
        await _told_in_order(stage, line, *_HISTORY)
        if stage.capabilities.history == "any_time":
            await line.turn()
            await stage.say_something(line)
            await line.turn_ends()
            await _told_in_order(stage, line, *_HISTORY[1:])

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
