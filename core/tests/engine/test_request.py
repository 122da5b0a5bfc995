"""One request for a response: what has come of it."""

import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.commands import CreateResponse
from realtime_core.contents import AudioContent, ToolCall
from realtime_core.engine.request import ResponseRequest
from realtime_core.errors import ProviderError
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
)

CREATED = RealtimeResponseEvent(phase="created", response_id="r")
DONE = RealtimeResponseEvent(phase="done", response_id="r", status="completed")
AUDIO = RealtimeAudioEvent(audio=AudioContent(b"\0\0", PCM16_24KHZ))
CALL = RealtimeFunctionCallEvent(function_call=ToolCall("c", "f", "{}"))


def request(heard=None, **fields):
    async def nothing(_):
        raise AssertionError("nothing was played")

    return ResponseRequest(CreateResponse(**fields), heard or nothing)


@pytest.mark.parametrize(
    ("fields", "plain", "out_of_band"),
    [
        ({}, True, False),
        ({"overrides": {"voice": "marin"}}, False, False),
        ({"conversation": "none"}, False, True),
    ],
)
def test_plain_is_one_like_any_other(fields, plain, out_of_band):
    asked = request(**fields)

    assert (asked.is_plain, asked.out_of_band) == (plain, out_of_band)


async def test_it_is_created_then_done():
    asked = request()

    asked.begin(CREATED)
    assert await asked.created.wait() is CREATED
    assert not asked.done.settled

    asked.end(DONE)
    assert await asked.created.wait() is CREATED
    assert await asked.done.wait() is DONE


async def test_one_that_ends_without_a_beginning_has_begun_all_the_same():
    asked = request()

    asked.end(DONE)

    assert await asked.created.wait() is DONE


async def test_one_that_fails_is_neither_created_nor_done():
    asked = request()

    asked.fail(ProviderError("no"))

    for outcome in (asked.created, asked.done):
        with pytest.raises(ProviderError):
            await outcome.wait()


def test_it_keeps_all_that_a_response_out_of_band_brings():
    asked = request(conversation="none")

    for event in (RealtimeTextEvent(text="a"), AUDIO, RealtimeTextEvent(text="b"), CALL, RealtimeEvent()):
        asked.take(event)

    assert (asked.text, asked.audio, asked.calls) == (["a", "b"], [AUDIO.audio], [CALL.function_call])


def test_of_a_response_in_the_conversation_it_keeps_the_text():
    asked = request()

    for event in (RealtimeTextEvent(text="a"), AUDIO, CALL):
        asked.take(event)

    assert (asked.text, asked.audio, asked.calls) == (["a"], [], [])


@pytest.mark.parametrize("to_the_end", [True, False])
async def test_it_was_heard_as_the_player_says(to_the_end):
    async def heard(response_id):
        assert response_id == "r"
        return to_the_end

    asked = request(heard)
    asked.begin(CREATED)
    asked.end(DONE)

    assert await asked.heard() is to_the_end


async def test_what_never_began_was_not_heard():
    asked = request()
    asked.end(DONE)

    assert await asked.heard() is False


async def test_what_is_out_of_band_is_never_heard():
    asked = request(conversation="none")
    asked.begin(CREATED)
    asked.end(DONE)

    assert await asked.heard() is False
