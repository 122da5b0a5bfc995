import numpy as np
import pytest
from realtime_core.contents import Message
from realtime_simulator.brain import Call, Fail, McpCall, Result, Say, Turn, Wait, echo

SPEECH = np.ones(79_200, np.int16)


def test_echo_repeats_text():
    assert echo(Turn(text="hello")) == Say("You said: hello")


def test_echo_plays_speech_back_with_its_transcript():
    reply = echo(Turn(text="good day", audio=SPEECH))

    assert reply.text == "You said: good day"
    assert reply.audio is SPEECH


def test_echo_says_how_long_unknown_speech_was():
    reply = echo(Turn(audio=SPEECH))

    assert reply.text == "I heard 3.3 seconds of speech."
    assert reply.audio is SPEECH


def test_echo_greets_on_an_empty_conversation():
    assert echo(Turn()).text.startswith("Hello!")


def test_echo_has_nothing_to_say_twice():
    assert echo(Turn(history=(Message("assistant", "hi"),))).text == "I have nothing new to repeat."


def test_no_words_show_in_a_repr():
    turn = Turn(text="secret", audio=SPEECH, instructions="secret", history=(Message("user", "secret"),))

    assert "secret" not in repr(turn) + repr(
        [Say("secret", audio=SPEECH), Call("f", "secret"), Result("f", "secret")]
    )
    assert "79200" in repr(turn)


def test_echo_says_what_functions_gave():
    turn = Turn(results=(Result("weather", "foggy"), Result("", "7")), history=(Message("user", "well?"),))

    assert echo(turn).text == "weather gave: foggy the function gave: 7"


def test_arguments_of_a_call_are_a_mapping_or_the_text_itself():
    assert Call("f", {"city": "Rome"}).arguments == '{"city":"Rome"}'
    assert Call("f", "{broken").arguments == "{broken"
    assert Call("f").arguments == "{}"


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Say(None), "the text of a Say is text, not NoneType"),
        (lambda: Say(5), "the text of a Say is text, not int"),
        (lambda: Say("\ud800"), "the text of a Say is no Unicode text"),
        (lambda: Call(5), "the name of a Call is text, not int"),
        (lambda: Call("f", 5), "the arguments of a Call is text, not int"),
        (lambda: McpCall(None, None), "the server of a McpCall is text, not NoneType"),
        (lambda: McpCall("s", "f", error=5), "the error of a McpCall is text, not int"),
        (lambda: Fail(5), "the code of a Fail is text, not int"),
        (lambda: Fail(message=None), "the message of a Fail is text, not NoneType"),
        (lambda: Wait(None), "the ms of a Wait is a number, not NoneType"),
        (lambda: Wait(-1), "the ms of a Wait is 0 or more, not -1"),
        (lambda: Wait(float("nan")), "the ms of a Wait is 0 or more, not nan"),
    ],
)
def test_value_that_cannot_be_sent_fails_where_it_is_made(make, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        make()
