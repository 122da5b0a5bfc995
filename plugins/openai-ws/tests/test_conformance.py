import pytest
from realtime_core.testing import ProviderConformance, Subject
from realtime_simulator.conformance import OPENAI_SETTINGS, over_network


class TestOpenAI(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(
            "openai-ws",
            service=over_network(
                lambda server: {"base_url": server.base_url, "api_key": "sk-conformance-0123456789"}
            ),
            settings=OPENAI_SETTINGS,
        )
