"""Clauses of a whole session with the provider: what an application sees through the engine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.contents import Message, ToolCall
from realtime_core.errors import ConnectionLost, RealtimeError, UnsupportedSetting
from realtime_core.events import (
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeInterruptionEvent,
    RealtimeTextEvent,
)
from realtime_core.session import RealtimeSession
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.leaks import held, until_let_go
from realtime_core.testing.line import is_done, plays, shape
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["ConversingClauses"]

_MOST_STEPS: Final = 40


class Listener:
    """Reads a session in a task of its own, and keeps what it gives."""

    def __init__(self, session: RealtimeSession, stage: Stage) -> None:
        self.events: list[RealtimeEvent] = []
        self.end: BaseException | None = None
        self._session = session
        self._stage = stage
        self._news = asyncio.Event()
        self._task = asyncio.ensure_future(self._read())

    @property
    def text(self) -> str:
        """What would have been printed so far."""
        return "".join(event.text.text for event in self.events if isinstance(event, RealtimeTextEvent))

    async def _read(self) -> None:
        try:
            async for event in self._session.receive():
                self.events.append(event)
                self._wake()
        except RealtimeError as exc:
            self.end = exc
        finally:
            self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def until(self, holds: Callable[["Listener"], bool], awaited: str) -> None:
        """Wait until ``holds`` of this."""
        await self._stage.bounded(
            self._until(holds), f"the session gave {shape(self.events)}, and no {awaited}"
        )

    async def _until(self, holds: Callable[["Listener"], bool]) -> None:
        while not holds(self):
            await self._news.wait()

    async def aclose(self) -> None:
        """Stop reading."""
        self._task.cancel()
        await asyncio.wait({self._task})


@asynccontextmanager
async def _session(stage: Stage, **given: Any) -> AsyncIterator[tuple[RealtimeSession, Listener]]:
    session = stage.client()(**given)
    await stage.bounded(session.create_session(), "create_session() did not return")
    listener = Listener(session, stage)
    try:
        yield session, listener
    finally:
        await stage.bounded(session.delete_session(), "delete_session() did not return")
        await listener.aclose()


async def _asked(stage: Stage, session: RealtimeSession) -> None:
    """Ask for a response where that can be."""
    if stage.capabilities.turns and stage.capabilities.client_responses:
        asked = stage.double.heard.responses
        await session.create_response()
        await stage.heard(lambda heard: heard.responses > asked, "CreateResponse")


def _samples(pcm: Any) -> int:
    """How many samples an array has; none if it is not of the kind that a callback gets."""
    return len(pcm) if (str(pcm.dtype), pcm.ndim) == ("int16", 1) else 0


class ConversingClauses:
    """A session of the engine with the provider."""

    @clause(needs=("text",), do="see which clause of text or turns fails, too, and begin there")
    async def test_session_prints_a_reply(self, stage: Stage) -> None:
        """An application that says something and prints what comes prints the reply, once."""
        async with _session(stage) as (session, listener):
            await session.send_text("Hello")
            await stage.heard(lambda heard: bool(heard.messages), "message")
            await _asked(stage, session)
            await stage.double.begin()
            for piece in ("Hello ", "to ", "you."):
                await stage.double.text(piece)
            await stage.double.end()
            if stage.capabilities.turns:
                await listener.until(lambda seen: any(map(is_done, seen.events)), "end of the response")
            await listener.until(lambda seen: len(seen.text) >= len("Hello to you."), "text")
            if listener.text != "Hello to you.":
                broken(f"'Hello to you.' was said, {listener.text!r} would be printed")

    @clause(needs=("speaks",), do="see which clause of audio fails, too, and begin there")
    async def test_session_plays_a_reply(self, stage: Stage) -> None:
        """An application's audio callback gets what was spoken: int16, one dimension, 24 kHz mono."""
        heard: list[Any] = []
        async with _session(stage, audio_output_callback=heard.append) as (session, listener):
            await _asked(stage, session)
            await stage.double.begin()
            native = stage.output_format
            spoken_ms = 0.0
            for _ in range(10):
                await stage.double.audio(bytes(native.bytes_per_s // 50))
                spoken_ms += 20.0
            await stage.double.end()
            least = int(PCM16_24KHZ.rate_hz * spoken_ms / 1000 * 0.8)
            await listener.until(lambda _: sum(map(_samples, heard)) >= least, f"{spoken_ms:g} ms of audio")

    @clause(do="see which clause of calls fails, too; give each call once, and write each result once")
    async def test_session_runs_a_tool_once(self, stage: Stage) -> None:
        """A function that the model calls runs once, its result is heard once, and the answer follows."""
        runs: list[str] = []

        def look_up(what: str) -> str:
            """Look something up."""
            runs.append(what)
            return "blue"

        try:
            opening = _session(stage, tools=[look_up])
            async with opening as (session, listener):
                await _asked(stage, session)
                asked = stage.double.heard.responses
                await stage.double.call(ToolCall("call_1", "look_up", '{"what": "sky"}'))
                await stage.heard(lambda heard: bool(heard.results), "result")
                if not stage.capabilities.auto_continue and stage.asks:
                    await stage.heard(lambda heard: heard.responses > asked, "CreateResponse for the answer")
                await listener.until(
                    lambda seen: any(isinstance(e, RealtimeFunctionResultEvent) for e in seen.events),
                    "RealtimeFunctionResultEvent",
                )
                await stage.double.begin()
                await stage.say_something_in(stage.output_format)
                await stage.double.end()
                await listener.until(lambda seen: any(map(plays, seen.events)), "answer")
        except UnsupportedSetting as exc:
            raise NotApplicable("tools raise UnsupportedSetting: it calls no functions") from exc
        heard = stage.double.heard
        if runs != ["sky"] or len(heard.results) != 1:
            broken(f"one call ran {len(runs)} times, and {len(heard.results)} results were heard")
        expected = asked + (stage.asks and not stage.capabilities.auto_continue)
        if heard.responses != expected:
            broken(f"{heard.responses - asked} responses were asked for after the result")

    @clause(needs=("speaks",), do="see the clause of interruptions: a speech event or an interruption")
    async def test_session_tells_of_an_interruption(self, stage: Stage) -> None:
        """What the user cuts short is one RealtimeInterruptionEvent for the application."""
        stage.needs_interruptions()
        async with _session(stage) as (session, listener):
            await _asked(stage, session)
            await stage.double.begin()
            await stage.double.audio(bytes(stage.output_format.bytes_per_s))
            await listener.until(lambda seen: any(map(plays, seen.events)), "audio")
            await stage.double.interrupt()
            await listener.until(
                lambda seen: any(isinstance(event, RealtimeInterruptionEvent) for event in seen.events),
                "RealtimeInterruptionEvent",
            )

    @clause(needs=("text", "history"), do="take Message items before anything else, or say history='none'")
    async def test_session_is_seeded_with_history(self, stage: Stage) -> None:
        """A session that is given what was said before tells the service, in order, when it opens."""
        history = [Message("user", "I am Zoë."), Message("assistant", "Hello, Zoë.")]
        async with _session(stage, history=history):
            await stage.heard(lambda heard: len(heard.messages) >= len(history), "history")
            if stage.double.heard.messages != history:
                broken("the history was heard otherwise")

    @clause(do="raise ConnectionLost from receive() when the connection ends, and nothing else")
    async def test_session_tells_that_it_was_lost(self, stage: Stage) -> None:
        """A session whose connection drops ends with a 'closed' event, then ConnectionLost."""
        async with _session(stage) as (_, listener):
            await stage.double.drop()
            await listener.until(lambda seen: seen.end is not None, "ConnectionLost")
            told = (shape(listener.events[-1:]), type(listener.end).__name__)
            if told != ("Session closed", ConnectionLost.__name__):
                broken(f"the last event was {told[0]}, and {told[1]} was raised: {listener.end}")

    @clause(do="free all in aclose(), and let connect(), receive() and send() be cancelled")
    async def test_session_leaves_nothing_behind(self, stage: Stage) -> None:
        """A session that was deleted has left nothing, here or at the service."""
        before = held()
        for attempt in range(3):
            async with _session(stage) as (session, _):
                await _asked(stage, session)
                await stage.double.begin()
                await stage.say_something_in(stage.output_format)
            await stage.gone()
            if not attempt:  # what is made once for all is no leak
                before = held()
        if left := await until_let_go(before, bound_s=stage.subject.bound_s):
            broken(f"after the session was deleted there is still {left}")

    @clause(
        waits=12, do="free in connect() what it has made when it is cancelled; let receive() be cancelled"
    )
    async def test_opening_can_be_cancelled_at_every_wait(self, stage: Stage) -> None:
        """Opening a session may be cancelled at whichever moment; nothing is left anywhere."""
        async with _session(stage):
            pass
        await stage.gone()
        before = held()
        for turns in range(_MOST_STEPS):
            opening = asyncio.ensure_future(stage.client().create_session())
            for _ in range(turns):
                await asyncio.sleep(0)
            opening.cancel()
            await stage.bounded(asyncio.wait({opening}), "a cancelled create_session() did not return")
            if not opening.cancelled():
                await stage.bounded(opening.result().delete_session(), "delete_session() did not return")
                break
        await stage.gone("after create_session() was cancelled ")
        if left := await until_let_go(before, bound_s=stage.subject.bound_s):
            broken(f"after create_session() was cancelled there is still {left}")
