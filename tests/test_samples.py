"""The samples run as they stand."""

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from conftest import frame, open_session

SAMPLES = Path(__file__).parent.parent / "samples"
AMIABLE = SAMPLES / "audio" / "amiable.wav"
PROGRAMS = sorted(path.name for path in SAMPLES.glob("*.py"))


def run(sample: str, *args: object, typed: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", SAMPLES / sample, "simulator", *args],
        capture_output=True,
        text=True,
        timeout=60,
        input=typed,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_quickstart_shows_settings_and_transcript():
    shown = run("quickstart.py")

    assert shown.startswith("Session updated\n\nMosscap (transcript): ")
    assert shown.endswith("\n")


def test_text_chat_answers_every_line_and_ends_with_the_input():
    shown = run("text_chat.py", typed="hello\nhow are you\n")

    assert shown == "You said: hello\nYou said: how are you\n"


def test_wav_in_wav_out_keeps_the_answer(tmp_path):
    answer = tmp_path / "answer.wav"

    shown = run("wav_in_wav_out.py", AMIABLE, answer)

    assert "3.3 seconds" in shown
    assert soundfile.info(answer).duration > 1


def test_talk_prints_both_transcripts():
    shown = run("talk.py", AMIABLE)

    assert shown.startswith("user: [speech, 3.")
    assert "assistant: I heard 3." in shown
    assert shown.endswith(" s of audio)\n")


async def refuse_every_response(socket):
    await open_session(socket)
    async for message in socket:
        match json.loads(message)["type"]:
            case "input_audio_buffer.commit":
                await socket.send(frame("input_audio_buffer.committed", item_id="item_1"))
            case "response.create":
                await socket.send(frame("error", error={"code": "no", "message": "Not today."}))


@pytest.mark.parametrize(
    ("program", "typed"),
    [("quickstart.py", b""), ("text_chat.py", b"hi\n"), ("wav_in_wav_out.py", b"")],
)
async def test_a_refused_response_ends_it_in_one_line(serve_script, tmp_path, program, typed):
    files = [AMIABLE, tmp_path / "out.wav"] if program == "wav_in_wav_out.py" else []
    async with serve_script(refuse_every_response) as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", SAMPLES / program, "openai-ws", *files),
            env={**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "any"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, err = await process.communicate(typed)

    assert (process.returncode, err) == (1, b"Not today.\n")


async def converse(server, program, *files, typed=b""):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", *program, "openai-ws", *files),
        env={**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "any"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate(typed)
    return process.returncode, out.decode(), err.decode()


FAILS = {"fail": {"code": "server_error", "message": "It broke."}}


@pytest.mark.parametrize("program", ["quickstart.py", "wav_in_wav_out.py", "talk.py"])
async def test_a_failed_response_ends_it_in_one_line(realtime_simulator, tmp_path, program):
    files = [AMIABLE, tmp_path / "out.wav"][: (SAMPLES / program).read_text().splitlines()[0].count(".wav")]
    async with realtime_simulator(script=[FAILS], speed=0) as server:
        returncode, _, err = await converse(server, [SAMPLES / program], *files)

    assert (returncode, err) == (1, "It broke.\n")


async def test_a_failed_turn_of_a_chat_leaves_the_next_be(realtime_simulator):
    async with realtime_simulator(script=[FAILS, "Here I am."], speed=0) as server:
        done = await converse(server, [SAMPLES / "text_chat.py"], typed=b"a\nb\n")

    assert done == (0, "(It broke.) (failed)\nHere I am.\n", "")


@pytest.mark.parametrize(
    ("transcription", "told"),
    [("failed", "user: (The audio could not be transcribed.)\n"), ("missing", "user: (not written down)\n")],
)
async def test_talk_goes_on_without_a_transcription(realtime_simulator, transcription, told):
    async with realtime_simulator(script=["Hello."], transcription=transcription, speed=0) as server:
        returncode, out, err = await converse(server, [SAMPLES / "talk.py"], AMIABLE)

    assert (returncode, err) == (0, "")
    assert told in out
    assert "assistant: Hello.\n" in out


def test_ctrl_c_ends_a_chat_at_its_prompt():
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-W", "error", SAMPLES / "text_chat.py", "simulator"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    prompt = process.stdout.read(2)

    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=60)

    assert (prompt, rest, err, process.returncode) == (b"> ", b"\n", b"", 130)
    os.close(ours)
    os.close(theirs)


def failed(program, *args):
    done = subprocess.run(
        [sys.executable, SAMPLES / program, *args], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("args", [[], ["simulator", "a", "b", "c", "d"]])
def test_wrong_arguments_are_told_the_usage(program, args):
    assert f"Usage: python {program} PROVIDER" in failed(program, *args)


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_error_is_one_line(program):
    usage = (SAMPLES / program).read_text().splitlines()[0]
    files = [AMIABLE, "out.wav"][: usage.count(".wav")]

    assert failed(program, "nobody", *files).startswith("no provider 'nobody'; ")


def test_every_sample_has_its_line():
    lines = (SAMPLES / "README.md").read_text()

    assert [path.name for path in SAMPLES.glob("*.py") if f"[`{path.name}`]" not in lines] == []
