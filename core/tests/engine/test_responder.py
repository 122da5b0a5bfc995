"""Responses that are asked for: written, timed, answered."""

import asyncio

import pytest
from realtime_core.commands import AddItem, CreateResponse
from realtime_core.contents import Message
from realtime_core.engine.outcome import Outcome
from realtime_core.engine.responder import Responder
from realtime_core.engine.slot import ResponseSlot
from realtime_core.errors import CommandTimeout, ConnectionLost, LostReason, ProviderError, SessionStateError
from realtime_core.events import RealtimeErrorEvent, RealtimeResponseEvent

LOST = ConnectionLost("gone", reason=LostReason.DROPPED)
ITEM = AddItem(item=Message("user", "hi"))


class Wire:
    """An outbox that writes at once, and notes what."""

    def __init__(self):
        self.written = []
        self.error = None
        self.held = False
        self.failed = None

    def put(self, *commands):
        outcome = Outcome()
        if self.error is not None:
            outcome.fail(self.error)
            for command in commands:
                self.failed(command, self.error)
        else:
            self.written += commands
            if not self.held:
                outcome.set(True)
        return outcome


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def slot():
    return ResponseSlot(acks=True)


@pytest.fixture
def told():
    return []


@pytest.fixture
def responder(wire, slot, clock, told):
    async def heard(_):
        return True

    made = Responder(slot, outbox=wire, report=told.append, heard=heard, clock=clock, timeout_s=10)
    wire.failed = made.not_sent
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
    assert len(wire.written) == 1

    responder.done(done())

    assert (await first).status == "completed"
    assert [command.overrides for command in wire.written[1:]] == [{"voice": "marin"}]
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

    assert [command.overrides for command in wire.written] == [{"tool_choice": "auto"}]


async def test_request_that_waits_may_be_answered_by_what_the_service_begins_by_itself(responder, wire, slot):
    await responder.ask()
    responder.created(created(wire.written[0]))
    responder.ask_later(covered=lambda: True)
    slot.turn_ended()

    answered = responder.created(RealtimeResponseEvent(phase="created", response_id="own"))
    responder.done(done("own"))

    assert answered.done.value.response_id == "own"
    assert len(wire.written) == 1


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

    assert wire.written == [command, command]
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
    assert len(wire.written) == 2
    responder.created(created(wire.written[1]))
    assert (await second.created()).response_id == "r"


async def test_response_that_never_begins_is_told_although_nobody_waits_for_it(responder, clock, told):
    responder.ask_later()

    clock.advance(10)

    assert [(event.kind, event.code, event.retryable) for event in told] == [
        ("server", "response_not_begun", True)
    ]


async def test_whoever_waits_for_a_response_that_never_begins_is_told_once(responder, clock, told, idle):
    waiting = asyncio.ensure_future((await responder.ask()).created())
    await idle()

    clock.advance(10)

    with pytest.raises(CommandTimeout):
        await waiting
    assert told == []


async def test_response_that_ended_without_a_beginning_is_not_late(responder, wire, clock, told):
    await responder.ask()
    command = wire.written[0]
    responder.done(RealtimeResponseEvent(phase="done", response_id="r", command_id=command.command_id))

    clock.advance(10)

    assert told == []


async def test_what_follows_from_tools_waits_until_the_user_has_spoken(responder, wire):
    responder.user_speaks(speaks=True)
    responder.ask_later(covered=lambda: False)
    assert wire.written == []

    responder.user_speaks(speaks=False)

    assert len(wire.written) == 1


async def test_requests_wait_for_the_answer_to_what_the_user_says(responder, wire):
    responder.user_speaks(speaks=True, will_be_answered=True)
    asking = await responder.ask()
    assert wire.written == []

    responder.user_speaks(speaks=False)

    responder.created(created(wire.written[0]))
    assert (await asking.created()).response_id == "r"


async def test_speech_whose_end_is_not_told_holds_nothing_up_for_ever(responder, wire, clock):
    responder.user_speaks(speaks=True, will_be_answered=True)
    clock.advance(9)
    responder.user_speaks(speaks=True, will_be_answered=True)
    await responder.ask()
    clock.advance(9)
    assert wire.written == []

    clock.advance(1)

    assert len(wire.written) == 1


async def test_end_of_the_session_is_the_end_of_all_speech(responder, clock):
    responder.user_speaks(speaks=True)

    responder.close(LOST)

    assert clock.pending == 0


async def test_service_that_knows_nothing_of_a_response_has_ended_it(responder, wire, slot):
    handle = await responder.ask()
    responder.created(created(wire.written[0]))
    slot.cancelling("cancel", "r")

    responder.refused(RealtimeErrorEvent(kind="nothing_to_cancel", code="x", command_id="cancel"))

    assert slot.is_free
    with pytest.raises(ProviderError, match="never told its end"):
        await handle


async def test_request_that_waits_for_its_turn_has_all_the_time_in_the_world(responder, wire, clock):
    await responder.ask()
    waiting = await responder.ask()
    responder.created(created(wire.written[0]))

    clock.advance(1000)
    responder.done(done())

    responder.created(created(wire.written[1], "s"))
    assert (await waiting.created()).response_id == "s"


async def test_request_that_cannot_be_written_raises_and_frees_the_slot(responder, wire, slot):
    wire.error = LOST

    with pytest.raises(ConnectionLost):
        await responder.ask()

    assert slot.is_free


async def test_what_the_outbox_could_not_write_fails(responder, wire):
    responder.ask_later()
    handle = await responder.ask()  # one with the next that waits
    first = wire.written[0]

    responder.not_sent(first, LOST)
    responder.not_sent(ITEM, LOST)

    assert len(wire.written) == 2
    responder.not_sent(wire.written[1], LOST)
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


async def test_cancelling_whoever_asks_cancels_no_request(responder, wire, idle):
    wire.held = True
    asking = asyncio.create_task(responder.ask(ITEM))
    await idle()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    wire.held = False

    waiting = await responder.ask()
    responder.created(created(wire.written[1]))
    responder.done(done())

    responder.created(created(wire.written[2], "s"))
    assert (await waiting.created()).response_id == "s"


@pytest.fixture
def paced(wire, slot, clock, told):
    async def heard(_):
        return True

    made = Responder(
        slot, outbox=wire, report=told.append, heard=heard, clock=clock, paced=True, timeout_s=10
    )
    wire.failed = made.not_sent
    yield made
    made.close(SessionStateError("the test is over"))
    assert clock.pending == 0


async def test_request_behind_paced_audio_is_timed_from_when_it_is_written(paced, wire, clock):
    handle = await paced.ask()
    begun = asyncio.create_task(handle.created())
    clock.advance(60)
    (command,) = wire.written

    paced.sent(command)
    clock.advance(9.9)
    await asyncio.sleep(0)
    assert not begun.done()
    clock.advance(0.1)

    with pytest.raises(CommandTimeout):
        await begun


async def test_request_that_waits_for_its_turn_behind_paced_audio_is_not_timed(paced, wire, clock):
    await paced.ask()
    second = await paced.ask(overrides={"voice": "marin"})
    (first,) = wire.written
    paced.sent(first)
    paced.sent(first)
    paced.created(created(first))
    paced.done(done())
    clock.advance(60)

    assert wire.written[1].overrides == {"voice": "marin"}
    assert second.response_id is None


async def test_request_behind_paced_audio_that_cannot_be_written_ends(paced, wire):
    wire.error = LOST
    with pytest.raises(ConnectionLost):
        await paced.ask()
