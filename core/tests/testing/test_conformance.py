"""Small correct providers of every kind pass the kit, in memory and over real sockets."""

import functools

import pytest
from realtime_core.testing import MemoryPipe, ProviderConformance, Subject
from small_provider import FULL, KINDS, small
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


class TestSmallInPieces(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        pipe = functools.partial(MemoryPipe, split_bytes=7, delay_turns=2)
        return Subject(small(), service=playing(FULL, pipe))


class TestSmallOnSockets(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(small(), service=functools.partial(listening, FULL))
