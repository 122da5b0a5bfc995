"""CONTRIBUTING's "Your first provider in 15 minutes": every command of it, word for word, in order."""

import asyncio
import importlib.util
import itertools
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from scaffolded import Environment, needs_index, new_environment
from workspace import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
SECTION = TEXT.partition("## Your first provider in 15 minutes\n")[2].partition("\n### ")[0]
BLOCKS = re.findall(r"^```(console|text)\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)

AT_A_SERVICE = ("realtime converse", "realtime doctor")
"""Where the text has the author's service, the one that the tests of the provider play stands in."""


class Reader:
    """Somebody who types what the text says into one terminal."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        self.folder = folder
        self.variables: dict[str, str] = {}
        self._environment = environment

    def type(self, command: str) -> tuple[int, str]:
        """Run a command, and give its status and what it printed."""
        match shlex.split(command):
            case ["cd", folder]:
                self.folder /= folder
                return 0, ""
            case ["export", setting]:
                self.variables.update([setting.split("=", 1)])
                return 0, ""
            case _:
                done = self._environment.run(command, self.folder, **self.variables)
                if (why := needs_index(done.stderr)) is not None:
                    pytest.skip(why)
                return done.returncode, done.stdout + done.stderr


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(new_environment(tmp_path / "environment"), tmp_path)


async def play(double: Any) -> None:
    """Answer every response that is asked for, as the service would."""
    for asked in itertools.count(1):
        await double.heard.until(lambda heard, asked=asked: heard.responses >= asked)
        await double.begin()
        await double.text("Good evening to you!")
        await double.audio(bytes(4800))
        await double.end()


def at_service(reader: Reader, command: str) -> tuple[int, str]:
    """Run a command against the service that the tests of the provider play."""
    spec = importlib.util.spec_from_file_location("service", reader.folder / "tests" / "service.py")
    assert spec is not None
    assert spec.loader is not None
    service = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(service)

    async def run() -> tuple[int, str]:
        async with service.AcmeService() as double:
            reader.variables.update(ACME_URL=double.options["url"], ACME_API_KEY=double.options["api_key"])
            playing = asyncio.create_task(play(double))
            try:
                return await asyncio.to_thread(reader.type, command)
            finally:
                playing.cancel()

    return asyncio.run(run())


@pytest.mark.timeout(600)  # it installs, and runs the kit three times
def test_every_step_of_the_text_works_word_for_word(reader: Reader):
    printed = ""
    for language, block in BLOCKS:
        if language == "text":
            assert block in printed
            continue
        for line in block.splitlines():
            command = line.removeprefix("$ ")
            run = at_service if command.startswith(AT_A_SERVICE) else Reader.type
            status, printed = run(reader, command)
            assert (status == 0) == ("pytest -x" not in command), f"{command}\n{printed}"
            assert_shows(command, printed, reader)


def assert_shows(command: str, printed: str, reader: Reader) -> None:
    """What the text says of some commands."""
    match command.split():
        case ["realtime", "new-provider", *_]:
            marked = re.findall(r"^  (\S+):\d+: ", printed, re.MULTILINE)
            assert {*map(Path, marked)} == {*files_with_marks(reader.folder / "realtime-acme")}
        case ["pytest"]:
            assert " passed" in printed
        case ["realtime", "providers"]:
            assert "acme-ws" in printed
        case ["realtime", "doctor", *_]:
            assert "acme-ws works" in printed
        case ["realtime", "converse", *_]:
            assert "Good evening to you!" in printed


def files_with_marks(folder: Path) -> list[Path]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return [file.relative_to(folder.parent) for file in files if "FILL IN:" in file.read_text()]


def test_program_of_the_readme_that_is_written_runs(reader: Reader):
    reader.type("realtime new-provider acme-ws")
    reader.type("cd realtime-acme")
    reader.type("pip install -q --no-deps -e .")
    readme = (reader.folder / "README.md").read_text()
    (program,) = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)

    status, printed = at_service(reader, f"python -W error -c {shlex.quote(program)}")

    assert (status, printed) == (0, "Good evening to you!")


def test_every_file_that_the_text_tells_of_is_written(tmp_path: Path, reader: Reader):
    told = re.findall(r"^\| `([^`]+)` \|", SECTION, re.MULTILINE)
    reader.type("realtime new-provider acme-ws")

    folder = tmp_path / "realtime-acme"
    written = {str(file.relative_to(folder)) for file in folder.rglob("*.*")}

    assert told
    assert [file for file in told if file not in written] == []
    assert [file for file in written if file.endswith(".py") and file not in told] == [
        "src/realtime_acme/__init__.py"
    ]
