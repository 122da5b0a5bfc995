"""The samples run as they stand."""

import subprocess
import sys
from pathlib import Path

import soundfile

SAMPLES = Path(__file__).parent.parent / "samples"


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

    shown = run("wav_in_wav_out.py", SAMPLES / "audio" / "amiable.wav", answer)

    assert "3.3 seconds" in shown
    assert soundfile.info(answer).duration > 1


def test_every_sample_has_its_line():
    lines = (SAMPLES / "README.md").read_text()

    assert [path.name for path in SAMPLES.glob("*.py") if f"[`{path.name}`]" not in lines] == []
