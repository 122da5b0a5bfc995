"""What `realtime doctor` finds at our own providers: each ailment at its step, its remedy, and no secret."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trustme
from aiohttp import ClientSession
from realtime_core.clock import SystemClock, use_clock
from realtime_core.doctor import Patience, Report, Status, Step, StepName, examine
from realtime_simulator import SimulatorServer, configure
from websockets.asyncio.server import ServerConnection, serve

KEY = "hidden77-and-good"
WRONG = "hidden77-and-wrong"
VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY")
PATIENT = Patience(network_s=30, opening_s=60, words_s=30, whole_s=100)
OURS = ["openai-ws", "openai-webrtc", "azure-ws"]

every_provider = pytest.mark.parametrize("name", OURS)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


class Nobody:
    """Hears nothing."""

    def begun(self, name: StepName) -> None: ...

    def ended(self, step: Step) -> None: ...


async def examined(name: str, *, patience: Patience = PATIENT, **given: str) -> Report:
    report = await examine(name, given, Nobody(), patience=patience)
    assert "hidden77" not in repr(report)
    return report


def at(name: str, port: int, *, scheme: str = "http", key: str = KEY) -> dict[str, str]:
    """The options that lead to a port of this machine."""
    url = f"{scheme}://127.0.0.1:{port}"
    if name == "azure-ws":
        return {"endpoint": url, "api_key": key, "deployment": "d"}
    return {"base_url": f"{url}/v1", "api_key": key}


@contextlib.asynccontextmanager
async def simulator(**options: Any) -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(configure(speed=0, **options), api_key=KEY) as server:
        yield server


async def test_the_simulator_in_this_process_is_well_up_to_its_first_audio():
    report = await examined("simulator")

    assert report.failed is None
    assert report.steps[-1].status is Status.OK
    assert {step.detail for step in report.steps[3:7]} == {"nothing goes over the network"}


@every_provider
async def test_a_service_that_works_is_found_well(name: str):
    async with simulator() as server:
        report = await examined(name, **at(name, server.port))

    assert report.failed is None, report.failed
    assert report.steps[-1].status is Status.OK


async def test_a_session_that_only_writes_down_is_spoken_to():
    patience = Patience(words_s=3.0)
    async with simulator() as server:
        report = await examined(
            "openai-ws", patience=patience, intent="transcription", **at("openai-ws", server.port)
        )

    assert report.failed is None
    assert "only writes down" in report.steps[-1].detail


@every_provider
async def test_a_wrong_key_fails_at_authentication(name: str):
    async with simulator() as server:
        report = await examined(name, **at(name, server.port, key=WRONG))

    assert report.failed is not None
    assert report.failed.name is StepName.AUTHENTICATION
    assert "401" in report.failed.detail
    assert "api_key (--option)" in str(report.failed.remedy)
    assert report.exit_status == 1


class Later(SystemClock):
    """Real time, some of which has been left out."""

    def __init__(self) -> None:
        self.left_out_s = 0.0

    def epoch_s(self) -> float:
        return super().epoch_s() + self.left_out_s


@pytest.mark.parametrize(("name", "option"), [("openai-webrtc", "client_secret"), ("openai-ws", "api_key")])
async def test_an_expired_client_secret_fails_at_authentication(name: str, option: str):
    clock = Later()
    with use_clock(clock):
        async with simulator() as server, ClientSession() as http:
            headers = {"Authorization": f"Bearer {KEY}"}
            async with http.post(f"{server.base_url}/realtime/client_secrets", headers=headers) as answer:
                secret = json.loads(await answer.text())["value"]
            clock.left_out_s = 7200.0
            report = await examined(name, base_url=server.base_url, **{option: secret})

    assert report.failed is not None
    assert report.failed.name is StepName.AUTHENTICATION
    assert f"make a new client secret: this one is too old; what was sent is {option}" in str(
        report.failed.remedy
    )
    assert secret not in repr(report)


@every_provider
async def test_a_wrong_host_fails_at_dns(name: str):
    given = {**at(name, 1), ("endpoint" if name == "azure-ws" else "base_url"): "https://nosuch.invalid/v1"}

    report = await examined(name, **given)

    assert report.failed is not None
    assert report.failed.name is StepName.DNS
    assert "the spelling of the host in" in str(report.failed.remedy)


@every_provider
async def test_a_closed_port_fails_at_tcp(name: str):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and never listening
        report = await examined(name, **at(name, taken.getsockname()[1]))

    assert report.failed is not None
    assert report.failed.name is StepName.TCP
    assert "nothing listens there" in str(report.failed.remedy)


@every_provider
@pytest.mark.parametrize(("scheme", "failed"), [("http", StepName.HTTP), ("https", StepName.TLS)])
async def test_a_server_that_takes_connections_and_says_nothing_fails_there(
    name: str, scheme: str, failed: StepName
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = at(name, silent.getsockname()[1], scheme=scheme)
        report = await examined(name, patience=Patience(network_s=0.2), **given)

    assert report.failed is not None
    assert report.failed.name is failed
    assert "then says nothing" in report.failed.detail


CREATED = '{"type": "session.created", "session": {"id": "sess_1", "type": "realtime"}}'


@pytest.mark.parametrize("name", ["openai-ws", "azure-ws"])
@pytest.mark.parametrize(
    ("said", "told"),
    [([], "made no session"), ([CREATED], "made a session, and has not said")],
    ids=["nothing", "created"],
)
async def test_a_server_that_falls_silent_on_the_websocket_fails_at_the_session(
    name: str, said: list[str], told: str
):
    async def fall_silent(socket: ServerConnection) -> None:
        for frame in said:
            await socket.send(frame)
        await socket.wait_closed()

    async with serve(fall_silent, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        report = await examined(name, patience=Patience(opening_s=3.0), **at(name, port))

    assert report.failed is not None
    assert report.failed.name is StepName.SESSION
    assert told in report.failed.detail


async def test_a_service_that_makes_a_session_and_does_not_answer_fails_at_the_first_audio():
    async with simulator(faults="stall@3") as server:
        report = await examined("openai-ws", patience=Patience(words_s=0.5), **at("openai-ws", server.port))

    assert report.failed is not None
    assert report.failed.name is StepName.FIRST_AUDIO


async def test_an_answer_that_fails_is_told_with_the_services_words():
    fails = {"fail": {"code": "server_error", "message": "It broke."}}
    async with simulator(script=[fails]) as server:
        report = await examined("openai-ws", **at("openai-ws", server.port))

    assert report.failed is not None
    assert "server_error: It broke" in report.failed.detail


@every_provider
async def test_a_certificate_that_is_not_trusted_fails_at_tls(name: str):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        report = await examined(name, **at(name, server.sockets[0].getsockname()[1], scheme="https"))

    assert report.failed is not None
    assert report.failed.name is StepName.TLS
    assert "SSL_CERT_FILE" in str(report.failed.remedy)


@pytest.mark.parametrize(
    ("name", "given", "remedy"),
    [
        ("openai-ws", {}, "give --option api_key=... or set OPENAI_API_KEY"),
        ("openai-webrtc", {}, "give --option api_key=... or set OPENAI_API_KEY"),
        ("azure-ws", {"api_key": KEY}, "give --option endpoint=... or set AZURE_OPENAI_ENDPOINT"),
        ("azure-ws", {"api_key": KEY, "endpoint": "https://a.example.com"}, "give --option deployment=..."),
    ],
)
async def test_a_missing_option_fails_at_the_options(
    name: str, given: dict[str, str], remedy: str, monkeypatch: pytest.MonkeyPatch
):
    for variable in ("AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME", "AZURE_OPENAI_DEPLOYMENT_NAME"):
        monkeypatch.delenv(variable, raising=False)

    report = await examined(name, **given)

    assert report.failed is not None
    assert report.failed.name is StepName.OPTIONS
    assert remedy in str(report.failed.remedy)
    assert report.exit_status == 2


async def test_an_unknown_name_fails_at_once():
    report = await examined("openai")

    assert report.failed is not None
    assert report.failed.name is StepName.INSTALLED
    assert "openai-w" in str(report.failed.remedy)
