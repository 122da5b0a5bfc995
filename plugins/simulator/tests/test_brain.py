import numpy as np
from realtime_core.contents import Message
from realtime_simulator.brain import Reply, Turn, echo

SPEECH = np.ones(79_200, np.int16)


def test_echo_repeats_text():
    assert echo(Turn(text="hello")) == Reply("You said: hello")


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

    assert "secret" not in repr(turn) + repr(Reply("secret", audio=SPEECH))
    assert "79200" in repr(turn)
