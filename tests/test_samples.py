"""The samples run as they stand."""

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import frame, open_session
from realtime_core import PCM16_24KHZ
from realtime_core.audio.wav import WavWriter, read_wav

SAMPLES = Path(__file__).parent.parent / "samples"
AMIABLE = SAMPLES / "audio" / "amiable.wav"
PROGRAMS = sorted(path.name for path in SAMPLES.glob("*.py") if " PROVIDER" in path.read_text())
WEBRTC = SAMPLES / "webrtc_file.py"


FILES = {"IN.wav": AMIABLE, "OUT.wav": "out.wav", "FILE.json": "saved.json"}


def arguments(program: str, folder: Path) -> list[Path | str]:
    """What the sample takes after the provider."""
    usage = (SAMPLES / program).read_text().splitlines()[0].rstrip('"')
    return [folder / FILES.get(name, name) for name in usage.partition(" PROVIDER")[2].split()]


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


def test_text_chat_answers_every_line_and_ends_with_the_input():
    shown = run("text_chat.py", typed="hello\nhow are you\n")

    assert shown == "You said: hello\nYou said: how are you\n"


@pytest.mark.parametrize(
    ("typed", "refund"), [("y\n", "Order 8 is refunded."), ("n\n", "a person refused it")]
)
def test_functions_are_called_told_of_and_approved(typed, refund):
    shown = run("function_calling.py", typed=typed).split("\n> ")

    assert len(shown) == 4
    assert "\nThe weather: {" in shown[0]
    assert "\nOne moment, please.\n" in shown[1]  # while the tool is at work
    assert '\nYour order: {"number":7,"arrives":"2026-12-24"}.' in shown[1]
    assert "[find_order took " in shown[2]
    assert " and failed]\nYour order: There is no order 8. " in shown[2]
    assert "\nThe refund: " in shown[3]
    assert refund in shown[3]


def test_saved_conversation_goes_on(tmp_path):
    file = tmp_path / "saved.json"

    run("save_and_resume.py", file, "One.")
    shown = run("save_and_resume.py", file, "Two.")

    assert shown == "User: One.\nAssistant: You said: One.\nUser: Two.\nAssistant: You said: Two.\n"


async def test_saved_conversation_goes_on_at_another_provider(realtime_simulator, tmp_path):
    file = tmp_path / "saved.json"
    run("save_and_resume.py", file, "One.")
    async with realtime_simulator(speed=0) as server:
        returncode, _, err = await converse(server, [SAMPLES / "save_and_resume.py"], file, "Two.")
        await server.sessions[0].wait_ended()
        items = [frame["item"] for frame in server.sessions[0].received if "item" in frame]

    assert (returncode, err) == (0, "")
    assert [(item["role"], item["content"][0]["text"]) for item in items] == [
        ("user", "One."),
        ("assistant", "You said: One."),
        ("user", "Two."),
    ]


async def refuse_every_response(socket):
    await open_session(socket)
    async for message in socket:
        match json.loads(message)["type"]:
            case "input_audio_buffer.commit":
                await socket.send(frame("input_audio_buffer.committed", item_id="item_1"))
            case "conversation.item.create":
                item = {"id": "item_1", "type": "message", "role": "user", "content": []}
                await socket.send(frame("conversation.item.added", item=item))
                await socket.send(frame("conversation.item.done", item=item))
            case "response.create":
                await socket.send(frame("error", error={"code": "no", "message": "Not today."}))


