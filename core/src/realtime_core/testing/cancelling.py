"""Clauses of cancellation: at every wait of everything that waits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from realtime_core.commands import AddItem, AppendAudio, Command, CreateResponse
from realtime_core.contents import Message
from realtime_core.errors import RealtimeError
from realtime_core.testing.clauses import broken
from realtime_core.testing.leaks import Held, held, until_let_go
from realtime_core.testing.line import Line
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


class _Cancelling:
    """Cancels one thing after another, and counts by how many of them that was ignored."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._stage = stage
        self._name = name
        self._cancelled = self._ignored = 0

    async def at(self, step: int, work: Awaitable[Any]) -> tuple[bool, Any]:
        """As `cancel_at`, bounded."""
        returned: list[bool] = []
        waited, result = await self._stage.bounded(
            cancel_at(_noting(work, returned), step),
            f"{self._name}() that was cancelled at wait {step} did not return",
        )
        self._cancelled += waited
        self._ignored += waited and bool(returned)
        return waited, result

    def judge(self) -> None:
        """Raises `ClauseBroken` if it listened to none."""
        if self._cancelled and self._ignored == self._cancelled:
            broken(f"{self._name}() that was cancelled returned as if it had not been, at whichever wait")


async def _noting(work: Awaitable[Any], returned: list[bool]) -> Any:
    result = await work
    returned.append(True)
    return result


async def _at_rest(stage: Stage) -> Held:
    """What is held without a connection; what is made once for all is no leak."""
    await (await stage.connect()).aclose()
    await stage.gone()
    return held()


async def _leaves_nothing(stage: Stage, line: Line, before: Held, what: str) -> None:
    await line.aclose()
    await stage.gone()
    if left := await until_let_go(before, bound_s=stage.subject.bound_s):
        broken(f"after {what} was cancelled, and the connection closed, there is still {left}")


class CancellingClauses:
    """What may be cancelled, and loses nothing by it."""

    @clause(
        waits=12,
        do="free in connect() what it has made when it is cancelled: `except BaseException: ... raise`",
    )
    async def test_connect_can_be_cancelled_at_every_wait(self, stage: Stage) -> None:
        """connect() that is cancelled, at whichever wait, leaves nothing behind: here or at the service."""
        before, cancelling = await _at_rest(stage), _Cancelling(stage, "connect")

        async def attempt(step: int) -> bool:
            try:
                cancelled, connection = await cancelling.at(
                    step, stage.provider.connect(stage.options, stage.setup())
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
        cancelling.judge()

    @clause(
        needs=("text",),
        waits=12,
        do="take a frame from where it waits only when nothing can stop you any more",
    )
    async def test_cancelled_receive_loses_nothing(self, stage: Stage) -> None:
        """receive() may be cancelled at whichever moment: the next call goes on where it was, and nothing
        stays behind.
        """
        before, line = await _at_rest(stage), await stage.connect()
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
        await _leaves_nothing(stage, line, before, "receive()")

    @clause(waits=12, do="write a frame whole or not at all, also when send() is cancelled")
    async def test_cancelled_send_breaks_nothing(self, stage: Stage) -> None:
        """send() may be cancelled: the command was sent whole or not at all, the next one is heard, and
        nothing stays behind.
        """
        before, cancelling = await _at_rest(stage), _Cancelling(stage, "send")
        line, heard = await stage.connect(), stage.double.heard

        async def attempt(step: int) -> bool:
            told = len(heard.notes)
            cancelled, _ = await cancelling.at(step, line.connection.send(_a_command(stage)))
            await line.send(_a_command(stage))
            await line.heard(
                lambda heard: len(heard.notes) > told, f"command behind one cancelled at wait {step}"
            )
            return bool(cancelled)

        await _at_every_wait(attempt)
        await line.quiet()
        cancelling.judge()
        await _leaves_nothing(stage, line, before, "send()")

    @clause(waits=12, do="let aclose() free everything also when it is cancelled, or when it is called again")
    async def test_aclose_can_be_cancelled_at_every_wait(self, stage: Stage) -> None:
        """aclose() that is cancelled, and then called again, has ended the connection."""
        cancelling = _Cancelling(stage, "aclose")

        async def attempt(step: int) -> bool:
            line = await stage.connect()
            cancelled, _ = await cancelling.at(step, line.connection.aclose())
            await line.aclose()
            await stage.gone(f"after aclose() was cancelled at wait {step} and called again ")
            return bool(cancelled)

        await _at_every_wait(attempt)
        cancelling.judge()


def _a_command(stage: Stage) -> Command:
    can = stage.capabilities
    if can.text:
        return AddItem(item=Message("user", "Hello"))
    return AppendAudio(data=bytes(960)) if can.input_formats else CreateResponse()
