import asyncio
import json
import math

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from realtime_core import ConnectionLost, ImageContent, RealtimeImageEvent, create_client
from realtime_core.cli.conversation import Conversation
from realtime_core.cli.json_lines import JsonLines
from realtime_core.cli.turns import Say


def json_lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def of_type(result, kind):
    return [line for line in json_lines(result) if line["type"] == kind]


# -- turns -------------------------------------------------------------------------------------------


def test_turns_are_taken_in_the_order_of_the_command_line(puppet, tone):
    puppet.converse("--say", "one", "--wav", tone, "--say", "two", "--say", "three", "--wav", tone)

    steps = [next(iter(entry)) for entry in map(json.loads, puppet.log.read_text().splitlines())]
    text, audio, response = "text", "audio_ms", "response"
    assert steps[1:-1] == [text, response, audio, response, text, response, text, response, audio, response]
    assert puppet.got("text") == ["one", "two", "three"]


def test_without_input_the_assistant_speaks_first(puppet):
    result = puppet.converse()

    assert puppet.got("text") == []
    assert puppet.got("response") == [True]
    assert "assistant: Hello there." in result.stdout


def test_both_sides_are_shown_with_a_label(puppet, tone):
    script = [{"say": "Good morning.", "late": "he might"}, {"say": "Bye."}]

    result = puppet.converse("--wav", tone, "--say", "so long", script=script)

    shown = result.stdout.split("\n\n")[0].splitlines()
    assert [line.rstrip() for line in shown] == [
        "user: (tone.wav, 0.5 s)",
        "assistant: Good morning.",
        "user: he might",
        "user: so long",
        "assistant: Bye.",
    ]
    assert result.exit_code == 0


def test_a_transcript_that_comes_while_the_assistant_speaks_does_not_tear_the_line(puppet, tone):
    result = puppet.converse("--wav", tone, script=[{"say": "Good morning.", "heard": "he might"}])

    assert "assistant: Good morning. \nuser: he might\n" in result.stdout


def test_a_transcript_that_never_comes_is_not_waited_for(puppet, tone):
    result = puppet.converse("--wav", tone, "--say", "next")

    assert result.exit_code == 0
    assert puppet.got("text") == ["next"]


def test_a_transcript_that_is_never_finished_is_shown_as_such(puppet, tone):
    result = puppet.converse("--wav", tone, script=[{"say": "Yes.", "pieces": "he mig"}])

    assert "user: he mig …" in result.stdout


def test_a_late_transcript_belongs_to_the_turn_it_was_said_in(puppet, tone):
    script = [{"say": "One."}, {"say": "Two.", "heard": "he might", "heard_item": "item_1"}]

    result = puppet.converse("--json", "--wav", tone, "--say", "next", script=script)

    (summary,) = of_type(result, "summary")
    assert [turn["heard"] for turn in summary["turns"]] == ["he might", ""]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate_hz=st.integers(8_000, 48_000),
    channels=st.integers(1, 6),
    frames=st.integers(1_000, 20_000),
    subtype=st.sampled_from(["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"]),
)
def test_any_wav_reaches_the_service_in_full_length(puppet, tmp_path, rate_hz, channels, frames, subtype):
    path = tmp_path / "any.wav"
    soundfile.write(path, np.full((frames, channels), 0.25), rate_hz, subtype=subtype)
    puppet.log.unlink(missing_ok=True)

    result = puppet.converse("--wav", path)

    assert result.exit_code == 0
    assert puppet.got("audio_ms") == pytest.approx([frames * 1000 / rate_hz], abs=0.1)


# -- server VAD --------------------------------------------------------------------------------------


def test_with_vad_the_service_hears_where_the_turn_ends(puppet, tone):
    result = puppet.converse("--vad", "--wav", tone, script=[{"say": "Yes.", "late": "he might"}])

    assert result.exit_code == 0
    assert puppet.got("response") == []
    (heard_ms,) = puppet.got("audio_ms")
    assert 980 <= heard_ms <= 1080  # the recording, and 500 ms of silence after it
    assert 'heard "he might"' in result.stdout


