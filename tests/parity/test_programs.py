"""One program, one string: nothing else changes from provider to provider."""

import ast
import asyncio
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from listening import printed
from parity.programs import BIN, run, served
from parity.providers import KEYED, NETWORKED, environment, every_provider, only_environment
from parity.talk import KEY, LIKE, RATE_HZ, SPEECH, SPEECH_MS, answer, likeness, recording
from realtime_core import RealtimeClient
from realtime_core.registry import load_provider
from workspace import ROOT, distributions

DESIGN = ROOT.parent / "shared" / "DESIGN.md"

PROGRAM = """
from realtime_core import RealtimeAudioEvent, RealtimeTextEvent, create_client
from realtime_openai import ListenEvents, OpenAIRealtimeExecutionSettings

client = create_client("azure-ws")                    # key, endpoint, deployment from the environment
settings = OpenAIRealtimeExecutionSettings(instructions="Be brief.", voice="marin")

async with client(settings=settings, create_response=True):
    async for event in client.receive():
        match event:
            case RealtimeAudioEvent():
                await audio_player.add_audio(event.audio)
            case RealtimeTextEvent():
                print(event.text.text, end="")
            case _:
                if event.service_type == ListenEvents.SESSION_UPDATED:
                    print("Session updated")
                if event.service_type == ListenEvents.RESPONSE_CREATED:
                    print("\\nMosscap (transcript): ", end="")
"""
"""The program of the design, word for word."""

GREETING = "Hello! Say something, and I will say it back."
SHOWN = f"Session updated\n\nMosscap (transcript): {GREETING}"


@pytest.mark.skipif(not DESIGN.exists(), reason="no design beside the repository: ../shared/DESIGN.md")
def test_program_is_the_one_of_the_design():
    assert f"```python{PROGRAM}```" in DESIGN.read_text()


class Stage:
    """Where the program appears: what it prints, and the player that it speaks through."""

    def __init__(self) -> None:
        self.shown = ""
        self.heard_ms = 0.0
        self._news = asyncio.Event()

    def print(self, *words: str, end: str = "\n") -> None:
        self.shown += " ".join(words) + end
        self._news.set()

    async def add_audio(self, audio: Any) -> None:
        assert (audio.format.rate_hz, audio.format.channels) == (24_000, 1)
        self.heard_ms += audio.duration_ms
        self._news.set()

    async def until_shown(self, words: str, *, heard_ms: float) -> None:
        while words not in self.shown or self.heard_ms < heard_ms:
            self._news.clear()
            await self._news.wait()


