"""A response as whoever asked for it sees it."""

import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.commands import CreateResponse
from realtime_core.contents import AudioContent, ToolCall
from realtime_core.engine.request import ResponseRequest
from realtime_core.errors import ConnectionLost, LostReason
from realtime_core.events import RealtimeResponseEvent
from realtime_core.responses import ResponseHandle

CREATED = RealtimeResponseEvent(phase="created", response_id="r")
DONE = RealtimeResponseEvent(phase="done", response_id="r", status="completed")


async def heard(response_id):
    return response_id == "r"


@pytest.fixture
def request_():
    return ResponseRequest(CreateResponse(), heard)


@pytest.fixture
def handle(request_):
    return ResponseHandle(request_)


async def test_handle_tells_each_step(handle, request_):
    assert handle.response_id is None

    request_.begin(CREATED)
    assert await handle.created() is CREATED
    assert handle.response_id == "r"

    request_.end(DONE)
    assert await handle is DONE
    assert await handle is DONE
    assert await handle.heard()


async def test_handles_of_one_request_share_its_response(handle, request_):
    request_.end(DONE)

    assert await ResponseHandle(request_) is await handle


async def test_session_that_ends_fails_it_with_its_reason(handle, request_):
    request_.fail(ConnectionLost("gone", reason=LostReason.DROPPED))

    for step in (handle.created, handle.heard, lambda: handle):
        with pytest.raises(ConnectionLost, match="gone"):
            await step()


def test_it_holds_what_was_said(handle, request_):
    request_.text += ["hel", "lo"]
    request_.audio.append(AudioContent(b"\0\0", PCM16_24KHZ))
    request_.calls.append(ToolCall("c", "f", "{}"))

    assert handle.text == "hello"
    assert handle.audio == tuple(request_.audio)
    assert handle.function_calls == tuple(request_.calls)


def test_its_repr_tells_where_it_stands_and_nothing_that_was_said(handle, request_):
    request_.text.append("secret")
    assert repr(handle) == "<ResponseHandle None open>"

    request_.begin(CREATED)
    request_.end(DONE)
    assert repr(handle) == "<ResponseHandle r completed>"


def test_repr_of_one_that_failed(handle, request_):
    request_.fail(ConnectionLost("gone", reason=LostReason.DROPPED))

    assert repr(handle) == "<ResponseHandle None failed>"