def test_with_vad_audio_is_sent_in_real_time(puppet, tone):
    result = puppet.converse("--vad", "--json", "--wav", tone, script=[{"say": "Yes.", "late": "he might"}])

    assert puppet.clock.now_s() == pytest.approx(1.0, abs=0.1)
    (done,) = of_type(result, "turn_done")
    assert done["said"] == "Yes."


def test_a_recording_without_speech_ends_in_bounded_time(puppet, tmp_path):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(8000), 16000)

    result = puppet.converse("--vad", "--wav", path)

    assert result.exit_code == 1
    assert result.stderr == (
        "realtime: no answer in 10 s of silence after the recording; is there speech in it?\n"
    )


def test_with_vad_that_does_not_respond_the_command_asks(puppet, tone):
    detection = json.dumps({"silence_duration_ms": 200, "create_response": False})

    result = puppet.converse(
        "--setting", f"turn_detection={detection}", "--wav", tone, script=[{"late": "so"}]
    )

    assert result.exit_code == 0
    assert puppet.got("response") == [True]
    assert len(puppet.got("audio_ms")) == 1


def test_a_service_without_turns_answers_by_itself(puppet):
    result = puppet.converse("--say", "hi", "--say", "bye", provider="puppet-by-itself")

    assert result.exit_code == 0
    assert puppet.got("response") == []
    assert result.stdout.count("assistant: Hello there.") == 2


def test_a_service_without_turns_hears_where_a_turn_ends(puppet, tone):
    result = puppet.converse("--vad", "--wav", tone, provider="puppet-by-itself")

    assert result.exit_code == 0
    assert "assistant: Hello there." in result.stdout


def test_a_service_that_answers_by_itself_in_responses_is_not_asked(puppet, tone):
    result = puppet.converse("--say", "hi", "--wav", tone, "--vad", provider="puppet-that-goes-on")

    assert result.exit_code == 0
    assert puppet.got("response") == []
    assert result.stdout.count("assistant: Hello there.") == 2


def test_turn_detection_of_a_service_that_answers_by_itself_stays_as_it_is(puppet):
    puppet.converse("--say", "hi", provider="puppet-that-goes-on")

    assert puppet.got("settings")[0]["turn_detection"] == "UNSET"


def test_what_was_said_in_a_turn_is_not_cut_short_by_the_next(puppet, tone):
    script = [{"say": "a quite long answer, faster than it can be played"}, {"say": "Yes."}]

    result = puppet.converse("--json", "--vad", "--wav", tone, "--wav", tone, script=script)

    assert result.exit_code == 0
    assert of_type(result, "interruption") == []


# -- tools -------------------------------------------------------------------------------------------


ADDS = [{"calls": ["add"]}, {"say": "It is two."}]


@pytest.mark.usefixtures("tools")
def test_tools_are_called_and_the_answer_goes_on_with_their_results(puppet):
    result = puppet.converse("--say", "one?", "--say", "bye", "--tools", "orders:BOTH", script=ADDS)

    assert (result.exit_code, result.stderr) == (0, "")
    assert puppet.got("result") == [["add", "2"]]
    assert result.stdout.split("\n\n")[0].splitlines() == [
        "user: one?",
        'tool: add({"n": 1}) -> 2 (0 ms)',
        "assistant: It is two. ",
        "user: bye",
        "assistant: Hello there. ",
    ]
    assert "; 1 tool call\n" in result.stdout


@pytest.mark.usefixtures("tools")
def test_tool_that_fails_is_shown(puppet):
    result = puppet.converse(
        "--tools", "orders:fail", "--tools", "orders:add", script=[{"calls": ["fail", "add"]}]
    )

    assert 'tool: fail({"n": 1}) failed: no such order (0 ms)\n' in result.stdout
    assert "; 2 tool calls, 1 failed\n" in result.stdout
    assert result.exit_code == 0