@pytest.mark.parametrize(
    ("program", "typed"),
    [
        ("barge_in.py", b""),
        ("function_calling.py", b""),
        ("quickstart.py", b""),
        ("save_and_resume.py", b""),
        ("text_chat.py", b"hi\n"),
        ("wav_in_wav_out.py", b""),
    ],
)
async def test_a_refused_response_ends_it_in_one_line(serve_script, tmp_path, program, typed):
    files = arguments(program, tmp_path)
    async with serve_script(refuse_every_response) as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", SAMPLES / program, "openai-ws", *files),
            env={**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "any"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, err = await process.communicate(typed)

    assert process.returncode == 1
    assert err.endswith(b"Not today.\n")
    assert err.count(b"\n") == 1


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


@pytest.mark.parametrize("program", [name for name in PROGRAMS if name != "text_chat.py"])
async def test_a_failed_response_ends_it_in_one_line(realtime_simulator, tmp_path, program):
    files = arguments(program, tmp_path)
    async with realtime_simulator(script=[FAILS], speed=0) as server:
        returncode, _, err = await converse(server, [SAMPLES / program], *files)

    assert returncode == 1
    assert re.fullmatch("It broke.\n|the response is failed: server_error\n|there was no answer; .*\n", err)


async def test_a_failed_turn_of_a_chat_leaves_the_next_be(realtime_simulator):
    async with realtime_simulator(script=[FAILS, "Here I am."], speed=0) as server:
        done = await converse(server, [SAMPLES / "text_chat.py"], typed=b"a\nb\n")

    assert done == (0, "(It broke.) (failed)\nHere I am.\n", "")


@pytest.mark.parametrize(
    ("transcription", "told"),
    [("failed", "user: (The audio could not be transcribed.)\n"), ("missing", "assistant: Hello.\n")],
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
def test_an_error_is_one_line(tmp_path, program):
    files = arguments(program, tmp_path)

    assert failed(program, "nobody", *files).startswith("no provider 'nobody'; ")


async def webrtc_file(base_url, *args):
    """What the sample returns, prints and complains of."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", WEBRTC, *args),
        env={**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "any"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_a_recording_speaks_on_a_track_and_the_answer_is_kept(realtime_simulator, tmp_path):
    answer = tmp_path / "answer.wav"
    async with realtime_simulator(script=["It was a fine evening."]) as server:
        done = await webrtc_file(server.base_url, AMIABLE, answer)

    assert done == (0, "It was a fine evening.\n", "")
    kept = read_wav(answer)
    assert 500 < kept.duration_ms < 4000
    assert kept.format == PCM16_24KHZ


async def test_a_recording_in_which_nobody_speaks_is_one_line(realtime_simulator, tmp_path):
    silent = tmp_path / "silent.wav"
    with WavWriter(silent, PCM16_24KHZ) as file:
        file.write(np.zeros(24_000, dtype=np.int16))
    async with realtime_simulator() as server:
        done = await webrtc_file(server.base_url, silent, tmp_path / "answer.wav")

    assert done == (1, "", f"no speech was found in {silent}\n")


async def test_a_recording_is_not_overwritten_by_its_answer():
    done = await webrtc_file("http://127.0.0.1:9/v1", AMIABLE, AMIABLE)

    assert done[0] == 1
    assert "OUT.wav is IN.wav" in done[2]


async def test_a_failed_answer_on_a_track_is_one_line(realtime_simulator, tmp_path):
    async with realtime_simulator(script=[FAILS]) as server:
        returncode, _, err = await webrtc_file(server.base_url, AMIABLE, tmp_path / "answer.wav")

    assert returncode == 1
    assert re.fullmatch("It broke.\n|the response is failed: server_error\n", err)


async def test_a_recording_that_is_not_there_is_one_line(tmp_path):
    returncode, _, err = await webrtc_file(
        "http://127.0.0.1:9/v1", tmp_path / "none.wav", tmp_path / "out.wav"
    )

    assert (returncode, err.count("\n")) == (1, 1)
    assert "cannot be read" in err


async def test_wrong_arguments_of_the_track_sample_are_told_the_usage():
    returncode, _, err = await webrtc_file("http://127.0.0.1:9/v1")

    assert returncode == 1
    assert "Usage: python webrtc_file.py IN.wav OUT.wav" in err


def test_every_sample_has_its_line():
    lines = (SAMPLES / "README.md").read_text()

    assert [path.name for path in SAMPLES.glob("*.py") if f"[`{path.name}`]" not in lines] == []
