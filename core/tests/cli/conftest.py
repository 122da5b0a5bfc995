"""The command with a provider that is installed for these tests only, and a clock that does not wait."""

import asyncio
import inspect
import json
import os
import pty
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from realtime_core.cli import main
from realtime_core.cli.approval import READER
from realtime_core.clock import VirtualClock, VirtualTimer, use_clock

ENTRY_POINTS = """
[realtime_core.providers]
puppet = puppet:with_turns
puppet-by-itself = puppet:without_turns
puppet-that-goes-on = puppet:that_goes_on
"""


class JumpClock(VirtualClock):
    """Jumps to its next timer as soon as the event loop has had nothing else to do for a while."""

    IDLE_ROUNDS = 100

    def __init__(self) -> None:
        super().__init__(now_s=0.0)
        self._rounds = 0
        self._watching: asyncio.Handle | None = None

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> VirtualTimer:
        timer = super().call_later(delay_s, callback)
        self._rounds = 0
        if self._watching is None:
            self._watch()
        return timer

    def _watch(self) -> None:
        self._watching = asyncio.get_running_loop().call_soon(self._round)

    def _round(self) -> None:
        self._watching = None
        self._rounds += 1
        due_s = self.next_due_s
        if due_s is None:
            return
        if self._rounds >= self.IDLE_ROUNDS:
            self._rounds = 0
            self.advance(due_s - self.now_s())
        self._watch()


@attrs.frozen
class Puppet:
    """Runs the command against the provider of this folder and tells what the provider got."""

    folder: Path
    clock: JumpClock = attrs.field(factory=JumpClock)

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"

    def got(self, key: str) -> list[Any]:
        entries = map(json.loads, self.log.read_text().splitlines())
        return [entry[key] for entry in entries if key in entry]

    def arguments(self, *args: object, script: Any = None, provider: str = "puppet") -> list[str]:
        command = ["converse", provider, "--option", f"log={self.log}"]
        if script is not None:
            command += ["--option", f"script={json.dumps(script)}"]
        return [*command, *map(str, args)]

    def converse(self, *args: object, script: Any = None, provider: str = "puppet") -> Result:
        with use_clock(self.clock):
            return _runner().invoke(main, self.arguments(*args, script=script, provider=provider))

    def start(self, *args: object, script: Any = None) -> "subprocess.Popen[str]":
        return self.start_command(*self.arguments(*args, script=script))

    def start_command(self, *args: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-W", "error", "-m", "realtime_core.cli", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )


def _runner() -> CliRunner:
    # click 8.1 mixes the streams unless told not to; later ones cannot be told
    told = "mix_stderr" in inspect.signature(CliRunner).parameters
    return CliRunner(**({"mix_stderr": False} if told else {}))


@pytest.fixture
def invoke():
    """Runs the command here, without a terminal."""
    return lambda *args: _runner().invoke(main, args)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder of installed packages with the distribution ``puppet`` in it."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(Path(__file__).with_name("puppet.py"), folder)
    info = folder / "puppet-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: puppet\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


@pytest.fixture
def puppet(site, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
    monkeypatch.delenv("PUPPET_KEY", raising=False)
    return Puppet(tmp_path)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Installs a distribution of one module: its name and its provider's, its source, its entry point."""

    def install(name: str, source: str, entry: str) -> None:
        folder = tmp_path / name
        info = folder / f"{name}-2.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n")
        (info / "entry_points.txt").write_text(f"[realtime_core.providers]\n{name} = {entry}\n")
        (folder / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return install


@pytest.fixture
def chatty(puppet, plugin):  # noqa: ARG001  # it is the puppet, by another name
    """A provider whose plugin prints while it is imported."""
    source = "from puppet import with_turns\n\nprint('hello from plugin')\n"
    plugin("chatty", source, "chatty:with_turns")
    yield
    sys.modules.pop("chatty", None)


TOOLS = """
import asyncio
from realtime_core import Tool, ToolError

def add(n: int) -> int:
    return n + 1

async def look_up(n: int) -> str:
    await asyncio.sleep(0)
    return "it is late"

def fail(n: int):
    raise ToolError("no such order")

def refund(n: int) -> str:
    return "refunded"

async def wait(n: int):
    await asyncio.Event().wait()

BOTH = [add, look_up]
RISKY = Tool(refund, approve=True)
LATE = Tool(wait, timeout_s=40)
"""


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """The current folder, with a module of functions in it that no other test has imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "orders", raising=False)
    (tmp_path / "orders.py").write_text(TOOLS)
    yield tmp_path
    sys.modules.pop("orders", None)


@pytest.fixture
def keyboard(monkeypatch):
    """Types into standard input, which is a terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield lambda text: os.write(ours, text.encode())
        os.close(ours)
        for thread in threading.enumerate():
            if thread.name == READER:  # the next test's terminal may have the same number
                thread.join()


@pytest.fixture
def tone(tmp_path):
    """A recording of half a second, with no silence in it."""
    path = tmp_path / "tone.wav"
    wave = np.sin(np.arange(8000) * 2 * np.pi * 440 / 16000) * 0.3 + 0.1
    soundfile.write(path, wave, 16000, subtype="PCM_16")
    return path


@pytest.fixture
def reply(tmp_path):
    return tmp_path / "reply.wav"


@attrs.frozen
class Screen:
    text: str
    stderr: str
    status: int


@pytest.fixture
def on_terminal(monkeypatch, capsys):
    """Runs the command, here, with a pseudo-terminal for its standard output."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "40")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def run(args, clock=None):
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb", 0) as screen, ThreadPoolExecutor(1) as reader:
            shown = reader.submit(_read_all, screen)
            with os.fdopen(theirs, "w", encoding="utf-8") as stdout, monkeypatch.context() as patch:
                patch.setattr(sys, "stdout", stdout)
                with use_clock(clock or JumpClock()), pytest.raises(SystemExit) as exit_:
                    main.main(args, prog_name="realtime")
            return Screen(shown.result().decode(), capsys.readouterr().err, exit_.value.code)

    return run


def _read_all(screen):
    parts = []
    while True:
        try:
            part = screen.read(4096)
        except OSError:  # EIO: the other side is closed
            return b"".join(parts)
        parts.append(part)
