"""The codec and the simulator, each the other's check: commands, and the events of items and settings."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import pytest
from realtime_core import (
    ImageContent,
    Message,
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    CancelResponse,
    Command,
    CreateResponse,
    DeleteItem,
    Truncate,
    UpdateSession,
)
from realtime_core.options import build_options
from realtime_core.provider import Connection, Setup
from realtime_core.registry import load_provider
from realtime_openai import ListenEvents, OpenAIRealtimeExecutionSettings
from realtime_simulator import McpCall, Say

Serve = Callable[..., Any]
E = TypeVar("E", bound=RealtimeEvent)


class Wire:
    """A connection of a provider, and what comes over it."""

    updated: RealtimeSessionEvent

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def events(self, ending: Callable[[RealtimeEvent], object]) -> list[RealtimeEvent]:
        """What comes, up to the first event for which ``ending`` is true."""
        came: list[RealtimeEvent] = []
        while not any(map(ending, came)):
            came += await self.connection.receive()
        return came

    async def ask(self, command: Command) -> RealtimeEvent:
        """The event that answers a command."""
        await self.connection.send(command)
        events = await self.events(lambda event: event.command_id == command.command_id)
        return next(event for event in events if event.command_id == command.command_id)

    async def first(self, kind: type[E], phase: str | None = None) -> E:
        """The next event of a class, and of a phase."""

        def wanted(event: RealtimeEvent) -> bool:
            return isinstance(event, kind) and phase in (None, getattr(event, "phase", None))

        return next(event for event in await self.events(wanted) if isinstance(event, kind) and wanted(event))


@contextlib.asynccontextmanager
async def opened(
    name: str, *, tools: tuple[Any, ...] = (), settings: Any = None, **options: Any
) -> AsyncIterator[Wire]:
    """A connection of the provider ``name``, whose configuration is in force."""
    provider = load_provider(name)
    given = {"input_audio_format": "pcm16", "output_audio_format": "pcm16", **(settings or {})}
    setup = Setup(settings=OpenAIRealtimeExecutionSettings(**given), tools=tools)
    connection = await provider.connect(build_options(provider.options, options, {}), setup)
    wire = Wire(connection)
    try:
        wire.updated = await wire.first(RealtimeSessionEvent, "updated")
        yield wire
    finally:
        await connection.aclose()


async def test_commands_about_items_and_responses_get_their_answers():
    async with opened("simulator", settings={"output_modalities": ["audio"]}) as wire:
        added = await wire.ask(AddItem(item=Message("user", "Tell me a story about rivers, a long one.")))
        created = await wire.ask(CreateResponse())
        item_id = (await wire.first(RealtimeAudioEvent)).item_id
        cancelled = await wire.ask(CancelResponse(response_id=created.response_id))
        truncated = await wire.ask(Truncate(item_id=str(item_id), keep_ms=1))
        deleted = await wire.ask(DeleteItem(item_id=str(added.item_id)))
        refused = [
            await wire.ask(CancelResponse()),
            await wire.ask(Truncate(item_id="nowhere", keep_ms=1)),
            await wire.ask(DeleteItem(item_id="nowhere")),
        ]

    assert (type(cancelled), cancelled.response_id) == (RealtimeResponseEvent, created.response_id)
    assert (truncated.service_type, truncated.item_id) == (ListenEvents.CONVERSATION_ITEM_TRUNCATED, item_id)
    assert isinstance(truncated, RealtimeItemEvent)
    assert (truncated.phase, truncated.keep_ms) == ("truncated", 1)
    assert isinstance(deleted, RealtimeItemEvent)
    assert (deleted.phase, deleted.item_id) == ("deleted", added.item_id)
    assert [event.code for event in refused if isinstance(event, RealtimeErrorEvent)] == [
        "response_cancel_not_active",
        "item_truncate_invalid_item_id",
        "item_delete_invalid_item_id",
    ]


MANY_SETTINGS = {
    "instructions": "Be brief.",
    "output_modalities": ["audio"],
    "voice": "marin",
    "speed": 1.2,
    "input_audio_format": "g711_ulaw",
    "output_audio_format": "g711_alaw",
    "input_audio_transcription": {"model": "gpt-transcribe", "language": "en"},
    "input_audio_noise_reduction": "near_field",
    "turn_detection": {"type": "semantic_vad", "eagerness": "low", "create_response": False},
    "tool_choice": {"type": "function", "name": "get_weather"},
    "max_output_tokens": 100,
    "truncation": {"type": "retention_ratio", "retention_ratio": 0.7},
    "tracing": {"workflow_name": "tea"},
    "include": ["item.input_audio_transcription.logprobs"],
}
DOCS = {
    "type": "mcp",
    "server_label": "docs",
    "server_url": "https://docs.example.com",
    "authorization": "secret",
    "headers": {"X-Key": "secret"},
    "allowed_tools": ["search"],
    "require_approval": "always",
}
WEATHER = ToolDefinition("get_weather", "Looks outside.", {"type": "object", "properties": {"city": {}}})


@pytest.mark.parametrize(
    "settings", [MANY_SETTINGS, {}, {"instructions": "", "turn_detection": None, "tracing": None}]
)
async def test_a_service_that_does_as_it_is_told_is_not_blamed(settings: dict[str, Any]):
    async with opened("simulator", settings=settings, tools=(WEATHER, DOCS)) as wire:
        again = await wire.ask(UpdateSession(settings=OpenAIRealtimeExecutionSettings(speed=0.9), tools=()))

    assert wire.updated.not_honoured == ()
    assert isinstance(again, RealtimeSessionEvent)
    assert again.not_honoured == ()
    assert again.service_event is not None
    assert again.service_event["session"]["tools"] == []


async def test_a_setting_that_is_silently_another_is_named_once(realtime_simulator: Serve):
    async with (
        realtime_simulator(quirks="fixed-voice") as server,
        opened("openai-ws", api_key="x", base_url=server.base_url, settings={"voice": "marin"}) as wire,
    ):
        faster = await wire.ask(UpdateSession(settings=OpenAIRealtimeExecutionSettings(speed=0.9)))
        asked_again = await wire.ask(UpdateSession(settings=OpenAIRealtimeExecutionSettings(voice="cedar")))

    named = [
        event.not_honoured
        for event in (wire.updated, faster, asked_again)
        if isinstance(event, RealtimeSessionEvent)
    ]
    assert named == [("voice",), (), ("voice",)]


async def test_what_was_added_comes_back_as_it_was():
    items = [
        Message("system", "Be brief."),
        Message("user", "How is Rome?"),
        Message("assistant", "One moment."),
        ToolCall("call_1", "get_weather", '{"city":"Rome"}'),
        ToolResult("call_1", "get_weather", "21 degrees"),
        ImageContent(b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ]
    async with opened("simulator") as wire:
        added = [await wire.ask(AddItem(item=item)) for item in items]

    events = [event for event in added if isinstance(event, RealtimeItemEvent)]
    assert [event.item for event in events] == items
    assert [event.role for event in events] == ["system", "user", "assistant", None, None, "user"]
    assert [event.previous_item_id for event in events] == [None, *(event.item_id for event in events)][:-1]


async def test_a_response_out_of_band_is_told_from_others():
    async with opened("simulator", settings={"output_modalities": ["text"]}) as wire:
        await wire.ask(AddItem(item=Message("user", "Hello.")))
        aside = CreateResponse(conversation="none", overrides={"tools": [WEATHER]})
        await wire.connection.send(aside)
        aside_events = await wire.events(
            lambda event: getattr(event, "phase", None) == "done" and bool(event.response_id)
        )
        await wire.connection.send(CreateResponse())
        spoken_events = await wire.events(
            lambda event: isinstance(event, RealtimeResponseEvent) and event.phase == "done"
        )

    bands = [
        [(event.phase, event.out_of_band) for event in events if isinstance(event, RealtimeResponseEvent)]
        for events in (aside_events, spoken_events)
    ]
    assert bands == [[("created", True), ("done", True)], [("created", False), ("done", False)]]
    assert not any(
        isinstance(event, RealtimeItemEvent) and event.role == "assistant" for event in aside_events
    )


@pytest.mark.parametrize(("approve", "made"), [(True, ["response.mcp_call.completed"]), (False, [])])
async def test_a_call_of_a_server_waits_for_approval_and_its_answer(
    realtime_simulator: Serve, *, approve: bool, made: list[str]
):
    search = McpCall("docs", "search", {"q": "Rome"}, output="a city")
    async with (
        realtime_simulator(
            brain=lambda turn: Say("Done.") if turn.results or turn.declined else search
        ) as server,
        opened("openai-ws", api_key="x", base_url=server.base_url, tools=(DOCS,)) as wire,
    ):
        await wire.connection.send(AddItem(item=Message("user", "What is Rome?")))
        await wire.connection.send(CreateResponse())
        asked = await wire.first(RealtimeApprovalEvent)
        await wire.first(RealtimeResponseEvent, "done")
        answer = AnswerApproval(approval_id=asked.request.approval_id, approve=approve, reason="Because.")
        answered = await wire.ask(answer)
        await wire.connection.send(CreateResponse())
        came = await wire.events(
            lambda event: isinstance(event, RealtimeResponseEvent) and event.phase == "done"
        )

    assert (asked.request.name, asked.request.arguments, asked.request.server) == (
        "search",
        '{"q":"Rome"}',
        "docs",
    )
    assert isinstance(answered, RealtimeItemEvent)
    assert (answered.phase, answered.item) == ("added", None)
    assert [
        event.service_type for event in came if event.service_type == "response.mcp_call.completed"
    ] == made


async def test_an_error_that_names_nobody_refuses_the_truncation_it_is_about(realtime_simulator: Serve):
    async with (
        realtime_simulator(faults=[f"null-event-id@{frame}" for frame in range(1, 9)]) as server,
        opened("openai-ws", api_key="x", base_url=server.base_url) as wire,
    ):
        added = await wire.ask(AddItem(item=Message("user", "Hello.")))
        refused = await wire.ask(Truncate(item_id=str(added.item_id), keep_ms=1))

    assert isinstance(refused, RealtimeErrorEvent)
    assert refused.benign
    assert refused.service_event is not None
    assert refused.service_event["error"]["event_id"] is None