@pytest.mark.usefixtures("tools")
def test_json_tells_calls_results_and_how_long_they_took(puppet):
    result = puppet.converse("--json", "--tools", "orders:add", script=ADDS)

    (call,) = of_type(result, "function_call")
    assert call["function_call"] == {"call_id": "call_1_0", "name": "add", "arguments": '{"n": 1}'}
    (answer,) = of_type(result, "function_result")
    assert answer["function_result"]["output"] == "2"
    (done,) = of_type(result, "turn_done")
    assert done["tools"] == [{"name": "add", "called": True, "duration_ms": 0.0, "is_error": False}]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_call_without_tools_is_told_and_not_waited_for(puppet, flags):
    result = puppet.converse(*flags, script=[{"calls": ["add"], "say": "Hm."}])

    assert result.exit_code == 0
    if flags:
        assert of_type(result, "turn_done")[0]["tools"] == [{"name": "add", "called": False}]
    else:
        assert 'tool: add({"n": 1}) was not called; --tools names functions\n' in result.stdout


@pytest.mark.usefixtures("tools")
def test_call_that_is_withdrawn_is_not_waited_for(puppet):
    result = puppet.converse(
        "--say", "hi", "--tools", "orders:LATE", script=[{"calls": ["wait"], "cancels": True}]
    )

    assert result.exit_code == 0
    assert "was cancelled. What it began may still" in result.stdout
    assert puppet.got("result") == []


@pytest.mark.usefixtures("tools")
def test_tool_may_take_longer_than_a_service_may_be_quiet(puppet):
    result = puppet.converse("--tools", "orders:LATE", script=[{"calls": ["wait"]}])

    assert result.exit_code == 0
    assert "gave no result within 40 s" in puppet.got("result")[0][1]


@pytest.mark.usefixtures("tools")
def test_service_that_begins_nothing_after_a_result_is_given_up(puppet):
    script = [{"calls": ["add"]}, {"refused": {"retryable": True}}]

    result = puppet.converse("--tools", "orders:add", script=script)

    assert result.stderr.splitlines()[-1].startswith("realtime: response_not_begun: ")
    assert result.exit_code == 1


@pytest.mark.usefixtures("tools")
def test_service_that_says_nothing_to_a_result_is_given_up(puppet):
    result = puppet.converse("--tools", "orders:add", script=[{"calls": ["add"]}, {"hang": True}])

    assert result.stderr == "realtime: the service owes an answer and was quiet for 30 s\n"


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("provider", ["puppet-by-itself", "puppet-that-goes-on"])
def test_service_that_goes_on_by_itself_is_heard_to_the_end(puppet, provider):
    result = puppet.converse("--say", "one?", "--tools", "orders:add", script=ADDS, provider=provider)

    assert result.exit_code == 0
    assert puppet.got("response") == []
    assert "assistant: It is two." in result.stdout


@pytest.mark.usefixtures("tools")
def test_call_that_needs_approval_is_denied_where_nobody_can_be_asked(puppet):
    result = puppet.converse("--tools", "orders:RISKY", script=[{"calls": ["refund"]}])

    ((_, output),) = puppet.got("result")
    assert output.endswith("a person refused it: there was nobody to ask.")
    assert result.stderr == (
        "realtime: refund was denied: it needs approval, and standard input is no terminal\n"
    )
    assert result.exit_code == 0


def test_consent_to_a_tool_of_the_service_is_asked_for(puppet):
    result = puppet.converse("--json", script=[{"consent": True, "say": "Let me see."}, {"say": "Well."}])

    assert puppet.got("consent") == [["mcpr_1", False]]
    assert of_type(result, "approval")[0]["request"]["server"] == "docs"
    assert of_type(result, "turn_done")[0]["said"] == "Let me see. \nWell."


@pytest.mark.usefixtures("tools")
def test_function_that_there_is_not_is_named_before_connecting(puppet):
    result = puppet.converse("--tools", "orders:ad")

    assert result.exit_code == 2
    assert result.stderr == "realtime: tools: 'orders' has no 'ad'; did you mean 'add'?\n"
    assert not puppet.log.exists()


@pytest.mark.usefixtures("puppet")
async def test_question_is_withdrawn_with_the_conversation():
    withdrawn = asyncio.Event()

    async def never(_):
        try:
            await asyncio.Event().wait()
        finally:
            withdrawn.set()

    session = create_client("puppet", script='[{"consent": true, "lost": true}]')()
    with pytest.raises(ConnectionLost):
        async with session:
            await Conversation(session, JsonLines(), objection=never).run([None])

    assert withdrawn.is_set()


