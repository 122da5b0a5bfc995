import json
import re

import numpy as np
import pytest
from realtime_core.contents import Message
from realtime_simulator.brain import Call, Fail, Result, Say, Turn, Wait
from realtime_simulator.script import (
    AfterSpeech,
    Match,
    Otherwise,
    Reply,
    ResultOf,
    Script,
    When,
    blanks_of,
    fill,
)


def say(text, *trigger):
    return Reply((Say(text),), *trigger)


def begin(*replies):
    return Script(replies).begin()


def said(brain, **turn):
    return " ".join(action.text for action in brain(Turn(**turn)))


def speech(ms):
    return np.zeros(24 * ms, np.int16)


WEATHER = Match(re.compile("weather", re.IGNORECASE))


def test_replies_without_a_trigger_come_in_order():
    brain = begin(say("one"), say("two"))

    assert [said(brain), said(brain, text="anything")] == ["one", "two"]


def test_script_that_is_used_up_fails():
    brain = begin(say("one"))
    said(brain)

    with pytest.raises(LookupError, match=r"no reply left for response 2 .* otherwise = true"):
        brain(Turn(number=1))


def test_script_that_does_not_fit_names_its_triggers_and_what_the_user_says():
    replies = [say("x", When("hi")), say("x", WEATHER), say("x", ResultOf("f")), say("x", AfterSpeech(800))]
    brain = begin(*replies, say("x"))
    brain(Turn())

    with pytest.raises(LookupError) as caught:
        brain(Turn(number=1, text="words " * 10))

    assert str(caught.value) == (
        "the script has no reply left for response 2 of this session, to 'words words words words words…'; "
        "its triggers: result_of 'f', when 'hi', match 'weather', after_speech_ms 800, none (each has had "
        "its turn); add an entry, or one with otherwise = true"
    )


def test_script_with_many_triggers_names_some():
    brain = begin(*(say("x", When(str(number))) for number in range(10)))

    with pytest.raises(LookupError, match=r"in which the user says nothing new; .* when '7', 2 more; add"):
        brain(Turn())


@pytest.mark.parametrize("text", ["Thank you!", "“thank you”…", "¿Thank you?"])
def test_punctuation_around_a_known_text_does_not_count(text):
    assert said(begin(say("Fine.", When("thank you."))), text=text) == "Fine."


def test_known_text_may_be_punctuation():
    brain = begin(say("What?", When("?")), say("else", Otherwise()))

    assert [said(brain, text="?"), said(brain, text="!")] == ["What?", "else"]


def test_each_session_begins_anew():
    script = Script((say("one"),))

    assert [said(script.begin()), said(script.begin())] == ["one", "one"]


def test_known_text_does_not_use_up_the_order():
    brain = begin(say("one"), say("Fine.", When("How are you?")), say("two"))

    assert said(brain, text=" how are YOU? ") == "Fine."
    assert [said(brain), said(brain)] == ["one", "two"]


def test_first_pattern_that_is_found_answers():
    brain = begin(say("Rain.", WEATHER), say("Anything.", Match(re.compile("."))))

    assert [said(brain, text="The Weather?"), said(brain, text="The weather?")] == ["Rain.", "Rain."]
    assert said(brain, text="else") == "Anything."


def test_newest_message_counts_and_all_that_has_no_answer():
    """A response that failed has answered nothing, so the turn after it has two messages."""
    history = (Message("user", "2 pizzas"), Message("user", "3 pizzas"))
    turn = {"text": "2 pizzas 3 pizzas", "history": history}
    count = Match(re.compile(r"(\d) pizzas"))

    assert said(begin(say("exactly", When("3 pizzas"))), **turn) == "exactly"
    assert said(begin(say("all", When("2 pizzas 3 pizzas"))), **turn) == "all"
    assert said(begin(say("{1}", count)), **turn) == "3"
    assert said(begin(say("both", Match(re.compile("2.*3")))), **turn) == "both"


def test_message_that_has_its_answer_does_not_count():
    brain = begin(say("no", When("hi")), say("in order"))

    assert said(brain, history=(Message("user", "hi"), Message("assistant", "Hi!"))) == "in order"


