"""Nothing that people said and no key in logs, or in any repr, below an explicit, named opt-in."""

import asyncio
import logging
from typing import Any

import numpy as np
import pytest
from guarantees.talk import Talk, talking
from listening import is_done, until
from own_protocol.talk import Player
from realtime_core import (
    ActiveCall,
    ConnectionLost,
    LoggingObserver,
    RealtimeApprovalEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    Tool,
    ToolError,
)
from realtime_core.engine.observation import drain
from realtime_core.observers import hookimpl
from realtime_simulator import Action, Call, Say, Turn, Wait

pytestmark = pytest.mark.usefixtures("no_leaks")

KEY = "sk-proj-NOBODYMAYSEETHIS"
# each in another place, so that a leak says where it is
WORDS = {
    "said": "MARKSAID",
    "written": "MARKWRITTEN",
    "history": "MARKHISTORY",
    "instructions": "MARKINSTRUCTIONS",
    "override": "MARKOVERRIDE",
    "argument": "MARKARGUMENT",
    "result": "MARKRESULT",
    "reply": "MARKREPLY",
    "progress": "MARKPROGRESS",
    "reason": "MARKREASON",
    "tool error": "MARKTOOLERROR",
    "exception": "MARKEXCEPTION",
    "callback": "MARKCALLBACK",
    "refusal": "MARKREFUSAL",
    "system": "MARKSYSTEM",
}


def book(room: str, call: ActiveCall) -> str:
    """Book a room."""
    call.progress(WORDS["progress"])
    return f"{room} {WORDS['result']}"


def fail() -> None:
    """Fail."""
    raise RuntimeError(WORDS["exception"])


async def refuse() -> None:
    """Say no."""
    raise ToolError(WORDS["tool error"])


def pay(amount: str) -> str:
    """Pay."""
    return amount


def brain(turn: Turn) -> list[Action]:
    spoken = Say(WORDS["reply"], audio=np.zeros(24_000, np.int16))
    if turn.results and WORDS["said"] not in turn.text:
        return [spoken, Wait(1_000), spoken]
    if turn.number:
        return [spoken]
    argument = WORDS["argument"]
    return [
        Call("book", {"room": argument}),
        Call("fail"),
        Call("refuse"),
        Call("pay", {"amount": argument}),
        Call("wether", "{" + argument),
    ]


class Collector:
    """Keeps whatever an observer is given."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    @hookimpl
    def realtime_event(self, session: Any, event: RealtimeEvent) -> None:
        self.seen += [session, event]

    @hookimpl
    def realtime_command(self, session: Any, command: Any) -> None:
        self.seen += [session, command]

    @hookimpl
    def realtime_tool(self, session: Any, call: Any, result: Any) -> None:
        self.seen += [session, call, result]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def logged(log: pytest.LogCaptureFixture) -> str:
    """All that every logger of this process has said, but for the service's end of the socket."""
    records = [record for record in log.records if not record.name.startswith("websockets.server")]
    texts = [f"{record.name} {record.getMessage()} {vars(record)}" for record in records]
    return "\n".join(texts + [str(record.exc_text or record.exc_info or "") for record in records])


def leaks(text: str) -> list[str]:
    """What a text shows of that which it may not show."""
    shown = [place for place, word in WORDS.items() if word in text]
    return shown + (["key"] if "NOBODYMAYSEETHIS" in text else [])


async def rich(talk: Talk, player: Player) -> list[object]:
    """A conversation in which everything happens that can; what it has given to look at."""
    session, seen = talk.session, []

    def note(events: list[RealtimeEvent]) -> None:
        seen.extend(events)
        seen.extend([session, session.conversation, session.usage, session.stats, session.settings])

    await session.send_text(WORDS["system"], role="system")
    first = await session.send_text(WORDS["written"], respond=True)
    note(await until(session, lambda event: isinstance(event, RealtimeApprovalEvent)))
    (asked,) = [event for event in seen if isinstance(event, RealtimeApprovalEvent)]
    assert first is not None
    await first
    await session.deny(asked.request, WORDS["reason"])
    while sum(isinstance(event, RealtimeFunctionResultEvent) for event in seen) < 5:
        note(await until(session, lambda event: isinstance(event, RealtimeFunctionResultEvent)))
    await player.until(lambda: player.given_ms > 900)
    talk.service.user_starts_speaking()
    note(await until(session, is_done))
    talk.service.user_stops_speaking(WORDS["said"])
    note(await until(session, is_done))
    aside = await session.create_response(conversation="none", instructions=WORDS["override"])
    await aside
    raw = {"session": {"type": "realtime", "instructions": WORDS["refusal"], "speed": WORDS["refusal"]}}
    await session.send(RealtimeEvent(service_type="session.update", service_event=raw))
    note(await until(session, lambda event: isinstance(event, RealtimeErrorEvent)))
    return [*seen, first, aside, asked.request]


class Failing(Player):
    """A player that complains of the first piece."""

    def write(self, pcm: Any) -> None:
        broken = not self.samples
        super().write(pcm)
        if broken:
            raise RuntimeError(WORDS["callback"])


async def shown(realtime_simulator: Any, log: pytest.LogCaptureFixture, **observer: bool) -> tuple[str, str]:
    """What the log shows, and what the reprs of all objects do."""
    player, collector = Failing(), Collector()
    client = {"api_key": KEY, "observers": (LoggingObserver(**observer), collector)}
    settings = {
        "tools": [book, fail, refuse, Tool(pay, approve=True)],
        "history": [{"role": "user", "content": WORDS["history"]}],
        "instructions": WORDS["instructions"],
        "audio_output_callback": player,
        "input_audio_transcription": {"model": "gpt-4o-transcribe"},
    }
    async with talking(realtime_simulator, client=client, session=settings, brain=brain, script=None) as talk:
        seen = await rich(talk, player)
        talk.service.close(1011, "out of order")
        try:
            async for event in talk.session.receive():
                seen.append(event)
        except ConnectionLost as lost:
            seen += [lost, lost.__cause__]
    assert await asyncio.to_thread(drain, 60)
    texts = [
        text for thing in [*seen, *collector.seen, settings["tools"]] for text in (repr(thing), str(thing))
    ]
    return logged(log), "\n".join(texts)


async def test_nothing_that_people_said_and_no_key_in_logs_or_reprs(
    realtime_simulator: Any, log: pytest.LogCaptureFixture
):
    logs, reprs = await shown(realtime_simulator, log)

    assert "what=session_closed" in logs
    assert "what=tool_run" in logs
    assert leaks(logs) == []
    assert leaks(reprs) == []
    assert "RealtimeInterruptionEvent" in reprs


async def test_with_the_named_opt_in_words_are_in_the_log_and_the_key_is_not(
    realtime_simulator: Any, log: pytest.LogCaptureFixture
):
    logs, reprs = await shown(realtime_simulator, log, include_content=True)

    assert {"said", "written", "reply", "argument", "result", "tool error"} <= set(leaks(logs))
    assert "key" not in leaks(logs)
    assert leaks(reprs) == []
