"""The page of ``realtime doctor`` is true: its commands and its program run, its names are right."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from realtime_core.doctor import Status, StepName
from realtime_core.options import OptionSource
from test_docs import blocks, commands, run
from workspace import ROOT

PAGE = ROOT / "core" / "docs" / "doctor.md"


@pytest.mark.parametrize("command", commands(PAGE))
def test_command_runs(command: str, tmp_path: Path):
    done = run(shlex.split(command), tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_program_runs(tmp_path: Path):
    (program,) = blocks(PAGE, "python")

    done = run([sys.executable, "-W", "error", "-c", program], tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "installed ok"
    assert done.stdout.splitlines()[-1] == "well"


def test_every_step_has_its_row():
    rows = [line.split("`")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]

    assert rows == [*StepName]


def test_every_word_of_the_json_is_told():
    told = json.loads(run(["realtime", "doctor", "no-such-thing", "--json"], ROOT).stdout)
    words = {*told, *told["steps"][0], "name", "source", "variable", "lost", "value", *Status, *OptionSource}

    assert [word for word in sorted(words) if f"`{word}`" not in PAGE.read_text()] == []
