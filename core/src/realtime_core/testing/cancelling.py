"""Clauses of cancellation: at every wait of everything that waits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from realtime_core.commands import AddItem, AppendAudio, Command, CreateResponse
from realtime_core.contents import Message
from realtime_core.errors import RealtimeError
from realtime_core.testing.clauses import broken
from realtime_core.testing.leaks import held, until_let_go
from realtime_core.testing.stage import Stage
from realtime_core.testing.steps import cancel_at
from realtime_core.testing.suite import clause

__all__ = ["CancellingClauses"]

_MOST_STEPS: Final = 60
_PIECES: Final = 24


async def _at_every_wait(attempt: Callable[[int], Awaitable[bool]]) -> None:
    """Attempt, cancelled at the first wait, the second, ..., until it is over before it waits so often."""
    for step in range(1, _MOST_STEPS + 1):
        if not await attempt(step):
            return


class CancellingClauses:
    """What may be cancelled, and loses nothing by it."""

    @clause(
        waits=12,
        do="free in connect() what it has made when it is cancelled: `except BaseException: ... raise`",
    )
    async def test_connect_can_be_cancelled_at_every_wait(self, stage: Stage) -> None:
        """connect() that is cancelled, at whichever wait, leaves nothing behind: here or at the service."""
        await (await stage.connect()).aclose()
        await stage.gone()
        before = held()

        async def attempt(step: int) -> bool:
            try:
                cancelled, connection = await stage.bounded(
                    cancel_at(stage.provider.connect(stage.options, stage.setup()), step),
                    f"connect() that was cancelled at wait {step} did not return",
                )
            except RealtimeError as exc:
                broken(f"connect() that was cancelled at wait {step} raised {type(exc).__name__} instead")
            if connection is not None:  # it had finished, or it did not listen: then it is ours to close
                await stage.bounded(connection.aclose(), "aclose() did not return")
            await stage.gone(f"after connect() was cancelled at wait {step} ")
            return bool(cancelled)

        await _at_every_wait(attempt)
        if left := await until_let_go(before, bound_s=stage.subject.bound_s):
            broken(f"after connect() was cancelled there is still {left}")

    @clause(
        needs=("text",),
        waits=12,
        do="take a frame from where it waits only when nothing can stop you any more",
    )
    async def test_cancelled_receive_loses_nothing(self, stage: Stage) -> None:
        """receive() may be cancelled at whichever moment: the next call goes on where it was."""
        line = await stage.connect()
        await line.turn()
        pieces = [f"{number} " for number in range(_PIECES)]
        for number, piece in enumerate(pieces):
            reading = asyncio.ensure_future(line.connection.receive())
            for _ in range(number % 4):
                await asyncio.sleep(0)
            await stage.double.text(piece)
            for _ in range(number // 4):
                await asyncio.sleep(0)
            reading.cancel()
            await stage.bounded(asyncio.wait({reading}), "a cancelled receive() did not return")
            if not reading.cancelled():
                line.frames.append(reading.result())
        await line.turn_ends()
        await line.marked()
        line.printed("".join(pieces))

    @clause(waits=12, do="write a frame whole or not at all, also when send() is cancelled")
    async def test_cancelled_send_breaks_nothing(self, stage: Stage) -> None:
        """send() may be cancelled: the command was sent whole or not at all, and the next one is heard."""
        line, heard = await stage.connect(), stage.double.heard

        async def attempt(step: int) -> bool:
            told = len(heard.notes)
            cancelled, _ = await stage.bounded(
                cancel_at(line.connection.send(_a_command(stage)), step),
                f"send() that was cancelled at wait {step} did not return",
            )
            await line.send(_a_command(stage))
            await line.heard(
                lambda heard: len(heard.notes) > told, f"command behind one cancelled at wait {step}"
            )
            return bool(cancelled)

        await _at_every_wait(attempt)
        await line.quiet()

    @clause(waits=12, do="let aclose() free everything also when it is cancelled, or when it is called again")
    async def test_aclose_can_be_cancelled_at_every_wait(self, stage: Stage) -> None:
        """aclose() that is cancelled, and then called again, has ended the connection."""

        async def attempt(step: int) -> bool:
            line = await stage.connect()
            cancelled, _ = await stage.bounded(
                cancel_at(line.connection.aclose(), step),
                f"aclose() that was cancelled at wait {step} did not return",
            )
            await line.aclose()
            await stage.gone(f"after aclose() was cancelled at wait {step} and called again ")
            return bool(cancelled)

        await _at_every_wait(attempt)


def _a_command(stage: Stage) -> Command:
    can = stage.capabilities
    if can.text:
        return AddItem(item=Message("user", "Hello"))
    return AppendAudio(data=bytes(960)) if can.input_formats else CreateResponse()
