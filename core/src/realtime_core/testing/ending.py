"""Clauses of the end: closing, and being left."""

import asyncio

from realtime_core.errors import ConnectionLost
from realtime_core.testing.clauses import broken, describe
from realtime_core.testing.stage import Line, Stage
from realtime_core.testing.suite import clause

__all__ = ["EndingClauses"]


async def _lost(line: Line, stage: Stage, bound_s: float | None = None) -> None:
    """Read to the end, which must be ConnectionLost."""
    while True:
        try:
            line.frames.append(
                await stage.bounded(
                    line.connection.receive(), "receive() did not notice that the connection is gone", bound_s
                )
            )
        except ConnectionLost:
            return
        except asyncio.CancelledError:
            raise
        except Exception as exc:
            if type(exc).__name__ == "ClauseBroken":
                raise
            broken(f"instead of ConnectionLost {describe(exc)}")


class EndingClauses:
    """How a connection ends."""

    @clause(do="make aclose() idempotent, and let it raise nothing")
    async def test_closing_twice_is_harmless(self, stage: Stage) -> None:
        """aclose() may be called twice and never raises; then receive() raises ConnectionLost."""
        line = await stage.connect()
        await line.aclose()
        await line.aclose()
        await _lost(line, stage)

    @clause(do="wake whoever waits in receive() when aclose() is called, with ConnectionLost")
    async def test_closing_wakes_a_waiting_reader(self, stage: Stage) -> None:
        """aclose() while another task waits in receive(): that one raises ConnectionLost."""
        line = await stage.connect()
        reading = asyncio.ensure_future(_lost(line, stage))
        for _ in range(5):
            await asyncio.sleep(0)
        await line.aclose()
        await stage.bounded(reading, "the waiting receive() did not return")

    @clause(do="turn the error or the end of the stream into ConnectionLost, with `raise ... from`")
    async def test_dropped_connection_is_lost(self, stage: Stage) -> None:
        """A connection that the network drops is ConnectionLost, on every further call, too."""
        line = await stage.connect()
        await stage.double.drop()
        await _lost(line, stage)
        await _lost(line, stage)

    @clause(do="turn a clean end into ConnectionLost: nobody here asked for it")
    async def test_service_that_hangs_up_is_lost(self, stage: Stage) -> None:
        """A service that ends the connection in the orderly way is ConnectionLost, too."""
        line = await stage.connect()
        await stage.double.hang_up()
        await _lost(line, stage)

    @clause(do="treat a frame that ends early as a connection that is gone")
    async def test_peer_that_vanishes_in_a_frame_is_lost(self, stage: Stage) -> None:
        """A peer that vanishes in the middle of a frame is ConnectionLost; the half frame is nothing."""
        line = await stage.connect()
        await stage.double.vanish()
        await _lost(line, stage)
