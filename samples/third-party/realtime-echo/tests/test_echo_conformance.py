"""``echo-ws`` keeps the contract of a provider."""

import pytest
from echo_double import EchoDouble
from realtime_core.testing import ProviderConformance, Subject


class TestEcho(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject("echo-ws", service=EchoDouble.listening)
