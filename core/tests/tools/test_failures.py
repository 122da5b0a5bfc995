import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.contents import ToolCall
from realtime_core.tools import failures
from realtime_core.tools.failures import BadArguments, ToolError, error_text, sendable

CALL = ToolCall("call_1", "find", "{}")


def test_a_tool_error_speaks_for_itself():
    assert error_text(CALL, ToolError("No such person; ask for the name again.")) == (
        "No such person; ask for the name again."
    )


def test_of_another_exception_only_the_class_is_told():
    text = error_text(CALL, ValueError("password=hunter2"))

    assert text == "The function 'find' failed (ValueError)."


def test_a_tool_error_without_words_says_at_least_that_it_failed():
    assert error_text(CALL, ToolError()) == "The function 'find' failed (ToolError)."


def test_the_hook_decides_what_is_told():
    problem = KeyError("ada")
    asked = []

    def hook(call, exc):
        asked.append((call, exc))
        return "Nobody of that name."

    assert error_text(CALL, problem, hook) == "Nobody of that name."
    assert asked == [(CALL, problem)]


def test_the_hook_is_asked_about_tool_errors_too():
    assert error_text(CALL, BadArguments("city is missing"), lambda *_: "Il manque la ville.") == (
        "Il manque la ville."
    )


@pytest.mark.parametrize("answer", [None, 7, ""])
def test_a_hook_without_text_changes_nothing(answer):
    assert error_text(CALL, KeyError(), lambda *_: answer) == "The function 'find' failed (KeyError)."


def test_a_hook_that_fails_changes_nothing_and_is_logged_without_words(caplog):
    def hook(*_):
        raise RuntimeError("password=hunter2")

    with caplog.at_level(logging.WARNING, "realtime_core"):
        text = error_text(CALL, ToolError("no such person"), hook)

    assert text == "no such person"
    assert caplog.messages == ["the hook for errors of tools failed (RuntimeError)"]


def test_text_of_an_error_can_always_be_sent():
    assert error_text(CALL, ToolError("half \ud83d")) == "half \ufffd"


@pytest.mark.parametrize(
    ("text", "sent"),
    [("plain", "plain"), ("grün 😀", "grün 😀"), ("\ud83d\ude00", "😀"), ("a\udc80", "a\ufffd")],
)
def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_joined(text, sent):
    assert sendable(text) == sent


@given(st.text(st.characters()))
def test_whatever_is_sendable_is_utf_8(text):
    sent = sendable(text)

    assert sent.encode().decode() == sent
    assert len(sent) <= len(text)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (
            failures.unknown_tool("fnd", ["find", "call"]),
            "There is no function 'fnd'; choose from 'find', 'call'.",
        ),
        (failures.unknown_tool("fnd", []), "There is no function 'fnd'; there is none."),
        (
            failures.timed_out("find", 2.5),
            "The function 'find' gave no result within 2.5 s. What it began may still take effect.",
        ),
        (
            failures.cancelled("find"),
            "The call of 'find' was cancelled. What it began may still take effect.",
        ),
        (failures.denied("find"), "The function 'find' was not called, because a person refused it."),
        (
            failures.denied("find", "not on Sundays"),
            "The function 'find' was not called, because a person refused it: not on Sundays",
        ),
        (
            failures.approval_timed_out("find", 60.0),
            "The function 'find' was not called: nobody approved it within 60 s.",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else "problem",
)
def test_every_way_to_come_to_nothing_has_words_for_the_model(problem, text):
    assert isinstance(problem, ToolError)
    assert error_text(CALL, problem) == text


def test_a_tool_error_whose_words_fail_says_at_least_that_it_failed():
    class Speechless(ToolError):
        def __str__(self):
            raise KeyError("password=hunter2")

    assert error_text(CALL, Speechless()) == "The function 'find' failed (Speechless)."
