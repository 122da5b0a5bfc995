import signal
import socket
import subprocess
import sys
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
    assert result.output.startswith("Error: cannot listen on 127.0.0.1:")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--fault", "clse:1001@7"], "choose from close:CODE"),
        (["--fault", "close"], "NAME@FRAME"),
        (["--brain", "ehco"], "choose 'echo'"),
        (["--script", "nowhere.toml", "--port", "0"], "cannot read nowhere.toml"),
        (["--speed", "-1"], "as fast as possible"),
    ],
)
def test_wrong_option_says_what_is_right(options, hint):
    result = CliRunner().invoke(main, options)

    assert result.exit_code == 2
    assert hint in result.output
