import importlib
import io
import os
import runpy
import signal
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
import soundfile
from click.testing import CliRunner
from realtime_core.cli import main


def test_no_command_shows_the_help(invoke):
    result = invoke()

    assert result.exit_code == 0
    assert "converse" in result.stdout


@pytest.mark.parametrize(
    "args", [["--nonsense"], ["nonsense"], ["converse"], ["converse", "puppet", "--say"]]
)
def test_a_wrong_command_line_is_one_line_and_status_2(invoke, args):
    result = invoke(*args)

    assert result.exit_code == 2
    assert result.stderr.startswith("realtime: ")
    assert result.stderr.endswith(" --help\n")
    assert result.stderr.count("\n") == 1


def test_the_help_of_a_command_tells_its_exit_status(invoke):
    result = invoke("converse", "--help")

    assert result.exit_code == 0
    assert "Exit status 1 if" in result.stdout


def test_version_is_the_distribution_s(invoke):
    assert invoke("--version").stdout.startswith("realtime, version ")


def test_inside_another_program_it_raises_as_click_does():
    assert main.main(["providers", "--json"], standalone_mode=False) is None


def test_any_kind_of_stream_will_do():
    with redirect_stdout(io.StringIO()) as shown, pytest.raises(SystemExit, match="0"):
        main.main(["providers", "--json"])

    assert shown.getvalue().startswith("[")


def test_the_package_runs_as_a_module(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["realtime", "--version"])

    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("realtime_core.cli", run_name="__main__")

    assert capsys.readouterr().out.startswith("realtime, version ")


def test_importing_the_module_runs_nothing():
    assert importlib.import_module("realtime_core.cli.__main__").main is main


def test_help_loads_no_numpy_and_no_rich():
    code = (
        "import sys; from realtime_core.cli import main\n"
        "try: main(['converse', '--help'])\n"
        "finally: assert not {'numpy', 'rich', 'soundfile'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own


def test_a_conversation_in_a_process_of_its_own(puppet, tone, reply):
    script = [{"say": "One two.", "late": "he might"}]

    process = puppet.start("--wav", tone, "--out", reply, script=script)
    out, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (0, "")
    assert "user: he might" in out
    assert soundfile.info(reply).frames == 960


def test_an_error_in_a_process_of_its_own(puppet):
    process = puppet.start("--wav", "none.wav")
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (2, "")
    assert err == "realtime: cannot read none.wav: no such file or directory\n"


def test_ctrl_c_ends_cleanly_and_the_transcript_was_live(puppet, reply):
    process = puppet.start("--say", "hi", "--out", reply, script=[{"say": "Well then", "hang": True}])
    shown = ""
    while "assistant: Well then" not in shown:
        letter = process.stdout.read(1)
        assert letter, "it ended early"
        shown += letter

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert "unfinished" in out
    assert puppet.got("closed") == [True]
    assert soundfile.info(reply).frames >= 480  # of the first word


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_reader_that_has_seen_enough_is_no_error(puppet, flags):
    process = puppet.start(*flags, "--say", "hi", script=[{"say": "word " * 20_000}])
    process.stdout.readline()

    process.stdout.close()
    err = process.stderr.read()
    process.wait(timeout=30)

    assert err == ""
    assert process.returncode == 0
    process.stderr.close()


def output_to(stream, monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(SystemExit) as exit_:
        main.main(["providers", "--json"], prog_name="realtime")
    stream.close()  # as Python does when it exits
    return exit_.value.code


def test_a_reader_that_has_gone_is_no_error(monkeypatch, capsys):
    ours, theirs = os.pipe()
    os.close(ours)

    assert output_to(os.fdopen(theirs, "w"), monkeypatch) == 0
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_told_by_its_reason(monkeypatch, capsys):
    assert output_to(io.TextIOWrapper(io.FileIO("/dev/full", "w")), monkeypatch) == 1
    assert capsys.readouterr().err == "realtime: no space left on device\n"


def test_an_error_stands_out_on_a_terminal_that_may_have_colour(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    runner = CliRunner()

    assert "\x1b[31mrealtime: " in runner.invoke(main, ["nonsense"], color=True).output
    assert "\x1b" not in runner.invoke(main, ["nonsense"], color=True, env={"NO_COLOR": "1"}).output


def test_a_terminal_that_cannot_show_a_letter_is_no_error(puppet, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    process = puppet.start("--say", "hi", script=[{"say": "日本"}])
    out, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (0, "")
    assert "assistant: ??" in out


def test_the_list_in_a_process_of_its_own(puppet):
    out, err = puppet.start_command("providers").communicate(timeout=30)

    assert "puppet" in out
    assert err == ""
