import pytest
from realtime_core import RealtimeResponseEvent, RealtimeTextEvent, create_client
from realtime_core.testing import ProviderConformance, Subject
from realtime_simulator.conformance import in_process


class TestSimulator(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject("simulator", service=in_process())


async def said(session):
    """What a session says up to the end of a response."""
    text = ""
    async for event in session.receive():
        match event:
            case RealtimeTextEvent():
                text += event.text.text
            case RealtimeResponseEvent(phase="done"):
                return text, event.status
    return None


async def test_double_begins_a_response_that_nobody_asked_for():
    async with in_process()() as double, create_client("simulator", **double.options)() as session:
        await double.begin()
        await double.text("Good ")
        await double.text("evening.")
        await double.end()

        assert await said(session) == ("Good evening.", "completed")


async def test_double_says_nothing_in_a_response_that_was_stopped():
    async with in_process()() as double, create_client("simulator", **double.options)() as session:
        await double.begin()
        await double.text("Good ")
        await double.interrupt()
        await double.text("evening.")
        await double.end()

        assert await said(session) == ("Good ", "cancelled")


async def test_turn_of_a_double_that_says_nothing_is_empty():
    async with in_process()() as double, create_client("simulator", **double.options)() as session:
        await double.begin()
        await double.end()

        assert await said(session) == ("", "completed")
