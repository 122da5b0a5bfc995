"""Faults in what the service is told beside words: formats, tools, overrides, and what is long or plain."""

from collections.abc import Iterator
from typing import Any

import attrs
from mutant import codec, connecting, connection, plain_connect
from realtime_core import PCM16_24KHZ, ImageContent, Message, RealtimeEvent, ToolDefinition, ToolResult
from realtime_core.commands import (
    AddItem,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    UpdateSession,
)
from realtime_core.unset import UNSET
from small_provider import SmallCodec, SmallConnection


async def _connect_otherwise(options: Any, setup: Any, told: Any) -> Any:
    """The service is told ``told``, and the connection made for ``setup``."""
    made = await plain_connect(options, told)
    made.codec.setup = setup
    return made


@connecting(
    "users_audio_reaches_the_service_whole", seen="16000 Hz mono, and the service was told pcm16 24000"
)
async def says_another_input_format(options: Any, setup: Any) -> Any:
    settings = attrs.evolve(setup.settings, input_audio_format=PCM16_24KHZ)
    return await _connect_otherwise(options, setup, attrs.evolve(setup, settings=settings))


@connecting("audio_says_its_format", seen="8000 Hz mono, and the service was told pcm16 24000")
async def says_another_output_format(options: Any, setup: Any) -> Any:
    settings = attrs.evolve(setup.settings, output_audio_format=PCM16_24KHZ)
    return await _connect_otherwise(options, setup, attrs.evolve(setup, settings=settings))


@connecting("tools_are_told_or_refused", seen="heard another description, or other parameters")
async def names_of_tools_alone(options: Any, setup: Any) -> Any:
    tools = tuple(
        ToolDefinition(tool.name) if isinstance(tool, ToolDefinition) else tool for tool in setup.tools
    )
    return await plain_connect(options, attrs.evolve(setup, tools=tools))


@connecting("tools_are_told_or_refused", seen="the service heard no tools look_up, kit_search")
async def tools_in_other_words_vanish(options: Any, setup: Any) -> Any:
    tools = tuple(tool for tool in setup.tools if isinstance(tool, ToolDefinition))
    return await plain_connect(options, attrs.evolve(setup, tools=tools))


@connecting("tools_are_told_or_refused", seen="heard another description, or other parameters")
async def tools_in_other_words_lose_some(options: Any, setup: Any) -> Any:
    tools = tuple(
        tool if isinstance(tool, ToolDefinition) else {"name": tool["name"]} for tool in setup.tools
    )
    return await plain_connect(options, attrs.evolve(setup, tools=tools))


@codec("live_setting_reaches_the_service", seen="the service heard no change of the live setting 'tools'")
class LaterToolsAreNames(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        if isinstance(command, UpdateSession) and command.tools is not UNSET:
            tools = tuple(ToolDefinition(tool.name) for tool in command.tools)  # type: ignore[union-attr]
            command = attrs.evolve(command, tools=tools)
        return super().frame(command)


@codec("overrides_reach_the_service", seen="{'metadata': {'topic': 'tea'}}, and the service heard {}")
class OverridesVanish(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        return {"response": {}} if isinstance(command, CreateResponse) else super().frame(command)


@codec("overrides_reach_the_service", seen="{'conversation': 'none'}, and the service heard {}")
class OutOfBandIsInBand(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        if isinstance(command, CreateResponse):
            command = attrs.evolve(command, conversation="auto")
        return super().frame(command)


class _Asks(SmallConnection):
    async def send(self, command: Command) -> None:
        await super().send(command)
        if self.asks_for(command):
            await super().send(CreateResponse())

    def asks_for(self, command: Command) -> bool:
        # abstract: which command it is that asks is the fault of each
        raise NotImplementedError


@connection("no_response_is_asked_for_unasked", seen="AddItem made the provider ask")
class AnswersEveryImage(_Asks):
    def asks_for(self, command: Command) -> bool:
        return isinstance(command, AddItem) and isinstance(command.item, ImageContent)


@connection("no_response_is_asked_for_unasked", seen="UpdateSession made the provider ask")
class AnswersEveryUpdate(_Asks):
    def asks_for(self, command: Command) -> bool:
        return isinstance(command, UpdateSession)


@connection("no_response_is_asked_for_unasked", seen="CommitAudio made the provider ask", kind="audio-only")
class AnswersEveryCommit(_Asks):
    def asks_for(self, command: Command) -> bool:
        return isinstance(command, CommitAudio)


@connection("no_response_is_asked_for_unasked", seen="ClearAudio made the provider ask")
class AnswersEveryClear(_Asks):
    def asks_for(self, command: Command) -> bool:
        return isinstance(command, ClearAudio)


@codec("message_reaches_the_service", seen=" characters 4096 were heard, or others")
class CutsLongMessages(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        if isinstance(item, Message):
            item = attrs.evolve(item, content=item.content[:4096])
        return super().item(item)


@codec("result_reaches_the_service_once", seen="lengths [28, 11, 0, 4096]")
class CutsLongResults(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        if isinstance(item, ToolResult):
            item = attrs.evolve(item, output=item.output[:4096])
        return super().item(item)


@codec("result_reaches_the_service_once", seen="lengths [28, 4, 4, 4]")
class PlainResultsAreNull(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        if isinstance(item, ToolResult) and not item.output.startswith("{"):
            item = attrs.evolve(item, output="null")
        return super().item(item)


@codec("result_reaches_the_service_once", seen="lengths [28, 11, 2, ")
class EmptyResultsAreQuoted(SmallCodec):
    def item(self, item: Any) -> dict[str, Any]:
        if isinstance(item, ToolResult):
            item = attrs.evolve(item, output=item.output or '""')
        return super().item(item)


@codec("call_is_told_as_it_was_made", seen="the arguments are not the JSON that the model wrote")
class CutsLongArguments(SmallCodec):
    def call(self, call: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().call({**call, "args": call["args"][:4096]}, wire)


@codec("call_is_told_exactly_once", seen="gave nothing while RealtimeFunctionCallEvent 1 of 2 was due")
class LosesLaterCalls(SmallCodec):
    turns = 0

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "calls":
            self.turns += 1
        late = meaning == "calls" and self.turns > 1
        yield from super().meaning("later calls" if late else meaning, value, frame)


@codec("call_is_told_exactly_once", seen="7 calls were made, told were ")
class TellsEarlierCallsAgain(SmallCodec):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.earlier: list[Any] = []

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, value, frame)
        if meaning == "calls":
            for call in self.earlier:
                yield from self.call(call, {"service_type": meaning, "service_event": frame})
            self.earlier += value
