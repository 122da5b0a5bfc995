"""Faults in what happens at the same time."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from mutant import codec, connecting, connection, plain_connect
from realtime_core import (
    AudioContent,
    AudioFormat,
    ConnectionLost,
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeTextEvent,
)
from realtime_core.commands import Command
from realtime_core.provider import Setup
from realtime_core.testing.pipes import PipeClosed
from small_provider import SmallCodec, SmallConnection, lost


class _Among(SmallConnection):
    """One that knows the others."""

    others: ClassVar[list[SmallConnection]]

    def __init_subclass__(cls) -> None:
        cls.others = []

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.others[:] = [other for other in self.others if other.over is None]
        self.others.append(self)


@connection("connections_are_independent")
class ClosingOneClosesAll(_Among):
    async def aclose(self) -> None:
        for other in self.others:
            await SmallConnection.aclose(other)
        await super().aclose()


@connection("connections_are_independent")
class ClosingTheFirstClosesAll(_Among):
    async def aclose(self) -> None:
        if self.others[0] is self:
            for other in self.others:
                await SmallConnection.aclose(other)
        await super().aclose()


@connection("connections_are_independent")
class SendsOnTheFirst(_Among):
    async def send(self, command: Command) -> None:
        if self.over is not None:
            raise lost(self.over)
        line = self.codec.line(command)
        for other in self.others:
            if other.over is None:
                await other.end.send(line)
                return


@codec("connections_are_independent", seen="Hz were agreed")
class FormatOfTheLatest(SmallCodec):
    latest: ClassVar[list[Setup]] = []

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.latest[:] = [self.setup]

    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        spoken = AudioFormat.parse(self.latest[0].settings.output_audio_format)
        return RealtimeAudioEvent(audio=AudioContent(pcm, spoken), **wire)


@connection("connections_are_independent", seen="the second of two connections told what was said")
class TellsWhatOthersWereTold(SmallConnection):
    """Reads ahead, and keeps what is said for whoever asks first."""

    said: ClassVar[list[RealtimeEvent]] = []

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.frames: asyncio.Queue[Sequence[RealtimeEvent] | ConnectionLost] = asyncio.Queue()
        self.is_new = True
        self.reading = asyncio.ensure_future(self.read_ahead())

    async def read_ahead(self) -> None:
        try:
            while True:
                events = await super().receive()
                self.said.extend(event for event in events if isinstance(event, RealtimeTextEvent))
                self.frames.put_nowait(events)
        except ConnectionLost as exc:
            self.frames.put_nowait(exc)

    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await self.frames.get()
        if isinstance(events, ConnectionLost):
            raise events
        if self.is_new:
            self.is_new = False
            events = [*events, *self.said]
            self.said.clear()
        return events


_LATEST: list[Any] = []


@connecting("connections_are_independent", seen="two connections were made at once")
async def settings_of_the_latest(options: Any, setup: Any) -> Any:
    _LATEST[:] = [setup]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return await plain_connect(options, _LATEST[0])


@connection("sends_at_once_do_not_mix")
class WritesInPieces(SmallConnection):
    async def send(self, command: Command) -> None:
        if self.over is not None:
            raise lost(self.over)
        line = self.codec.line(command)
        for start in range(0, len(line), 16):
            await self.end.send(line[start : start + 16])
            await asyncio.sleep(0)


@connection("sends_at_once_do_not_mix", kind="text-only", seen="20 messages were sent at once, and others")
@connection("sends_at_once_do_not_mix", kind="audio-only", seen="others were heard")
class SendsTheLatest(SmallConnection):
    line = b""

    async def send(self, command: Command) -> None:
        self.line = self.codec.line(command)
        await asyncio.sleep(0)
        await self.end.send(self.line)


def _works(seconds: float) -> None:
    time.sleep(seconds)


@connecting("loop_is_not_held", seen="connect() held the loop")
async def blocks_in_connect(options: Any, setup: Any) -> Any:
    _works(0.12)
    return await plain_connect(options, setup)


@connection("loop_is_not_held", seen="aclose() held the loop")
class BlocksInClose(SmallConnection):
    async def aclose(self) -> None:
        _works(0.12)
        await super().aclose()


@connection("loop_is_not_held", seen="send() held the loop")
class BlocksInSend(SmallConnection):
    async def send(self, command: Command) -> None:
        _works(0.02)
        await super().send(command)


@connection("loop_is_not_held", seen="receive() held the loop")
class BlocksInReceive(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await super().receive()
        _works(0.02)
        return events


@connection("nothing_is_sent_after_the_end", seen="that was closed said nothing")
class SendsToNobody(SmallConnection):
    async def send(self, command: Command) -> None:
        if self.over is None:
            await super().send(command)


@connection("nothing_is_sent_after_the_end", seen="that was dropped said nothing")
class SendsToWhoDropped(SmallConnection):
    mine = False

    async def send(self, command: Command) -> None:
        line = self.codec.line(command)
        if self.mine:
            raise lost(self.over)  # type: ignore[arg-type]  # aclose has said why
        try:
            await self.end.send(line)
        except PipeClosed:
            return

    async def aclose(self) -> None:
        await super().aclose()
        self.mine = True


@connection("nothing_is_sent_after_the_end", kind="turn-less", seen="the service has ended said nothing")
class SendsToWhoHungUp(SmallConnection):
    ended = False

    async def send(self, command: Command) -> None:
        if not self.ended:
            await super().send(command)

    async def receive(self) -> Sequence[RealtimeEvent]:
        was_over = self.over is not None
        try:
            return await super().receive()
        finally:
            self.ended = not was_over and self.over == "closed"
