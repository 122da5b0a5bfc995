"""The conversation: kept in order by item id, portable, and able to seed another session (§5.6)."""

from typing import Any

import numpy as np
import pytest
from guarantees.talk import Talk, talking
from listening import ended, errors, is_done, until
from own_protocol.talk import Player
from realtime_core import (
    Conversation,
    Message,
    RealtimeEvent,
    RealtimeInterruptionEvent,
    ToolCall,
    ToolResult,
)
from realtime_simulator import Action, Call, Say, Turn, Wait

pytestmark = pytest.mark.usefixtures("no_leaks")

WRITTEN_DOWN = {"input_audio_transcription": {"model": "gpt-4o-transcribe"}}
SENTENCE = "Rome was not built in a day, they say."


def weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def brain(turn: Turn) -> list[Action]:
    if turn.results:
        return [Say(f"It is {turn.results[0].output}.")]
    match turn.text:
        case "How is Rome?":
            return [Call("weather", {"city": "Rome"})]
        case "Tell me more.":
            return [Say(SENTENCE, audio=np.zeros(24_000 * 2, np.int16)), Wait(1_000), Say("And so on.")]
        case text:
            return [Say(f"You said: {text}")]


def wire(talk: Talk) -> list[tuple[str, str]]:
    """What the service was given, in order: the role or kind of each item, and its text."""
    told = []
    for sent in talk.sent("conversation.item.create"):
        match sent["item"]:
            case {"type": "message", "role": role, "content": [{"text": text}]}:
                told.append((role, text))
            case {"type": "function_call", "name": name, "arguments": arguments}:
                told.append(("call", f"{name} {arguments}"))
            case {"type": "function_call_output", "output": output}:
                told.append(("output", output))
    return told


async def rich(talk: Talk, player: Player) -> Conversation:
    """A conversation with text, speech, a tool and an interruption."""
    await talk.session.send_text("Be kind.", role="system")
    await talk.session.send_text("Good evening!", respond=True)
    await until(talk.session, is_done)
    player.played_ms = player.given_ms  # it was heard to its end
    talk.service.user_says("How is Rome?")
    await until(talk.session, is_done)
    await until(talk.session, is_done)
    player.played_ms = before_ms = player.given_ms
    talk.service.user_says("Tell me more.")
    await player.until(lambda: player.given_ms == before_ms + 2_000)
    player.played_ms = before_ms + 1_000
    talk.service.user_starts_speaking()
    await until(talk.session, lambda event: isinstance(event, RealtimeInterruptionEvent))
    await until(talk.session, is_done)
    talk.service.user_stops_speaking("Thank you.")
    await until(talk.session, is_done)
    return talk.session.conversation


EXPECTED = [
    ("system", "Be kind."),
    ("user", "Good evening!"),
    ("assistant", "You said: Good evening!"),
    ("user", "How is Rome?"),
    ("call", 'weather {"city":"Rome"}'),
    ("output", "sunny in Rome"),
    ("assistant", "It is sunny in Rome."),
    ("user", "Tell me more."),
    ("assistant", "Rome was not built"),  # half of the audio, half of the words
    ("user", "Thank you."),
    ("assistant", "You said: Thank you."),
]


async def test_a_conversation_saved_from_one_session_seeds_another_with_the_same_roles_and_order(
    realtime_simulator: Any,
):
    player = Player()
    settings = {"audio_output_callback": player, "tools": [weather], **WRITTEN_DOWN}
    async with talking(realtime_simulator, session=settings, brain=brain, script=None) as talk:
        conversation = await rich(talk, player)
        assert errors(await ended(talk.session)) == []

    saved = Conversation.from_json(conversation.to_json())
    assert saved == conversation
    async with talking(realtime_simulator, session={"history": saved}, brain=brain, script=None) as talk:
        assert wire(talk) == EXPECTED
        # and a third from the second
        again = talk.session.conversation
    async with talking(realtime_simulator, session={"history": again}, brain=brain, script=None) as talk:
        assert wire(talk) == EXPECTED


