"""Faults at the end of a connection."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

from mutant import (
    KEPT,
    TASKS,
    LeavesATask,
    connecting,
    connection,
    plain_connect,
)
from realtime_core import (
    ConnectionLost,
    LostReason,
    ProtocolError,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    TextContent,
)
from realtime_core.commands import Command
from realtime_core.testing.pipes import PipeClosed
from small_provider import SmallConnection, lost


@connection("closing_twice_is_harmless")
class ClosesOnce(SmallConnection):
    closed = False

    async def aclose(self) -> None:
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True
        await super().aclose()


@connection("closing_twice_at_once_is_harmless")
class ClosesOneAfterAnother(SmallConnection):
    closing = False

    async def aclose(self) -> None:
        if self.closing:
            raise RuntimeError("somebody closes it already")
        self.closing = True
        await asyncio.sleep(0)
        self.closing = False
        await super().aclose()


@connection("closing_wakes_a_waiting_reader")
class LeavesItsReader(SmallConnection):
    waits = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        self.waits = b"\n" not in self.buffer
        events = await asyncio.shield(asyncio.ensure_future(super().receive()))
        if self.over is not None:
            await asyncio.Event().wait()
        return events

    async def aclose(self) -> None:
        if self.waits and self.over is None:
            self.over = LostReason.CLOSED
            return
        await super().aclose()


@connection("closing_works_before_anything_is_read")
class ClosesWhatIsOpen(SmallConnection):
    is_open = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await super().receive()
        self.is_open = True
        return events

    async def aclose(self) -> None:
        if self.is_open:
            await super().aclose()


@connection("closing_ends_the_connection_at_the_service")
class ForgetsToHangUp(SmallConnection):
    async def aclose(self) -> None:
        self.over = LostReason.CLOSED


@connection("closing_does_not_wait_for_a_silent_service")
class WaitsForGoodbye(SmallConnection):
    async def aclose(self) -> None:
        if self.over is None and not self.buffer and not getattr(self, "greeted", False):
            await self.end.recv()
        await super().aclose()

    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await super().receive()
        self.greeted = True
        return events


@connection("closing_leaves_nothing_behind", seen="the task")
class LeavesATaskAtTheEnd(LeavesATask):
    pass


@connection("closing_leaves_nothing_behind", seen="more open sockets")
class LeavesASocket(SmallConnection):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        KEPT.append(socket.socket())


@connection("refusal_leaves_nothing_behind")
class LeavesATaskWhenRefused(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        finally:
            if self.over is not None:
                TASKS.append(asyncio.ensure_future(asyncio.Event().wait()))

    async def aclose(self) -> None:
        if self.over is None and not self.buffer:
            TASKS.append(asyncio.ensure_future(asyncio.Event().wait()))
        await super().aclose()


@connection("dropped_connection_is_lost")
class ForeignErrors(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost as exc:
            if isinstance(exc.__cause__, PipeClosed):
                raise exc.__cause__ from None
            raise


@connection("dropped_connection_is_lost")
class LostOnce(SmallConnection):
    told = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        if self.told and self.over is LostReason.DROPPED:
            await asyncio.Event().wait()
        try:
            return await super().receive()
        except ConnectionLost:
            self.told = True
            raise


@connection("service_that_hangs_up_is_lost")
class EndIsAProtocolError(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost as exc:
            if exc.reason is LostReason.CLOSED:
                raise ProtocolError("the end") from exc
            raise


@connection("service_that_hangs_up_is_lost")
class ReasonInWords(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            reason: Any = "it has gone"
            raise ConnectionLost("gone", reason=reason) from None


@connection("last_words_are_told_before_the_end")
class ForgetsLastWords(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        if self.end._in.ended:
            self.over = self.over or LostReason.CLOSED
            raise lost(self.over)
        return await super().receive()


@connection("peer_that_vanishes_in_a_frame_is_lost")
class HalfFramesAreFrames(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            half, self.buffer = self.buffer, b""
            if half:
                return self.codec.events(half)
            raise


@connection("lost_connection_leaves_nothing_behind")
class CannotCloseWhatIsLost(SmallConnection):
    async def aclose(self) -> None:
        if self.over is LostReason.DROPPED:
            raise BrokenPipeError
        await super().aclose()


@connection("lost_connection_leaves_nothing_behind", seen="the task")
class LeavesATaskWhenLost(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            TASKS.append(asyncio.ensure_future(asyncio.Event().wait()))
            raise


@connection("closing_twice_is_harmless", seen="aclose() did not return")
class NeverCloses(SmallConnection):
    async def aclose(self) -> None:
        await super().aclose()
        await asyncio.Event().wait()


class _Reader(SmallConnection):
    """With a task that reads."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.queue: list[Sequence[RealtimeEvent]] = []
        self.news = asyncio.Event()
        self.lost_by: ConnectionLost | None = None
        self.reading = asyncio.ensure_future(self.read())

    async def read(self) -> None:
        try:
            while True:
                self.queue.append(await super().receive())
                self.news.set()
        except ConnectionLost as exc:
            self.lost_by = exc
            self.forget(exc.reason)
            self.news.set()

    def forget(self, _: LostReason) -> None:
        """Forget what is not worth the while at the end."""

    async def receive(self) -> Sequence[RealtimeEvent]:
        while not self.queue:
            if self.lost_by is not None:
                raise lost(self.lost_by.reason)
            self.news.clear()
            await self.news.wait()
        return self.queue.pop(0)

    async def aclose(self) -> None:
        await super().aclose()
        await asyncio.wait({self.reading})


