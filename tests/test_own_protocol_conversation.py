"""The conversation, its history and what it used, without a single id: see `own_protocol`."""

import asyncio
import logging
from typing import Any

import pytest
from listening import collect, is_done, until
from own_protocol.frames import pack
from own_protocol.provider import LIVE
from own_protocol.server import Peer, serving
from own_protocol.talk import KEY, both, has, parley
from realtime_core import (
    Budget,
    ConnectionLost,
    Conversation,
    ConversationItem,
    Message,
    RealtimeErrorEvent,
    RealtimeEvent,
    ToolCall,
    ToolResult,
    UnsupportedCommand,
    create_client,
)
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.provider import Provider

pytestmark = pytest.mark.usefixtures("no_leaks")

HISTORY = (
    Message("system", "Be brief."),
    Message("user", "How is the weather in Oslo?"),
    ToolCall("h1", "weather", '{"city": "Oslo"}'),
    ToolResult("h1", "weather", "sunny"),
    Message("assistant", "Sunny."),
    Message("user", "And tomorrow?"),
)


def told(peer: Peer) -> list[tuple[str, Any]]:
    """The items that a service was told of, in order."""
    items: list[tuple[str, Any]] = []
    for frame in peer.received:
        match frame:
            case {"says": {"role": role, "text": text}}:
                items.append((role, text))
            case {"called": {"name": name}}:
                items.append(("called", name))
            case {"returns": {"value": value}}:
                items.append(("returns", value))
    return items


def held(session: Any) -> list[ConversationItem]:
    return [entry.item for entry in session.conversation]


async def weather(city: str) -> str:
    return f"sunny in {city}"


async def test_history_reaches_the_service_before_anything_else_in_its_order_and_roles():
    async with serving() as service, parley(service)(history=HISTORY, create_response=True) as session:
        peer = await service.peer()
        await peer.expect("go")
        assert held(session) == list(HISTORY)

    assert peer.order == ["setup", "says", "says", "called", "returns", "says", "says", "go"]
    assert told(peer) == [
        ("system", "Be brief."),
        ("user", "How is the weather in Oslo?"),
        ("called", "weather"),
        ("returns", "sunny"),
        ("assistant", "Sunny."),
        ("user", "And tomorrow?"),
    ]


async def test_history_is_refused_where_the_service_takes_none():
    async with serving() as service:
        with pytest.raises(UnsupportedCommand, match="history"):
            await parley(service, LIVE)(history=HISTORY).create_session()

        assert service.peers == []


async def test_item_of_the_past_is_refused_once_the_conversation_is_under_way():
    async with serving() as service, parley(service)() as session:
        await session.send_audio(bytes(4_800))
        with pytest.raises(UnsupportedCommand):
            await session.send_text("Be brief.", role="system")
        await session.send_text("Hello")
        peer = await service.peer()
        await peer.expect("says")

    assert told(peer) == [("user", "Hello")]


async def conversation(peer: Peer) -> None:
    """Text, speech, a tool, an interruption."""
    await peer.expect("go")
    peer.says("Good morning.")
    peer.over(tokens={"in": 10, "out": 2})
    await peer.expect("pause")
    peer.send(heard={"text": "How is the weather?", "whole": True})
    results = await peer.call(("c1", "weather", {"city": "Oslo"}))
    peer.says(f"It is {results['c1']}.", pcm=bytes(3_200))
    peer.over(tokens={"in": 20, "out": 5})
    peer.send(heard={"text": "Tell me more.", "whole": True})
    peer.says("Once upon a", pcm=bytes(64_000))
    peer.send(interrupted=True)
    peer.says("time")
    peer.over(tokens={"in": 30, "out": 7}, end=True)


async def hold(session: Any) -> None:
    """The client's part of that."""
    await session.send_text("Hello", respond=True)
    await until(session, is_done)
    await session.send_audio(bytes(48_000))
    await session.commit_audio()
    await until(session, has("end"))


