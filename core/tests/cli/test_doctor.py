import json
import os
import pty
import sys
from pathlib import Path

import pytest
import realtime_core.doctor
from realtime_core.cli.findings import conclusion, duration, not_run
from realtime_core.cli.screen import is_screen
from realtime_core.doctor import Report, Status, Step, StepName

KEY = "hidden77-and-more"


def examined(*, failed=None):
    """A report in which every step up to ``failed`` is well."""
    steps, status = [], Status.OK
    for name in StepName:
        if status is Status.FAILED:
            status = Status.NOT_RUN
        if name is failed:
            status = Status.FAILED
        steps.append(Step(name=name, status=status))
    return Report(provider="acme", steps=steps)


@pytest.mark.parametrize(
    ("status", "seconds", "shown"),
    [
        (Status.OK, 0.0314, "31 ms"),
        (Status.OK, 1.26, "1.3 s"),
        (Status.FAILED, 0.0, "0 ms"),
        (Status.SKIPPED, 0.0, ""),
        (Status.SKIPPED, 8.0, "8.0 s"),
    ],
)
def test_time_is_short_and_absent_where_nothing_was_tried(status, seconds, shown):
    assert duration(Step(name=StepName.DNS, status=status, seconds=seconds)) == shown


def test_steps_that_were_not_run_are_named():
    assert not_run(examined(failed=StepName.AUTHENTICATION)) == "not run: session, first audio"
    assert not_run(examined()) is None


def test_conclusion_names_what_failed():
    assert conclusion(examined()) == "acme works"
    assert conclusion(examined(failed=StepName.FIRST_AUDIO)) == "acme does not work: first audio failed"


@pytest.mark.usefixtures("puppet")
def test_a_healthy_provider_has_a_line_for_each_step(invoke):
    result = invoke("doctor", "puppet", "--option", f"key={KEY}")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines[:-1]] == ["ok"] * 3 + ["skipped"] * 4 + ["ok"] * 3
    assert lines[-1] == "puppet works"
    assert result.stderr == ""
    assert KEY not in result.output


@pytest.mark.usefixtures("puppet")
def test_the_first_failure_has_a_remedy_and_ends_it(invoke):
    result = invoke("doctor", "no-such-thing")

    first, remedy, rest, last = result.stdout.splitlines()
    assert first.startswith("failed   installed")
    assert remedy.startswith("remedy   pip install")
    assert rest.startswith("not run: loads, options, dns")
    assert last == "no-such-thing does not work: installed failed"
    assert result.exit_code == 2


def test_a_service_that_fails_exits_with_1(puppet, invoke):
    script = json.dumps([{"status": "failed", "reason": "server_error"}])

    result = invoke("doctor", "puppet", "--option", f"script={script}", "--option", f"log={puppet.log}")

    assert result.exit_code == 1
    assert "failed: server_error" in result.stdout
    assert puppet.got("closed") == [True]


@pytest.mark.usefixtures("puppet")
def test_json_is_one_object_with_every_step_and_option(invoke, monkeypatch):
    monkeypatch.setenv("PUPPET_KEY", KEY)

    result = invoke("doctor", "puppet", "--json")

    told = json.loads(result.stdout)
    assert (told["provider"], told["ok"], told["failed"], told["exit_status"]) == ("puppet", True, None, 0)
    assert [step["name"] for step in told["steps"]] == list(StepName)
    assert set(told["steps"][0]) == {"name", "status", "seconds", "detail", "remedy"}
    (key,) = [row for row in told["options"] if row["name"] == "key"]
    assert (key["source"], key["variable"], key["value"]) == ("variable", "PUPPET_KEY", "***")
    assert KEY not in result.output


@pytest.mark.usefixtures("chatty")
def test_what_a_plugin_prints_is_not_in_the_json(invoke):
    result = invoke("doctor", "chatty", "--json")

    assert json.loads(result.stdout)["ok"] is True
    assert result.stderr == "hello from plugin\n"


def test_json_tells_which_step_failed(invoke):
    told = json.loads(invoke("doctor", "no-such-thing", "--json").stdout)

    assert (told["ok"], told["failed"], told["exit_status"]) == (False, "installed", 2)
    assert told["steps"][1]["status"] == "not_run"


@pytest.mark.usefixtures("puppet")
def test_a_terminal_gets_marks_and_hides_the_step_under_way_at_the_end(on_terminal):
    screen = on_terminal(["doctor", "puppet"])

    assert screen.status == 0
    assert "✓" in screen.text
    assert "\x1b[32m" in screen.text
    assert screen.text.count("\x1b[?25h") == screen.text.count("\x1b[?25l") == 1  # the cursor is back
    assert "puppet works" in screen.text


@pytest.mark.usefixtures("puppet")
def test_a_terminal_shows_the_remedy(on_terminal):
    screen = on_terminal(["doctor", "no-such-thing"])

    assert screen.status == 2
    assert "✗" in screen.text
    assert "→ pip install" in screen.text
    assert "not run: loads" in screen.text


@pytest.mark.usefixtures("puppet")
def test_a_terminal_without_colour_gets_none(on_terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    screen = on_terminal(["doctor", "puppet"])

    assert "✓" in screen.text
    assert "\x1b[32m" not in screen.text


@pytest.mark.usefixtures("puppet")
def test_a_narrow_terminal_has_the_findings_below(on_terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    screen = on_terminal(["doctor", "puppet"])

    lines = [line.rpartition("\x1b[2K")[2] for line in screen.text.splitlines()]
    assert any(line.startswith("  puppet 1.0") for line in lines)


@pytest.mark.usefixtures("puppet")
def test_a_dumb_terminal_gets_words(on_terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")

    screen = on_terminal(["doctor", "puppet"])

    assert "ok       installed" in screen.text
    assert "\x1b" not in screen.text


def test_a_terminal_may_lack_the_marks(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="ascii") as stdout, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        told = is_screen(), is_screen("✓")
    os.close(ours)

    assert told == (True, False)


def test_speech_goes_with_the_package():

    assert (Path(realtime_core.doctor.__file__).parent / "speech.wav").stat().st_size < 10_000


def test_a_profile_is_examined_as_a_program_has_it(puppet, invoke, monkeypatch):
    monkeypatch.chdir(puppet.folder)
    text = '[clients.support]\nprovider = "puppet"\nsettings = { voice = "marin" }\n'
    (puppet.folder / "realtime.toml").write_text(text)
    (puppet.folder / ".env").write_text(f"PUPPET_KEY={KEY}\n")

    result = invoke("doctor", "--profile", "support", "--option", f"log={puppet.log}")

    assert result.exit_code == 0, result.output
    assert "key=*** (PUPPET_KEY, .env)" in result.stdout
    assert puppet.got("settings")[-1]["voice"] == "'marin'"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "give a provider, or --profile NAME"),
        (["puppet", "--profile", "support"], "give a provider, or --profile NAME"),
        (["puppet", "--config", "x.toml"], "--config takes --profile NAME beside it"),
        (["--profile", "support", "--config", "no.toml"], "no file no.toml there"),
    ],
)
def test_a_wrong_command_line_is_refused(invoke, args, words):
    result = invoke("doctor", *args)

    assert result.exit_code == 2
    assert words in result.stderr
