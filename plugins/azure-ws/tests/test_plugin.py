import asyncio
import subprocess
import sys

import pytest
from realtime_azure import AzureRealtimeExecutionSettings
from realtime_azure.options import AzureOptions
from realtime_azure.plugin import connect, realtime_provider
from realtime_core import AudioFormat, RealtimeSessionEvent
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    FailedReason,
    InvalidOptions,
    UnsupportedSetting,
)
from realtime_core.options import build_options
from realtime_core.provider import API_VERSION
from realtime_core.registry import load_provider
from realtime_openai_wire import WEBSOCKET_CAPABILITIES


def test_the_entry_point_gives_the_provider():
    provider = load_provider("azure-ws")

    assert provider == realtime_provider()
    assert provider.api_version == API_VERSION
    assert provider.settings is AzureRealtimeExecutionSettings
    assert provider.options is AzureOptions
    assert provider.capabilities is WEBSOCKET_CAPABILITIES


def test_loading_it_loads_neither_openai_nor_websockets_nor_azure():
    show = (
        "import sys, realtime_azure; from realtime_core.registry import load_provider;"
        "load_provider('azure-ws'); print(sorted({'openai', 'websockets', 'azure'} & sys.modules.keys()))"
    )

    # its own interpreter: this one has them loaded
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"


async def request_of(answering, options, setup, target="", environ=None, **given):
    """The request with which a session is asked for."""
    async with answering() as (endpoint, requests):
        with pytest.raises(ConnectionFailed):
            await connect(options(endpoint=f"{endpoint}{target}", **given), setup(**(environ or {})))
    (request,) = requests
    return request


async def test_a_key_goes_in_its_own_header_alone(answering, options, setup, key):
    given = {"api_key": key, "deployment": "talk", "headers": {"X-Safety": "id"}}
    request = await request_of(answering, options, setup, **given)

    assert request.path == "/openai/v1/realtime?model=talk"
    assert request.headers["api-key"] == key
    assert request.headers["X-Safety"] == "id"
    assert "Authorization" not in request.headers
    assert "OpenAI-Beta" not in request.headers


async def test_a_token_goes_as_bearer_alone(answering, options, setup):
    request = await request_of(answering, options, setup, credential="token", deployment="talk")

    assert request.headers["Authorization"] == "Bearer token"
    assert "api-key" not in request.headers


FOR_OPENAI = ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET")


@pytest.mark.parametrize(
    "spellings",
    [
        ("X-Y", "Authorization", "api-key", "X-Safety", "User-Agent", "Accept"),
        ("x-y", "authorization", "Api-Key", "x-safety", "user-agent", "ACCEPT"),
    ],
)
@pytest.mark.parametrize(
    ("how", "header", "value"),
    [("credential", "authorization", "Bearer {}"), ("api_key", "api-key", "{}")],
)
async def test_what_openai_takes_from_the_environment_for_openai_stays_here(
    monkeypatch, answering, options, setup, key, how, header, value, spellings
):
    for name in FOR_OPENAI:
        monkeypatch.setenv(f"OPENAI_{name}", "for-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    lines = [f"{name}: for-openai" for name in spellings]
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "\n".join(lines))
    given = {"deployment": "talk", "headers": {"X-Safety": "id"}}

    request = await request_of(answering, options, setup, **{how: key}, **given)

    assert "for-openai" not in str(request.headers)
    assert request.headers.get_all(header) == [value.format(key)]
    assert request.headers.get_all("X-Safety") == ["id"]
    assert len(request.headers.get_all("User-Agent")) == 1
    assert set(map(str.lower, request.headers)) & {"api-key", "authorization"} == {header}


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
@pytest.mark.parametrize("how", ["api_key", "credential"])
async def test_a_header_of_the_program_replaces_ours_however_it_is_spelt(
    answering, options, setup, key, how, name
):
    given = {"deployment": "talk", "headers": {name: "Bearer mine"}, how: key}
    request = await request_of(answering, options, setup, **given)

    assert request.headers.get_all("Authorization") == ["Bearer mine"]


