import asyncio
import gc

import pytest
from realtime_core.engine.pending import PendingCommands, refusal
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionLost,
    LostReason,
    ProviderError,
    RateLimited,
    SessionStateError,
)
from realtime_core.events import RealtimeErrorEvent, RealtimeEvent


async def test_an_answer_reaches_who_waits_for_it():
    pending = PendingCommands()
    answer = pending.expect("cmd_1")
    event = RealtimeEvent(command_id="cmd_1")

    pending.answer(event)

    assert await answer is event


async def test_an_answer_to_another_command_reaches_nobody():
    pending = PendingCommands()
    answer = pending.expect("cmd_1")

    pending.answer(RealtimeEvent(command_id="cmd_2"))
    pending.answer(RealtimeEvent())

    assert not answer.done()


async def test_two_commands_are_answered_each_on_its_own():
    pending = PendingCommands()
    answers = [pending.expect("cmd_1"), pending.expect("cmd_2")]

    pending.answer(RealtimeEvent(command_id="cmd_2"))
    pending.answer(RealtimeEvent(command_id="cmd_1"))

    assert [event.command_id for event in await asyncio.gather(*answers)] == ["cmd_1", "cmd_2"]


async def test_an_error_event_is_raised_where_the_command_waits():
    pending = PendingCommands()
    answer = pending.expect("cmd_1")

    pending.answer(RealtimeErrorEvent(kind="invalid_request", command_id="cmd_1", code="bad", message="no"))

    with pytest.raises(ProviderError, match="bad: no"):
        await answer


async def test_the_first_answer_stands():
    pending = PendingCommands()
    answer = pending.expect("cmd_1")
    first = RealtimeEvent(command_id="cmd_1")

    pending.answer(first)
    pending.answer(RealtimeErrorEvent(kind="server", command_id="cmd_1"))

    assert await answer is first


async def test_nobody_waits_for_what_was_forgotten():
    pending = PendingCommands()
    answer = pending.expect("cmd_1")
    pending.forget("cmd_1")

    pending.answer(RealtimeEvent(command_id="cmd_1"))

    assert answer.cancelled()


async def test_forgetting_twice_is_harmless():
    pending = PendingCommands()
    pending.expect("cmd_1")

    pending.forget("cmd_1")
    pending.forget("cmd_1")


async def test_a_refusal_that_nobody_came_for_is_forgotten_in_silence():
    pending = PendingCommands()
    pending.expect("cmd_1")
    pending.answer(RealtimeErrorEvent(kind="server", command_id="cmd_1"))

    pending.forget("cmd_1")

    gc.collect()  # the fixture sees 'Future exception was never retrieved'


async def test_the_end_fails_all_that_wait():
    pending = PendingCommands()
    answers = [pending.expect("cmd_1"), pending.expect("cmd_2")]
    error = SessionStateError("over")

    pending.fail(error)

    assert await asyncio.gather(*answers, return_exceptions=True) == [error, error]


async def test_the_end_leaves_what_was_answered():
    pending = PendingCommands()
    answer = pending.expect("cmd_1")
    pending.answer(RealtimeEvent(command_id="cmd_1"))

    pending.fail(SessionStateError("over"))

    assert (await answer).command_id == "cmd_1"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("invalid_request", ProviderError),
        ("response_active", ProviderError),
        ("nothing_to_cancel", ProviderError),
        ("empty_commit", ProviderError),
        ("rate_limited", RateLimited),
        ("quota", RateLimited),
        ("auth", AuthenticationFailed),
        ("expired", ConnectionLost),
        ("server", ProviderError),
        ("unknown", ProviderError),
    ],
)
def test_a_kind_of_error_has_its_exception(kind, error):
    assert type(refusal(RealtimeErrorEvent(kind=kind))) is error


@pytest.mark.parametrize(("kind", "retryable"), [("rate_limited", True), ("quota", False)])
def test_too_many_requests_can_be_tried_again_but_not_without_quota(kind, retryable):
    assert refusal(RealtimeErrorEvent(kind=kind)).retryable is retryable


def test_an_expired_session_says_so():
    assert refusal(RealtimeErrorEvent(kind="expired")).reason is LostReason.EXPIRED


@pytest.mark.parametrize("retryable", [True, False])
def test_a_provider_error_keeps_code_and_whether_to_try_again(retryable):
    error = refusal(RealtimeErrorEvent(kind="server", code="boom", retryable=retryable))

    assert (error.code, error.retryable) == ("boom", retryable)


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [("c", "m", "c: m"), (None, "m", "m"), ("c", "", "c"), (None, "", "the service refused")],
)
def test_a_refusal_says_what_is_known(code, message, said):
    assert str(refusal(RealtimeErrorEvent(kind="server", code=code, message=message))) == said
