import asyncio
import subprocess
import sys

import pytest
from openai import AsyncOpenAI
from realtime_core import AudioFormat, RealtimeSessionEvent, RealtimeTranscriptEvent, create_client
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.options import build_options
from realtime_core.provider import API_VERSION, Setup
from realtime_core.registry import load_provider
from realtime_openai.options import OpenAIOptions
from realtime_openai.plugin import connect, realtime_provider
from realtime_openai_wire import (
    LIVE_SETTINGS,
    NATIVE_FORMATS,
    WEBSOCKET_CAPABILITIES,
    OpenAIRealtimeExecutionSettings,
)

KEY = "sk-test-4f9a8b7c6d5e"


def setup(**values):
    formats = {"input_audio_format": "pcm16", "output_audio_format": "pcm16"}
    return Setup(settings=OpenAIRealtimeExecutionSettings(**{**formats, **values}), command_id="setup")


def options(**given):
    return build_options(OpenAIOptions, given, {})


def test_the_entry_point_gives_the_provider():
    provider = load_provider("openai-ws")

    assert provider == realtime_provider()
    assert provider.api_version == API_VERSION
    assert provider.settings is OpenAIRealtimeExecutionSettings
    assert provider.options is OpenAIOptions


def test_it_can_do_what_the_protocol_can():
    capabilities = realtime_provider().capabilities

    assert capabilities.input_formats == capabilities.output_formats == NATIVE_FORMATS
    assert (capabilities.turns, capabilities.acks) == (True, True)
    assert capabilities.live_settings == LIVE_SETTINGS | {"tools"}
    assert "model" not in capabilities.live_settings


def test_loading_it_loads_neither_openai_nor_websockets():
    show = (
        "import sys, realtime_openai; from realtime_core.registry import load_provider;"
        "load_provider('openai-ws'); print(sorted({'openai', 'websockets'} & sys.modules.keys()))"
    )

    # its own interpreter: this one has them loaded
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"


async def test_a_connection_begins_with_created_and_its_configuration_in_force(service):
    async with service() as base_url:
        connection = await connect(options(api_key=KEY, base_url=base_url), setup(voice="marin"))

        (created,) = await connection.receive()
        (updated,) = await connection.receive()
        await connection.aclose()

    assert (type(created), created.phase) == (RealtimeSessionEvent, "created")
    assert (updated.phase, updated.command_id) == ("updated", "setup")
    assert updated.service_event["session"]["audio"]["output"]["voice"] == "marin"


async def test_the_request_carries_who_and_what(service):
    requests = []
    async with service(requests) as base_url:
        given = options(
            api_key=KEY,
            base_url=base_url,
            organization="org-1",
            project="proj-1",
            headers={"X-Safety": "id"},
            query={"intent": "talk"},
        )
        await (await connect(given, setup())).aclose()

    (request,) = requests
    assert request.path == "/v1/realtime?model=gpt-realtime-2.1&intent=talk"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["OpenAI-Organization"] == "org-1"
    assert request.headers["OpenAI-Project"] == "proj-1"
    assert request.headers["X-Safety"] == "id"
    assert "OpenAI-Beta" not in request.headers


@pytest.mark.parametrize(
    ("option", "setting", "path"),
    [
        ({}, {}, "/v1/realtime?model=gpt-realtime-2.1"),
        ({"model": "of-option"}, {}, "/v1/realtime?model=of-option"),
        ({"model": "of-option"}, {"model": "of-setting"}, "/v1/realtime?model=of-setting"),
    ],
)
async def test_the_models_setting_wins_over_the_option(service, option, setting, path):
    requests = []
    async with service(requests) as base_url:
        await (await connect(options(api_key=KEY, base_url=base_url, **option), setup(**setting))).aclose()

    assert [request.path for request in requests] == [path]


def numbered_keys(*, wait):
    """A function, or a coroutine function, that gives another key each time."""
    keys = iter(["sk-first", "sk-second"])

    def give():
        return next(keys)

    async def give_later():
        await asyncio.sleep(0)
        return next(keys)

    return give_later if wait else give


@pytest.mark.parametrize("wait", [False, True])
async def test_what_gives_a_key_is_asked_on_every_connect(service, wait):
    requests = []
    async with service(requests) as base_url:
        given = options(api_key=numbered_keys(wait=wait), base_url=base_url)
        for _ in range(2):
            await (await connect(given, setup())).aclose()

    assert [request.headers["Authorization"] for request in requests] == [
        "Bearer sk-first",
        "Bearer sk-second",
    ]


async def test_headers_of_the_environment_replace_no_key(monkeypatch, service):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer other")
    requests = []
    async with service(requests) as base_url:
        await (await connect(options(api_key=KEY, base_url=base_url), setup())).aclose()

    assert requests[0].headers.get_all("Authorization") == [f"Bearer {KEY}"]


async def test_what_gives_no_key_is_a_failed_authentication():
    with pytest.raises(AuthenticationFailed, match="the function given as api_key gave no usable key"):
        await connect(options(api_key=lambda: "", base_url="http://127.0.0.1:1/v1"), setup())


async def test_a_client_of_ones_own_is_used_and_stays_open(service):
    requests = []
    async with service(requests) as base_url, AsyncOpenAI(api_key="sk-mine", base_url=base_url) as client:
        given = options(openai_client=client, query={"a": "b"}, headers={"X-Safety": "id"}, project="proj-1")
        connection = await connect(given, setup())
        await connection.aclose()

        assert not client.is_closed()

    assert [request.headers["Authorization"] for request in requests] == ["Bearer sk-mine"]
    assert requests[0].path == "/v1/realtime?model=gpt-realtime-2.1&a=b"
    assert requests[0].headers["X-Safety"] == "id"
    assert "OpenAI-Project" not in requests[0].headers


