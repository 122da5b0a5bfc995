"""Calls that wait for a person."""

import asyncio

import attrs
import pytest
from realtime_core.contents import ApprovalRequest, ToolCall
from realtime_core.engine.approvals import Approvals
from realtime_core.errors import InvalidSettings, SessionStateError
from realtime_core.events import RealtimeFunctionCallEvent
from realtime_core.tools.failures import ToolError
from realtime_core.tools.tool import Tool

EVENT = RealtimeFunctionCallEvent(
    response_id="r1", item_id="i1", function_call=ToolCall("c1", "pay", '{"amount":3}')
)


def pay(amount: int) -> int:
    return amount


def tool(approve=True, timeout_s=20.0):  # noqa: FBT002  # as `Tool` takes it
    return Tool(pay, approve=approve, approval_timeout_s=timeout_s)


@pytest.fixture
def told():
    return []


@pytest.fixture
def approvals(told, clock):
    async def run(function):
        return function()

    return Approvals(told.append, run, clock)


async def asking(approvals, told):
    """A call that waits for a person, and the request."""
    task = asyncio.create_task(approvals.ask(tool(), EVENT))
    await asyncio.sleep(0)
    return task, told[-1].request


async def test_a_person_is_asked_with_the_exact_arguments(approvals, told):
    task, request = await asking(approvals, told)

    assert (told[0].response_id, told[0].item_id) == ("r1", "i1")
    assert (request.name, request.arguments) == ("pay", '{"amount":3}')
    assert approvals.decide(request, approve=True) is False
    await task


async def test_a_refusal_is_told_with_its_reason(approvals, told):
    task, request = await asking(approvals, told)

    approvals.decide(request, approve=False, reason="too much")

    with pytest.raises(ToolError, match="too much"):
        await task


async def test_two_requests_are_told_apart(approvals, told):
    first, one = await asking(approvals, told)
    second, two = await asking(approvals, told)

    approvals.decide(two, approve=True)
    await second

    assert not first.done()
    approvals.decide(one, approve=True)
    await first


async def test_a_decision_is_bound_to_the_arguments_it_was_made_for(approvals, told):
    task, request = await asking(approvals, told)

    with pytest.raises(SessionStateError, match="'pay'"):
        approvals.decide(attrs.evolve(request, arguments='{"amount":300}'), approve=True)

    approvals.decide(request, approve=True)
    await task


async def test_there_is_one_decision(approvals, told):
    task, request = await asking(approvals, told)
    approvals.decide(request, approve=False)

    for _ in range(2):
        with pytest.raises(SessionStateError):
            approvals.decide(request, approve=True)
        with pytest.raises(ToolError):
            await task


async def test_nobody_in_time_is_a_refusal(approvals, told, clock):
    task, request = await asking(approvals, told)

    clock.advance(20)

    with pytest.raises(ToolError, match="within 20 s"):
        await task
    with pytest.raises(SessionStateError):
        approvals.decide(request, approve=True)


async def test_a_call_that_is_withdrawn_waits_no_more(approvals, told):
    task, request = await asking(approvals, told)

    approvals.withdraw("another")
    await asyncio.sleep(0)
    assert not task.done()
    approvals.withdraw("c1")
    approvals.withdraw("c1")

    with pytest.raises(ToolError, match="cancelled"):
        await task
    with pytest.raises(SessionStateError):
        approvals.decide(request, approve=True)


@pytest.mark.parametrize("awaits", [True, False])
@pytest.mark.parametrize("answer", [True, False, None, 1])
async def test_a_function_decides_and_only_true_is_yes(approvals, told, awaits, answer):
    asked = []

    def decide(request):
        asked.append(request)
        return answer

    async def decide_later(request):
        return decide(request)

    deciding = approvals.ask(tool(decide_later if awaits else decide), EVENT)
    if answer is True:
        await deciding
    else:
        with pytest.raises(ToolError, match="refused"):
            await deciding

    assert [(request.name, request.arguments) for request in asked] == [("pay", '{"amount":3}')]
    assert told == []


async def test_a_function_that_takes_too_long_has_refused(approvals, clock):
    async def decide(_):
        await asyncio.Event().wait()

    task = asyncio.create_task(approvals.ask(tool(decide, 5), EVENT))
    await asyncio.sleep(0)
    clock.advance(5)

    with pytest.raises(ToolError, match="within 5 s"):
        await task


def test_the_service_is_told_of_a_decision_about_its_own_tools_once(approvals):
    request = ApprovalRequest("mcpr_1", "search", "{}")
    approvals.note(request)

    with pytest.raises(SessionStateError):
        approvals.decide(attrs.evolve(request, arguments='{"q":1}'), approve=True)
    assert approvals.decide(request, approve=False, reason="no") is True
    with pytest.raises(SessionStateError):
        approvals.decide(request, approve=True)


def test_the_latest_requests_of_servers_are_known(approvals):
    requests = [ApprovalRequest(f"mcpr_{number}", "search", "{}") for number in range(257)]
    for request in requests:
        approvals.note(request)

    with pytest.raises(SessionStateError):
        approvals.decide(requests[0], approve=True)
    assert all(approvals.decide(request, approve=True) for request in requests[1:])


def test_a_decision_takes_the_request_and_not_the_event_that_brought_it(approvals):
    with pytest.raises(InvalidSettings, match=r"event\.request, not RealtimeFunctionCallEvent"):
        approvals.decide(EVENT, approve=True)
