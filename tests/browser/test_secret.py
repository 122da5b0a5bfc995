"""What the browser sample's server gives to whom."""

import contextlib
import subprocess
import sys

import aiohttp
import openai
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from browser.command import PROGRAM, command
from workspace import ROOT

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


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        ("<p>Log in first</p>", "text/html"),
        ("<p>Log in first</p>", "application/json"),
        ("{}", "application/json"),
        ("[]", "application/json"),
        ('{"value": 7}', "application/json"),
    ],
)
async def test_a_service_that_answers_with_something_else_is_told(serving, talk, text, content_type):
    async def other(_):
        return web.Response(text=text, content_type=content_type)

    def make(_):
        app = web.Application()
        app.router.add_post("/v1/realtime/client_secrets", other)
        return app

    service = await serving(make)
    origin = await talk(f"{service}/v1")
    answer, body = await ask(origin, {"Origin": origin})

    assert answer.status == 502
    assert f"{service} answers with something else than a secret: check OPENAI_BASE_URL" in body


async def test_the_page_loads_nothing_from_elsewhere_and_stands_in_no_frame(realtime_simulator, talk):
    async with realtime_simulator() as simulator:
        origin = await talk(simulator.base_url)
        async with aiohttp.ClientSession() as client, client.get(origin) as answer:
            policy = answer.headers["Content-Security-Policy"]

    service = simulator.base_url.removesuffix("/v1")
    assert policy == f"default-src 'self'; frame-ancestors 'none'; connect-src 'self' {service}"


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
    told = "^OPENAI_BASE_URL is set, and OPENAI_API_KEY is not: set both, or neither for the simulator\n"
    with pytest.raises(AssertionError, match=told):
        async with command(OPENAI_BASE_URL="http://127.0.0.1:1/v1"):
            pass


async def test_another_host_is_where_it_listens_and_may_be_asked_from():
    async with command("--host", "127.0.0.1") as origin:
        there = origin.replace("localhost", "127.0.0.1")
        answers = [await ask(there, {"Origin": name}) for name in (origin, there)]
    async with command("--host", "127.0.0.2") as origin:
        there = origin.replace("localhost", "127.0.0.2")
        answers += [await ask(there, {"Origin": name}) for name in (origin, there)]
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(origin, {"Origin": origin})

    assert [answer.status for answer, _ in answers] == [200] * 4


def test_the_simulator_loads_only_where_it_answers():
    script = "import runpy, sys; runpy.run_path(sys.argv[1]); print('realtime_simulator' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, ROOT / PROGRAM], check=True, capture_output=True, text=True
    )

    assert done.stdout == "False\n"
