"""What the tests of the guarantees share: a session of openai-ws over a real socket, a simulated service.

Both ends have a clock of their own, which the test moves: nothing is late unless the test says so.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import attrs
import pytest
from listening import until
from realtime_core import (
    ConnectionLost,
    LostReason,
    RealtimeClient,
    RealtimeSession,
    SessionStateError,
    create_client,
)
from realtime_core.clock import VirtualClock, use_clock
from realtime_simulator import WatchedSession

ANY = {"otherwise": True, "say": "Yes."}

HELD = {"when": "hold", "do": [{"say": "One."}, {"wait_ms": 1_000}, {"say": "Two."}]}
"""A response that is active until the test lets a second pass at the service."""


@attrs.frozen
class Talk:
    """A session, and the service at the other end of its socket."""

    session: RealtimeSession
    service: WatchedSession
    clock: VirtualClock
    service_clock: VirtualClock

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """What the client has sent of one kind."""
        return [frame for frame in self.service.received if frame["type"] == kind]

    def said(self, kind: str) -> list[dict[str, Any]]:
        """What the service has sent of one kind."""
        return [frame for frame in self.service.sent if frame["type"] == kind]

    def let_go(self) -> None:
        """Whatever the service holds back goes on."""
        self.service_clock.advance(1)

    async def hold(self) -> Any:
        """Have a response active until `let_go`; its handle."""
        handle = await self.session.send_text("hold", respond=True)
        assert handle is not None
        await handle.created()
        return handle


Serve = Callable[..., AbstractAsyncContextManager[tuple[RealtimeClient, Any, VirtualClock]]]
Talking = Callable[..., AbstractAsyncContextManager[Talk]]


@asynccontextmanager
async def serving(
    simulator: Any, *, client: Any = None, **options: Any
) -> AsyncIterator[tuple[RealtimeClient, Any, VirtualClock]]:
    """A client of openai-ws, the server that it talks to, and the clock of that."""
    service_clock = VirtualClock()
    with use_clock(service_clock):
        server = simulator(**{"speed": 0, "script": [HELD, ANY], **options})
        await server.start()
    try:
        yield (
            create_client("openai-ws", **{"api_key": "any", "base_url": server.base_url, **(client or {})}),
            server,
            service_clock,
        )
    finally:
        await server.aclose()


@asynccontextmanager
async def talking(
    simulator: Any, *, session: Any = None, client: Any = None, **options: Any
) -> AsyncIterator[Talk]:
    """An open session; ``options`` are the simulator's."""
    clock = VirtualClock()
    async with serving(simulator, client=client, **options) as (made, server, service_clock):
        with use_clock(clock):
            opening = made(**(session or {}))
        async with opening as opened:
            yield Talk(opened, await server.session(), clock, service_clock)


async def reason_of_end(talk: Talk, end: str, waiting: Awaitable[Any]) -> BaseException:
    """Have the session ``dropped`` or ``deleted``; what ``waiting`` raises, and, of a loss, the reader."""
    is_dropped = end == "dropped"
    if is_dropped:
        talk.service.drop()
    else:
        await talk.session.delete_session()
    with pytest.raises(ConnectionLost if is_dropped else SessionStateError) as error:
        await waiting
    if is_dropped:
        assert error.value.reason is LostReason.DROPPED
        with pytest.raises(ConnectionLost):
            await until(talk.session, lambda _: False)
    return error.value
