"""Small correct providers of every kind pass the kit, in memory and over real sockets."""

import asyncio
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from realtime_core import ConnectionLost, RealtimeEvent
from realtime_core.commands import Command, UpdateSession
from realtime_core.testing import MemoryPipe, ProviderConformance, Subject
from small_provider import FULL, KINDS, SmallCodec, SmallConnection, small
from small_service import listening, playing
from terse import CAN, TERSE, TerseDouble


@pytest.mark.parametrize("kind", KINDS)
class TestSmall(ProviderConformance):
    @pytest.fixture
    def subject(self, kind: str) -> Subject:
        return Subject(small(KINDS[kind]), service=playing(KINDS[kind]))


class TestTerse(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(TERSE, service=playing(CAN, double=TerseDouble))


class Orderly(SmallConnection):
    """A change of settings waits for the answer to the one before, however long that takes."""

    waits_for: str | None = None

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.free = asyncio.Event()
        self.free.set()

    async def send(self, command: Command) -> None:
        if isinstance(command, UpdateSession):
            await self.free.wait()
        await super().send(command)
        if isinstance(command, UpdateSession):
            self.waits_for = command.command_id
            self.free.clear()

    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            events = await super().receive()
        except ConnectionLost:
            self.free.set()
            raise
        if self.waits_for in [event.command_id for event in events]:
            self.free.set()
        return events

    async def aclose(self) -> None:
        self.free.set()
        await super().aclose()


class TestOrderly(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(small(FULL, Orderly), service=playing(FULL))


class TestSmallInPieces(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        pipe = functools.partial(MemoryPipe, split_bytes=7, delay_turns=2)
        return Subject(small(), service=playing(FULL, pipe))


class TalkativeCodec(SmallCodec):
    """Gives a plain event beside each that is not."""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield event
            if type(event) is not RealtimeEvent:
                yield RealtimeEvent(service_type=meaning, service_event=frame)


class Talkative(SmallConnection):
    codec_class = TalkativeCodec


class TestTalkative(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(small(FULL, Talkative), service=playing(FULL))


class TestSmallOnSockets(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(small(), service=functools.partial(listening, FULL))
