"""Faults under cancellation."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from mutant import (
    TASKS,
    connecting,
    connection,
    plain_connect,
)
from realtime_core import (
    ProtocolError,
    RealtimeEvent,
)
from realtime_core.commands import (
    Command,
)
from small_provider import SmallConnection, lost


@connecting("connect_can_be_cancelled_at_every_wait")
async def forgets_its_pipe(options: Any, setup: Any) -> Any:
    made = await plain_connect(options, setup)
    await asyncio.sleep(0)
    return made


@connecting("connect_can_be_cancelled_at_every_wait")
async def cancelled_is_failed(options: Any, setup: Any) -> Any:
    try:
        return await plain_connect(options, setup)
    except asyncio.CancelledError as exc:
        raise ProtocolError("it was interrupted") from exc


@connection("cancelled_receive_loses_nothing")
class LosesWhatItHolds(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await super().receive()
        await asyncio.sleep(0)
        return events


@connection("cancelled_send_breaks_nothing")
class WritesInTwoParts(SmallConnection):
    async def send(self, command: Command) -> None:
        line = self.codec.line(command)
        if self.over is not None:
            raise lost(self.over)
        await self.end.send(line[:5])
        await asyncio.sleep(0)
        await self.end.send(line[5:])


@connection("aclose_can_be_cancelled_at_every_wait")
class ClosedBeforeItIs(SmallConnection):
    closing = False

    async def aclose(self) -> None:
        if self.closing:
            return
        self.closing = True
        await asyncio.sleep(0)
        await super().aclose()


@connecting("connect_can_be_cancelled_at_every_wait", seen="there is still the task")
async def forgets_its_helper(options: Any, setup: Any) -> Any:
    helper = asyncio.ensure_future(asyncio.Event().wait())
    TASKS.append(helper)
    made = await plain_connect(options, setup)
    helper.cancel()
    return made


@connecting("opening_can_be_cancelled_at_every_wait", seen="there is still the task")
async def forgets_its_helper_again(options: Any, setup: Any) -> Any:
    return await forgets_its_helper(options, setup)


@connection("cancelled_receive_loses_nothing", seen="a cancelled receive() did not return")
class DeafReader(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        reading = asyncio.ensure_future(super().receive())
        while not reading.done():
            try:
                await asyncio.wait({reading})
            except asyncio.CancelledError:
                continue
        return reading.result()


@connection("message_reaches_the_service", seen="a cancelled receive() did not return")
class DeafReaderOfTheKit(DeafReader):
    """Whoever finds it first says what it is, and not what becomes of it."""


@connection("cancelled_send_breaks_nothing", seen="send() that was cancelled returned as if it had not been")
class SendsAllTheSame(SmallConnection):
    async def send(self, command: Command) -> None:
        sending = asyncio.ensure_future(super().send(command))
        while not sending.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({sending})
        sending.result()


@connection("cancelled_send_breaks_nothing", seen="there is still the task")
class ATaskPerCancelledSend(SmallConnection):
    async def send(self, command: Command) -> None:
        try:
            await super().send(command)
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            TASKS.append(asyncio.ensure_future(asyncio.Event().wait()))
            raise


@connection("cancelled_receive_loses_nothing", seen="there is still the task")
class ATaskPerCancelledReceive(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except asyncio.CancelledError:
            TASKS.append(asyncio.ensure_future(asyncio.Event().wait()))
            raise


@connection("aclose_can_be_cancelled_at_every_wait", seen="aclose() that was cancelled returned as if")
class ClosesAllTheSame(SmallConnection):
    async def aclose(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        await super().aclose()


@connecting("connect_can_be_cancelled_at_every_wait", seen="connect() that was cancelled returned as if")
async def connects_all_the_same(options: Any, setup: Any) -> Any:
    connecting = asyncio.ensure_future(plain_connect(options, setup))
    while not connecting.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({connecting})
    return connecting.result()
