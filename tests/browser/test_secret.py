"""What the browser sample's server gives to whom."""

import contextlib

import aiohttp
import openai
import pytest
from aiohttp.test_utils import unused_port
from browser.command import command

KEY = "sk-the-key-of-the-server"


@pytest.fixture
def talk(serving, sample):
    """Serve the sample with a service and a key; gives its origin."""

    async def served(base_url, key=KEY):
        client = openai.AsyncOpenAI(api_key=key, base_url=base_url, max_retries=0)
        return await serving(lambda origin: sample.make_app(client, {origin}))

    return served


async def ask(origin, headers, method="POST"):
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, f"{origin}/secret", headers=headers) as answer,
    ):
        return answer, await answer.text()


@contextlib.asynccontextmanager
async def connected(simulator, key):
    async with (
        openai.AsyncOpenAI(api_key=key, base_url=simulator.base_url) as client,
        client.realtime.connect() as connection,
    ):
        yield connection


async def test_a_secret_opens_the_configuration_of_the_server(realtime_simulator, talk, sample):
    async with realtime_simulator(api_key=KEY) as simulator:
        origin = await talk(simulator.base_url)
        answer, _ = await ask(origin, {"Origin": origin})
        given = await answer.json()
        async with connected(simulator, given["value"]) as connection:
            session = (await connection.recv()).session

    assert answer.status == 200
    assert given.keys() == {"value", "calls_url"}
    assert given["value"].startswith("ek_")
    assert given["calls_url"] == f"{simulator.base_url}/realtime/calls"
    assert session.model == sample.SESSION["model"]
    assert session.instructions == sample.SESSION["instructions"]
    assert session.audio.output.voice == "marin"
    assert session.audio.input.transcription.model == "gpt-realtime-whisper"
    assert session.audio.input.turn_detection.silence_duration_ms == 500


async def test_a_secret_is_not_kept_by_caches(realtime_simulator, talk):
    async with realtime_simulator() as simulator:
        origin = await talk(simulator.base_url)
        answer, _ = await ask(origin, {"Origin": origin})

    assert answer.headers["Cache-Control"] == "no-store"


async def test_openais_own_address_is_where_the_page_may_call(serving, sample, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    origin = await serving(lambda origin: sample.make_app(openai.AsyncOpenAI(api_key=KEY), {origin}))
    async with aiohttp.ClientSession() as client, client.get(origin) as answer:
        policy = answer.headers["Content-Security-Policy"]

    assert policy.endswith("; connect-src 'self' https://api.openai.com")


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {}, {"Origin": "", "Host": "evil.example"}],
)
async def test_a_page_of_another_origin_gets_no_secret(realtime_simulator, talk, headers):
    async with realtime_simulator() as simulator:
        origin = await talk(simulator.base_url)
        answer, body = await ask(origin, headers)

    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "ek_" not in body
    assert "--origin URL" in body


async def test_a_site_that_points_its_name_here_gets_no_secret(realtime_simulator, talk):
    async with realtime_simulator() as simulator:
        origin = await talk(simulator.base_url)
        rebound = "http://evil.example:8000"
        answer, _ = await ask(origin, {"Origin": rebound, "Host": "evil.example:8000"})

    assert answer.status == 403


async def test_a_link_makes_no_secret(realtime_simulator, talk):
    async with realtime_simulator() as simulator:
        origin = await talk(simulator.base_url)
        answer, _ = await ask(origin, {"Origin": origin}, "GET")

    assert answer.status == 405


async def test_a_wrong_key_is_told_with_the_remedy_and_not_shown(realtime_simulator, talk, capsys):
    async with realtime_simulator(api_key="sk-another") as simulator:
        origin = await talk(simulator.base_url)
        answer, body = await ask(origin, {"Origin": origin})

    assert answer.status == 502
    assert "HTTP 401" in body
    assert "OPENAI_API_KEY" in body
    shown = capsys.readouterr()
    assert "OPENAI_API_KEY" in shown.err
    assert "sk-" not in body + shown.err + shown.out


async def test_a_service_out_of_reach_is_told_with_the_remedy(talk):
    origin = await talk(f"http://127.0.0.1:{unused_port()}/v1")
    answer, body = await ask(origin, {"Origin": origin})

    assert answer.status == 502
    assert "OPENAI_BASE_URL" in body


async def test_the_page_loads_nothing_from_elsewhere(realtime_simulator, talk):
    async with realtime_simulator() as simulator:
        origin = await talk(simulator.base_url)
        async with aiohttp.ClientSession() as client, client.get(origin) as answer:
            policy = answer.headers["Content-Security-Policy"]

    assert policy == f"default-src 'self'; connect-src 'self' {simulator.base_url.removesuffix('/v1')}"


async def test_without_any_environment_the_simulator_answers():
    async with command() as origin:
        answer, _ = await ask(origin, {"Origin": origin})
        given = await answer.json()

    assert given["value"].startswith("ek_")


async def test_with_openais_environment_openai_answers(realtime_simulator):
    async with (
        realtime_simulator(api_key=KEY) as simulator,
        command(
            OPENAI_API_KEY=KEY, OPENAI_BASE_URL=simulator.base_url, OPENAI_REALTIME_MODEL="gpt-mine"
        ) as origin,
    ):
        answer, _ = await ask(origin, {"Origin": origin})
        given = await answer.json()
        async with connected(simulator, given["value"]):
            (session,) = simulator.sessions

    assert given["calls_url"].startswith(simulator.base_url)
    assert session.model == "gpt-mine"


async def test_another_address_of_the_page_is_named_on_the_command_line():
    async with command("--origin", "https://talk.example.org/") as origin:
        answer, _ = await ask(origin, {"Origin": "https://talk.example.org"})

    assert answer.status == 200


async def test_an_endpoint_without_a_key_is_one_line():
    with pytest.raises(AssertionError, match=r"OPENAI_API_KEY") as told:
        async with command(OPENAI_BASE_URL="http://127.0.0.1:1/v1"):
            pass

    assert "Traceback" not in str(told.value)