def test_pattern_needs_words():
    brain = begin(say("Anything.", Match(re.compile(""))), say("in order"))

    assert said(brain) == "in order"


def test_most_specific_reply_goes_first():
    replies = [
        say("otherwise", Otherwise()),
        say("in order"),
        say("short", AfterSpeech(100)),
        say("long", AfterSpeech(1000)),
        say("pattern", WEATHER),
        say("text", When("weather")),
        say("result", ResultOf("f")),
    ]
    brain = begin(*replies)
    everything = {"text": "weather", "audio": speech(1000), "results": (Result("f", "1"),)}

    assert said(brain, **everything) == "result"
    assert said(brain, **everything | {"results": ()}) == "text"
    assert said(brain, **everything | {"results": (), "text": "the weather"}) == "pattern"
    assert said(brain, audio=speech(1000)) == "long"
    assert said(brain, audio=speech(999)) == "short"
    assert said(brain, audio=speech(99)) == "in order"
    assert said(brain, text="") == "otherwise"


def test_replies_with_the_same_trigger_take_turns_and_the_last_stays():
    brain = begin(
        Reply((Fail("rate_limit_exceeded"),), When("hi")), say("A", When("HI")), say("B", When("hi"))
    )

    assert brain(Turn(text="hi")) == [Fail("rate_limit_exceeded")]
    assert [said(brain, text="hi") for _ in range(3)] == ["A", "B", "B"]


def test_otherwise_may_be_said_again():
    brain = begin(say("What?", Otherwise()))

    assert [said(brain), said(brain)] == ["What?", "What?"]


def test_result_fills_what_is_said():
    brain = begin(say("It is {output}.", ResultOf("f")), say("It was {output}."))

    assert said(brain, results=(Result("f", "1"), Result("g", "2"), Result("f", "3"))) == "It is 1, 3."
    assert said(brain, results=(Result("g", "4"),)) == "It was 4."


def test_result_of_another_function_does_not_fit():
    brain = begin(say("f", ResultOf("f")), say("else"))

    assert said(brain, results=(Result("g", "1"),)) == "else"


def test_groups_fill_what_is_said():
    name = Match(re.compile(r"I am (\w+)(?: from (?P<city>\w+))?"))
    brain = begin(say("Hi {1} of {city}! {unknown} {0}", name))

    assert said(brain, text="So I am Ada.") == "Hi Ada of ! {unknown} I am Ada"
    assert said(brain, text="I am Bo from Rome.") == "Hi Bo of Rome! {unknown} I am Bo from Rome"
    assert name.names == ["0", "1", "2", "city"]


@pytest.mark.parametrize(
    ("arguments", "filled"),
    [
        ({"city": "{1}", "days": [1, "{1}", None]}, {"city": 'R"me', "days": [1, 'R"me', None]}),
        ('{"city": "{1}"}', {"city": 'R"me'}),
    ],
)
def test_groups_fill_arguments_which_stay_json(arguments, filled):
    brain = begin(Reply((Call("f", arguments),), Match(re.compile("in (.+)"))))

    (call,) = brain(Turn(text='in R"me'))

    assert json.loads(call.arguments) == filled


def test_groups_fill_arguments_that_are_no_json():
    brain = begin(Reply((Call("f", '{"days": {1}}'),), Match(re.compile(r"(\d+) days"))))

    assert brain(Turn(text="3 days")) == [Call("f", '{"days": 3}')]


def test_arguments_without_blanks_are_sent_as_they_are():
    call = Call("f", '{ "a" : "{}" }')

    assert begin(Reply((call,)))(Turn()) == [call]


def test_other_actions_stay_as_they_are():
    actions = (Wait(1), Say("x"), Call("f"), Fail("c"))

    assert begin(Reply(actions))(Turn()) == list(actions)


def test_blanks_of_an_action_are_known():
    assert blanks_of(Say("{a} { b } {1}")) == ["a", "1"]
    assert blanks_of(Call("f", {"x": "{a}"})) == ["a"]
    assert blanks_of(Wait(1)) == []


def test_only_known_blanks_are_filled():
    assert fill("{a} {b} {{a}}", {"a": "1"}) == "1 {b} {1}"
