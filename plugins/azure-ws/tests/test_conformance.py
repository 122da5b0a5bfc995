import pytest
from realtime_core.testing import ProviderConformance, Subject
from realtime_simulator.conformance import OPENAI_SETTINGS, over_network


def options(server):
    return {
        "endpoint": server.azure_endpoint,
        "api_key": "sk-conformance-0123456789",
        "deployment": "a-deployment",
    }


class TestAzure(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject("azure-ws", service=over_network(options), settings=OPENAI_SETTINGS)
