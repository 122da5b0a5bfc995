"""``core/docs/config.md`` is true: its files are taken as they stand, its programs and commands run."""

import json
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from test_docs import blocks, commands, run
from workspace import ROOT

PAGE = ROOT / "core" / "docs" / "config.md"
RIGHT, WRONG = blocks(PAGE, "toml")
PROGRAMS = blocks(PAGE, "python")
NOBODY = "http://127.0.0.1:9"
"""Where nothing listens: the discard service, which nobody runs."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the page's files, and no key in the environment."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "realtime.toml").write_text(RIGHT)
    (tmp_path / ".env").write_text(blocks(PAGE, "sh")[0])
    return tmp_path


@pytest.mark.parametrize(
    ("program", "printed"),
    list(
        zip(
            PROGRAMS,
            [
                "openai-ws could not: ConnectionFailed\nsimulator (rehearsal): You said: Good evening!\n",
                "support openai-ws marin\n",
                "no_provider ['refused', 'refused']\n",
            ],
            strict=True,
        )
    ),
    ids=["profile", "secret", "fallbacks"],
)
def test_program_runs(program: str, printed: str, folder: Path):
    done = run([sys.executable, "-W", "error", "-c", program], folder, OPENAI_BASE_URL=NOBODY)

    assert done.returncode == 0, done.stderr
    assert done.stdout == printed


@pytest.mark.parametrize("command", commands(PAGE))
def test_command_runs(command: str, folder: Path):
    done = run(shlex.split(command), folder)

    assert (done.returncode, done.stderr) == (0, "")


def test_wrong_file_is_told_in_these_words(folder: Path):
    (folder / "realtime.toml").write_text(WRONG)

    done = run(["realtime", "config", "check"], folder)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == blocks(PAGE, "text")[0]


@pytest.mark.parametrize(("document", "errors"), [(RIGHT, 0), (WRONG, 2)], ids=["right", "wrong"])
def test_schema_of_our_providers_takes_the_right_file_and_marks_the_wrong_one(
    document: str, errors: int, folder: Path
):
    schema = json.loads(run(["realtime", "config", "schema"], folder).stdout)

    Draft7Validator.check_schema(schema)
    found = list(Draft7Validator(schema).iter_errors(tomllib.loads(document)))

    assert len({tuple(error.path)[:3] for error in found}) == errors
