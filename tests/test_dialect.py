"""The codec and the simulator, each the other's check: function calls, images and transcription."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import soundfile
from realtime_core import (
    AudioContent,
    AudioFormat,
    ImageContent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    ToolResult,
    UnsupportedCommand,
    create_client,
)
from realtime_openai import ListenEvents, SendEvents
from realtime_simulator import Call, Say, Turn
from workspace import ROOT

SPEECH = ROOT / "samples" / "audio" / "amiable.wav"
CALLS = [Call("get_weather", {"city": "Rome"}), Call("get_time", {"city": "Rome"})]
TOOLS = [
    {"type": "function", "name": call.name, "parameters": {"type": "object", "properties": {}}}
    for call in CALLS
]
Serve = Callable[..., Any]


def look_it_up(turn: Turn) -> Any:
    if turn.results:
        return Say(" and ".join(result.output for result in turn.results))
    return [Say("One moment."), *CALLS]


async def until_done(events: AsyncIterator[RealtimeEvent]) -> list[RealtimeEvent]:
    """What comes up to the end of a response."""
    came = []
    async for event in events:
        came.append(event)
        assert not isinstance(event, RealtimeErrorEvent), event.message
        if isinstance(event, RealtimeResponseEvent) and event.phase == "done":
            break
    return came


def said(events: list[RealtimeEvent]) -> str:
    return "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent))


async def test_parallel_calls_after_a_preamble_are_answered_and_spoken_of(realtime_simulator: Serve):
    async with realtime_simulator(brain=look_it_up) as server:
        client = create_client("openai-ws", api_key="x", base_url=server.base_url)
        async with client(output_modalities=["text"]) as session:
            tools = {"session": {"type": "realtime", "tools": TOOLS}}
            await session.send(RealtimeEvent(service_type=SendEvents.SESSION_UPDATE, service_event=tools))
            await session.send_text("How is Rome?", respond=True)
            events = session.receive()
            first = await until_done(events)
            calls = [event.function_call for event in first if isinstance(event, RealtimeFunctionCallEvent)]
            for call, output in zip(calls, ["21 degrees", "noon"], strict=True):
                result = ToolResult(call.call_id, call.name, output)
                await session.send(RealtimeFunctionResultEvent(function_result=result))
            await session.create_response()
            second = await until_done(events)

    assert said(first).strip() == "One moment."
    assert [(call.name, call.arguments) for call in calls] == [
        ("get_weather", '{"city":"Rome"}'),
        ("get_time", '{"city":"Rome"}'),
    ]
    assert said(second).strip() == "21 degrees and noon"


async def test_an_image_is_taken_and_shown_again(realtime_simulator: Serve):
    image = ImageContent(b"\x89PNG\r\n\x1a\n" + bytes(100))
    async with realtime_simulator() as server:
        client = create_client("openai-ws", api_key="x", base_url=server.base_url)
        async with client(output_modalities=["text"]) as session:
            await session.send_image(image, respond=True)
            came = await until_done(session.receive())

    (added, *_) = [e for e in came if e.service_type == ListenEvents.CONVERSATION_ITEM_ADDED and e.command_id]
    assert added.service_event is not None
    (part,) = added.service_event["item"]["content"]
    assert part["type"] == "input_image"
    assert part["image_url"].startswith("data:image/png;base64,iVBORw0KGgo")


async def test_a_transcription_session_only_listens(realtime_simulator: Serve):
    samples, rate = soundfile.read(SPEECH, dtype="int16")
    async with realtime_simulator() as server:
        client = create_client("openai-ws", api_key="x", base_url=server.base_url, intent="transcription")
        heard = {"input_audio_transcription": {"model": "gpt-transcribe"}, "turn_detection": None}
        async with client(**heard) as session:
            await session.send_audio(AudioContent(samples.tobytes(), AudioFormat("pcm16", rate)))
            await session.commit_audio()
            words = []
            async for event in session.receive():
                assert not isinstance(event, RealtimeErrorEvent), event.message
                if isinstance(event, RealtimeTranscriptEvent):
                    words.append(event)
                    if event.final:
                        break
            with pytest.raises(UnsupportedCommand):
                await session.create_response()

    assert [word.role for word in words] == ["user"] * len(words)
    assert words[-1].final