async def test_nobody_is_asked_for_a_conversation_without_anybody(puppet):
    async with create_client("puppet", script='[{"consent": true}]', log=puppet.log)() as session:
        await Conversation(session, JsonLines()).run([None])

    assert puppet.got("consent") == [["mcpr_1", False]]


# -- settings and options ----------------------------------------------------------------------------


def test_manual_turns_and_transcription_are_the_default(puppet):
    puppet.converse()

    (given,) = puppet.got("settings")
    assert given["turn_detection"] == "None"
    assert given["input_audio_transcription"].startswith("{")


@pytest.mark.parametrize(
    ("lacks", "given"),
    [
        ("input_audio_transcription", ("None", "UNSET")),
        ("turn_detection", ("UNSET", "UNSET")),
        ("turn_detection input_audio_transcription", ("UNSET", "UNSET")),
    ],
)
def test_what_nobody_asked_for_and_the_service_has_not_is_left_out(puppet, lacks, given):
    result = puppet.converse("--option", f"lacks={lacks}", "--say", "Hello")

    assert result.exit_code == 0, result.stderr
    (settings,) = puppet.got("settings")
    assert (settings["turn_detection"], settings["input_audio_transcription"]) == given


@pytest.mark.parametrize(
    ("lacks", "asked"),
    [
        ("speed", ["--setting", "speed=1.2"]),
        ("turn_detection", ["--vad"]),
        ("input_audio_transcription", ["--setting", "input_audio_transcription=null"]),
    ],
)
def test_setting_that_was_asked_for_is_never_left_out(puppet, lacks, asked):
    result = puppet.converse("--option", f"lacks={lacks}", *asked)

    assert result.exit_code == 2
    assert f"puppet has no setting '{lacks}'" in result.stderr
    assert not puppet.log.exists()


def test_settings_are_json_or_else_strings(puppet):
    puppet.converse(
        "--setting", "speed=1.2",
        "--setting", "voice=marin",
        "--setting", 'output_modalities=["text"]',
        "--setting", "max_output_tokens=inf",
        "--setting", "instructions=a=b",
    )  # fmt: skip

    (given,) = puppet.got("settings")
    assert given["speed"] == "1.2"
    assert given["voice"] == "'marin'"
    assert given["output_modalities"] == "['text']"
    assert given["max_output_tokens"] == "'inf'"
    assert given["instructions"] == "'a=b'"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("{a", "Expecting property name enclosed in double quotes, character 2"),
        ("[NaN]", "NaN is not JSON"),
        ('"', "Unterminated string starting at, character 1"),
    ],
)
def test_what_begins_as_json_must_be_json(puppet, value, why):
    result = puppet.converse("--setting", f"voice={value}")

    assert result.exit_code == 2
    assert result.stderr.startswith(f"realtime: setting 'voice': not valid JSON ({why}); see ")


def test_python_words_are_told_in_json(puppet):
    result = puppet.converse("--setting", "turn_detection=None")

    assert result.exit_code == 2
    assert result.stderr.startswith("realtime: setting 'turn_detection': None is Python, write null, or ")


def test_python_constants_are_not_json(puppet):
    puppet.converse("--setting", "voice=NaN")

    assert puppet.got("settings")[0]["voice"] == "'NaN'"


def test_settings_of_the_user_win_over_those_of_the_command(puppet, tone):
    puppet.converse(
        "--vad", "--wav", tone,
        "--setting", "turn_detection=null",
        "--setting", "input_audio_transcription=null",
    )  # fmt: skip

    (given,) = puppet.got("settings")
    assert given["turn_detection"] == given["input_audio_transcription"] == "None"
    assert puppet.got("response") == [True]


def test_an_option_may_be_called_like_anything(puppet):
    assert puppet.converse("--option", "limits=3").exit_code == 0


@pytest.mark.parametrize("pair", ["sk-secret", "=sk-secret"])
@pytest.mark.parametrize("flag", ["--option", "--setting"])
def test_a_pair_without_a_name_is_a_wrong_command_line_and_not_shown(puppet, flag, pair):
    result = puppet.converse(flag, pair)

    assert result.exit_code == 2
    assert result.stderr == (
        f"realtime: Invalid value for '{flag}': give NAME=VALUE; see realtime converse --help\n"
    ).replace("realtime converse --help", "main converse --help")
    assert "secret" not in result.output


