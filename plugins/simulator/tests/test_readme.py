import asyncio
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click.testing
import numpy as np
import pytest
from realtime_core.errors import ConnectionLost, LostReason
from realtime_simulator.brain import Call, Fail, Result, Say, Turn
from realtime_simulator.cli import main
from realtime_simulator.faults import FAULT_NAMES
from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import SimulatorOptions, configure
from realtime_simulator.quirks import QUIRK_NAMES
from realtime_simulator.script_entry import KEYS
from realtime_simulator.script_file import load_script
from realtime_simulator.server import SimulatorServer
from realtime_simulator.watched import WatchedSession

README = (Path(__file__).parent.parent / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def run(*arguments, cwd=None):
    return subprocess.run(  # noqa: S603  # our own README
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        check=False,
    )


LOOP = ["-o", "asyncio_default_fixture_loop_scope=function"]
PROGRAMS = [block for block in blocks("python") if "asyncio.run" in block]
(TEST,) = (block for block in blocks("python") if block.startswith("# test_app.py"))
APPS = [block for block in blocks("python") if block.startswith("# app.py")]


@pytest.mark.parametrize(
    ("program", "printed"),
    list(
        zip(
            PROGRAMS,
            ["You said: Good evening!", "dropped\n", "session.created\n", "GOOD EVENING!", "EXPIRED\n"],
            strict=True,
        )
    ),
)
def test_program_prints_what_it_says(program, printed):
    done = run("-c", program)

    assert (done.stdout, done.stderr) == (printed, "")


def test_test_fits_on_one_screen():
    assert len(TEST.splitlines()) <= 45


def test_what_is_to_be_installed_is_what_the_test_needs():
    (line,) = re.findall(r"^pip install (.* pytest.*)$", README, re.MULTILINE)

    assert [name for name in line.split() if not importlib.metadata.version(name)] == []


def test_application_of_the_readme_has_types(tmp_path):
    pytest.importorskip("mypy", reason="checks the types")
    (tmp_path / "app.py").write_text(APPS[0])

    done = run("-m", "mypy", "--strict", "--cache-dir", os.devnull, "app.py", cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def run_test(folder, app, test=TEST):
    for name, text in {"app.py": app, "test_app.py": test}.items():
        (folder / name).write_text(text)
    return run("-m", "pytest", "-q", "-p", "no:cacheprovider", *LOOP, "test_app.py", cwd=folder)


@pytest.mark.parametrize("app", APPS, ids=["realtime-core", "openai"])
def test_test_passes_for_both_applications(tmp_path, app):
    pytest.importorskip("realtime_openai", reason="the applications connect to OpenAI's address")

    done = run_test(tmp_path, app)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_test_passes_over_webrtc_with_the_differences_that_are_told(tmp_path):
    pytest.importorskip("realtime_openai_webrtc", reason="the application calls with it")
    (truncate,) = re.findall(r"^ *await .*conversation.item.truncate\".*\n", TEST, re.MULTILINE)
    again = 'await server.expect("session.update", '
    test = TEST.replace(truncate, "").replace(again, f"{again}within_s=20, ")
    assert "within_s=20" in test

    done = run_test(tmp_path, APPS[0].replace("openai-ws", "openai-webrtc"), test)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("sunny in", "rainy in", "item.output is 'rainy in Rome', not 'sunny in Rome'"),
        (
            "except ConnectionLost",
            "except ZeroDivisionError",
            "::test_conversation - realtime_core.errors.ConnectionLost",
        ),
        ("city: str", "town: str", "item.output is \"Wrong arguments: argument 'town' is missing"),
        ("tools=[get_weather]", "", "the client did not send session.update with session.instructions"),
    ],
)
def test_test_fails_for_a_broken_application(tmp_path, right, wrong, told):
    pytest.importorskip("realtime_openai", reason="the application connects to OpenAI's address")
    assert right in APPS[0]

    done = run_test(tmp_path, APPS[0].replace(right, wrong))

    assert done.returncode == 1
    assert told in done.stdout


