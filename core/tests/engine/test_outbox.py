"""What the engine sends by itself, written by a task of its own."""

import asyncio

import pytest
from realtime_core.commands import CancelResponse, DeleteItem, Truncate
from realtime_core.engine.outbox import Outbox
from realtime_core.errors import UnsupportedCommand
from realtime_core.turnstile import Turnstile

CANCEL, TRUNCATE, DELETE = CancelResponse(), Truncate(item_id="i", keep_ms=5), DeleteItem(item_id="j")


class Sender:
    """Writes to a list, once its gate is open."""

    def __init__(self):
        self.written = []
        self.order = Turnstile()
        self.gate = asyncio.Event()
        self.gate.set()
        self.refused = None

    async def write(self, command):
        await self.gate.wait()
        if command is self.refused:
            raise UnsupportedCommand("it cannot do that")
        self.written.append(command)


@pytest.fixture
async def make():
    sender, failed = Sender(), []
    outbox = Outbox(
        sender.write,
        sender.order,
        lambda command, error, awaited: failed.append((command, str(error), awaited)),
        lambda work, _: asyncio.create_task(work),
    )
    outbox.open()
    return outbox, sender, failed


async def test_commands_are_written_in_order_and_putting_never_waits(make, idle):
    outbox, sender, _ = make
    sender.gate.clear()
    outbox.put(CANCEL)
    await idle()
    outbox.put(TRUNCATE)
    outbox.put(DELETE)
    assert sender.written == []

    sender.gate.set()
    await idle()

    assert sender.written == [CANCEL, TRUNCATE, DELETE]


async def test_what_is_put_later_is_written_too(make, idle):
    outbox, sender, _ = make
    outbox.put(CANCEL)
    await idle()
    outbox.put(DELETE)
    await idle()

    assert sender.written == [CANCEL, DELETE]


async def test_what_cannot_be_written_is_told_and_the_rest_is_written(make, idle):
    outbox, sender, failed = make
    sender.refused = TRUNCATE

    for command in (CANCEL, TRUNCATE, DELETE):
        outbox.put(command)
    await idle()

    assert sender.written == [CANCEL, DELETE]
    assert failed == [(TRUNCATE, "it cannot do that", False)]


async def test_what_is_put_before_it_is_open_waits_for_that(idle):
    sender = Sender()
    outbox = Outbox(sender.write, sender.order, lambda *_: None, lambda work, _: asyncio.create_task(work))
    outbox.put(CANCEL)
    await idle()
    assert sender.written == []

    outbox.open()
    await idle()

    assert sender.written == [CANCEL]


async def test_at_the_end_of_the_session_nothing_is_written_any_more():
    sender = Sender()
    outbox = Outbox(sender.write, sender.order, lambda *_: None, lambda work, _: work.close())

    outbox.open()
    outbox.put(CANCEL)

    assert sender.written == []
    assert sender.order.enter_nowait()  # and nobody is kept from sending


async def test_its_place_among_what_is_sent_is_that_of_the_call(make):
    outbox, sender, _ = make
    outbox.put(CANCEL)

    async with sender.order:  # asked for later
        assert sender.written == [CANCEL]


async def test_whoever_waits_is_told_what_could_not_be_written_and_nothing_behind_it_is(make):
    outbox, sender, failed = make
    sender.refused = TRUNCATE

    with pytest.raises(UnsupportedCommand):
        await outbox.put(TRUNCATE, DELETE).wait()
    await outbox.put(CANCEL).wait()

    assert sender.written == [CANCEL]
    assert [(command, awaited) for command, _, awaited in failed] == [(TRUNCATE, True), (DELETE, True)]


async def test_what_is_written_is_told(make, idle):
    outbox, sender, _ = make
    told = []
    outbox._sent = told.append
    sender.refused = TRUNCATE
    outbox.put(CANCEL)
    outbox.put(TRUNCATE, DELETE)
    await idle()

    assert told == [CANCEL]


@pytest.mark.parametrize("ends", ["cancelled", "written"])
async def test_whoever_waits_when_the_session_ends_is_told(make, idle, ends):
    outbox, sender, failed = make
    writing = []
    outbox._spawn = lambda work, _: writing.append(asyncio.create_task(work)) or writing[-1]
    sender.gate.clear()
    waiters = [asyncio.create_task(outbox.put(command).wait()) for command in (CANCEL, TRUNCATE)]
    await idle()

    outbox.close(UnsupportedCommand("it is over"))

    for waiter in waiters:
        with pytest.raises(UnsupportedCommand, match="it is over"):
            await waiter
    with pytest.raises(UnsupportedCommand, match="it is over"):
        await outbox.put(DELETE).wait()
    if ends == "cancelled":
        writing[0].cancel()
    sender.gate.set()
    await asyncio.wait(writing)
    assert sender.written == ([] if ends == "cancelled" else [CANCEL])
    assert failed == []
    assert sender.order.enter_nowait()
