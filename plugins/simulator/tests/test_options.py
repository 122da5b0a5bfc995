import pytest
from realtime_core.errors import InvalidOptions
from realtime_core.options import build_options
from realtime_simulator.brain import Say, Turn, echo
from realtime_simulator.faults import Fault
from realtime_simulator.options import DEFAULT_SPEED, SimulatorOptions, configure


def test_defaults_are_a_faultless_echo():
    options = SimulatorOptions()

    assert (options.new_brain(), options.faults, options.transcripts) == (echo, (), ())
    assert (options.speed, options.rate_limits, options.timeout_s) == (DEFAULT_SPEED, "never", 10.0)


def test_every_option_can_be_the_string_of_a_command_line():
    options = build_options(
        SimulatorOptions,
        {
            "brain": "echo",
            "faults": "close:1001@7,stall@9",
            "speed": "2.5",
            "transcripts": "hello there",
            "transcription": "late, failed",
            "quirks": "no-call-name, no-event-ids",
            "intent": "transcription",
            "voice": "cedar",
            "rate_limits": "end",
            "max_session_s": "60",
            "timeout_s": "3",
        },
        {},
    )

    assert options == SimulatorOptions(
        faults=(Fault("close", 7, 1001), Fault("stall", 9)),
        speed=2.5,
        transcripts=("hello there",),
        transcription=("late", "failed"),
        quirks=("no-call-name", "no-event-ids"),
        intent="transcription",
        voice="cedar",
        rate_limits="end",
        max_session_s=60.0,
        timeout_s=3.0,
    )


@pytest.mark.parametrize("given", [0, "0", 0.0])
def test_speed_may_be_zero(given):
    assert configure(speed=given).speed == 0


@pytest.mark.parametrize(
    ("given", "transcripts"), [("", ()), ("a", ("a",)), (["a", "b"], ("a", "b")), (iter("ab"), ("a", "b"))]
)
def test_transcripts_are_one_or_a_list(given, transcripts):
    assert configure(transcripts=given).transcripts == transcripts


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"faults": "clse:1001@7"}, "choose from close:CODE, close:CODE:TEXT, abort"),
        ({"brain": "ehco"}, "choose 'echo' or 'script:FILE'"),
        ({"speed": -1}, "as fast as possible"),
        ({"speed": "fast"}, "option 'speed': it is a factor"),
        ({"speed": "inf"}, "factor"),
        ({"rate_limits": "sometimes"}, "never, start, end"),
        (
            {"transcription": "slow"},
            "'slow' is none; choose from beside, late",
        ),
        ({"transcription": []}, "beside, late, missing, failed"),
        ({"quirks": "no-call-nmae"}, "choose from conversation-created, unannounced-done"),
        ({"intent": "translation"}, "realtime, transcription"),
        ({"timeout_s": 0}, "above 0"),
        ({"transcripts": [7]}, "text"),
        ({"voice": ""}, "text"),
        ({"brian": echo}, "did you mean 'brain'"),
    ],
)
def test_wrong_option_says_what_is_right(given, hint):
    with pytest.raises(InvalidOptions, match=hint):
        configure(**given)


def test_script_takes_the_place_of_the_brain(tmp_path):
    file = tmp_path / "script.jsonl"
    file.write_text('{"say": "Hello."}\n')

    for options in (
        configure(script=str(file)),
        configure(brain=f"script:{file}"),
        configure(script=["Hello."]),
    ):
        assert options.new_brain()(Turn()) == [Say("Hello.")]


def test_each_session_has_the_script_from_its_start():
    options = configure(script=["Hello."])

    assert [options.new_brain()(Turn()) for _ in range(2)] == [[Say("Hello.")]] * 2


def test_script_that_cannot_be_read_is_named():
    with pytest.raises(InvalidOptions, match=r"option 'script': cannot read nowhere\.toml"):
        configure(script="nowhere.toml")


def test_faults_can_be_a_list():
    assert configure(faults=["abort@1", Fault("stall", 2)]).faults == (Fault("abort", 1), Fault("stall", 2))


@pytest.mark.parametrize("given", ["", (), []])
def test_no_quirks_are_none(given):
    assert configure(quirks=given).quirks == ()


def test_script_and_another_brain_are_two():
    with pytest.raises(InvalidOptions, match="'script' and 'brain'"):
        configure(script=["Hello."], brain=lambda _: Say("Moin."))
    assert configure(script=["Hello."], brain="echo").script is not None