def test_conformance_of_the_readme_is_what_our_providers_run(tmp_path):
    pytest.importorskip("realtime_openai", reason="it is the provider in the example")
    (suite,) = (block for block in blocks("python") if block.startswith("# test_conformance.py"))
    (tmp_path / "test_conformance.py").write_text(suite)

    done = run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", *LOOP, "-k", "first_event or prints", cwd=tmp_path
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_script_of_the_readme_is_one(tmp_path):
    (text,) = blocks("toml")
    file = tmp_path / "script.toml"
    file.write_text(text)
    brain = load_script(file).begin()

    says = [
        brain(Turn(text=" Thank you ")),
        brain(Turn(results=(Result("get_weather", "sunny"),))),
        brain(Turn(audio=np.zeros(240_000, np.int16))),
        brain(Turn()),
        brain(Turn()),
    ]

    assert brain(Turn(text="The weather in Rome?"))[1] == Call("get_weather", {"city": "Rome"})
    assert [actions[0] for actions in says] == [
        Say("You are welcome."),
        Say("It is sunny."),
        Fail("server_error"),
        Say("Good evening, how can I help?"),
        Say("Let me think."),
    ]


def test_number_is_filled_as_the_readme_says():
    (arguments,) = re.findall(r"`arguments = '(.*?)'`", README)
    entry = {"match": r"(\w+) for (\d+) nights", "call": {"name": "book", "arguments": arguments}}

    assert load_script([entry]).begin()(Turn(text="Rome for 3 nights")) == [Call("book", '{"nights": 3}')]


def test_every_key_of_a_script_is_told():
    for key in KEYS:
        assert f"`{key}`" in README


def test_every_way_to_watch_and_steer_is_there():
    table = README.partition("| of a session |")[2].partition("\n\n")[0]
    left = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    told = {name for cell in left for name in re.findall(r"`(?:await )?(\w+)", cell)}

    assert {"expect", "drop", "user_says", "received", "ended_by"} <= told
    assert told - set(dir(WatchedSession("m", None, None))) == set()


def test_every_option_is_told():
    told = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))

    assert {name.name for name in SimulatorOptions.__attrs_attrs__} <= told


def test_every_option_of_the_command_is_told():
    shown = click.testing.CliRunner().invoke(main, ["--help"]).output

    assert set(re.findall(r"--[a-z-]+", shown)) - {"--help"} == set(re.findall(r"`(--[a-z-]+)", README))


LOST = [
    (fault, reason)
    for faults, reason in re.findall(r"^\| (`(?:close|abort).*`) \| `([A-Z_]+)`", README, re.MULTILINE)
    for fault in re.findall(r"`([^`]+)`", faults)
]


@pytest.mark.parametrize(("fault", "reason"), LOST)
async def test_every_close_means_what_its_row_says(fault, reason):
    pipe = MemoryPipe.open(configure(faults=f"{fault}@1"))

    with pytest.raises(ConnectionLost) as caught:
        await pipe.recv()

    assert caught.value.reason is LostReason[reason]


def test_the_fault_of_the_command_fires_in_the_conversation_beside_it():
    pytest.importorskip("realtime_openai")
    command, conversation = (
        shlex.split(next(line for line in block.splitlines() if line.startswith("$ "))[2:])
        for block in blocks("console")
    )
    port = command.index("--port") + 1
    folder = Path(sys.executable).parent
    process = subprocess.Popen(  # noqa: S603  # our own README
        [folder / command[0], *command[1:port], "0", *command[port + 1 :]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    base_url = process.stdout.readline().split("base_url ")[1].rstrip(")\n")
    environ = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "any"}
    args = conversation[len(environ) :]

    done = subprocess.run(  # noqa: S603  # as above
        [folder / args[0], *args[1:]],
        env={**os.environ, **environ},
        capture_output=True,
        check=False,
        timeout=60,
    )

    process.terminate()
    log = process.communicate(timeout=10)[1]
    assert done.returncode == 1
    assert log == blocks("console")[0].partition("\n")[2].partition("\n")[2]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_client_secret_is_made_by_the_line_for_it():
    (line,) = blocks("sh")
    async with SimulatorServer() as server:
        command = shlex.split(line.replace("http://127.0.0.1:8765/v1", server.base_url))
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        answer, _ = await process.communicate()

    assert json.loads(answer)["value"].startswith("ek_")


def test_every_quirk_is_told():
    told = README.partition("\n## Quirks\n")[2].partition("\n## ")[0]

    assert tuple(re.findall(r"^\| `([a-z-]+)` \|", told, re.MULTILINE)) == QUIRK_NAMES


def test_every_fault_is_told():
    for name in re.findall(r"[a-z-]{4,}", FAULT_NAMES):
        assert f"`{name}" in README