@connection("last_words_are_told_before_the_end", seen="the events print ''")
class DropsWhatHadArrived(_Reader):
    def forget(self, _: LostReason) -> None:
        if self.over is LostReason.DROPPED:
            self.queue.clear()


@connection("last_words_are_told_before_the_end", seen="was not told to be")
class ForgetsDone(_Reader):
    def forget(self, _: LostReason) -> None:
        self.queue = [events for events in self.queue if not hasattr(events[0], "status")]


@connection("last_words_are_told_before_the_end", seen="the audio that came before the end")
class ForgetsSound(_Reader):
    def forget(self, _: LostReason) -> None:
        self.queue = [events for events in self.queue if not hasattr(events[0], "audio")]


@connection("last_words_are_told_before_the_end", seen="the call that came before the end")
class ForgetsCalls(_Reader):
    def forget(self, _: LostReason) -> None:
        self.queue = [events for events in self.queue if not hasattr(events[0], "function_call")]


@connection("closing_does_not_wait_for_a_silent_service", seen="while the service was silent")
class WaitsForTheLastGoodbye(SmallConnection):
    said = False

    async def aclose(self) -> None:
        if self.codec.is_ready and not self.said and self.over is None:
            self.said = True
            await self.end.send(b'{"raw": {"type": "bye"}}\n')
            while await self.end.recv():
                pass
        await super().aclose()


@connection("closing_twice_is_harmless", seen="for the second time, was due")
class HangsWhenClosedAndReadAgain(SmallConnection):
    told = False
    by = LostReason.CLOSED

    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost as exc:
            if self.told and exc.reason is self.by:
                await asyncio.Event().wait()
            self.told = True
            raise


@connection("service_that_hangs_up_is_lost", seen="for the second time, was due")
class HangsWhenReadAgain(HangsWhenClosedAndReadAgain):
    pass


@connection("peer_that_vanishes_in_a_frame_is_lost", seen="for the second time, was due")
class HangsWhenReadAgainAfterHalfAFrame(HangsWhenClosedAndReadAgain):
    by = LostReason.DROPPED


@connection("dropped_connection_is_lost", seen="after it had raised ConnectionLost")
class RisesFromTheDead(SmallConnection):
    told = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            if self.told:
                self.told = False
                return [RealtimeEvent(service_type="risen", service_event={})]
            self.told = True
            raise


class _Turning(SmallConnection):
    """With another end where a response runs."""

    in_turn = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            events = await super().receive()
        except ConnectionLost:
            if self.in_turn:
                await self.lose()
            raise
        for event in events:
            if isinstance(event, RealtimeResponseEvent):
                self.in_turn = event.phase == "created"
        return events

    async def lose(self) -> None:
        raise KeyError("response")


class _Reconnecting(_Turning):
    async def lose(self) -> None:
        await asyncio.Event().wait()


for _clause in (
    "dropped_connection_is_lost",
    "service_that_hangs_up_is_lost",
    "peer_that_vanishes_in_a_frame_is_lost",
):
    connection(_clause, seen="instead of ConnectionLost KeyError")(type("BareErrorInATurn", (_Turning,), {}))
    connection(_clause, seen="while ConnectionLost was due")(type("ReconnectsInATurn", (_Reconnecting,), {}))


@connection("peer_that_vanishes_in_a_frame_is_lost", seen="the half frame gave events")
class HalfFramesOfATurnAreFrames(_Turning):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except KeyError:
            if half := self.buffer.removeprefix(b'{"text": "').decode():
                self.buffer = b""
                return [RealtimeTextEvent(text=TextContent(half), service_type="text", service_event={})]
            self.in_turn = False
            return await super().receive()


@connecting("nothing_is_sent_after_the_end", seen="reached the service")
async def sends_on_another_connection(options: Any, setup: Any) -> Any:
    class DialsAgain(SmallConnection):
        async def send(self, command: Command) -> None:
            if self.over is not None:
                self.end = await options.dial()
                await self.end.send(self.codec.line(command))
                await asyncio.sleep(0.01)
                await self.end.aclose()
            await super().send(command)

    return await plain_connect(options, setup, DialsAgain)
