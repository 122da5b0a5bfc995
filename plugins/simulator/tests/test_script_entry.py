import contextlib
import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.errors import InvalidOptions
from realtime_simulator.brain import Call, Fail, Say, Wait
from realtime_simulator.script import AfterSpeech, InOrder, Match, Otherwise, Reply, ResultOf, When
from realtime_simulator.script_entry import reply_of

KEYS = "'result_of', 'when', 'match', 'after_speech_ms', 'otherwise', 'wait_ms', 'say', 'call', 'fail', 'do'"
BARE_KEYS = KEYS.replace("'", "").split(", ")


@pytest.mark.parametrize(
    ("trigger", "made"),
    [
        ({}, InOrder()),
        ({"when": " Hi "}, When("hi")),
        ({"match": "a.c"}, Match(re.compile("a.c", re.IGNORECASE))),
        ({"after_speech_ms": 800}, AfterSpeech(800)),
        ({"result_of": "f"}, ResultOf("f")),
        ({"otherwise": True}, Otherwise()),
    ],
)
def test_trigger_is_read(trigger, made):
    assert reply_of({**trigger, "say": "x"}) == Reply((Say("x"),), made)


@pytest.mark.parametrize(
    ("actions", "made"),
    [
        ({"say": "x"}, [Say("x")]),
        ({"call": "f"}, [Call("f")]),
        ({"call": {"name": "f", "arguments": {"a": 1}}}, [Call("f", {"a": 1})]),
        ({"call": {"name": "f", "arguments": "{"}}, [Call("f", "{")]),
        ({"call": ["f", {"name": "g"}]}, [Call("f"), Call("g")]),
        ({"wait_ms": 1.5}, [Wait(1.5)]),
        ({"fail": "c"}, [Fail("c")]),
        ({"fail": {"code": "c", "message": "m"}}, [Fail("c", "m")]),
        ({"fail": {}}, [Fail()]),
        ({"fail": "c", "call": "f", "say": "x", "wait_ms": 1}, [Wait(1), Say("x"), Call("f"), Fail("c")]),
        (
            {"do": [{"say": "x"}, {"wait_ms": 1}, {"call": ["f", "g"]}, {"say": "y"}]},
            [Say("x"), Wait(1), Call("f"), Call("g"), Say("y")],
        ),
        ({"do": {"say": "x"}}, [Say("x")]),
        ({"do": []}, []),
    ],
)
def test_actions_are_read_in_their_order(actions, made):
    assert reply_of(actions).do == tuple(made)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("x", f"an entry is a table of {KEYS}"),
        ({"sya": "x"}, "no key 'sya'; did you mean 'say'?"),
        ({"zzz": "x"}, f"no key 'zzz'; choose from {', '.join(BARE_KEYS)}"),
        ({"when": "x"}, "it does nothing: give it one of 'wait_ms', 'say', 'call', 'fail', 'do'"),
        ({"say": 1}, "'say': it is text"),
        ({"say": "x", "when": 1}, "'when': it is text"),
        ({"say": "x", "match": 1}, "'match': it is text"),
        (
            {"say": "x", "match": "("},
            "'match': it is no regular expression: missing ), unterminated subpattern at position 0",
        ),
        ({"say": "x", "result_of": ""}, "'result_of': it is the name of a function"),
        ({"say": "x", "otherwise": False}, "'otherwise': it is true, or left out"),
        (
            {"say": "x", "after_speech_ms": "1"},
            "'after_speech_ms': it is a number of milliseconds, 0 or more",
        ),
        (
            {"say": "x", "when": "a", "match": "b"},
            "'when', 'match' are too much for one entry: make an entry of each",
        ),
        ({"wait_ms": -1}, "'wait_ms': it is a number of milliseconds, 0 or more"),
        ({"wait_ms": True}, "'wait_ms': it is a number of milliseconds, 0 or more"),
        ({"wait_ms": float("nan")}, "'wait_ms': it is a number of milliseconds, 0 or more"),
        ({"call": 1}, "'call': it is the name of a function"),
        ({"call": {"arguments": {}}}, "'call': it is the name of a function"),
        ({"call": {"nam": "f"}}, "'call': no key 'nam'; did you mean 'name'?"),
        (
            {"call": {"name": "f", "arguments": []}},
            "'call': its 'arguments' are a table, or text that is sent as it is",
        ),
        ({"fail": 1}, "'fail': it is text"),
        ({"fail": {"code": 1}}, "'fail': it is text"),
        ({"fail": {"text": "x"}}, "'fail': no key 'text'; choose from code, message"),
        ({"do": [{"say": "x"}], "say": "y"}, "'do' is all that happens: move 'say' into it"),
        (
            {"do": [{"say": "x"}, {"say": "y", "wait_ms": 1}]},
            "'do': step 2 is a table with one of 'wait_ms', 'say', 'call', 'fail'",
        ),
        ({"do": ["x"]}, "'do': step 1 is a table with one of 'wait_ms', 'say', 'call', 'fail'"),
        ({"do": [{"when": "x"}]}, "'do': step 1 is a table with one of 'wait_ms', 'say', 'call', 'fail'"),
        ({"do": [{"say": 1}]}, "'say': it is text"),
        (
            {"match": "in (?P<city>.)", "say": "{town}"},
            "'match' has no group 'town'; it fills '{0}', '{1}', '{city}'",
        ),
        ({"say": "{1}"}, "a group of 'match' fills {1}, and there is no 'match'"),
        ({"result_of": "f", "say": "{0}"}, "a group of 'match' fills {0}, and there is no 'match'"),
        (
            {"when": "x", "say": "{output}"},
            "'result_of' fills {output}: put it in place of the other trigger",
        ),
    ],
)
def test_mistake_is_named_with_what_is_right(entry, words):
    with pytest.raises(InvalidOptions) as caught:
        reply_of(entry)

    assert str(caught.value) == words


def test_blanks_that_the_pattern_fills_are_taken():
    say = "{0} {1} {city}, {not a blank}"

    assert reply_of({"match": "in (?P<city>.)", "say": say}).do == (Say(say),)


@pytest.mark.parametrize("entry", [{"say": "{output}"}, {"when": "x", "say": "{braces}"}])
def test_blanks_that_may_be_filled_and_other_braces_are_taken(entry):
    assert reply_of(entry).do == (Say(entry["say"]),)


def test_arguments_that_are_no_json_are_refused():
    with pytest.raises(InvalidOptions, match="'call': its 'arguments' cannot be written as JSON"):
        reply_of({"call": {"name": "f", "arguments": {"a": object()}}})


def test_dates_of_toml_are_arguments():
    arguments = {"day": dt.date(2026, 1, 2)}

    assert reply_of({"call": {"name": "f", "arguments": arguments}}).do == (
        Call("f", '{"day":"2026-01-02"}'),
    )


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_keys = st.sampled_from(BARE_KEYS)


@given(st.dictionaries(_keys, _json, max_size=3) | _json)
def test_entry_is_a_reply_or_refused(entry):
    with contextlib.suppress(InvalidOptions):
        assert isinstance(reply_of(entry), Reply)
