"""Clauses of the end: closing, being left, and what stays behind."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext, suppress
from typing import Final

from realtime_core.commands import AddItem, AppendAudio, Command, CreateResponse
from realtime_core.contents import Message, ToolCall
from realtime_core.errors import ConnectionLost, LostReason, RealtimeError
from realtime_core.events import RealtimeErrorEvent, RealtimeFunctionCallEvent
from realtime_core.provider import Connection
from realtime_core.testing.clauses import ClauseBroken, NotApplicable, broken, describe
from realtime_core.testing.leaks import held, until_let_go
from realtime_core.testing.line import Line, bounded, is_done
from realtime_core.testing.stage import A_TOOL, Stage
from realtime_core.testing.subject import Meeting
from realtime_core.testing.suite import clause

__all__ = ["EndingClauses"]

_LONGER: Final = 4
"""How many times as long a connection is waited for that waits, perhaps, for a word."""

_PAUSES_S: Final = (0.02, 0.2, 1.0)
"""What the last words get to arrive before the network drops the connection: each is tried, at most."""

_CLOSING_S: Final = 5.0
"""How long closing may take, whatever the service does."""

_TURNS: Final = 5
"""Turns of the loop that a reader gets to reach its wait."""


async def _lost(line: Line) -> ConnectionLost:
    """Read to the end, which must be ConnectionLost."""
    while True:
        try:
            await line.frame("ConnectionLost")
        except ConnectionLost as exc:
            return exc
        except (ClauseBroken, asyncio.CancelledError):
            raise
        except Exception as exc:  # noqa: BLE001  # the provider under test may raise anything
            broken(f"instead of ConnectionLost {describe(exc)}")


def _commands(stage: Stage) -> Iterator[Command]:
    """What is sent too late."""
    if stage.capabilities.text:
        yield AddItem(item=Message("user", "Too late"))
    if stage.capabilities.input_formats:
        yield AppendAudio(data=bytes(960))
    if stage.asks:
        yield CreateResponse()


class EndingClauses:
    """How a connection ends."""

    @clause(do="make aclose() idempotent, and let it raise nothing")
    async def test_closing_twice_is_harmless(self, stage: Stage) -> None:
        """aclose() may be called twice, and never raises; after it receive() raises ConnectionLost."""
        line = await stage.connect()
        await line.aclose()
        await line.aclose()
        await _lost(line)

    @clause(do="let aclose() do its work once for all who call it at the same time")
    async def test_closing_twice_at_once_is_harmless(self, stage: Stage) -> None:
        """aclose() may be called by two tasks at once."""
        line = await stage.connect()
        await asyncio.gather(line.aclose(), line.aclose())
        await stage.gone()

    @clause(do="wake whoever waits in receive() when aclose() is called, with ConnectionLost")
    async def test_closing_wakes_a_waiting_reader(self, stage: Stage) -> None:
        """aclose() while another task waits in receive(): that one raises ConnectionLost."""
        line = await stage.connect()
        reading = asyncio.ensure_future(_lost(line))
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        await line.aclose()
        await stage.bounded(reading, "the waiting receive() did not return")

    @clause(do="let aclose() work from the first moment, whatever has been read")
    async def test_closing_works_before_anything_is_read(self, stage: Stage) -> None:
        """aclose() on a connection that nobody has read from ends it."""
        line = await stage.begin_connect(stage.setup())
        await line.aclose()
        await stage.gone()

    @clause(do="end the connection in aclose(), in the orderly way, so that the service lets go of it")
    async def test_closing_ends_the_connection_at_the_service(self, stage: Stage) -> None:
        """After aclose() the service has the connection no more, in a running turn, too."""
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        await line.aclose()
        await stage.gone()

    @clause(do="do not wait for the service's goodbye without an end")
    async def test_closing_does_not_wait_for_a_silent_service(self, stage: Stage) -> None:
        """aclose() returns in less than 5 seconds although the service is silent, or never said a word."""
        silent = [await _connected_to_silence(stage)]
        await stage.double.meet(Meeting.ACCEPT)
        if not stage.inherits("fall_silent"):
            silent.append((await stage.connect()).connection)
            await stage.double.fall_silent()
        elif silent == [None]:
            raise NotApplicable(
                "connect waits for the service's first word, and the double has no fall_silent() for later"
            )
        for connection in filter(None, silent):
            seen = "aclose() did not return while the service was silent"
            await bounded(connection.aclose(), seen, min(_CLOSING_S, stage.subject.bound_s))

    @clause(do="free in aclose() all that connect() made: tasks, threads, sockets; await what you cancel")
    async def test_closing_leaves_nothing_behind(self, stage: Stage) -> None:
        """After aclose() no task, thread or socket of the connection is left."""
        await (await stage.connect()).aclose()  # what is made once for all is no leak
        await stage.gone()
        before = held()
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        await line.aclose()
        await stage.gone()
        if left := await until_let_go(before, bound_s=stage.subject.bound_s):
            broken(f"after aclose() there is still {left}")

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
        """A connection that the network drops is ConnectionLost, on every further call, too."""
        line = await stage.connect()
        await stage.double.drop()
        await _lost(line)
        await _lost(line)

    @clause(do="turn a clean end into ConnectionLost: nobody here asked for it")
    async def test_service_that_hangs_up_is_lost(self, stage: Stage) -> None:
        """A service that ends the connection in the orderly way is ConnectionLost, with a LostReason."""
        line = await stage.connect()
        await stage.double.hang_up()
        lost = await _lost(line)
        if not isinstance(lost.reason, LostReason):
            broken(f"its reason is {lost.reason!r}, not a LostReason")

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
        for pause_s in _PAUSES_S:  # what arrives is up to the network
            line = await stage.connect()
            with suppress(ClauseBroken) if pause_s < _PAUSES_S[-1] else nullcontext():
                await _last(stage, line, stage.double.drop, pause_s)
                return

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
                await _lost(line)
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
        """A peer that vanishes in the middle of a frame is ConnectionLost; the half frame is nothing."""
        line = await stage.connect()
        told = len(line.frames)
        await stage.double.vanish()
        await _lost(line)
        if len(line.frames) != told:
            broken("the half frame gave events")

    @clause(do="free in aclose() what is left, also where the peer went first; let it raise nothing")
    async def test_lost_connection_leaves_nothing_behind(self, stage: Stage) -> None:
        """aclose() after ConnectionLost frees what is left, and raises nothing."""
        before = held()
        for attempt in range(2):
            line = await stage.connect()
            await stage.double.drop()
            await _lost(line)
            await line.aclose()
            await stage.gone()
            if not attempt:
                before = held()
        if left := await until_let_go(before, bound_s=stage.subject.bound_s):
            broken(f"after ConnectionLost and aclose() there is still {left}")


async def _connected_to_silence(stage: Stage) -> Connection | None:
    """A connection to a service that never says a word; None: there is none before it does."""
    loop = asyncio.get_running_loop()
    setup, begun_s = stage.setup(), loop.time()
    await (await stage.connect()).aclose()
    # one that waits for the first word takes longer than one that has got it, on a busy machine, too
    patience_s = max(stage.patience_s, _LONGER * (loop.time() - begun_s))
    await stage.double.meet(Meeting.SAY_NOTHING)
    connecting = asyncio.ensure_future(stage.provider.connect(stage.options, setup))
    await asyncio.wait({connecting}, timeout=patience_s)
    if connecting.done():
        return connecting.result()
    connecting.cancel()
    await asyncio.wait({connecting}, timeout=stage.subject.bound_s)
    return None


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
    await _lost(line)
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
    await _lost(line)
    if not line.of(RealtimeFunctionCallEvent):
        broken("the call that came before the end was not told")