@pytest.mark.parametrize(
    ("target", "option", "setting", "query"),
    [
        ("", {"deployment": "of-option"}, {}, "model=of-option"),
        ("", {"deployment": "of-option"}, {"model": "of-setting"}, "model=of-setting"),
        ("", {}, {"model": "of-setting"}, "model=of-setting"),
        ("/openai/v1/realtime?model=of-url", {}, {}, "model=of-url"),
        ("/openai/v1/realtime?model=of-url", {"deployment": "of-option"}, {}, "model=of-option"),
        ("/openai/realtime?api-version=2024-10-01-preview&deployment=of-url", {}, {}, "model=of-url"),
        ("", {"deployment": "my talk+1"}, {}, "model=my+talk%2B1"),
        ("", {"deployment": "talk", "api_version": "2025-08-28"}, {}, "model=talk"),
    ],
)
async def test_the_deployment_is_the_model_of_the_url_and_nothing_else_is_in_it(
    answering, options, setup, key, target, option, setting, query
):
    request = await request_of(answering, options, setup, target, setting, api_key=key, **option)

    assert request.path == f"/openai/v1/realtime?{query}"


@pytest.mark.parametrize(
    ("error", "setting", "named"),
    [
        (
            InvalidOptions,
            {},
            r"^azure-ws: option 'deployment'.*_REALTIME_DEPLOYMENT_NAME or AZURE_OPENAI_DEPLOYMENT_NAME",
        ),
        (
            UnsupportedSetting,
            {"input_audio_format": AudioFormat("pcm16", 16_000)},
            "16000",
        ),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_before_any_io(
    answering, options, setup, error, setting, named
):
    def give():
        raise AssertionError("asked for a key")

    async with answering() as (endpoint, requests):
        with pytest.raises(error, match=named):
            await connect(options(endpoint=endpoint, api_key=give), setup(**setting))

    assert requests == []


# --- whole connections


@pytest.mark.parametrize("how", ["api_key", "credential"])
async def test_a_connection_begins_with_created_and_its_configuration_in_force(
    azure, options, setup, key, how
):
    given = options(endpoint=azure.azure_endpoint, deployment="talk", **{how: key})
    connection = await connect(given, setup(voice="marin"))

    (created,) = await connection.receive()
    (updated,) = await connection.receive()
    await connection.aclose()

    assert (type(created), created.phase) == (RealtimeSessionEvent, "created")
    assert created.service_event["session"]["model"] == "talk"
    assert (updated.phase, updated.command_id) == ("updated", "setup")
    assert updated.service_event["session"]["audio"]["output"]["voice"] == "marin"


@pytest.mark.parametrize("how", ["api_key", "credential"])
async def test_no_log_shows_a_key_or_a_token(caplog, azure, options, setup, key, how):
    caplog.set_level("DEBUG")
    given = options(endpoint=azure.azure_endpoint, deployment="talk", **{how: key})

    await (await connect(given, setup())).aclose()

    assert key not in caplog.text


class Credential:
    """As those of ``azure-identity``: another token each time."""

    def __init__(self):
        self.scopes = []

    async def get_token(self, *scopes):
        self.scopes.append(scopes)
        return self

    @property
    def token(self):
        return f"token-{len(self.scopes)}"


async def test_a_credential_is_asked_on_every_connect_for_the_scope(answering, options, setup):
    credential = Credential()
    async with answering() as (endpoint, requests):
        given = options(endpoint=endpoint, deployment="talk", credential=credential, scope="urn:mine")
        for _ in range(2):
            with pytest.raises(ConnectionFailed):
                await connect(given, setup())

    assert [request.headers["Authorization"] for request in requests] == ["Bearer token-1", "Bearer token-2"]
    assert credential.scopes == [("urn:mine",), ("urn:mine",)]


async def test_a_function_is_asked_for_a_key_on_every_connect(answering, options, setup):
    keys = iter(["first", "second"])
    async with answering() as (endpoint, requests):
        given = options(endpoint=endpoint, deployment="talk", api_key=lambda: next(keys))
        for _ in range(2):
            with pytest.raises(ConnectionFailed):
                await connect(given, setup())

    assert [request.headers["api-key"] for request in requests] == ["first", "second"]


# --- refusals


ROLE = "that its identity has the role Cognitive Services OpenAI User for this resource"


async def test_a_refused_credential_is_to_be_checked_with_its_scope(azure, options, setup):
    given = options(
        endpoint=azure.azure_endpoint, deployment="talk", credential=Credential(), scope="urn:mine"
    )

    with pytest.raises(
        AuthenticationFailed, match=f"from the option credential, its scope urn:mine, and {ROLE}$"
    ):
        await connect(given, setup())


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"api_key": "wrong"}, "that the API key, from the option api_key, is one of this resource"),
        ({"api_key": lambda: "wrong"}, "that the API key, from the option api_key, is one of this resource"),
        (
            {"AZURE_OPENAI_API_KEY": "wrong"},
            "that the API key, from AZURE_OPENAI_API_KEY, is one of this resource",
        ),
        ({"credential": "wrong"}, f"the token, from the option credential, and {ROLE}"),
        ({"credential": lambda: "wrong"}, f"the token, from the option credential, and {ROLE}"),
        (
            {"AZURE_OPENAI_AD_TOKEN": "wrong", "AZURE_OPENAI_API_KEY": "unused"},
            f"the token, from AZURE_OPENAI_AD_TOKEN, which goes before AZURE_OPENAI_API_KEY, and {ROLE}",
        ),
    ],
)
async def test_a_wrong_key_is_to_be_checked_by_its_source_and_not_an_api_version_that_was_never_sent(
    azure, setup, given, remedy
):
    target = "/openai/realtime?api-version=2024-10-01-preview&deployment=talk"
    options = build_options(
        AzureOptions,
        {"endpoint": f"{azure.azure_endpoint}{target}"} | {k: v for k, v in given.items() if k.islower()},
        {k: v for k, v in given.items() if k.isupper()},
    )
    with pytest.raises(AuthenticationFailed, match=f"check {remedy}$") as caught:
        await connect(options, setup())

    assert caught.value.status == 401
    assert "version" not in str(caught.value)
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "error", "remedy"),
    [
        (403, AuthenticationFailed, "check the network rules of the resource, and the role of the identity"),
        (404, ConnectionFailed, "check the endpoint and the deployment 'talk'"),
        (400, ConnectionFailed, "check the endpoint, the deployment 'talk', headers and query"),
    ],
)
async def test_a_refusal_names_what_a_user_of_azure_can_check(
    answering, options, setup, key, status, error, remedy
):
    body = b'{"error": {"code": "DeploymentNotFound", "message": "It is not there."}}'
    async with answering(status, body) as (endpoint, _):
        with pytest.raises(error, match=f"It is not there; {remedy}"):
            await connect(options(endpoint=endpoint, deployment="talk", api_key=key), setup())


