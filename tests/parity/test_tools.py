"""Functions that the model calls, alone and side by side: once each, one answer to all, at every provider."""

import json
from typing import Any

import pytest
from listening import errors, printed
from parity.providers import every_provider
from parity.talk import answer, story, talking, tone
from realtime_core import (
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
    ToolCall,
    ToolError,
    ToolResult,
)
from realtime_simulator import Call, Say, Turn

pytestmark = [pytest.mark.usefixtures("no_leaks"), every_provider]


def weather(city: str) -> str:
    """Tell how the weather is."""
    return f"sunny in {city}"


async def hour(city: str) -> dict[str, Any]:
    """Tell the time."""
    if city == "Atlantis":
        raise ToolError("There is no such city.")
    return {"city": city, "hour": 12}


def calls_in(events: list[Any]) -> list[ToolCall]:
    return [event.function_call for event in events if isinstance(event, RealtimeFunctionCallEvent)]


def results_in(events: list[Any]) -> list[ToolResult]:
    return [event.function_result for event in events if isinstance(event, RealtimeFunctionResultEvent)]


async def test_function_is_called_once_and_its_result_is_spoken_of(provider: str):
    def look(turn: Turn) -> Any:
        if turn.results:
            return Say(f"It is {turn.results[0].output}.", audio=tone(660, 300))
        return [Say("One moment.", audio=tone(440, 300)), Call("weather", {"city": "Rome"})]

    async with talking(provider, session={"tools": [weather]}, brain=look) as talk:
        await talk.session.send_text("How is the weather in Rome?", respond=True)
        events = await answer(talk.session, responses=2)
        conversation = talk.session.conversation

    (call,), (result,) = calls_in(events), results_in(events)
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Rome"})
    assert (result.call_id, result.name, result.output) == (call.call_id, "weather", "sunny in Rome")
    assert not result.is_error
    assert printed(events).replace(" ", "") == "Onemoment.ItissunnyinRome."
    assert len(talk.sent("response.create")) == 2
    assert conversation.transcript().splitlines() == [
        "User: How is the weather in Rome?",
        "Assistant: One moment.",
        'Tool weather({"city":"Rome"}) -> sunny in Rome',
        "Assistant: It is sunny in Rome.",
    ]
    assert errors(events) == []


async def test_calls_side_by_side_give_an_output_each_and_one_answer(provider: str):
    cities = ["Rome", "Oslo", "Atlantis"]

    def look(turn: Turn) -> Any:
        if turn.results:
            return Say(f"{len(turn.results)} results.")
        return [Call(name, {"city": city}) for city in cities for name in ("weather", "hour")]

    session = {"tools": [weather, hour], "output_modalities": ["text"]}
    async with talking(provider, session=session, brain=look) as talk:
        await talk.session.send_text("How is it everywhere?", respond=True)
        events = await answer(talk.session, responses=2)

    calls, results = calls_in(events), {result.call_id: result for result in results_in(events)}
    assert [(call.name, json.loads(call.arguments)["city"]) for call in calls] == [
        (name, city) for city in cities for name in ("weather", "hour")
    ]
    assert [results[call.call_id].output for call in calls] == [
        "sunny in Rome",
        '{"city":"Rome","hour":12}',
        "sunny in Oslo",
        '{"city":"Oslo","hour":12}',
        "sunny in Atlantis",
        "There is no such city.",
    ]
    assert [results[call.call_id].is_error for call in calls] == [False] * 5 + [True]
    assert printed(events) == "6 results."
    assert len(talk.sent("response.create")) == 2
    assert story(events)[-1] == "Response done"
    assert errors(events) == []


async def test_calls_that_the_application_answers_itself(provider: str):
    def look(turn: Turn) -> Any:
        return Say(turn.results[0].output) if turn.results else Call("weather", {"city": "Rome"})

    session = {"tools": [weather], "output_modalities": ["text"], "auto_invoke": False}
    async with talking(provider, session=session, brain=look) as talk:
        await talk.session.send_text("How is the weather in Rome?", respond=True)
        (call,) = calls_in(await answer(talk.session))
        result = ToolResult(call.call_id, call.name, "rainy")
        await talk.session.send(RealtimeFunctionResultEvent(function_result=result))
        await talk.session.create_response()
        events = await answer(talk.session)

    assert printed(events) == "rainy"
