import asyncio
from types import SimpleNamespace

import pytest
from realtime_core.errors import ConnectionFailed, FailedReason
from realtime_openai_webrtc.call import Call


class Unreachable:
    """A client whose host has two addresses, and nothing listens at either."""

    async def post(self, *_, **__):
        refusals = [ConnectionRefusedError(111, "refused"), ConnectionRefusedError(111, "refused")]
        failed = OSError("All connection attempts failed")
        failed.__cause__ = ExceptionGroup("two addresses", refusals)
        raise RuntimeError("Connection error.") from failed

    async def close(self):
        raise RuntimeError("cannot be closed either")


async def test_what_kept_the_http_library_from_connecting_is_told():
    call = Call(Unreachable(), host="api.example.com", headers={})

    with pytest.raises(ConnectionFailed, match="refused the connection") as caught:
        await call.place("v=0", None)

    assert caught.value.reason is FailedReason.REFUSED


async def test_closing_never_raises_and_may_be_called_twice():
    call = Call(Unreachable(), host="api.example.com", headers={})

    await call.aclose()
    await call.aclose()


class Late:
    """A client whose service accepts the call when ``accepts`` is set."""

    def __init__(self):
        self.asked, self.accepts, self.is_closed = asyncio.Event(), asyncio.Event(), False
        self.hung_up = []
        self.realtime = SimpleNamespace(calls=self)

    async def post(self, *_, **__):
        self.asked.set()
        await self.accepts.wait()
        head = SimpleNamespace(headers={"location": "/v1/realtime/calls/rtc_1"})
        return SimpleNamespace(response=head, text="v=0")

    async def hangup(self, call_id, **_):
        self.hung_up.append(call_id)

    async def close(self):
        self.is_closed = True


@pytest.fixture
async def given_up():
    """A call that nobody waits for any more before it was answered, and its client."""
    client = Late()
    call = Call(client, host="api.example.com", headers={})
    placing = asyncio.create_task(call.place("v=0", None))
    await client.asked.wait()
    placing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await placing
    return call, client


async def test_a_call_that_is_accepted_when_nobody_waits_any_more_is_hung_up(given_up):
    call, client = given_up
    closing = asyncio.create_task(call.aclose())
    await asyncio.sleep(0)

    client.accepts.set()
    await closing

    assert client.hung_up == ["rtc_1"]


async def test_a_call_that_is_not_answered_either_way_is_not_waited_for(given_up):
    call, client = given_up

    await call.aclose()

    assert (client.hung_up, client.is_closed) == ([], True)
