"""Responses that are asked for: written, timed, answered."""

import asyncio

import pytest
from realtime_core.commands import AddItem, CreateResponse
from realtime_core.contents import Message
from realtime_core.engine.responder import Responder
from realtime_core.engine.slot import ResponseSlot
from realtime_core.errors import CommandTimeout, ConnectionLost, LostReason, ProviderError, SessionStateError
from realtime_core.events import RealtimeErrorEvent, RealtimeResponseEvent
from realtime_core.turnstile import Turnstile

LOST = ConnectionLost("gone", reason=LostReason.DROPPED)
ITEM = AddItem(item=Message("user", "hi"))


class Wire:
    """A sender and an outbox in one: notes what is written, and by which way."""

    def __init__(self):
        self.order = Turnstile()
        self.written = []
        self.put_later = []
        self.error = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def write_in_order(self, command):
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.written.append(command)

    def put(self, command):
        self.put_later.append(command)


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def slot():
    return ResponseSlot(acks=True)


@pytest.fixture
def responder(wire, slot, clock):
    async def heard(_):
        return True

    made = Responder(slot, sender=wire, outbox=wire, heard=heard, clock=clock, timeout_s=10)
    yield made
    made.close(SessionStateError("the test is over"))
    assert clock.pending == 0


def created(command, name="r"):
    return RealtimeResponseEvent(phase="created", response_id=name, command_id=command.command_id)


def done(name="r"):
    return RealtimeResponseEvent(phase="done", response_id=name, status="completed")


def refused(command, kind="response_active"):
    return RealtimeErrorEvent(kind=kind, code=kind, message="no", command_id=command.command_id)


async def test_request_is_written_right_after_its_items(responder, wire):
    await responder.ask(ITEM)

    assert [type(command) for command in wire.written] == [AddItem, CreateResponse]


async def test_request_that_waits_is_written_when_the_slot_is_free(responder, wire):
    first = await responder.ask()
    second = await responder.ask(overrides={"voice": "marin"})
    (command,) = wire.written
    responder.created(created(command))
    assert wire.put_later == []

    responder.done(done())

    assert (await first).status == "completed"
    assert [command.overrides for command in wire.put_later] == [{"voice": "marin"}]
    assert second.response_id is None


async def test_request_out_of_band_is_written_at_once(responder, wire):
    await responder.ask()
    handle = await responder.ask(conversation="none")
    command = wire.written[1]

    assert command.conversation == "none"
    responder.created(
        RealtimeResponseEvent(
            phase="created", response_id="o", command_id=command.command_id, out_of_band=True
        )
    )
    assert (await handle.created()).response_id == "o"


async def test_response_of_somebody_else_answers_no_request(responder, clock):
    assert responder.created(RealtimeResponseEvent(phase="created", response_id="raw")) is None
    assert clock.pending == 0


async def test_first_request_has_its_own_way(responder, wire):
    ways = []

    async def write(command):
        ways.append(command)

    await responder.ask_first(write)

    assert [type(command) for command in ways] == [CreateResponse]
    assert wire.written == []


async def test_request_that_nobody_waits_for_is_written_by_the_outbox(responder, wire):
    responder.ask_later(overrides={"tool_choice": "auto"})

    assert [command.overrides for command in wire.put_later] == [{"tool_choice": "auto"}]


async def test_request_that_waits_may_be_answered_by_what_the_service_begins_by_itself(responder, wire, slot):
    await responder.ask()
    responder.created(created(wire.written[0]))
    responder.ask_later(covered=lambda: True)
    slot.turn_ended()

    answered = responder.created(RealtimeResponseEvent(phase="created", response_id="own"))
    responder.done(done("own"))

    assert answered.done.value.response_id == "own"
    assert wire.put_later == []


async def test_too_many_that_wait_fail_whoever_asks_and_not_the_reader(responder):
    await responder.ask()
    for _ in range(64):
        await responder.ask(overrides={"voice": "marin"})

    with pytest.raises(SessionStateError, match="64"):
        await responder.ask(overrides={"voice": "marin"})
    responder.ask_later(overrides={"tool_choice": "auto"})


async def test_refusal_for_an_active_response_is_hidden_and_the_request_sent_again(responder, wire):
    handle = await responder.ask()
    (command,) = wire.written

    assert responder.refused(refused(command))

    assert wire.put_later == [command]
    responder.created(created(command))
    assert (await handle.created()).response_id == "r"


async def test_any_other_refusal_is_told_and_raised(responder, wire):
    handle = await responder.ask()

    assert not responder.refused(refused(wire.written[0], "invalid_request"))

    with pytest.raises(ProviderError, match="no"):
        await handle


async def test_refusal_of_another_command_changes_nothing(responder, clock):
    await responder.ask()

    assert not responder.refused(refused(ITEM))
    assert clock.pending == 1


async def test_service_that_does_not_answer_gives_a_timeout_and_the_slot_back(responder, wire, clock):
    first = await responder.ask()
    second = await responder.ask()

    clock.advance(10)

    with pytest.raises(CommandTimeout, match="within 10 s"):
        await first
    assert len(wire.put_later) == 1
    responder.created(created(wire.put_later[0]))
    assert (await second.created()).response_id == "r"


async def test_request_that_waits_for_its_turn_has_all_the_time_in_the_world(responder, wire, clock):
    await responder.ask()
    waiting = await responder.ask()
    responder.created(created(wire.written[0]))

    clock.advance(1000)
    responder.done(done())

    responder.created(created(wire.put_later[0], "s"))
    assert (await waiting.created()).response_id == "s"


async def test_request_that_cannot_be_written_raises_and_frees_the_slot(responder, wire, slot):
    wire.error = LOST

    with pytest.raises(ConnectionLost):
        await responder.ask()

    assert slot.is_free


async def test_what_the_outbox_could_not_write_fails(responder, wire):
    responder.ask_later()
    handle = await responder.ask()  # one with the next that waits
    first = wire.put_later[0]

    responder.not_sent(first, LOST)
    responder.not_sent(ITEM, LOST)

    assert len(wire.put_later) == 2
    responder.not_sent(wire.put_later[1], LOST)
    with pytest.raises(ConnectionLost):
        await handle


async def test_request_that_has_begun_can_not_be_unsent(responder, wire):
    handle = await responder.ask()
    command = wire.written[0]
    # it ends without a beginning, so that nothing stops its time
    responder.done(RealtimeResponseEvent(phase="done", response_id="r", command_id=command.command_id))

    responder.not_sent(command, LOST)

    assert (await handle).response_id == "r"


async def test_end_of_the_session_fails_what_is_open_and_stops_the_time(responder, clock):
    handle = await responder.ask()

    responder.close(LOST)

    with pytest.raises(ConnectionLost):
        await handle.created()
    assert clock.pending == 0


async def test_whoever_is_cancelled_while_it_is_written_holds_the_slot_no_longer_than_an_answer_may_take(
    responder, wire, clock, idle
):
    wire.gate.clear()
    asking = asyncio.create_task(responder.ask())
    await idle()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    wire.gate.set()
    waiting = await responder.ask()

    clock.advance(10)

    responder.created(created(wire.put_later[0]))
    assert (await waiting.created()).response_id == "r"
