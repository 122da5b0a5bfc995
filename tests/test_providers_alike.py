"""One program, one string: openai-ws over a real socket does what the simulator in this process does."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile
from workspace import ROOT

BIN = Path(sys.executable).parent
SPEECH = ROOT / "samples" / "audio" / "amiable.wav"


@contextmanager
def serving(*flags: str) -> Iterator[str]:
    """``realtime-simulator`` on a free port, as a process of its own; gives its base URL."""
    command = [BIN / "realtime-simulator", "--port", "0", "--quiet", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield re.findall(r"base_url (\S+?)\)", server.stdout.readline())[0]
        finally:
            server.terminate()


def run(*command: object, **env: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return subprocess.run(
        [str(part) for part in command],
        env={**environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def converse(provider: str, *flags: object) -> subprocess.CompletedProcess[str]:
    return run(BIN / "realtime", "converse", provider, *flags)


def through_openai_ws(
    url: str, *flags: object, key: str = "x", timeout_s: int = 30
) -> subprocess.CompletedProcess[str]:
    options = (
        "--option",
        f"base_url={url}",
        "--option",
        f"api_key={key}",
        "--option",
        f"timeout_s={timeout_s}",
    )
    return converse("openai-ws", *options, *flags)


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(("user:", "assistant:"))]


def test_same_conversation_has_the_same_transcript_and_audio(tmp_path: Path):
    turns = ("--wav", SPEECH, "--say", "And what did I say?")
    near, far = tmp_path / "near.wav", tmp_path / "far.wav"

    inside = converse("simulator", *turns, "--out", near)
    with serving() as url:
        outside = through_openai_ws(url, *turns, "--out", far)

    assert said(inside) == said(outside)
    assert (soundfile.read(near)[0] == soundfile.read(far)[0]).all()


def test_quickstart_changes_its_provider_by_one_string():
    quickstart = ROOT / "samples" / "quickstart.py"

    inside = run(sys.executable, "-W", "error", quickstart, "simulator")
    with serving() as url:
        env = {"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": url}
        outside = run(sys.executable, "-W", "error", quickstart, "openai-ws", **env)

    assert (inside.returncode, outside.returncode) == (0, 0), outside.stderr
    assert inside.stdout == outside.stdout
    assert "Session updated" in outside.stdout


@pytest.mark.parametrize(
    ("flags", "key", "told"),
    [
        (("--api-key", "right"), "wrong", "Incorrect API key"),
        (("--fault", "close:1001@1"), "x", "closed the connection (1001)"),
        (("--fault", "abort@1"), "x", "dropped the connection"),
    ],
)
def test_service_that_does_not_open_is_one_clear_line(flags: tuple[str, ...], key: str, told: str):
    with serving(*flags) as url:
        done = through_openai_ws(url, "--say", "hi", key=key)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("realtime: ")
    assert told in done.stderr


def test_service_that_stays_silent_is_one_clear_line():
    with serving("--fault", "stall@1") as url:
        done = through_openai_ws(url, "--say", "hi", timeout_s=1)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no answer within 1 s" in done.stderr


def test_port_where_nobody_listens_is_one_clear_line():
    done = through_openai_ws("http://127.0.0.1:9/v1", "--say", "hi")

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "127.0.0.1:9 refused the connection" in done.stderr


def test_missing_key_names_the_option_and_its_variable():
    done = converse("openai-ws", "--say", "hi")

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "'api_key'" in done.stderr
    assert "OPENAI_API_KEY" in done.stderr


def test_unknown_provider_names_what_is_installed_and_what_to_install():
    done = converse("azure", "--say", "hi")

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "installed: 'openai-ws', 'simulator'; try: pip install realtime-azure" in done.stderr