@pytest.mark.usefixtures("no_leaks")
@every_provider
async def test_program_of_the_design_runs_with_only_its_string_changed(provider: str):
    stage = Stage()
    source = PROGRAM.replace('"azure-ws"', repr(provider))
    code = compile(source, "program", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    with served() as origin, only_environment(environment(provider, origin, KEY)):
        # it never ends by itself
        program = asyncio.ensure_future(eval(code, {"print": stage.print, "audio_player": stage}))  # noqa: S307
        watching = asyncio.ensure_future(stage.until_shown(SHOWN, heard_ms=1_000))
        await asyncio.wait([program, watching], return_when=asyncio.FIRST_COMPLETED)
        for task in (program, watching):
            task.cancel()
        await asyncio.wait([program, watching])

    assert program.cancelled(), program.exception()
    assert stage.shown == SHOWN


def client_class(provider: str) -> type[RealtimeClient]:
    """The client of that provider by class, from its package."""
    (package,) = (import_module(dist.package.name) for dist in distributions() if provider in dist.providers)
    exported = [getattr(package, name) for name in package.__all__]
    (found,) = (one for one in exported if isinstance(one, type) and issubclass(one, RealtimeClient))
    return found


@pytest.mark.usefixtures("no_leaks")
@pytest.mark.parametrize("provider", NETWORKED)
async def test_client_by_class_is_the_client_by_name(provider: str):
    with served() as origin, only_environment(environment(provider, origin, KEY)):
        async with client_class(provider)()(output_modalities=["text"]) as session:
            await session.send_text("Good evening!", respond=True)
            events = await answer(session)

    assert printed(events) == "You said: Good evening!"


# -- samples -----------------------------------------------------------------------------------------------


def shown_by(provider: str, sample: str, *arguments: object) -> str:
    """What a sample prints."""
    with served() as origin:
        done = run(
            provider, origin, sys.executable, "-W", "error", ROOT / "samples" / sample, provider, *arguments
        )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@every_provider
def test_quickstart_shows_settings_and_transcript(provider: str):
    assert shown_by(provider, "quickstart.py") == f"{SHOWN}\n"


@every_provider
def test_wav_in_wav_out_keeps_the_whole_answer(provider: str, tmp_path: Path):
    answer = tmp_path / "answer.wav"

    shown = shown_by(provider, "wav_in_wav_out.py", SPEECH, answer)

    assert re.fullmatch(r"I heard 3\.\d seconds of speech\.\n", shown)
    assert likeness(recording(answer), recording(SPEECH)) > LIKE[load_provider(provider).capabilities.paced]


@every_provider
def test_talk_prints_the_captions_of_both_sides_and_hears_the_whole_answer(provider: str):
    shown = shown_by(provider, "talk.py", SPEECH)

    assert "user: [speech, 3." in shown
    assert "assistant: I heard 3." in shown
    (heard_s,) = re.findall(r"^\((\d\.\d) s of audio\)$", shown, re.MULTILINE)
    assert float(heard_s) > 3


@every_provider
def test_barge_in_tells_what_was_heard_and_keeps_it(provider: str, tmp_path: Path):
    heard = tmp_path / "heard.wav"

    shown = shown_by(provider, "barge_in.py", SPEECH, heard)

    (interrupted_s,) = re.findall(r"^\(interrupted by speech after (\d\.\d) s\)$", shown, re.MULTILINE)
    assert "Assistant: You said: Count" in shown
    assert shown.count("[interrupted]\n") == 1
    answer_s = 3.6  # as long as the recording, which it plays back
    assert len(recording(heard)) / RATE_HZ == pytest.approx(float(interrupted_s) + answer_s, abs=0.5)


# -- the command -------------------------------------------------------------------------------------------


def converse(provider: str, origin: str, *flags: object, key: str = KEY) -> Any:
    return run(provider, origin, BIN / "realtime", "converse", provider, *flags, key=key)


@every_provider
def test_conversation_by_command_has_the_same_transcript_and_sound(provider: str, tmp_path: Path):
    reply = tmp_path / "reply.wav"
    turns = ("--wav", SPEECH, "--say", "And what did I say?")

    with served() as origin:
        done = converse(provider, origin, *turns, "--out", reply)

    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith(("user:", "assistant:"))]
    (heard_s,) = re.findall(r"assistant: I heard (\S+) seconds", done.stdout)
    assert lines == [
        "user: (amiable.wav, 3.3 s)",
        f"user: [speech, {heard_s} s]",
        f"assistant: I heard {heard_s} seconds of speech.",
        "user: And what did I say?",
        "assistant: You said: And what did I say?",
    ]
    sound = recording(reply)
    paced = load_provider(provider).capabilities.paced
    # in real time there is silence around the words
    assert 3.3 <= float(heard_s) <= (4.0 if paced else 3.3)
    assert likeness(sound[: 4 * RATE_HZ], recording(SPEECH)) > LIKE[paced]
    assert SPEECH_MS + 1_700 <= len(sound) * 1_000 / RATE_HZ <= SPEECH_MS + 3_000


@pytest.mark.parametrize("provider", KEYED)
def test_wrong_key_is_one_clear_line(provider: str):
    with served("--api-key", "right") as origin:
        done = converse(provider, origin, "--say", "hi", key="sk-wrong-0123456789abcdef")

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("realtime: ")
    assert "key" in done.stderr
    assert "0123456789" not in done.stderr


@pytest.mark.parametrize("provider", NETWORKED)
@pytest.mark.parametrize("fault", ["close:1001@1", "abort@1"])
def test_service_that_hangs_up_at_once_is_one_clear_line(provider: str, fault: str):
    with served("--fault", fault) as origin:
        done = converse(provider, origin, "--say", "hi", "--option", "timeout_s=3")

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("realtime: ")
    # a peer that vanishes is only missed
    assert re.search("closed the connection|dropped the connection|ended the call|no answer", done.stderr)


@pytest.mark.parametrize("provider", NETWORKED)
def test_service_that_stays_silent_is_one_clear_line(provider: str):
    with served("--fault", "stall@1") as origin:
        done = converse(provider, origin, "--say", "hi", "--option", "timeout_s=1")

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no answer within 1 s" in done.stderr


@pytest.mark.parametrize("provider", NETWORKED)
def test_port_where_nobody_listens_is_one_clear_line(provider: str):
    done = converse(provider, "http://127.0.0.1:9", "--say", "hi")

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "127.0.0.1:9 refused the connection" in done.stderr


@pytest.mark.parametrize("provider", KEYED)
def test_missing_key_is_one_clear_line_that_names_the_option_and_its_variable(provider: str):
    (variable,) = (name for name, value in environment(provider, "", KEY).items() if value == KEY)

    done = converse(provider, "http://127.0.0.1:9", "--say", "hi", key="")

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "api_key" in done.stderr
    assert variable in done.stderr
