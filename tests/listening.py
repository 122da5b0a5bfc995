"""Reading a session, as every test of sessions does, and a look at what it gave."""

from collections.abc import Callable
from typing import Any

from realtime_core import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSession,
    RealtimeTextEvent,
)


async def until(session: RealtimeSession, ends: Callable[[Any], bool]) -> list[RealtimeEvent]:
    """What a session gives, up to the first event that ``ends`` it, which is the last."""
    events = []
    async for event in session.receive():
        events.append(event)
        if ends(event):
            break
    return events


async def collect(session: RealtimeSession, events: list[RealtimeEvent]) -> None:
    """Add what a session gives to ``events``, until it ends."""
    async for event in session.receive():
        events.append(event)  # noqa: PERF401  # what came is kept although the loop raises


async def ended(session: RealtimeSession) -> list[RealtimeEvent]:
    """Delete the session; all it has given and nobody has read."""
    await session.delete_session()
    return [event async for event in session.receive()]


def is_done(event: RealtimeEvent) -> bool:
    return isinstance(event, RealtimeResponseEvent) and event.phase == "done"


def errors(events: list[RealtimeEvent]) -> list[RealtimeErrorEvent]:
    return [event for event in events if isinstance(event, RealtimeErrorEvent)]


def printed(events: list[RealtimeEvent]) -> str:
    return "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent))


def heard_ms(events: list[RealtimeEvent]) -> float:
    return sum(event.audio.duration_ms for event in events if isinstance(event, RealtimeAudioEvent))


def shape(events: list[RealtimeEvent]) -> list[str]:
    """Classes and phases: what came, in order."""
    names = [type(event).__name__.removeprefix("Realtime").removesuffix("Event") for event in events]
    return [
        f"{name} {getattr(event, 'phase', '')}".strip() for name, event in zip(names, events, strict=True)
    ]
