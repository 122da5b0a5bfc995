import pytest
from realtime_core import RealtimeResponseEvent, RealtimeTextEvent, create_client
from realtime_core.testing import ProviderConformance, Subject
from realtime_simulator.conformance import OPENAI_SETTINGS, in_process


class TestSimulator(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject("simulator", service=in_process(), settings=OPENAI_SETTINGS)


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


async def test_double_says_the_last_words_with_the_end_alone():
    async with in_process()() as double, create_client("simulator", **double.options)() as session:
        await double.begin()
        await double.text("Good ")
        await double.together("evening.")

        assert await said(session) == ("Good evening.", "completed")
    sent = [frame["type"] for frame in double.options["watch"].sessions[0].sent]
    assert sent.count("response.output_audio_transcript.delta") == 1
    assert "response.output_audio_transcript.done" not in sent
