"""``acme-ws`` keeps the contract of a provider; the simulator plays Acme."""

from collections.abc import Mapping

import pytest
from realtime_core.testing import ProviderConformance, Subject
from realtime_simulator import SimulatorServer
from realtime_simulator.conformance import over_network


def _options(server: SimulatorServer) -> Mapping[str, str]:
    return {"base_url": server.base_url, "api_key": "a-key-for-tests"}


class TestAcme(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject("acme-ws", service=over_network(_options))
