import json
from pathlib import Path

import pytest
import realtime_azure
from realtime_azure import AzureRealtimeExecutionSettings, AzureRealtimeWebsocket, ListenEvents
from realtime_core import RealtimeErrorEvent, RealtimeTextEvent, create_client
from realtime_core.errors import InvalidOptions, UnsupportedSetting
from websockets.asyncio.server import serve

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "azure_ws"


def test_the_package_exports_what_a_program_needs():
    assert realtime_azure.__all__ == [
        "AzureRealtimeExecutionSettings",
        "AzureRealtimeWebsocket",
        "InputAudioTranscription",
        "ListenEvents",
        "SendEvents",
        "TurnDetection",
    ]


def test_the_class_is_the_client_of_its_provider(key):
    client = AzureRealtimeWebsocket(endpoint="https://res.openai.azure.com", api_key=key)

    assert client.name == "azure-ws"
    assert key not in repr(client)


def test_a_missing_endpoint_is_named_with_provider_and_variable(monkeypatch, key):
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)

    with pytest.raises(InvalidOptions, match=r"azure-ws: .*AZURE_OPENAI_ENDPOINT"):
        AzureRealtimeWebsocket(api_key=key)


async def test_a_missing_deployment_is_named_with_its_variables_when_a_session_opens(azure, monkeypatch, key):
    for name in ("AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME", "AZURE_OPENAI_DEPLOYMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    client = AzureRealtimeWebsocket(endpoint=azure.azure_endpoint, api_key=key)

    with pytest.raises(
        InvalidOptions, match=r"deployment=\.\.\. or set AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME"
    ):
        await client.create_session()
    async with client(model="talk"):
        assert [one.model for one in azure.sessions] == ["talk"]


def test_a_setting_that_there_is_not_is_refused_by_name(key):
    with pytest.raises(UnsupportedSetting, match="temperature"):
        AzureRealtimeWebsocket(endpoint="res.openai.azure.com", api_key=key, settings={"temperature": 1})


async def test_a_program_of_the_environment_alone_gets_its_reply(azure, monkeypatch, key):
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", azure.azure_endpoint)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", key)
    monkeypatch.setenv("AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME", "talk")
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-04-01-preview")
    client = create_client("azure-ws")
    settings = AzureRealtimeExecutionSettings(output_modalities=["text"])
    said = []

    async with client(settings=settings) as session:
        await session.send_text("Good evening!", respond=True)
        async for event in session.receive():
            if isinstance(event, RealtimeTextEvent):
                said.append(event.text.text)
            if event.service_type == ListenEvents.RESPONSE_DONE:
                break

    assert "".join(said) == "You said: Good evening!"
    assert [one.model for one in azure.sessions] == ["talk"]


async def test_a_target_uri_in_the_program_names_the_deployment_whatever_the_environment_says(
    azure, monkeypatch, key
):
    monkeypatch.setenv("AZURE_OPENAI_DEPLOYMENT_NAME", "of-env")
    target = f"{azure.azure_endpoint}/openai/v1/realtime?model=of-url"

    async with AzureRealtimeWebsocket(endpoint=target, api_key=key)():
        assert [one.model for one in azure.sessions] == ["of-url"]


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recorded traffic of Azure is not at hand")
async def test_a_recorded_conversation_with_azure_is_understood(key):
    lines = (RECORDINGS / "test_text_in_audio_out_turn.jsonl").read_text().splitlines()
    recorded = [json.loads(line) for line in lines]
    spoken = [
        line["event"]["transcript"]
        for line in recorded
        if line.get("event", {}).get("type") == "response.output_audio_transcript.done"
    ]

    async def replay(connection):
        for line in recorded:
            if line["dir"] == "in":
                await connection.send(json.dumps(line["event"]))
            elif line["dir"] == "out":
                await connection.recv()
        await connection.wait_closed()

    said, troubles, voiced = [], [], 0
    async with serve(replay, "127.0.0.1", 0) as server:
        endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = AzureRealtimeWebsocket(endpoint=endpoint, deployment="talk", api_key=key)
        async with client() as session:
            await session.send_text("What is the capital of France?", respond=True)
            async for event in session.receive():
                said += [event.text.text] if isinstance(event, RealtimeTextEvent) else []
                troubles += [event] if isinstance(event, RealtimeErrorEvent) else []
                voiced += event.service_type == ListenEvents.RESPONSE_OUTPUT_AUDIO_DELTA
                if event.service_type == ListenEvents.RESPONSE_DONE:
                    break

    assert ["".join(said)] == spoken
    assert troubles == []
    assert voiced > 0
