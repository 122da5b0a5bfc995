"""The documents are true: every command and snippet in them runs."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from realtime_core import Capabilities
from workspace import ROOT

BIN = Path(sys.executable).parent
READMES = [ROOT / "README.md", ROOT / "core" / "README.md"]


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)


def commands(document: Path) -> list[str]:
    lines = [line for block in blocks(document, "console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ realtime")]


def run(command: list[str], cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **env}
    return subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a command finds what the repository has, and may write."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    return tmp_path


def test_first_sh_block_of_the_readme_has_exactly_two_commands():
    first = blocks(ROOT / "README.md", "sh")[0].splitlines()

    assert len(first) == 2
    assert "realtime converse simulator --wav" in first[0]
    assert "-m pytest" in first[1]


def test_main_job_of_the_readme_runs(folder: Path):
    first, _ = blocks(ROOT / "README.md", "sh")[0].splitlines()
    job = first.rpartition("&& .venv/bin/")[2]

    done = run(shlex.split(job), folder)

    assert done.returncode == 0, done.stderr
    assert (folder / "reply.wav").stat().st_size > 100_000


PRINTED = [
    "Good evening!\n(completed)",  # README.md
    "Good evening!\n(completed)",  # core/README.md, from here on
    "get_weather: sunny in Rome (",
    "You said: Good evening! completed ",
    "interrupted by the client after ",
    "Assistant: You said: What is my name?",
    "1 response, ",
    "A red dot.",
]


@pytest.mark.parametrize(
    ("snippet", "printed"),
    list(zip([block for file in READMES for block in blocks(file, "python")], PRINTED, strict=True)),
    ids=map(str, range(len(PRINTED))),
)
def test_python_snippet_runs(snippet: str, printed: str, folder: Path):
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    done = run([sys.executable, "-W", "error", "-c", snippet], folder)

    assert done.returncode == 0, done.stderr
    assert printed in done.stdout


@pytest.mark.parametrize("file", READMES, ids=["repository", "core"])
async def test_python_loop_tells_of_a_response_that_fails(file: Path, folder: Path, realtime_simulator):
    snippet = blocks(file, "python")[0].replace('"simulator"', '"openai-ws"')
    fails = {"fail": {"code": "server_error", "message": "It broke."}}
    async with realtime_simulator(script=[fails], speed=0) as server:
        env = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "any"}

        done = await asyncio.to_thread(run, [sys.executable, "-W", "error", "-c", snippet], folder, **env)

    assert "server_error: It broke.\n" in done.stdout, done.stderr
    assert done.stdout.endswith("\n(failed)\n")


@pytest.mark.parametrize("command", [command for file in READMES for command in commands(file)])
def test_command_runs(command: str, folder: Path):
    done = run(shlex.split(command), folder)

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_part_of_the_engine_is_in_the_layout():
    document = (ROOT / "CONTRIBUTING.md").read_text()
    told = set(re.findall(r"`engine\.(\w+)`", document))
    parts = {file.stem for file in (ROOT / "core/src/realtime_core/engine").glob("[!_]*.py")}

    assert told == parts


def test_every_capability_is_told_to_authors():
    told = (ROOT / "CONTRIBUTING.md").read_text()

    assert [name for name in attrs.fields_dict(Capabilities) if f"`{name}" not in told] == []


def test_relative_links_lead_somewhere():
    documents = [ROOT / "CONTRIBUTING.md", *ROOT.glob("core/docs/*.md"), *ROOT.glob("**/README.md")]
    documents = [file for file in documents if not {".venv", ".cache"} & {*file.parts}]
    links = [
        (file, link)
        for file in documents
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", file.read_text())
        if "://" not in link
    ]

    assert [f"{file.name}: {link}" for file, link in links if not (file.parent / link).exists()] == []
