"""The ``realtime`` command against the simulator."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from realtime_core.cli import main

AMIABLE = Path(__file__).parent.parent / "samples" / "audio" / "amiable.wav"


def converse(*args: object) -> Result:
    # click 8.1 mixes the streams unless told not to; later ones cannot be told
    told = "mix_stderr" in inspect.signature(CliRunner).parameters
    runner = CliRunner(**({"mix_stderr": False} if told else {}))
    return runner.invoke(main, ["converse", "simulator", "--option", "speed=0", *map(str, args)])


def lines(result: Result, kind: str) -> list[dict]:
    return [line for line in map(json.loads, result.stdout.splitlines()) if line["type"] == kind]


@pytest.fixture
def reply(tmp_path):
    return tmp_path / "reply.wav"


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.jsonl"
    path.write_text('{"say": "Only this."}\n')
    return path


def test_text_in_speech_out(reply):
    result = converse("--say", "Good evening!", "--out", reply)

    assert (result.exit_code, result.stderr) == (0, "")
    assert "assistant: You said: Good evening!\n" in result.stdout
    info = soundfile.info(reply)
    assert (info.samplerate, info.channels, info.subtype) == (24000, 1, "PCM_16")
    assert info.frames > 0


def test_text_in_text_out(reply):
    result = converse("--say", "Good evening!", "--out", reply, "--setting", 'output_modalities=["text"]')

    assert "assistant: You said: Good evening!\n" in result.stdout
    assert soundfile.info(reply).frames == 0


def test_the_assistant_speaks_first():
    result = converse("--json")

    (done,) = lines(result, "turn_done")
    assert done["said"]
    assert done["audio_ms"] > 0


def test_speech_in_with_its_transcript():
    result = converse("--wav", AMIABLE, "--option", "transcripts=He might even have been made amiable.")

    assert result.exit_code == 0
    assert "\nuser: He might even have been made amiable.\n" in result.stdout


def test_mixed_turns_in_their_order(reply):
    result = converse("--json", "--say", "one", "--wav", AMIABLE, "--say", "two", "--out", reply)

    first, second, third = lines(result, "turn_done")
    assert (first["said"], third["said"]) == ("You said: one", "You said: two")
    assert "3.3 s" in second["heard"]
    (summary,) = lines(result, "summary")
    assert summary["usage"]["total_tokens"] == sum(
        turn["usage"]["total_tokens"] for turn in (first, second, third)
    )
    said_ms = sum(turn["audio_ms"] for turn in (first, second, third))
    assert soundfile.info(reply).duration == pytest.approx(said_ms / 1000, abs=0.001)


def test_server_vad_hears_where_a_turn_ends(tmp_path):
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.sin(np.arange(4000)) * 0.5, 8000)

    result = converse("--vad", "--json", "--wav", path)

    assert result.exit_code == 0
    assert [event["phase"] for event in lines(result, "speech")] == ["started", "stopped", "committed"]
    assert lines(result, "turn_done")[0]["status"] == "completed"


def test_too_little_audio_is_refused_in_one_line(tmp_path):
    path = tmp_path / "click.wav"
    soundfile.write(path, np.full(80, 0.5), 8000)

    result = converse("--wav", path)

    assert result.exit_code == 1
    assert result.stderr.startswith("realtime: input_audio_buffer_commit_empty: ")
    assert result.stderr.count("\n") == 1


def test_a_failed_response_fails(script):
    result = converse("--say", "1", "--say", "2", "--option", f"script={script}")

    assert "assistant: Only this.\n" in result.stdout
    assert result.stderr.endswith("\nrealtime: the response failed in turn 2\n")
    assert result.exit_code == 1


@pytest.mark.parametrize("fault", ["abort@14", "close:1001@14", "close:1011@14"])
def test_a_connection_lost_in_mid_turn_leaves_what_came(reply, fault):
    result = converse("--say", "Good evening!", "--out", reply, "--option", f"faults={fault}")

    assert result.exit_code == 1
    assert result.stderr.startswith("realtime: ")
    assert result.stderr.count("\n") == 1
    assert "; unfinished" in result.stdout
    assert soundfile.info(reply).duration < 1


@pytest.mark.parametrize("fault", ["garbage@9", "unknown-event@9"])
def test_a_frame_that_nobody_understands_ends_nothing(fault):
    result = converse("--say", "Good evening!", "--option", f"faults={fault}")

    assert result.exit_code == 0
    assert "assistant: You said: Good evening!\n" in result.stdout


def test_a_setting_that_the_service_refuses_is_one_line(reply):
    only_reasoning = ("--setting", "model=gpt-realtime", "--setting", "parallel_tool_calls=true")

    result = converse(*only_reasoning, "--out", reply)

    assert result.exit_code == 1
    assert result.stderr.startswith("realtime: ")
    assert "parallel_tool_calls" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not reply.exists()
