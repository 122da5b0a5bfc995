"""The end of a connection, as whoever reads finds it. Knows nothing of who ended it."""

import asyncio

from realtime_core.errors import ConnectionLost
from realtime_core.testing.clauses import ClauseBroken, broken, describe
from realtime_core.testing.line import Line

__all__ = ["ended", "lost"]


async def lost(line: Line) -> ConnectionLost:
    """Read to the end, which must be `ConnectionLost`, for whoever reads once more, too."""
    end = await ended(line)
    told = len(line.frames)
    await ended(line, "ConnectionLost, for the second time,")
    if len(line.frames) != told:
        broken("receive() gave events after it had raised ConnectionLost")
    return end


async def ended(line: Line, awaited: str = "ConnectionLost") -> ConnectionLost:
    """Read to the end, which must be `ConnectionLost`."""
    while True:
        try:
            await line.frame(awaited)
        except ConnectionLost as exc:
            return exc
        except (ClauseBroken, asyncio.CancelledError):
            raise
        except Exception as exc:  # noqa: BLE001  # the provider under test may raise anything
            broken(f"instead of {awaited.rstrip(',')} {describe(exc)}")