async def test_what_was_cut_is_marked_and_a_call_stands_beside_its_result(realtime_simulator: Any):
    player = Player()
    settings = {"audio_output_callback": player, "tools": [weather], **WRITTEN_DOWN}
    async with talking(realtime_simulator, session=settings, brain=brain, script=None) as talk:
        conversation = await rich(talk, player)
        ids = [sent["item"]["id"] for sent in talk.said("conversation.item.added")]

    assert [entry.item_id for entry in conversation] == ids
    (cut,) = [entry for entry in conversation if entry.interrupted]
    assert (cut.heard_ms, cut.audio_ms, cut.text) == (1_000, 2_000, "Rome was not built")
    kinds = [type(entry.item) for entry in conversation]
    at = kinds.index(ToolCall)
    assert kinds[at : at + 2] == [ToolCall, ToolResult]
    assert all(entry.final for entry in conversation)
    assert "Assistant: Rome was not built [interrupted]" in conversation.transcript()


async def test_every_history_message_becomes_role_user(realtime_simulator: Any):
    """Not here: roles are those that were given, whatever form the history has."""
    history = [
        {"role": "developer", "content": "Be brief."},
        Message("user", "Hello"),
        {"role": "assistant", "content": [{"type": "text", "text": "Hi."}]},
        ToolCall("c1", "weather", "{}"),
        ToolResult("c1", "weather", "rain"),
    ]
    async with talking(realtime_simulator, session={"history": history}) as talk:
        assert wire(talk) == [
            ("system", "Be brief."),
            ("user", "Hello"),
            ("assistant", "Hi."),
            ("call", "weather {}"),
            ("output", "rain"),
        ]
        assert talk.service.received[0]["type"] == "session.update"
        assert talk.sent("response.create") == []


@pytest.mark.parametrize("transcription", ["beside", "late"])
async def test_user_transcript_arrives_after_the_answer_order_wrong(
    realtime_simulator: Any, transcription: str
):
    """Not here: what the user said stands where he said it, however late it is written down."""
    async with talking(
        realtime_simulator, session=WRITTEN_DOWN, brain=brain, script=None, transcription=transcription
    ) as talk:
        for words in ("First.", "Second.", "Third."):
            talk.service.user_says(words)
            await until(talk.session, is_done)
            talk.clock.advance(60)  # it was heard to its end
        said = [(e.item.role, e.text) for e in talk.session.conversation if isinstance(e.item, Message)]

    assert [role for role, _ in said] == ["user", "assistant"] * 3
    assert [text for _, text in said][:4] == ["First.", "You said: First.", "Second.", "You said: Second."]


async def test_a_response_out_of_band_is_no_part_of_the_conversation(realtime_simulator: Any):
    async with talking(realtime_simulator, brain=brain, script=None) as talk:
        await talk.session.send_text("Good evening!")
        handle = await talk.session.create_response(conversation="none")
        await handle
        conversation = talk.session.conversation

    assert handle.text == "You said: Good evening!"
    assert [entry.text for entry in conversation] == ["Good evening!"]


async def test_an_item_that_is_deleted_leaves_the_conversation(realtime_simulator: Any):
    async with talking(realtime_simulator, brain=brain, script=None) as talk:
        await talk.session.send_text("Good evening!")
        await talk.session.send_text("Never mind.")
        first = (await talk.service.expect_sent("conversation.item.done"))["item"]["id"]
        delete = RealtimeEvent(service_type="conversation.item.delete", service_event={"item_id": first})
        await talk.session.send(delete)
        await talk.session.clear_audio()  # whose answer comes after that

        assert [entry.text for entry in talk.session.conversation] == ["Never mind."]


async def test_a_reply_of_which_nothing_was_heard_is_marked_and_seeds_nothing(realtime_simulator: Any):
    player = Player()
    async with talking(
        realtime_simulator, session={"audio_output_callback": player}, brain=brain, script=None
    ) as talk:
        await talk.session.send_text("Tell me more.", respond=True)
        await player.until(lambda: player.given_ms == 2_000)
        await talk.session.interrupt()
        await talk.service.expect_sent("conversation.item.deleted")
        await talk.session.clear_audio()
        conversation = talk.session.conversation

    assert conversation.history() == (Message("user", "Tell me more."),)
    assert (conversation[1].interrupted, conversation[1].heard_ms) == (True, 0)