async def test_conversation_is_kept_in_order_without_ids():
    async with serving(conversation) as service, parley(service)(tools=[weather]) as session:
        await hold(session)

    kinds = [(type(item).__name__, getattr(item, "role", "")) for item in held(session)]
    assert kinds == [
        ("Message", "user"),
        ("Message", "assistant"),
        ("Message", "user"),
        ("ToolCall", ""),
        ("ToolResult", ""),
        ("Message", "assistant"),
        ("Message", "user"),
        ("Message", "assistant"),
    ]
    words = [item.content.strip() for item in held(session) if isinstance(item, Message)]
    assert words[:5] == [
        "Hello",
        "Good morning.",
        "How is the weather?",
        "It is sunny in Oslo.",
        "Tell me more.",
    ]
    assert words[5].startswith("Once upon a")
    assert [entry.interrupted for entry in session.conversation] == [False] * 7 + [True]
    assert all(entry.item_id is None for entry in session.conversation)


async def test_conversation_saved_from_one_session_seeds_another_with_the_same_roles_and_order():
    async with serving(conversation) as service, parley(service)(tools=[weather]) as session:
        await hold(session)
        saved = session.conversation.to_json()
    seed = Conversation.from_json(saved)

    async with serving() as service, parley(service)(history=seed, create_response=True):
        peer = await service.peer()
        await peer.expect("go")

    assert [who for who, _ in told(peer)][:6] == [
        "user",
        "assistant",
        "user",
        "called",
        "returns",
        "assistant",
    ]
    assert told(peer)[0] == ("user", "Hello")
    assert told(peer)[4] == ("returns", "sunny in Oslo")


async def test_conversation_without_turns_is_kept_by_who_speaks():
    async def script(peer: Peer) -> None:
        peer.send(heard={"text": "How is the", "whole": False})
        peer.send(heard={"text": " weather?", "whole": False})
        peer.says("Sunny in Oslo.")
        peer.send(heard={"text": "Thanks.", "whole": False})
        peer.send(end=True)

    async with serving(script) as service, parley(service, LIVE)() as session:
        await until(session, has("end"))
        items = held(session)

    assert [(item.role, item.content.strip()) for item in items if isinstance(item, Message)] == [
        ("user", "How is the weather?"),
        ("assistant", "Sunny in Oslo."),
        ("user", "Thanks."),
    ]


async def test_tokens_of_the_turns_add_up():
    async with serving(conversation) as service, parley(service)(tools=[weather]) as session:
        await hold(session)
        usage = session.usage

    assert (usage.tokens.input_tokens, usage.tokens.output_tokens, usage.tokens.total_tokens) == (60, 14, 74)
    assert (usage.responses, usage.cancelled_responses) == (3, 1)
    assert (usage.interruptions, usage.tool_calls, usage.tool_errors) == (1, 1, 0)


async def test_captions_show_whole_turns_without_ids():
    async with serving(conversation) as service, parley(service)(tools=[weather]) as session:
        captions = session.captions()
        await hold(session)
        await session.delete_session()
        shown = {caption.key: caption async for caption in captions}

    latest = [(caption.role, caption.text.strip()) for caption in shown.values()]
    assert [role for role, _ in latest] == ["user", "assistant", "user", "assistant", "user", "assistant"]
    assert latest[1] == ("assistant", "Good morning.")
    assert latest[3] == ("assistant", "It is sunny in Oslo.")
    assert list(shown.values())[-1].interrupted


async def test_words_that_are_known_late_stand_before_the_answer_to_them():
    async def script(peer: Peer) -> None:
        await peer.expect("pause")
        peer.says("Sunny in Oslo.")
        peer.send(heard={"text": "How is the weather?", "whole": True})
        peer.over()
        peer.send(end=True)

    async with serving(script) as service, parley(service)() as session:
        await session.send_audio(bytes(48_000))
        await session.commit_audio()
        await until(session, has("end"))

        assert [item.role for item in held(session) if isinstance(item, Message)] == ["user", "assistant"]