def test_a_secret_is_never_shown(puppet):
    secrets = ("--option", "key=sk-secret", "--option", "kez=sk-secret", "--debug")

    result = puppet.converse(*secrets)

    assert result.exit_code == 2
    assert "no option 'kez'; did you mean 'key'?" in result.stderr
    assert "sk-secret" not in result.output


# -- --out -------------------------------------------------------------------------------------------


def test_out_holds_what_was_said_in_all_turns(puppet, reply):
    script = [{"say": "one two three"}, {"say": "four"}]

    puppet.converse("--say", "hi", "--say", "bye", "--out", reply, script=script)

    samples, rate_hz = soundfile.read(reply, dtype="int16")
    assert (len(samples), rate_hz) == (4 * 480, 24000)
    assert soundfile.info(reply).subtype == "PCM_16"
    assert set(samples) == {16}


def test_out_is_at_the_rate_of_the_session(puppet, reply):
    puppet.converse(
        "--out", reply, "--setting", "output_audio_format=g711_ulaw", script=[{"say": "a b c d e"}]
    )

    info = soundfile.info(reply)
    assert (info.samplerate, info.channels, info.subtype) == (8000, 1, "PCM_16")
    assert math.isclose(info.duration, 0.1, abs_tol=0.001)


def test_out_without_audio_is_an_empty_wav(puppet, reply):
    puppet.converse("--out", reply, script=[{}])

    assert soundfile.info(reply).frames == 0


def test_out_is_untouched_when_nothing_was_said(puppet, reply):
    result = puppet.converse("--out", reply, script=[{"interrupt": True, "hang": True}])

    assert result.exit_code == 130
    assert not reply.exists()


def test_out_is_untouched_when_no_session_comes_about(puppet, reply):
    reply.write_bytes(b"precious")

    result = puppet.converse("--out", reply, "--setting", "voice=refused")

    assert result.exit_code == 1
    assert reply.read_bytes() == b"precious"


def test_a_full_disk_ends_the_conversation(puppet):
    result = puppet.converse("--out", "/dev/full")

    assert result.exit_code == 1
    assert result.stderr == "realtime: cannot write /dev/full: no space left on device\n"


# -- what goes wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--wav", "--out"])
@pytest.mark.parametrize("name", [".", "none/none.wav"])
def test_a_file_that_cannot_be_used_is_named_before_connecting(puppet, tmp_path, flag, name):
    path = tmp_path / name

    result = puppet.converse(flag, path)

    assert result.exit_code == 2
    assert result.stderr.startswith("realtime: cannot ")
    assert str(path) in result.stderr
    assert result.stderr.count("\n") == 1
    assert not puppet.log.exists()


@pytest.mark.parametrize("flag", ["--wav", "--out"])
def test_an_empty_name_of_a_file_is_a_wrong_command_line(puppet, flag):
    result = puppet.converse(flag, "")

    assert result.exit_code == 2
    assert f"Invalid value for '{flag}': give the name of a file" in result.stderr


def test_an_unknown_provider_says_what_is_installed(puppet):
    result = puppet.converse(provider="pupet")

    assert result.exit_code == 2
    assert result.stderr.startswith("realtime: no provider 'pupet'; installed: ")
    assert result.stderr.endswith("did you mean 'puppet'?\n")


def test_a_refusal_is_one_line(puppet):
    result = puppet.converse("--setting", "voice=refused")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "realtime: no such voice\n"


def test_a_setting_that_does_not_exist_is_named(puppet):
    result = puppet.converse("--setting", "voize=marin")

    assert result.exit_code == 2
    assert "'voize'; did you mean 'voice'?" in result.stderr


def test_debug_shows_the_traceback(puppet):
    result = puppet.converse("--debug", "--setting", "voice=refused")

    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert result.stderr.endswith("realtime: no such voice\n")


