"""Small correct providers of every kind pass the kit."""

import pytest
from realtime_core.testing import ProviderConformance, Subject
from small_provider import KINDS, small
from small_service import playing


@pytest.mark.parametrize("kind", KINDS)
class TestSmall(ProviderConformance):
    @pytest.fixture
    def subject(self, kind: str) -> Subject:
        return Subject(small(KINDS[kind]), service=playing(KINDS[kind]))
