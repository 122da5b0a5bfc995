import json

import pytest
import realtime_openai
from realtime_core import RealtimeTextEvent
from realtime_core.errors import InvalidOptions, InvalidSettings
from realtime_core.limits import SessionLimits
from realtime_openai import ListenEvents, OpenAIRealtimeExecutionSettings, OpenAIRealtimeWebsocket
from websockets.asyncio.server import serve

KEY = "sk-test-4f9a8b7c6d5e"


def test_the_package_exports_what_a_program_needs():
    assert realtime_openai.__all__ == [
        "InputAudioTranscription",
        "ListenEvents",
        "OpenAIRealtimeExecutionSettings",
        "OpenAIRealtimeWebsocket",
        "SendEvents",
        "TurnDetection",
    ]


def test_the_class_is_the_client_of_its_provider():
    client = OpenAIRealtimeWebsocket(api_key=KEY)

    assert client.name == "openai-ws"
    assert KEY not in repr(client)


def test_options_and_settings_are_checked_at_once():
    with pytest.raises(InvalidOptions, match="api_kye"):
        OpenAIRealtimeWebsocket(api_kye=KEY)
    with pytest.raises(InvalidSettings, match="speed"):
        OpenAIRealtimeWebsocket(api_key=KEY, settings={"speed": 9})


def test_the_class_takes_the_limits_of_its_sessions():
    OpenAIRealtimeWebsocket(api_key=KEY, limits=SessionLimits(command_timeout_s=3))

    with pytest.raises(InvalidSettings, match="limits must be a SessionLimits"):
        OpenAIRealtimeWebsocket(api_key=KEY, limits=3)


def test_a_missing_key_is_named_with_provider_and_variable(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    with pytest.raises(InvalidOptions, match=r"openai-ws: .*OPENAI_API_KEY"):
        OpenAIRealtimeWebsocket()


REPLY = [
    {"type": "response.created", "response": {"id": "r1"}},
    {"type": "response.output_text.delta", "response_id": "r1", "item_id": "i1", "delta": "Hel"},
    {"type": "response.output_text.delta", "response_id": "r1", "item_id": "i1", "delta": "lo"},
    {"type": "response.output_text.done", "response_id": "r1", "item_id": "i1", "text": "Hello"},
    {"type": "response.done", "response": {"id": "r1", "status": "completed"}},
]


async def service(connection):
    """A service that greets: a session, its configuration, and the reply that is asked for."""
    await connection.send(json.dumps({"type": "session.created", "session": {"id": "s1"}}))
    async for text in connection:
        frame = json.loads(text)
        match frame["type"]:
            case "session.update":
                answers = [{"type": "session.updated", "session": frame["session"]}]
            case "response.create":
                metadata = {"metadata": frame["response"]["metadata"]}
                answers = [{**REPLY[0], "response": {"id": "r1", **metadata}}, *REPLY[1:]]
        for answer in answers:
            await connection.send(json.dumps(answer))


async def test_a_program_gets_the_reply_it_asked_for():
    async with serve(service, "127.0.0.1", 0) as server:
        base_url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        client = OpenAIRealtimeWebsocket(api_key=KEY, base_url=base_url)
        settings = OpenAIRealtimeExecutionSettings(output_modalities=["text"])
        said, names = [], []

        async with client(settings=settings, create_response=True):
            async for event in client.receive():
                names.append(event.service_type)
                if isinstance(event, RealtimeTextEvent):
                    said.append(event.text.text)
                if event.service_type == ListenEvents.RESPONSE_DONE:
                    break

    assert "".join(said) == "Hello"
    assert names == ["session.created", "session.updated", *[frame["type"] for frame in REPLY]]