def test_a_bug_is_one_line_too(puppet):
    result = puppet.converse("--wav", "a\0b")

    assert result.exit_code == 1
    assert result.stderr == "realtime: unexpected ValueError; --debug shows where\n"


def test_a_failed_response_is_shown_and_fails(puppet):
    script = [{"say": "One"}, {"status": "failed", "reason": "rate_limit_exceeded"}, {"say": "Three"}]

    result = puppet.converse("--say", "1", "--say", "2", "--say", "3", script=script)

    assert "response failed: rate_limit_exceeded" in result.stdout
    assert "assistant: Three" in result.stdout
    assert result.stderr == "realtime: the response failed in turn 2\n"
    assert result.exit_code == 1


@pytest.mark.parametrize("status", ["cancelled", "incomplete"])
def test_a_response_that_was_cut_is_shown(puppet, status):
    result = puppet.converse(script=[{"say": "One", "status": status}])

    assert f"\nresponse {status}\n" in result.stdout
    assert f"; {status}\n" in result.stdout
    assert result.exit_code == 0


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_an_error_event_is_a_warning(puppet, flags):
    result = puppet.converse(*flags, script=[{"error": "something\nis odd", "say": "One"}])

    assert result.stderr == "realtime: warning: odd: something is odd\n"
    assert result.exit_code == 0


def test_a_lost_connection_leaves_what_was_received(puppet, reply):
    result = puppet.converse("--say", "hi", "--out", reply, script=[{"say": "one two three", "lost": True}])

    assert soundfile.info(reply).frames == 3 * 480
    assert "assistant: one two three" in result.stdout
    assert "; unfinished" in result.stdout
    assert result.stderr == "realtime: the line went dead\n"
    assert result.exit_code == 1


def test_a_connection_lost_while_sending_is_reported_once(puppet, tone):
    result = puppet.converse("--say", "hi", "--vad", "--wav", tone, script=[{"say": "One"}, {"lost": True}])

    assert result.stderr == "realtime: the line went dead\n"
    assert result.exit_code == 1


def test_a_service_that_never_answers_is_given_up(puppet):
    result = puppet.converse("--say", "hi", script=[{"say": "Er", "hang": True}])

    assert result.stderr == "realtime: the service owes an answer and was quiet for 30 s\n"
    assert result.exit_code == 1
    assert puppet.got("closed") == [True]


def test_a_service_that_never_begins_to_answer_leaves_no_row_of_zeros(puppet):
    result = puppet.converse("--say", "hi", script=[{"hang": True}])

    assert result.stdout == "user: hi\n"
    assert result.exit_code == 1


@pytest.mark.parametrize("flags", [(), ("--vad",)])
def test_a_refused_response_ends_the_conversation_at_once(puppet, flags):
    script = [{"say": "Yes."}, {"refused": {"message": "not\nthat"}}]

    result = puppet.converse(*flags, "--say", "hi", "--say", "more", script=script)

    assert result.stderr == "realtime: no: not that\n"
    assert result.exit_code == 1
    assert puppet.clock.now_s() == 0
    assert 'turn 1: said "Yes."' in result.stdout
    assert "turn 2" not in result.stdout
    assert puppet.got("closed") == [True]


def test_a_refused_response_after_speech_ends_the_conversation_at_once(puppet, tone):
    result = puppet.converse("--vad", "--wav", tone, script=[{"refused": {}}])

    assert result.stderr == "realtime: no\n"
    assert puppet.clock.now_s() < 2


def test_json_has_the_refusal_too(puppet):
    result = puppet.converse("--json", "--say", "hi", script=[{"refused": {}}])

    assert of_type(result, "error")[0]["code"] == "no"
    assert result.stderr == "realtime: no\n"


def test_an_error_that_may_pass_is_waited_for(puppet):
    result = puppet.converse("--say", "hi", script=[{"refused": {"retryable": True}}])

    assert result.stderr.splitlines() == [
        "realtime: warning: no",
        "realtime: the service did not begin a response within 10 s",
    ]


def test_a_service_without_turns_that_cannot_speak_first_says_so(puppet):
    result = puppet.converse(provider="puppet-by-itself")

    assert result.stderr == "realtime: puppet-by-itself answers by itself; a response cannot be asked for\n"