async def test_closing_ends_the_connection_at_the_service(service):
    closed = asyncio.Event()
    async with service(closed=closed) as base_url:
        connection = await connect(options(api_key=KEY, base_url=base_url), setup())
        await connection.aclose()
        async with asyncio.timeout(5):
            await closed.wait()

        with pytest.raises(ConnectionLost):
            await connection.receive()


@pytest.mark.parametrize(
    ("intent", "setting"),
    [
        ("realtime", {"output_audio_format": AudioFormat("pcm16", 16_000)}),
        ("transcription", {"output_audio_format": "g711_ulaw"}),
        ("transcription", {"voice": "marin"}),
        ("transcription", {"instructions": "Be brief."}),
        ("transcription", {"model": "gpt-realtime-2.1"}),
    ],
)
async def test_a_setting_the_session_lacks_is_refused_by_name_before_any_io(service, intent, setting):
    requests = []
    async with service(requests) as base_url:
        with pytest.raises(UnsupportedSetting, match=next(iter(setting)).removeprefix("output_audio_")):
            await connect(options(api_key=KEY, base_url=base_url, intent=intent), setup(**setting))

    assert requests == []


async def test_settings_that_cannot_be_written_leave_no_connection_behind(service):
    closed = asyncio.Event()
    async with service(closed=closed) as base_url:
        with pytest.raises(UnsupportedCommand):
            await connect(
                options(api_key=KEY, base_url=base_url),
                setup(prompt={"id": "pmpt_1", "variables": {"x": object()}}),
            )
        async with asyncio.timeout(5):
            await closed.wait()


# --- transcription


TRANSCRIPTION = "conversation.item.input_audio_transcription"
LISTEN = {"input_audio_transcription": {"model": "gpt-transcribe"}, "turn_detection": None}


async def test_a_transcription_session_is_asked_for_in_the_url_and_named_in_the_configuration(service):
    requests, frames = [], []
    async with service(requests, frames=frames) as base_url:
        given = options(api_key=KEY, base_url=base_url, intent="transcription", query={"a": "b"})
        connection = await connect(given, setup(**LISTEN))
        await connection.receive()
        await connection.receive()
        await connection.aclose()

    assert requests[0].path == "/v1/realtime?intent=transcription&a=b"
    assert frames[0]["session"] == {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": {"model": "gpt-transcribe"},
                "turn_detection": None,
            }
        },
    }


async def test_a_transcription_session_writes_down_what_is_said_and_only_that(service):
    said = {"item_id": "item_1", "content_index": 0}
    delta = {"type": f"{TRANSCRIPTION}.delta", "delta": "Good mor", **said}
    whole = {"type": f"{TRANSCRIPTION}.completed", "transcript": "Good morning.", **said}
    async with service(after={"input_audio_buffer.commit": [delta, whole]}) as base_url:
        client = create_client("openai-ws", api_key=KEY, base_url=base_url, intent="transcription")
        async with client(**LISTEN) as session:
            await session.send_audio(bytes(9600))
            await session.commit_audio()
            words = []
            async for event in session.receive():
                if isinstance(event, RealtimeTranscriptEvent):
                    words.append(event)
                    if event.final:
                        break
            with pytest.raises(UnsupportedCommand, match="a transcription session only listens"):
                await session.send_text("Hello.")
            for send in (session.send_image(b"\xff\xd8\xff"), session.create_response()):
                with pytest.raises(UnsupportedCommand, match="openai-ws"):
                    await send
            with pytest.raises(UnsupportedSetting, match="'voice'"):
                await session.update_session(voice="marin")
            await session.update_session(include=["item.input_audio_transcription.logprobs"])

    assert [(event.text, event.final) for event in words] == [("Good mor", False), ("Good morning.", True)]


def test_a_client_of_transcription_sessions_knows_before_it_connects_that_they_only_listen():
    client = create_client(
        "openai-ws", api_key=KEY, base_url="https://nowhere.invalid", intent="transcription"
    )

    assert (client.capabilities.turns, client.capabilities.images) == (False, False)
    assert client.capabilities.live_settings > {*LISTEN}
    assert "voice" not in client.capabilities.live_settings
    assert create_client("openai-ws", api_key=KEY).capabilities is WEBSOCKET_CAPABILITIES
    with pytest.raises(UnsupportedCommand, match="openai-ws"):
        client(create_response=True)


async def test_an_environment_that_openai_dislikes_is_a_failed_connection(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:70")

    with pytest.raises(ConnectionFailed, match=r"api\.openai\.com.*proxy"):
        await connect(options(api_key=KEY), setup())


async def test_a_refusal_passes_with_its_reason():
    with pytest.raises(ConnectionFailed, match=r"nonexistent\.invalid"):
        await connect(options(api_key=KEY, base_url="https://nonexistent.invalid/v1"), setup())


def test_endpoint_is_the_websocket_that_it_connects_to_without_its_query():
    endpoint = realtime_provider().endpoint

    assert endpoint(options(api_key=KEY)) == "wss://api.openai.com/v1/realtime"
    given = options(api_key=KEY, base_url="http://localhost:8000/v1", query={"key": KEY})
    assert endpoint(given) == "ws://localhost:8000/v1/realtime"


async def test_endpoint_of_a_client_of_ones_own_is_that_clients():
    endpoint = realtime_provider().endpoint

    async with AsyncOpenAI(api_key=KEY, base_url="https://a.example.com/v1") as client:
        assert endpoint(options(openai_client=client)) == "wss://a.example.com/v1/realtime"
    async with AsyncOpenAI(api_key=KEY, websocket_base_url="ws://b.example.com/v1") as client:
        assert endpoint(options(openai_client=client)) == "ws://b.example.com/v1/realtime"
