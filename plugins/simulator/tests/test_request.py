import numpy as np
import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.contents import Message
from realtime_simulator.brain import Result, Say, Turn
from realtime_simulator.frames import Ids
from realtime_simulator.item_schema import check_item
from realtime_simulator.items import Conversation, user_audio_item
from realtime_simulator.refusals import Refusal
from realtime_simulator.request import Request, answer_of, read_request
from realtime_simulator.session import Session
from realtime_simulator.session_defaults import DEFAULT_INSTRUCTIONS, default_session
from realtime_simulator.usage import Tokens
from realtime_simulator.wire_audio import Clip

CLIP = Clip(bytes(4800), PCM16_24KHZ)


def message(role, text, **fields):
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **fields}


@pytest.fixture
def session():
    return Session(default_session("sess_1", "gpt-realtime", voice="marin", expires_at=7))


@pytest.fixture
def conversation():
    conversation = Conversation("conv_1")
    for value in (
        message("system", "Be kind."),
        message("user", "old"),
        message("assistant", "answered"),
        message("user", "new", id="item_new"),
    ):
        conversation.add(check_item(value, "item", Ids(), PCM16_24KHZ))
    return conversation


@pytest.fixture
def read(session, conversation):
    return lambda given: read_request(given, session, conversation, Ids())


def test_turn_is_what_the_user_said_since_the_model_last_spoke(session, conversation):
    turn = Request().turn(session, conversation, number=3)

    assert (turn.text, turn.audio, turn.number) == ("new", None, 3)
    assert turn.history == (
        Message("system", "Be kind."),
        Message("user", "old"),
        Message("assistant", "answered"),
        Message("user", "new"),
    )
    assert turn.instructions == session.served["instructions"]


def test_turn_has_all_audio_of_the_user(session, conversation):
    conversation.add(user_audio_item("a", CLIP, "one"))
    conversation.add(user_audio_item("b", CLIP, ""))

    turn = Request().turn(session, conversation, number=0)

    assert turn.text == "new one"
    assert len(turn.audio) == 4800
    assert turn.audio.dtype == np.int16


def test_without_overrides_the_session_holds(session, conversation):
    spec = Request().spec(session, conversation, Tokens())

    assert spec.conversation is conversation
    assert (spec.modality, spec.voice, spec.speed, spec.max_output_tokens) == ("audio", "marin", 1.0, "inf")
    assert spec.metadata is None


def test_overrides_hold_for_this_response(session, conversation, read):
    request = read(
        {
            "instructions": "Shout.",
            "output_modalities": ["text"],
            "max_output_tokens": 5,
            "metadata": {"k": "v"},
            "audio": {"output": {"format": {"type": "audio/pcmu"}}},
        }
    )
    spec = request.spec(session, conversation, Tokens())

    assert (spec.modality, spec.max_output_tokens, spec.metadata) == ("text", 5, {"k": "v"})
    assert (spec.format, spec.voice) == ({"type": "audio/pcmu"}, "marin")
    assert request.turn(session, conversation, number=0).instructions == "Shout."


def test_nothing_given_is_a_plain_request(read):
    assert read(None) == Request()


def test_out_of_band_request_has_no_conversation(session, conversation, read):
    assert read({"conversation": "none"}).spec(session, conversation, Tokens()).conversation is None


def test_empty_input_is_an_empty_context(session, conversation, read):
    turn = read({"input": []}).turn(session, conversation, number=0)

    assert (turn.text, turn.history) == ("", ())


def test_input_may_mix_references_and_new_items(session, conversation, read):
    given = {"input": [{"type": "item_reference", "id": "item_new"}, message("user", "and this")]}

    assert read(given).turn(session, conversation, number=0).text == "new and this"


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"modalities": ["text"]}, "unknown_parameter", "response.modalities"),
        (
            {"input": [message("user", "hello"), {"type": "item_reference", "id": "x"}]},
            "item_retrieve_invalid_item_id",
            "response.input[1].id",
        ),
        (
            {"input": [{"type": "item_reference", "id": "x", "role": "user"}]},
            "unknown_parameter",
            "response.input[0].role",
        ),
        ({"input": [{"type": "message"}]}, "missing_required_parameter", "response.input[0].role"),
        ({"input": ["x"]}, "invalid_type", "response.input[0]"),
        ({"reasoning": {"effort": "low"}}, "unknown_parameter", "response.reasoning"),
    ],
)
def test_wrong_request_is_refused(read, given, code, param):
    with pytest.raises(Refusal) as caught:
        read(given)

    assert (caught.value.code, caught.value.param) == (code, param)


def test_voice_is_locked_for_the_conversation_only(conversation, read):
    item = check_item(message("assistant", "x"), "item", Ids(), PCM16_24KHZ)
    item.clips[0] = CLIP
    conversation.add(item)
    cedar = {"audio": {"output": {"voice": "cedar"}}}

    with pytest.raises(Refusal) as caught:
        read(cedar)

    assert caught.value.code == "cannot_update_voice"
    assert read({**cedar, "conversation": "none"}).overrides["audio"] == cedar["audio"]


def test_brain_that_gives_no_reply_is_named():
    for given in ("hello", ["hello"], ""):
        with pytest.raises(
            TypeError, match="a brain returns Say, Pieces, Call, McpCall, Wait, Filter or Fail, not str"
        ):
            answer_of(lambda _, given=given: given, Turn())()


def test_brain_is_asked_when_the_answer_is_wanted():
    asked = []
    answer = answer_of(lambda turn: asked.append(turn) or Say("x"), Turn(number=7))

    assert asked == []
    assert answer() == [Say("x")]
    assert asked == [Turn(number=7)]


def test_turn_after_a_call_has_its_results_and_not_the_question_again(session, conversation):
    for value in (
        {"type": "function_call", "name": "weather", "arguments": "{}", "call_id": "call_1"},
        {"type": "function_call_output", "call_id": "call_1", "output": "foggy"},
        {"type": "function_call_output", "call_id": "nobody", "output": "7"},
    ):
        conversation.add(check_item(value, "item", Ids(), PCM16_24KHZ))

    turn = Request().turn(session, conversation, number=1)

    assert turn.text == ""
    assert turn.results == (Result("weather", "foggy"), Result("", "7"))


def test_empty_instructions_are_the_default_as_in_an_update(session, conversation, read):
    turn = read({"instructions": ""}).turn(session, conversation, number=0)

    assert turn.instructions == DEFAULT_INSTRUCTIONS
