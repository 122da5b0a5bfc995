"""What cannot be installed is told, not hidden; what is installed is kept."""

from pathlib import Path

import pytest
from peers import environments
from peers.environments import Runtime, node, python_of_its_own


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of commands, and a cache of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    monkeypatch.setattr(environments, "CACHE", tmp_path / "cache")
    return folder


def command(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_command_that_is_missing_is_the_reason(bin_folder, monkeypatch):
    monkeypatch.setenv("PATH", str(bin_folder))

    assert node.__wrapped__() == "the npm packages cannot be installed: there is no node here"


def test_old_node_is_the_reason(bin_folder):
    command(bin_folder, "node", "echo v18.2.0")

    assert node.__wrapped__() == "node v18.2.0 is too old: 20 or newer is needed"


def test_what_a_failed_installation_said_is_the_reason(bin_folder):
    command(bin_folder, "node", "echo v22.0.0")
    command(bin_folder, "npm", "echo no such package >&2; exit 3")

    assert node.__wrapped__() == "the npm packages cannot be installed: npm ended with 3: no such package"
    assert list(environments.CACHE.iterdir()) == []


def test_reason_keeps_the_beginning_and_the_end_of_much_that_was_said(bin_folder):
    command(bin_folder, "node", "echo v22.0.0")
    command(bin_folder, "npm", f"echo first {'x ' * 2000} last >&2; exit 3")

    reason = str(node.__wrapped__())

    assert "npm ended with 3: first x" in reason
    assert reason.endswith("x last")
    assert len(reason) < 1000


def test_installation_that_takes_too_long_is_the_reason(bin_folder, monkeypatch):
    monkeypatch.setattr(environments, "TIMEOUT_S", 0.1)
    monkeypatch.setattr("sys.executable", str(bin_folder / "python"))
    command(bin_folder, "python", "exec sleep 60")

    assert str(python_of_its_own.__wrapped__()).endswith("python took longer than 0.1 s")


def test_installation_is_done_once(bin_folder):
    command(bin_folder, "node", "echo v22.0.0")
    command(bin_folder, "npm", 'echo "$@" >> "$(dirname "$0")/calls"')

    first, second = node.__wrapped__(), node.__wrapped__()

    assert first == second == Runtime(str(bin_folder / "node"), environments.CACHE / "node")
    assert len((bin_folder / "calls").read_text().splitlines()) == 1
    assert (environments.CACHE / "node" / "node_openai.mjs").is_file()
