"""Over the simulated service the kit catches what a provider of this dialect can do wrong."""

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from realtime_core import RealtimeEvent, RealtimeTextEvent
from realtime_core.registry import load_provider
from realtime_core.testing import ProviderConformance, Subject
from realtime_simulator.conformance import in_process


class Summing:
    """Tells a text again when the service sums it up."""

    def __init__(self, connection: Any, kind: str, words: str) -> None:
        self._connection, self._kind, self._words = connection, kind, words

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await self._connection.receive()
        sums = [event.service_event[self._words] for event in events if event.service_type == self._kind]
        return [*events, *(RealtimeTextEvent(text=text) for text in sums)]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("response.output_text.done", "text"), ("response.output_audio_transcript.done", "transcript")],
)
def test_a_text_that_is_summed_up_is_not_told_again(kind: str, words: str):
    good = load_provider("simulator")

    async def connect(options: Any, setup: Any) -> Any:
        return Summing(await good.connect(options, setup), kind, words)

    with pytest.raises(pytest.fail.Exception, match="clause 'text_is_told_exactly_once' is broken"):
        ProviderConformance().test_text_is_told_exactly_once(
            Subject(attrs.evolve(good, connect=connect), service=in_process())
        )
