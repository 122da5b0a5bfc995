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
