"""The page on testing is true: its example passes the kit with pytest alone, and is well typed."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from realtime_core.testing import ServiceDouble

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
PROVIDER, TESTS, CODEC, PIPES = re.findall(
    r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
)
COMMAND = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-W", "error"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lines_provider.py").write_text(PROVIDER)
    (tmp_path / "test_lines.py").write_text(TESTS)
    (tmp_path / "test_codec.py").write_text(CODEC)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def run(command: list[str], folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own words
        command,
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_its_example_passes_with_pytest_alone(folder: Path):
    done = run(COMMAND, folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")

    assert done.returncode == 0, done.stdout
    assert "text_is_told_exactly_once" not in done.stdout  # that one is not skipped
    assert "audio_arrives_whole: output_formats=(): it gives no audio" in done.stdout


@pytest.mark.skipif(not importlib.util.find_spec("pytest_asyncio"), reason="pytest-asyncio is not installed")
def test_its_example_passes_beside_pytest_asyncio(folder: Path):
    (folder / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )

    done = run([*COMMAND, "-k", "text or session or Codec"], folder)

    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="mypy is not installed")
def test_its_example_is_well_typed(folder: Path):
    done = run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, "."], folder)

    assert done.returncode == 0, done.stdout


def test_what_it_says_of_a_failure_is_what_a_failure_says(folder: Path):
    broken = PROVIDER.replace("return [RealtimeTextEvent(text=value", "return [RealtimeEvent(")
    assert broken != PROVIDER
    (folder / "lines_provider.py").write_text(broken.replace("[RealtimeEvent(, ", "[RealtimeEvent("))

    done = run([*COMMAND, "-k", "text_is_told_exactly_once"], folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")

    (told,) = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    shown, so_far = told.split("  so far:")
    assert shown in done.stdout
    assert "Session created, Session updated, plain" in so_far


def test_its_last_snippet_runs():
    done = run([sys.executable, "-W", "error", "-c", PIPES], Path.cwd())

    assert (done.stdout, done.stderr) == ("b'neve' b'r '\n(True, None)\n", "")


def test_every_lever_has_its_row():
    levers = {name for name, value in vars(ServiceDouble).items() if callable(value) and name[0] != "_"}

    assert set(re.findall(r"`(\w+)\([^)]*\)`", PAGE.read_text().split("## What a failure")[0])) >= levers
