"""The question at the terminal, with a pseudo-terminal for standard input."""

import asyncio
import io
import sys
import threading

import pytest
from realtime_core import ApprovalRequest
from realtime_core.cli.approval import Approver

REFUND = ApprovalRequest("approval_1", "refund", '{"order": 7}')
QUESTION = 'realtime: may refund be called with {"order": 7}? Type y or n, and Enter\n'


async def until(reached):
    while not reached():  # noqa: ASYNC110  # what a thread does has no event
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("typed", "objection"), [("y\n", None), (" YES \n", None), ("n\n", ""), ("no\n", "")]
)
async def test_answer_is_what_is_typed(keyboard, capsys, typed, objection):
    keyboard(typed)

    assert await Approver().objection(REFUND) == objection
    assert capsys.readouterr().err == QUESTION


async def test_anything_else_is_asked_again(keyboard, capsys):
    keyboard("\nwhat?\ny\n")

    assert await Approver().objection(REFUND) is None
    assert capsys.readouterr().err == 3 * QUESTION


async def test_what_was_typed_before_the_question_is_no_answer(keyboard):
    approver = Approver()
    keyboard("n\ny\n")
    assert await approver.objection(REFUND) == ""
    await until(lambda: not approver._typed.empty())  # the second line, on its way through the thread
    second = asyncio.create_task(approver.objection(REFUND))
    await until(approver._typed.empty)

    assert not second.done()

    keyboard("n\n")
    assert await second == ""


async def test_end_of_the_input_denies_this_call_and_the_next(keyboard, capsys):
    approver = Approver()
    keyboard("\x04")

    assert await approver.objection(REFUND) == "there was nobody to ask."
    assert await approver.objection(REFUND) == "there was nobody to ask."
    assert "realtime: refund was denied: standard input has ended\n" in capsys.readouterr().err


async def test_question_names_the_server_and_does_not_steer_the_terminal(keyboard, capsys):
    keyboard("y\n")

    await Approver().objection(ApprovalRequest("mcpr_1", "search", '"\x1b[2J"', server="docs"))

    assert capsys.readouterr().err == (
        'realtime: may search of docs be called with "[2J"? Type y or n, and Enter\n'
    )


async def test_without_a_terminal_every_call_is_denied(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    assert await Approver().objection(REFUND) == "there was nobody to ask."
    assert capsys.readouterr().err == (
        "realtime: refund was denied: it needs approval, and standard input is no terminal\n"
    )


def test_line_that_comes_after_the_conversation_is_lost(keyboard):
    async def ask_in_vain(approver):
        question = asyncio.create_task(approver.objection(REFUND))
        await until(lambda: approver._typed is not None)
        question.cancel()

    before = set(threading.enumerate())
    asyncio.run(ask_in_vain(Approver()))
    (reader,) = set(threading.enumerate()) - before

    keyboard("y\n")
    reader.join(timeout=10)

    assert not reader.is_alive()
