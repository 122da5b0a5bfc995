"""Whatever becomes of a call, nothing of it stays behind, and nothing of it is written to a log."""

import asyncio
import gc
import logging
import threading
from pathlib import Path

import pytest
from realtime_core.errors import ConnectionFailed, RealtimeError
from realtime_openai_webrtc.plugin import connect

KEY = "sk-test-4f9a8b7c6d5e"


def threads():
    """Those that somebody has to end; the loop's own pool ends with the process."""
    return [thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")]


def descriptors():
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def settled(before):
    """Wait until all tasks but those of ``before`` have ended: the test's time limit says if they do not."""
    while left := asyncio.all_tasks() - before:
        await asyncio.wait(left)


async def until(condition):
    """Wait for what tells nobody when it is true: the test's time limit says if it never is."""
    while not condition():  # noqa: ASYNC110  # files and packets set no event
        await asyncio.sleep(0.01)


@pytest.fixture
async def warm(service, options, setup):
    """One call before: what is loaded and opened once stays."""
    async with service() as running:
        await (await connect(options(base_url=running.base_url), setup())).aclose()


@pytest.fixture
async def nothing_left(warm):  # noqa: ARG001  # comes first
    """What there was before the test is what there is after it."""
    tasks, running, opened = asyncio.all_tasks(), threads(), descriptors()
    yield
    await settled(tasks | {asyncio.current_task()})
    assert threads() == running
    # a thread of the loop's pool may still be reading a certificate
    await until(lambda: descriptors() <= opened)


async def given_up(task):
    """What became of a task that was cancelled: a connection is closed."""
    task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    if not isinstance(result, BaseException):
        await result.aclose()
    return result


STEPS = [0, 1, 3, 6, 10, 20, 40, 60, 90, 120, 160, 200, 300]


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("steps", STEPS)
async def test_cancelled_at_any_moment_connecting_leaves_nothing(service, options, setup, steps):
    async with service() as running:
        connecting = asyncio.create_task(connect(options(base_url=running.base_url), setup()))
        for _ in range(steps):
            await asyncio.sleep(0.0005)
        await given_up(connecting)


@pytest.mark.usefixtures("nothing_left")
async def test_cancelled_while_it_looks_for_a_way_connecting_leaves_nothing(service, relay, options, setup):
    async with relay() as network, service(edit=network.edit, is_hidden=True) as running:
        network.is_cut = True
        connecting = asyncio.create_task(connect(options(base_url=running.base_url), setup()))
        await until(lambda: network.is_asked)

        result = await given_up(connecting)

        assert isinstance(result, asyncio.CancelledError)
        assert running.hung_up


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    "given",
    [
        {"status": 401},
        {"status": 201, "body": b"no sdp"},
        {"edit": lambda sdp: sdp.replace("a=sendrecv", "a=recvonly")},
        {"edit": lambda sdp: sdp.replace("a=setup:active", "a=setup:nonsense").replace("a=ice-ufrag", "a=x")},
    ],
)
async def test_a_call_that_fails_leaves_nothing(service, options, setup, given):
    async with service(**given) as running:
        with pytest.raises(RealtimeError):
            await connect(options(base_url=running.base_url, timeout_s=2), setup())


@pytest.mark.usefixtures("nothing_left")
async def test_closing_that_is_cancelled_is_done_all_the_same(service, options, setup):
    async with service() as running:
        connection = await connect(options(base_url=running.base_url), setup())

        closing = asyncio.create_task(connection.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        await running.until(lambda: running.hung_up)


@pytest.mark.usefixtures("nothing_left")
async def test_a_call_that_the_service_ended_leaves_nothing(service, options, setup):
    async with service() as running:
        connection = await connect(options(base_url=running.base_url), setup())
        await running.peers[0].close()
        await connection.aclose()


async def test_no_log_has_the_key_or_words(service, options, setup, caplog):
    caplog.set_level(logging.DEBUG)
    words = "Speak of nothing but the garden."
    async with service() as running:
        connection = await connect(options(base_url=running.base_url), setup(instructions=words))
        for _ in range(2):
            await connection.receive()
        await connection.aclose()

    assert caplog.records
    assert KEY not in caplog.text
    assert "garden" not in caplog.text


@pytest.mark.usefixtures("nothing_left")
async def test_ice_servers_that_do_not_answer_leave_nothing_and_are_named(service, options, setup):
    loop = asyncio.get_running_loop()
    deaf, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0))
    host, port = deaf.get_extra_info("sockname")
    given = {"ice_servers": [f"stun:{host}:{port}"], "timeout_s": 0.5}
    async with service() as running:
        with pytest.raises(ConnectionFailed, match="ice_servers"):
            await connect(options(base_url=running.base_url, **given), setup())
    deaf.close()
