import asyncio
import sys
from pathlib import Path

import pytest
from realtime_core.client import RealtimeClient
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.doctor.conversation import FirstWords, Opening, noting
from realtime_core.doctor.steps import Trouble, Untold
from realtime_core.errors import ConnectionLost, ProviderError
from realtime_core.provider import Setup
from realtime_core.settings import RealtimeSettings

LIMIT_S = 8.0


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import patient

    yield patient
    sys.modules.pop("patient", None)


@pytest.fixture
def clock():
    clock = VirtualClock()
    with use_clock(clock):
        yield clock


@pytest.fixture
async def waiting(patient, clock):
    """Begins to wait for the first words of a provider with an illness."""
    sessions, tasks = [], []

    async def begin(illness):
        client = RealtimeClient(patient.provider(), name="patient", options={"illness": illness})
        session = client()
        sessions.append(session)
        await session.create_session()
        tasks.append(asyncio.create_task(FirstWords(session, clock).wait(LIMIT_S)))
        return tasks[-1]

    yield begin
    for task in tasks:
        task.cancel()
    for session in sessions:
        await session.delete_session()


async def after(clock, *delays_s):
    """Let time pass, each time somebody waits for it."""
    for delay_s in delays_s:
        await clock.until_waiting(clock.now_s() + delay_s)
        clock.advance(delay_s)


async def in_time(task, clock):
    """What a task comes to while time passes in small steps, as it does for speech."""
    while not task.done():
        for _ in range(20):
            await asyncio.sleep(0)
        if clock.next_due_s is not None:
            clock.advance(clock.next_due_s - clock.now_s())
    return await task


@pytest.mark.parametrize(
    ("illness", "told"),
    [("", "speaks (pcm16, 24 kHz)"), ("text_only", "writes; it gives no audio")],
)
async def test_a_service_that_is_asked_in_text_answers(waiting, illness, told):
    assert await (await waiting(illness)) == told


@pytest.mark.parametrize("illness", ["text_live", "ears_only", "no_text"])
async def test_a_service_that_answers_by_itself_or_takes_no_text_is_spoken_to(waiting, clock, illness):
    assert (await in_time(await waiting(illness), clock)).startswith("speaks")


@pytest.mark.parametrize("illness", ["writes_down", "commits"])
async def test_a_service_that_only_listens_cannot_tell(waiting, clock, illness):
    with pytest.raises(Untold, match="only writes down"):
        await in_time(await waiting(illness), clock)


@pytest.mark.parametrize(
    ("illness", "told"),
    [
        ("silent", "not answered in 8 s$"),
        ("odd", "not answered in 8 s: odd$"),
        ("deaf", "not answered in 8 s$"),
    ],
)
async def test_a_service_that_says_nothing_is_given_up(waiting, clock, illness, told):
    with pytest.raises(Trouble, match=told):
        await in_time(await waiting(illness), clock)


async def test_a_service_that_takes_no_audio_is_not_spoken_to(waiting, clock):
    with pytest.raises(Untold):
        await in_time(await waiting("no_ears"), clock)


@pytest.mark.parametrize(
    ("illness", "told"),
    [("mute", "the response has no audio"), ("fails", r"\(failed: server_error: It broke.\)")],
)
async def test_a_response_without_audio_is_told(waiting, illness, told):
    with pytest.raises(Trouble, match=told):
        await (await waiting(illness))


async def test_a_request_that_is_refused_is_told(waiting):
    with pytest.raises(ProviderError, match="not you"):
        await (await waiting("refuses"))


async def test_a_session_that_ends_is_told(waiting):
    with pytest.raises(ConnectionLost, match="went away"):
        await (await waiting("leaves"))


async def test_a_connection_keeps_what_it_has_beside_the_contract(patient, clock):
    async def connect(options, setup):
        connection = patient.Connection(options, setup)
        connection.media_stats = "of a track"
        return connection

    noted = noting(patient.provider(connect=connect), Opening(), clock, timeout_s=None)
    connection = await noted.connect(patient.Options(), Setup(settings=RealtimeSettings()))

    assert connection.media_stats == "of a track"
    assert getattr(connection, "other", None) is None
