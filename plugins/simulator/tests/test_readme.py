import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click.testing
import pytest
from realtime_core.errors import ConnectionLost, LostReason
from realtime_simulator.brains import load_brain
from realtime_simulator.cli import main
from realtime_simulator.faults import FAULT_NAMES
from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import SimulatorOptions, configure

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
(TEST,) = (block for block in blocks("python") if "asyncio.run" not in block)


@pytest.mark.parametrize(
    ("program", "printed"), list(zip(PROGRAMS, ["You said: Good evening!", "GOOD EVENING!"], strict=True))
)
def test_program_prints_what_it_says(program, printed):
    done = run("-c", program)

    assert (done.stdout, done.stderr) == (printed, "")


def test_test_of_the_readme_passes(tmp_path):
    file = tmp_path / "test_readme_snippet.py"
    file.write_text(TEST)

    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *LOOP, str(file), cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_script_of_the_readme_is_one(tmp_path):
    (text,) = blocks("toml")
    file = tmp_path / "script.toml"
    file.write_text(text)

    assert len(load_brain(f"script:{file}").replies) == 2


def test_every_option_is_told():
    told = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))

    assert {name.name for name in SimulatorOptions.__attrs_attrs__} <= told


def test_every_option_of_the_command_is_told():
    shown = click.testing.CliRunner().invoke(main, ["--help"]).output

    assert set(re.findall(r"--[a-z-]+", shown)) - {"--help"} == set(
        re.findall(r"`(--[a-z-]+)", README.partition("## In a test")[0])
    )


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


def test_every_fault_is_told():
    for name in re.findall(r"[a-z-]{4,}", FAULT_NAMES):
        assert f"`{name}" in README
