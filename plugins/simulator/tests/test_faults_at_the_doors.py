"""Every fault, over a real socket and over the memory pipe."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from realtime_core.clock import use_clock
from realtime_core.errors import ConnectionLost
from realtime_simulator.frames import EXPIRED
from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer
from realtime_simulator.watch import Watch
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

NONSENSE = json.dumps({"type": "nonsense", "event_id": "mine"})


class SocketDoor:
    """A session over a real socket."""

    def __init__(self, connection, watched):
        self.watched = watched
        self.send = connection.send
        self.recv = connection.recv

    ended = ConnectionClosed

    @staticmethod
    def code_and_reason(exc):
        return (exc.rcvd.code, exc.rcvd.reason) if exc.rcvd else (None, "")

    @classmethod
    @asynccontextmanager
    async def open(cls, **options):
        async with SimulatorServer(configure(speed=0, **options)) as server:
            url = f"{server.websocket_url}?model=m"
            async with connect(url, additional_headers={"Authorization": "Bearer x"}) as connection:
                yield cls(connection, server.sessions[0])


class MemoryDoor:
    """A session in this process."""

    ended = ConnectionLost

    def __init__(self, pipe, watched):
        self.watched = watched
        self.send = pipe.send
        self.recv = pipe.recv

    @staticmethod
    def code_and_reason(exc):
        # 1006 is what RFC 6455 calls the end without a close frame
        return None if exc.code == 1006 else exc.code, EXPIRED if EXPIRED.rstrip(".") in str(exc) else ""

    @classmethod
    @asynccontextmanager
    async def open(cls, **options):
        watch = Watch()
        pipe = MemoryPipe.open(configure(speed=0, watch=watch, **options))
        yield cls(pipe, watch.sessions[0])
        await pipe.aclose()


@pytest.fixture(params=[SocketDoor, MemoryDoor], ids=["socket", "memory"])
def door(request):
    return request.param


async def hear(session):
    return json.loads(await session.recv())


async def kinds_until(session, kind):
    kinds = []
    while not kinds or kinds[-1] != kind:
        kinds.append((await hear(session))["type"])
    return kinds


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [
        ("close:1001@2", 1001, EXPIRED),
        ("close:1011@2", 1011, ""),
        ("close:1000@2", 1000, ""),
        ("abort@2", None, ""),
    ],
)
async def test_session_ends_at_the_stated_frame(door, fault, code, reason):
    async with door.open(faults=fault) as session:
        assert (await hear(session))["type"] == "session.created"
        await session.send(NONSENSE)
        with pytest.raises(session.ended) as caught:
            await session.recv()

        assert session.code_and_reason(caught.value) == (code, reason)


async def test_abort_at_the_first_frame_hangs_up_at_once(door):
    async with door.open(faults="abort@1") as session:
        with pytest.raises(session.ended) as caught:
            await session.recv()

        assert session.code_and_reason(caught.value) == (None, "")


async def test_stalled_session_accepts_and_stays_silent(door):
    async with door.open(faults="stall@1") as session:
        await session.send(NONSENSE)
        watched = session.watched

    assert (watched.sent, len(watched.received)) == ([], 1)


async def test_stall_lets_the_frames_before_it_pass(door):
    async with door.open(faults="stall@2") as session:
        await hear(session)
        await session.send(NONSENSE)
        watched = session.watched

    assert [frame["type"] for frame in watched.sent] == ["session.created"]


async def test_garbage_comes_before_the_frame(door):
    async with door.open(faults="garbage@2") as session:
        await hear(session)
        await session.send(NONSENSE)
        garbage = await session.recv()

        with pytest.raises(ValueError, match=r".+"):
            json.loads(garbage)
        assert (await hear(session))["type"] == "error"


async def test_unknown_event_comes_before_the_frame(door):
    async with door.open(faults="unknown-event@2") as session:
        await session.send(NONSENSE)

        assert await kinds_until(session, "error") == ["session.created", "simulator.unknown", "error"]


async def test_late_delta_comes_after_its_responses_done(door):
    async with door.open(faults="late-delta@1") as session:
        await session.send(json.dumps({"type": "response.create"}))
        await kinds_until(session, "response.done")

        assert (await hear(session))["type"] == "response.output_audio.delta"


async def test_error_has_no_event_id_from_the_stated_frame_on(door):
    async with door.open(faults="null-event-id@3") as session:
        await session.send(NONSENSE)
        await session.send(NONSENSE)
        _, first, second = [await hear(session) for _ in range(3)]

    assert (first["error"]["event_id"], second["error"]["event_id"]) == ("mine", None)


async def test_slow_frame_comes_when_its_time_has_come(door, clock):
    with use_clock(clock):
        async with door.open(faults="slow:200@2") as session:
            await hear(session)
            begin_s = clock.now_s()
            await session.send(NONSENSE)
            waiting = asyncio.ensure_future(session.recv())
            await clock.until_waiting(begin_s + 0.2)
            assert len(session.watched.sent) == 1
            clock.advance(0.2)

            assert json.loads(await waiting)["type"] == "error"
