"""Clauses of closing: that it ends all, wakes whoever waits, and leaves nothing behind."""

import asyncio
from typing import Final

from realtime_core.provider import Connection
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.leaks import held, until_let_go
from realtime_core.testing.line import bounded
from realtime_core.testing.losing import lost
from realtime_core.testing.stage import Stage
from realtime_core.testing.subject import Meeting
from realtime_core.testing.suite import clause

__all__ = ["ClosingClauses"]

_LONGER: Final = 4
"""How many times as long a connection is waited for that waits, perhaps, for a word."""

_CLOSING_S: Final = 5.0
"""How long closing may take, whatever the service does."""

_TURNS: Final = 5
"""Turns of the loop that a reader gets to reach its wait."""


class ClosingClauses:
    """How a connection is closed."""

    @clause(do="make aclose() idempotent, and let it raise nothing")
    async def test_closing_twice_is_harmless(self, stage: Stage) -> None:
        """aclose() may be called twice, and never raises; after it each receive() raises ConnectionLost."""
        line = await stage.connect()
        await line.aclose()
        await line.aclose()
        await lost(line)

    @clause(do="let aclose() do its work once for all who call it at the same time")
    async def test_closing_twice_at_once_is_harmless(self, stage: Stage) -> None:
        """aclose() may be called by two tasks at once."""
        line = await stage.connect()
        await asyncio.gather(line.aclose(), line.aclose())
        await stage.gone()

    @clause(do="wake whoever waits in receive() when aclose() is called, with ConnectionLost")
    async def test_closing_wakes_a_waiting_reader(self, stage: Stage) -> None:
        """aclose() while another task waits in receive(): that one raises ConnectionLost."""
        line = await stage.connect()
        reading = asyncio.ensure_future(lost(line))
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        await line.aclose()
        await stage.bounded(reading, "the waiting receive() did not return")

    @clause(do="let aclose() work from the first moment, whatever has been read")
    async def test_closing_works_before_anything_is_read(self, stage: Stage) -> None:
        """aclose() on a connection that nobody has read from ends it."""
        line = await stage.begin_connect(stage.setup())
        await line.aclose()
        await stage.gone()

    @clause(do="end the connection in aclose(), in the orderly way, so that the service lets go of it")
    async def test_closing_ends_the_connection_at_the_service(self, stage: Stage) -> None:
        """After aclose() the service has the connection no more, in a running turn, too."""
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        await line.aclose()
        await stage.gone()

    @clause(do="do not wait for the service's goodbye without an end")
    async def test_closing_does_not_wait_for_a_silent_service(self, stage: Stage) -> None:
        """aclose() returns in less than 5 seconds although the service is silent, or never said a word."""
        silent = [await _connected_to_silence(stage)]
        await stage.double.meet(Meeting.ACCEPT)
        if not stage.inherits("fall_silent"):
            silent.append((await stage.connect()).connection)
            await stage.double.fall_silent()
        elif silent == [None]:
            raise NotApplicable(
                "connect waits for the service's first word, and the double has no fall_silent() for later"
            )
        for connection in filter(None, silent):
            seen = "aclose() did not return while the service was silent"
            await bounded(connection.aclose(), seen, min(_CLOSING_S, stage.subject.bound_s))

    @clause(do="free in aclose() all that connect() made: tasks, threads, sockets; await what you cancel")
    async def test_closing_leaves_nothing_behind(self, stage: Stage) -> None:
        """After aclose() no task, thread or socket of the connection is left."""
        await (await stage.connect()).aclose()  # what is made once for all is no leak
        await stage.gone()
        before = held()
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        await line.aclose()
        await stage.gone()
        if left := await until_let_go(before, bound_s=stage.subject.bound_s):
            broken(f"after aclose() there is still {left}")


async def _connected_to_silence(stage: Stage) -> Connection | None:
    """A connection to a service that never says a word; None: there is none before it does."""
    loop = asyncio.get_running_loop()
    setup, begun_s = stage.setup(), loop.time()
    await (await stage.connect()).aclose()
    # one that waits for the first word takes longer than one that has got it, on a busy machine, too
    patience_s = max(stage.patience_s, _LONGER * (loop.time() - begun_s))
    await stage.double.meet(Meeting.SAY_NOTHING)
    connecting = asyncio.ensure_future(stage.provider.connect(stage.options, setup))
    await asyncio.wait({connecting}, timeout=patience_s)
    if connecting.done():
        return connecting.result()
    connecting.cancel()
    await asyncio.wait({connecting}, timeout=stage.subject.bound_s)
    return None
