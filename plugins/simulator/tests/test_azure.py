"""Azure's API of the server, by plain sockets and by the client of the ``openai`` package."""

import json

import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, AuthenticationError, Omit
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

KEY = "abcdefghijklmnopqrstuvwxyz"
BEARER = {"Authorization": f"Bearer {KEY}"}
API_KEY = {"api-key": KEY}


@pytest.fixture
async def server():
    async with SimulatorServer(configure(speed=0), api_key=KEY) as server:
        yield server


def socket(server, target, headers):
    url = server.azure_endpoint.replace("http", "ws", 1) + target
    return connect(url, additional_headers=headers, compression=None)


async def model_of(server, target, headers):
    """The model of the session that opens."""
    async with socket(server, target, headers) as connection:
        created = json.loads(await connection.recv())
        assert created["type"] == "session.created"
        return created["session"]["model"]


async def refusal(server, target, headers):
    with pytest.raises(InvalidStatus) as caught:
        async with socket(server, target, headers):
            pass
    response = caught.value.response
    return response.status_code, json.loads(response.body)["error"]["message"]


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("model=talk", API_KEY),
        ("model=talk", BEARER),
        (f"model=talk&api-key={KEY}", {}),
        ("model=talk&deployment=other", API_KEY),
    ],
)
async def test_a_session_opens_with_the_deployment_as_model(server, query, headers):
    assert await model_of(server, f"/openai/v1/realtime?{query}", headers) == "talk"


@pytest.mark.parametrize(
    ("target", "headers", "status", "said"),
    [
        ("/openai/v1/realtime?model=m", {}, 401, "didn't provide an API key"),
        ("/openai/v1/realtime?model=m", {"api-key": "wrong"}, 401, "Incorrect API key"),
        ("/openai/v1/realtime?model=m&api-version=2025-08-28", API_KEY, 401, "api-version is not allowed"),
        ("/openai/v1/realtime?deployment=m", API_KEY, 400, "must provide a model"),
        ("/openai/v1/realtime", API_KEY, 400, "must provide a model"),
        ("/openai/realtime?api-version=2025-04-01-preview&deployment=m", API_KEY, 404, "preview"),
        ("/openai/v1/chat", API_KEY, 404, "Invalid URL"),
        ("/v1/realtime?model=m", API_KEY, 401, "didn't provide an API key"),
        (f"/v1/realtime?model=m&api-key={KEY}", {}, 401, "didn't provide an API key"),
    ],
)
async def test_what_the_ga_endpoint_does_not_take_is_refused(server, target, headers, status, said):
    answered, message = await refusal(server, target, headers)

    assert answered == status
    assert said in message


async def test_a_key_in_the_query_is_not_logged(server, caplog):
    caplog.set_level("DEBUG", logger="realtime_simulator")

    await model_of(server, f"/openai/v1/realtime?model=m&api-key={KEY}", {})
    await refusal(server, f"/openai/v1/realtime?api-key={KEY}", {})

    assert KEY not in caplog.text


async def test_the_plain_client_of_the_openai_package_finds_all_below_its_base_url(server):
    base_url = f"{server.azure_endpoint}/openai/v1/"
    async with AsyncOpenAI(api_key=KEY, base_url=base_url, max_retries=0) as client:
        secret = await client.realtime.client_secrets.create(
            session={"type": "realtime", "model": "talk", "instructions": "Be brief."}
        )
        headers = {**API_KEY, "Authorization": Omit()}
        async with client.realtime.connect(model="talk", extra_headers=headers) as connection:
            assert (await connection.recv()).session.model == "talk"
        async with client.with_options(api_key=secret.value).realtime.connect() as connection:
            assert (await connection.recv()).session.instructions == "Be brief."


async def test_a_client_secret_needs_a_key_and_no_api_version_either(server):
    base_url = f"{server.azure_endpoint}/openai/v1/"
    for options in ({"api_key": "wrong"}, {"api_key": KEY, "default_query": {"api-version": "v1"}}):
        async with AsyncOpenAI(base_url=base_url, max_retries=0, **options) as client:
            with pytest.raises(AuthenticationError):
                await client.realtime.client_secrets.create()


async def test_the_azure_client_of_the_openai_package_is_told_that_it_asks_for_the_preview(server):
    async with AsyncAzureOpenAI(
        api_key=KEY,
        azure_endpoint=server.azure_endpoint,
        api_version="2025-04-01-preview",
        # without this it asks for TLS
        websocket_base_url=f"ws://127.0.0.1:{server.port}/openai",
    ) as client:
        with pytest.raises(InvalidStatus) as caught:
            async with client.realtime.connect(model="talk"):
                pass

    assert caught.value.response.status_code == 404
    assert "preview" in caught.value.response.body.decode()