async def test_a_host_out_of_reach_is_a_matter_of_the_endpoint(options, setup, key):
    with pytest.raises(ConnectionFailed, match="check the endpoint and its port"):
        await connect(options(endpoint="http://127.0.0.1:1", deployment="talk", api_key=key), setup())


async def test_an_environment_that_openai_dislikes_is_a_failed_connection(monkeypatch, options, setup, key):
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:70")

    with pytest.raises(ConnectionFailed, match=r"res\.openai\.azure\.com.*proxy"):
        await connect(options(endpoint="res.openai.azure.com", deployment="talk", api_key=key), setup())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("how", ["api_key", "credential"])
async def test_a_redirect_never_carries_a_credential_elsewhere(answering, options, setup, key, how, status):
    async with answering() as (elsewhere, strays):
        location = f"{elsewhere}/openai/v1/realtime?model=talk"
        async with answering(status, Location=location) as (endpoint, requests):
            with pytest.raises(ConnectionFailed, match="give that endpoint instead") as caught:
                await connect(options(endpoint=endpoint, deployment="talk", **{how: key}), setup())

    assert caught.value.reason is FailedReason.REJECTED
    assert (len(requests), strays) == (1, [])


async def test_what_gives_no_token_is_a_failed_authentication_before_any_io(answering, options, setup):
    async def give():
        await asyncio.sleep(0)

    async with answering() as (endpoint, requests):
        with pytest.raises(AuthenticationFailed, match="the credential gave no usable key"):
            await connect(options(endpoint=endpoint, deployment="talk", credential=give), setup())

    assert requests == []


def test_endpoint_is_the_websocket_that_it_connects_to(options, key):
    given = options(endpoint="https://mine.openai.azure.com", api_key=key, deployment="d")

    assert realtime_provider().endpoint(given) == "wss://mine.openai.azure.com/openai/v1/realtime"


def test_without_a_deployment_there_is_no_endpoint(options, key):
    given = options(endpoint="https://mine.openai.azure.com", api_key=key)

    with pytest.raises(InvalidOptions, match="AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME"):
        realtime_provider().endpoint(given)
