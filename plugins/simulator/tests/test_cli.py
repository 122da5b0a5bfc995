import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from openai import AsyncOpenAI
from realtime_simulator.cli import main

COMMAND = Path(sys.executable).with_name("realtime-simulator")


@pytest.fixture
def start():
    """Start the command; it is gone after the test."""
    started = []

    def run(*options):
        process = subprocess.Popen(  # noqa: S603  # our own command
            [COMMAND, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, process.stdout.readline()

    yield run
    for process in started:
        process.kill()
        process.communicate()


async def test_command_serves_the_openai_client(start):
    _, line = start("--speed", "0", "--brain", "echo", "--transcript", "hello")
    base_url = line.split("base_url ")[1].rstrip(")\n")

    async with (
        AsyncOpenAI(api_key="any", base_url=base_url) as client,
        client.realtime.connect(model="gpt-realtime-2.1") as connection,
    ):
        assert (await connection.recv()).type == "session.created"


async def talk(base_url):
    """Ask for a response and listen until the session ends."""
    async with (
        AsyncOpenAI(api_key="any", base_url=base_url) as client,
        client.realtime.connect(model="m") as connection,
    ):
        await connection.response.create()
        async for event in connection:
            if event.type == "response.done":
                return


def log_of(process):
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=10)[1].splitlines()


async def test_sessions_and_faults_are_logged(start):
    process, line = start("--speed", "0", "--fault", "close:1001@4", "--fault", "stall@900")
    await talk(line.split("base_url ")[1].rstrip(")\n"))

    assert log_of(process) == [
        "session 1: opened, model m",
        "session 1: fault close:1001@4 fired at conversation.item.added",
        "session 1: fault stall@900 never fired: 4 frames came",
        "session 1: closed (1001)",
    ]


async def test_refusals_are_logged_without_the_key(start):
    process, line = start("--api-key", "sk-the-right-one")
    with pytest.raises(Exception, match="401"):
        await talk(line.split("base_url ")[1].rstrip(")\n"))

    assert log_of(process) == ["refused /v1/realtime: HTTP 401 (invalid_api_key)"]


async def test_quiet_command_logs_nothing(start):
    process, line = start("--speed", "0", "--quiet", "--fault", "close:1001@4")
    await talk(line.split("base_url ")[1].rstrip(")\n"))

    assert log_of(process) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_says_one_line_and_ends_cleanly(start, number):
    process, line = start()

    process.send_signal(number)
    out, err = process.communicate(timeout=10)

    assert line.startswith("listening on ws://127.0.0.1:")
    assert (out, err, process.returncode) == ("", "", 0)


def test_busy_port_is_one_line_and_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(main, ["--port", str(taken.getsockname()[1])])

    assert result.exit_code == 1
    assert result.output.startswith("realtime-simulator: cannot listen on 127.0.0.1:")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--fault", "clse:1001@7"], "choose from close:CODE"),
        (["--fault", "close"], "NAME@FRAME"),
        (["--brain", "ehco"], "choose 'echo'"),
        (["--script", "nowhere.toml", "--port", "0"], "cannot read nowhere.toml"),
        (["--script", "/nope", "--port", "0"], ": cannot read /nope: no such file or directory\n"),
        (["--speed", "-1"], "as fast as possible"),
        (["--transcription", "never"], "beside, late, missing, failed"),
        (["--nonsense"], "see "),
    ],
)
def test_wrong_option_says_what_is_right(options, hint):
    result = CliRunner().invoke(main, options)

    assert result.exit_code == 2
    assert hint in result.output
    assert result.output.startswith("realtime-simulator: ")
    assert result.output.count("\n") == 1


async def test_options_of_a_session_reach_it(start):
    _, line = start("--voice", "cedar", "--max-session-s", "60", "--transcription", "late,failed")

    async with (
        AsyncOpenAI(api_key="any", base_url=line.split("base_url ")[1].rstrip(")\n")) as client,
        client.realtime.connect(model="m") as connection,
    ):
        session = (await connection.recv()).session

    assert session.audio.output.voice == "cedar"
    assert session.expires_at - time.time() <= 60
