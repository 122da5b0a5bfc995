import pytest
from realtime_core.cli.terminal import Terminal
from realtime_core.clock import SystemClock


def test_a_conversation_on_a_terminal(puppet, on_terminal, tone):
    script = [
        {
            "say": "Good\x1b[2J morning.",
            "heard": "he might",
            "status": "incomplete",
            "reason": "max_output_tokens",
        },
        {"say": "[red]Bye.", "error": "something is odd"},
    ]

    screen = on_terminal(puppet.arguments("--wav", tone, "--say", "so long", script=script))

    assert screen.status == 0
    for shown in (
        "tone.wav, 0.5 s",
        "he might",
        "Good[2J morning.",
        "response incomplete: max_output_tokens",
        "so long",
        "[red]Bye.",
        "First audio",
        "Tokens: 8 in",
    ):
        assert shown in screen.text
    assert "━" in screen.text
    assert "warning: odd: something is odd" in screen.stderr


def test_the_assistant_may_speak_first_on_a_terminal(puppet, on_terminal):
    screen = on_terminal(puppet.arguments())

    assert "Hello there." in screen.text
    assert "user" not in screen.text


def test_a_late_transcript_leaves_the_turn_under_way_on_the_screen(puppet, on_terminal, tone):
    script = [{"say": "One."}, {"say": "Two.", "heard": "he might", "heard_item": "item_1"}]

    screen = on_terminal(puppet.arguments("--wav", tone, "--say", "next", script=script))

    region, summary = screen.text.rsplit("Two.", 2)[0], screen.text.split("First audio")[1]
    assert "he might" not in region
    assert "he might" in summary


def test_a_lost_connection_leaves_the_terminal_usable(puppet, on_terminal):
    screen = on_terminal(puppet.arguments("--say", "hi", script=[{"say": "One", "lost": True}]))

    assert screen.status == 1
    assert "(unfinished)" in screen.text
    assert screen.text.count("\x1b[?25h") == screen.text.count("\x1b[?25l") == 1  # the cursor is back
    assert screen.stderr == "realtime: the line went dead\n"


@pytest.mark.parametrize("args", [("--json",), ()])
def test_json_and_dumb_terminals_get_no_escape_codes(puppet, on_terminal, monkeypatch, args):
    monkeypatch.setenv("TERM", "dumb")

    screen = on_terminal(puppet.arguments(*args))

    assert "\x1b" not in screen.text
    assert "Hello" in screen.text


def test_a_narrow_terminal_gets_lines(puppet, on_terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "69")

    assert "turn 1: said" in on_terminal(puppet.arguments()).text


def test_the_table_has_no_empty_columns(puppet, on_terminal):
    script = [{"say": "One.", "mute": True, "free": True}]

    screen = on_terminal(puppet.arguments(script=script))

    assert "Said" in screen.text
    for absent in ("Heard", "Audio", "First audio", "Tokens"):
        assert absent not in screen.text


def test_a_refusal_leaves_no_table_of_zeros(puppet, on_terminal):
    screen = on_terminal(puppet.arguments("--say", "hi", script=[{"refused": {}}]))

    assert "Turn" not in screen.text
    assert screen.text.endswith("\x1b[?25h")
    assert screen.stderr == "realtime: no\n"


def test_an_answer_that_was_cut_before_a_word_says_so(puppet, on_terminal):
    screen = on_terminal(puppet.arguments(script=[{"status": "cancelled"}]))

    assert " (cancelled)" not in screen.text
    assert "(cancelled)" in screen.text


@pytest.mark.usefixtures("tools")
def test_calls_and_their_results_have_rows(puppet, on_terminal):
    flags = ("--tools", "orders:BOTH", "--tools", "orders:fail")

    screen = on_terminal(puppet.arguments(*flags, script=[{"calls": ["look_up", "fail"]}]))

    for shown in (
        'look_up({"n": 1}) …',
        "-> it is late (",
        "failed: no such order (",
        "2 tool calls, 1 failed",
    ):
        assert shown in screen.text


@pytest.mark.usefixtures("tools")
def test_question_of_an_approval_has_lines_of_its_own(puppet, on_terminal, keyboard):
    keyboard("y\n")
    arguments = puppet.arguments("--tools", "orders:RISKY", script=[{"calls": ["refund"]}, {"say": "Done."}])

    screen = on_terminal(arguments, SystemClock())  # a person does not jump

    assert screen.stderr == 'realtime: may refund be called with {"n": 1}? Type y or n, and Enter\n'
    assert "-> refunded" in screen.text
    assert screen.text.count("\x1b[?25h") == screen.text.count("\x1b[?25l") == 2  # away, and back
    assert screen.status == 0


def test_question_outside_of_a_turn_shows_nothing(capsys):
    terminal = Terminal()

    terminal.asking()
    terminal.asked()

    assert capsys.readouterr().out == ""
