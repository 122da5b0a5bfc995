"""Clauses of the end: being refused, being left, and what stays behind."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Final

from realtime_core.commands import AddItem, AppendAudio, Command, CreateResponse
from realtime_core.contents import Message, ToolCall
from realtime_core.errors import ConnectionLost, LostReason, RealtimeError
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
)
from realtime_core.testing.clauses import ClauseBroken, NotApplicable, broken
from realtime_core.testing.leaks import held, until_let_go
from realtime_core.testing.line import Line, is_done, plays
from realtime_core.testing.losing import ended, lost
from realtime_core.testing.stage import A_TOOL, Stage
from realtime_core.testing.subject import Meeting
from realtime_core.testing.suite import clause

__all__ = ["EndingClauses"]

_PAUSES_S: Final = (0.02, 0.2, 1.0)
"""What the last words get to arrive before the network drops the connection: each is tried, at most."""


def _commands(stage: Stage) -> Iterator[Command]:
    """What is sent too late."""
    if stage.capabilities.text:
        yield AddItem(item=Message("user", "Too late"))
    if stage.capabilities.input_formats:
        yield AppendAudio(data=bytes(960))
    if stage.asks:
        yield CreateResponse()


async def _ended_by(
    stage: Stage, ends: Callable[[], Awaitable[None]]
) -> list[tuple[ConnectionLost, list[RealtimeEvent]]]:
    """How two connections end, one on which nothing happens and one in a running turn: what each raises, and
    the events that come before that.
    """
    idle = await stage.connect()
    of_idle = len(idle.events)
    await ends()
    waiting = asyncio.ensure_future(lost(idle))  # it may take long until a network is known to be gone
    line = await stage.connect()
    await line.turn()
    await stage.say_something(line)
    await line.until(plays, "the beginning of the reply")
    await line.marked()
    of_line = len(line.events)
    await ends()
    return [(await waiting, idle.events[of_idle:]), (await lost(line), line.events[of_line:])]


class EndingClauses:
    """How a connection ends."""

    @clause(do="free what connect() has made so far before it raises")
    async def test_refusal_leaves_nothing_behind(self, stage: Stage) -> None:
        """A connection that is refused, or ended at once, leaves no task, thread or socket."""
        for meeting in (Meeting.REFUSE, Meeting.HANG_UP) if stage.secrets else (Meeting.HANG_UP,):
            await stage.double.meet(meeting)
            before = held()
            for attempt in range(3):
                await _refused(stage, meeting, is_read=not attempt)
                if not attempt:  # what is made once for all is no leak
                    await stage.gone()
                    before = held()
            await stage.gone()
            if left := await until_let_go(before, bound_s=stage.subject.bound_s):
                broken(f"after a connection that was met with {meeting!r} there is still {left}")

    @clause(do="turn the error or the end of the stream into ConnectionLost, with `raise ... from`")
    async def test_dropped_connection_is_lost(self, stage: Stage) -> None:
        """A connection that the network drops, in a running turn, too, is ConnectionLost, on every further
        call as on the first.
        """
        await _ended_by(stage, stage.double.drop)

    @clause(do="turn a clean end into ConnectionLost: nobody here asked for it")
    async def test_service_that_hangs_up_is_lost(self, stage: Stage) -> None:
        """A service that ends the connection in the orderly way, in a running turn, too, is ConnectionLost,
        with a LostReason, on every further call as on the first.
        """
        for end, _ in await _ended_by(stage, stage.double.hang_up):
            if not isinstance(end.reason, LostReason):
                broken(f"its reason is {end.reason!r}, not a LostReason")

    @clause(
        waits=12,
        do="give what has arrived before you raise ConnectionLost, whatever it is and however the end comes; "
        "an asyncio.StreamReader forgets what it holds when the connection is reset",
    )
    async def test_last_words_are_told_before_the_end(self, stage: Stage) -> None:
        """What the service says before it hangs up is told, be it words, a call or the end of a turn, and
        then ConnectionLost; so is what had arrived before the network dropped the connection.
        """
        await _last(stage, await stage.connect(), stage.double.hang_up)
        await _last_call(stage)
        *early, last = _PAUSES_S  # what arrives is up to the network
        for pause_s in early:
            with suppress(ClauseBroken):
                await _last(stage, await stage.connect(), stage.double.drop, pause_s)
                return
        await _last(stage, await stage.connect(), stage.double.drop, last)

    @clause(do="raise ConnectionLost from send once the connection is gone; never pretend to have sent")
    async def test_nothing_is_sent_after_the_end(self, stage: Stage) -> None:
        """send() on a connection that has ended, whoever ended it, raises ConnectionLost, and nothing reaches
        the service.
        """
        for who, end in (
            ("was closed", None),
            ("was dropped", stage.double.drop),
            ("the service has ended", stage.double.hang_up),
        ):
            line = await stage.connect()
            if end is None:
                await line.aclose()
            else:
                await end()
                await ended(line)
            await stage.gone()
            heard = len(stage.double.heard.notes)
            for command in _commands(stage):
                try:
                    await line.send(command)
                except ConnectionLost:
                    continue
                broken(f"send({type(command).__name__}) on a connection that {who} said nothing")
            if len(stage.double.heard.notes) != heard:
                broken(f"what was sent on a connection that {who} reached the service")

    @clause(do="treat a frame that ends early as a connection that is gone, not as a frame")
    async def test_peer_that_vanishes_in_a_frame_is_lost(self, stage: Stage) -> None:
        """A peer that vanishes in the middle of a frame, in a running turn, too, is ConnectionLost; the half
        frame is nothing.
        """
        # a track goes on while the connection lasts, and a 'done' may be made up as it ends
        of_no_frame = RealtimeAudioEvent if stage.capabilities.paced else ()
        for _, events in await _ended_by(stage, stage.double.vanish):
            if not all(is_done(event) or isinstance(event, of_no_frame) for event in events):
                broken("the half frame gave events")

    @clause(do="free in aclose() what is left, also where the peer went first; let it raise nothing")
    async def test_lost_connection_leaves_nothing_behind(self, stage: Stage) -> None:
        """aclose() after ConnectionLost frees what is left, and raises nothing."""
        before = held()
        for attempt in range(2):
            line = await stage.connect()
            await stage.double.drop()
            await lost(line)
            await line.aclose()
            await stage.gone()
            if not attempt:
                before = held()
        if left := await until_let_go(before, bound_s=stage.subject.bound_s):
            broken(f"after ConnectionLost and aclose() there is still {left}")


async def _refused(stage: Stage, meeting: Meeting, *, is_read: bool) -> None:
    """A connection that comes to nothing; closed, where it was made."""
    try:
        line = await stage.begin_connect(stage.setup())
    except RealtimeError:
        return
    if is_read:
        await _told_of_its_end(line, meeting)
    await stage.end(line)


async def _told_of_its_end(line: Line, meeting: Meeting) -> None:
    try:
        await line.until(lambda event: isinstance(event, RealtimeErrorEvent), "its end or an error event")
    except RealtimeError:
        return
    except ClauseBroken as exc:
        raise ClauseBroken(
            f"the double was told to meet a connection so: {meeting.replace('_', ' ')}; {exc}",
            remedy="let meet() of your ServiceDouble do what realtime_core.testing.Meeting says of each",
        ) from None


async def _last(stage: Stage, line: Line, ends: Callable[[], Awaitable[None]], pause_s: float = 0.0) -> None:
    """A turn is the last that the service says."""
    await line.turn()
    await stage.say_something(line)
    await stage.double.end()
    await asyncio.sleep(pause_s)
    await ends()
    await lost(line)
    if stage.capabilities.text:
        line.printed(stage.something)
    if stage.capabilities.output_formats and not stage.capabilities.paced and not line.pcm:
        broken("the audio that came before the end was not told")
    if stage.capabilities.turns and not any(map(is_done, line.events)):
        broken("the response that was done before the end was not told to be")


async def _last_call(stage: Stage) -> None:
    """A call is the last that the service says, where there are calls."""
    try:
        line = await stage.connect(tools=(A_TOOL,))
    except NotApplicable:
        return
    await line.ask()
    await stage.double.call(ToolCall("call_1", A_TOOL.name, "{}"))
    await stage.double.hang_up()
    await lost(line)
    if not line.of(RealtimeFunctionCallEvent):
        broken("the call that came before the end was not told")
