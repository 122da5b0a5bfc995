"""Clauses of functions that the model calls, and of their results."""

import json
from collections.abc import Sequence
from typing import Final

import attrs

from realtime_core.commands import AddItem
from realtime_core.contents import ToolCall, ToolResult
from realtime_core.events import RealtimeFunctionCallEvent
from realtime_core.testing.clauses import broken
from realtime_core.testing.line import Line
from realtime_core.testing.stage import A_TOOL, Stage
from realtime_core.testing.suite import clause

__all__ = ["CallingClauses"]

_CALLS: Final = (
    ToolCall("call_1", A_TOOL.name, '{"what": "the weather"}'),
    ToolCall("call_2", A_TOOL.name, '{"what": "Zoë – “quoted”"}'),
    ToolCall("call_3", A_TOOL.name, '{"what": "Zoë – “quoted”"}'),
    ToolCall("call_4", A_TOOL.name, "{}"),
    ToolCall("call_5", A_TOOL.name, f'{{"what": "{"never-ending " * 1_600}"}}'),
)
"""Two of them are alike but for their ids; one has no arguments, and one 20,000 characters of them."""
_LATER: Final = tuple(attrs.evolve(call, call_id=f"{call.call_id}_later") for call in _CALLS[:2])
_OUTPUTS: Final = ('{"sky": "blue", "by": "Zoë"}', "It is fine.", "", "never-ending " * 4_600)
"""JSON, plain words, nothing, and 60,000 characters."""


async def _called(stage: Stage, *calls: ToolCall) -> Line:
    line = await stage.connect(tools=(A_TOOL,))
    await _call(stage, line, *calls)
    return line


async def _call(stage: Stage, line: Line, *calls: ToolCall) -> None:
    await line.ask()
    await stage.double.call(*calls)
    for number in range(1, len(calls) + 1):
        await line.until(
            lambda event: isinstance(event, RealtimeFunctionCallEvent),
            f"RealtimeFunctionCallEvent {number} of {len(calls)}",
        )


def _all_told(line: Line, made: Sequence[ToolCall]) -> None:
    told = [event.function_call.call_id for event in line.of(RealtimeFunctionCallEvent)]
    if told != [call.call_id for call in made]:
        broken(f"{len(made)} calls were made, told were {told}")


class CallingClauses:
    """Functions that the model calls."""

    @clause(do="give one RealtimeFunctionCallEvent per call, when its arguments are whole; never again")
    async def test_call_is_told_exactly_once(self, stage: Stage) -> None:
        """Each call is one RealtimeFunctionCallEvent, complete, in order, and never told again; so are those
        of a later turn.
        """
        line = await _called(stage, *_CALLS)
        await line.marked()
        _all_told(line, _CALLS)
        for call in _CALLS:
            await line.send(AddItem(item=ToolResult(call.call_id, A_TOOL.name, '"fine"')))
        await line.heard(lambda heard: len(heard.results) >= len(_CALLS), "results")
        await _call(stage, line, *_LATER)
        await line.marked()
        _all_told(line, (*_CALLS, *_LATER))

    @clause(do="pass name, id and arguments on; arguments are JSON text, as the model wrote it")
    async def test_call_is_told_as_it_was_made(self, stage: Stage) -> None:
        """A call has the function's name, the service's id, and its arguments as JSON text."""
        line = await _called(stage, *_CALLS)
        for event, made in zip(line.of(RealtimeFunctionCallEvent), _CALLS, strict=False):
            call = event.function_call
            if (call.call_id, call.name) != (made.call_id, made.name):
                broken(f"{made.name} {made.call_id} was called, told was {call.name} {call.call_id}")
            try:
                same = json.loads(call.arguments) == json.loads(made.arguments)
            except ValueError:
                same = False
            if not same:
                broken("the arguments are not the JSON that the model wrote")

    @clause(do="write AddItem(ToolResult) with the call's id and its output, once")
    async def test_result_reaches_the_service_once(self, stage: Stage) -> None:
        """The result of a call reaches the service once, under the call's id, word for word: JSON, plain
        words, nothing, or 60,000 characters.
        """
        line = await _called(stage, *_CALLS[: len(_OUTPUTS)])
        sent = [(call.call_id, output) for call, output in zip(_CALLS, _OUTPUTS, strict=False)]
        for call_id, output in sent:
            await line.send(AddItem(item=ToolResult(call_id, A_TOOL.name, output)))
        await line.heard(lambda heard: len(heard.results) >= len(sent), f"result {len(sent)} of {len(sent)}")
        await line.quiet()
        told = [(result.call_id, result.output) for result in stage.double.heard.results]
        if told != sent:
            broken(
                f"{len(sent)} results were sent, {len(told)} were heard, or others: "
                f"ids {[each[0] for each in told]}, lengths {[len(each[1]) for each in told]}"
            )

    @clause(do="ask for nothing by yourself when a result is given: the engine does, where it is needed")
    async def test_result_asks_for_no_response(self, stage: Stage) -> None:
        """The result of a call by itself asks for no response."""
        line = await _called(stage, _CALLS[0])
        asked = stage.double.heard.responses
        await line.send(AddItem(item=ToolResult(_CALLS[0].call_id, A_TOOL.name, '"fine"')))
        await line.heard(lambda heard: bool(heard.results), "result")
        await line.quiet()
        if stage.double.heard.responses != asked:
            broken("the provider asked for a response when it was given the result")