def test_ctrl_c_ends_the_session_and_tells_what_was(puppet):
    result = puppet.converse("--say", "hi", script=[{"say": "Well", "interrupt": True, "hang": True}])

    assert result.exit_code == 130
    assert result.stdout == "user: hi\n"
    assert puppet.got("closed") == [True]


@pytest.mark.usefixtures("puppet")
async def test_what_the_audio_callback_raises_ends_the_conversation():
    def callback(_):
        raise KeyError("full")

    session = create_client("puppet")(turn_detection=None)
    with pytest.raises(KeyError, match="full"):
        async with session:
            await Conversation(session, JsonLines()).run([Say("hi")], callback)


# -- summary and --json ------------------------------------------------------------------------------


def test_the_summary_tells_each_turn_and_the_tokens(puppet, tone):
    script = [{"say": "One two.", "late": "he might"}, {"say": "Three."}]

    result = puppet.converse("--wav", tone, "--say", "hi", script=script)

    assert result.stdout.split("\n\n")[1].splitlines() == [
        'turn 1: heard "he might"; said "One two."; audio 40 ms; first after 0 ms',
        'turn 2: said "Three."; audio 20 ms; first after 0 ms',
        "tokens: 8 in (audio 2, text 6, cached 0), 6 out (audio 4, text 2)",
    ]


def test_the_summary_leaves_out_what_nobody_told(puppet):
    result = puppet.converse(script=[{"say": "One.", "mute": True, "free": True, "status": None}])

    assert result.stdout == 'assistant: One. \n\nturn 1: said "One."\n'


def test_an_answer_of_nothing_has_its_line(puppet):
    result = puppet.converse(script=[{"free": True}])

    assert result.stdout == "\nturn 1: nothing said\n"


def test_json_tells_each_turn_each_event_and_the_whole(puppet, tone):
    script = [{"say": "One two.", "late": "he might"}, {"say": "Three."}]

    result = puppet.converse("--json", "--wav", tone, "--say", "hi", script=script)

    assert of_type(result, "turn") == [
        {"type": "turn", "turn": 1, "wav": str(tone), "duration_ms": 500.0},
        {"type": "turn", "turn": 2, "say": "hi"},
    ]
    assert "".join(line["text"] for line in of_type(result, "text") if line["turn"] == 1) == "One two. "
    assert {line["audio"]["duration_ms"] for line in of_type(result, "audio")} == {20.0}
    first, second = of_type(result, "turn_done")
    assert (first["heard"], first["said"], first["audio_ms"]) == ("he might", "One two.", 40)
    assert (second["heard"], second["said"], second["usage"]["total_tokens"]) == ("", "Three.", 7)
    summary = json_lines(result)[-1]
    assert summary["usage"]["total_tokens"] == 14
    assert [turn["turn"] for turn in summary["turns"]] == [1, 2]


@pytest.mark.usefixtures("chatty")
def test_what_a_plugin_prints_is_no_line_of_json(puppet):
    result = puppet.converse("--say", "hi", "--json", provider="chatty")

    assert json.loads(result.stdout.splitlines()[-1])["type"] == "summary"
    assert all(map(json.loads, result.stdout.splitlines()))
    assert "hello from plugin\n" in result.stderr


def test_json_of_a_turn_without_input(puppet):
    result = puppet.converse("--json")

    assert of_type(result, "turn") == [{"type": "turn", "turn": 1}]


def test_json_tells_the_kind_and_size_of_an_image(capsys):
    JsonLines().took(None, RealtimeImageEvent(image=ImageContent(b"\xff\xd8\xff")))

    assert json.loads(capsys.readouterr().out)["image"] == {"media_type": "image/jpeg", "bytes": 3}


def test_json_of_every_event_parses(puppet):
    result = puppet.converse("--json", script=[{"say": "One", "everything": True}])

    assert of_type(result, "rate_limit")[0]["limits"] == [
        {"name": "tokens", "limit": 5, "remaining": None, "reset_s": None}
    ]
    assert of_type(result, "event")[0] == {"type": "event", "turn": 1, "service_type": "odd.frame"}
    assert of_type(result, "response")[-1]["metadata"] == {"a": "b"}
