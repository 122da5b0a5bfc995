import pytest
from realtime_core.testing import ProviderConformance, Subject
from realtime_simulator.conformance import in_process


class TestSimulator(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject("simulator", service=in_process())