@both
async def test_nothing_that_people_said_and_no_key_is_logged(
    provider: Provider, caplog: pytest.LogCaptureFixture
):
    async def script(peer: Peer) -> None:
        await peer.expect("says")
        peer.send(heard={"text": "SECRET heard", "whole": True})
        peer.says("SECRET spoken")
        await peer.call(("c1", "fail", {"what": "SECRET argument"}), ("c2", "nothing", {"what": "SECRET"}))
        peer.send_bytes(pack({"SECRET": "unknown"}))
        peer.send_bytes(b"\0\0\0\6SECRET")
        peer.over(end=True)

    async def fail(what: str) -> None:
        raise RuntimeError(f"SECRET exception {what}")

    async def play(_: Any) -> None:
        raise RuntimeError("SECRET callback")

    caplog.set_level(logging.DEBUG)
    async with (
        serving(script) as service,
        parley(service, provider)(
            instructions="SECRET instructions", tools=[fail], audio_output_callback=play
        ) as session,
    ):
        await session.send_text("SECRET said")
        events = await until(session, has("end"))

    for secret in ("SECRET", KEY):
        assert secret not in caplog.text
        assert secret not in repr(events).replace("'SECRET'", "")  # the service's own name for a frame
        assert secret not in repr([session, session.conversation, session.settings, session.usage])


async def test_conversation_of_another_provider_goes_on_here():
    async with create_client("simulator")() as session:
        await session.send_text("Hello", respond=True)
        await until(session, is_done)
        elsewhere = session.conversation

    async with serving() as service, parley(service)(history=elsewhere) as session:
        peer = await service.peer()
        await peer.expect("says", 2)

    assert [role for role, _ in told(peer)] == ["user", "assistant"]
    assert told(peer)[0] == ("user", "Hello")


async def test_conversation_held_here_goes_on_at_another_provider():
    async with serving(conversation) as service, parley(service)(tools=[weather]) as session:
        await hold(session)
        here = session.conversation

    async with create_client("simulator")(history=here) as session:
        assert [type(item) for item in held(session)] == [type(item) for item in here.history()]


async def test_budget_of_tokens_ends_the_session_when_the_turns_have_used_it_up():
    async def script(peer: Peer) -> None:
        await peer.expect("go")
        peer.says("A lot.")
        peer.over(tokens={"in": 90, "out": 20})

    events: list[RealtimeEvent] = []
    async with serving(script) as service:
        client = parley(service, budget=Budget(max_tokens=100))
        with pytest.raises(ConnectionLost) as lost:
            async with client(create_response=True) as session:
                await collect(session, events)

    assert str(lost.value.reason) == "budget_exhausted"
    assert "quota" in {event.kind for event in events if isinstance(event, RealtimeErrorEvent)}


@both
async def test_budget_of_time_ends_the_session(provider: Provider):
    clock = VirtualClock()
    with use_clock(clock):
        async with serving() as service:
            session = await parley(service, provider, budget=Budget(max_duration_s=60)).create_session()
            clock.advance(61)
            with pytest.raises(ConnectionLost) as lost:
                await collect(session, [])

    assert str(lost.value.reason) == "budget_exhausted"


@both
async def test_sixty_four_sessions_at_once_do_not_hear_each_other(provider: Provider):
    async def script(peer: Peer) -> None:
        (said,) = await peer.expect("says")
        peer.says(said["text"] * 3)
        peer.over(end=True)

    async def talk(client: Any, number: int) -> str:
        async with client() as session:
            await session.send_text(f"{number}.")
            events = await until(session, has("end"))
            return "".join(event.text.text for event in events if hasattr(event, "text")).strip()

    async with serving(script) as service:
        client = parley(service, provider)
        heard = await asyncio.gather(*(talk(client, number) for number in range(64)))

    assert heard == [f"{number}." * 3 for number in range(64)]
