"""Tones, their lengths and what a bad network does to them, over a real connection."""

import asyncio
import contextlib

import numpy as np
import pytest
from realtime_core import create_client
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.commands import Raw
from realtime_core.errors import ConnectionLost, LostReason
from realtime_openai_webrtc.plugin import connect
from realtime_openai_wire.rtc import RECEIVED_FORMAT

KEY = "sk-test-4f9a8b7c6d5e"


class Sink:
    """An audio callback that keeps what it gets."""

    def __init__(self):
        self.pieces = []
        self.samples = 0
        self.grown = asyncio.Event()

    def __call__(self, samples):
        assert (samples.dtype, samples.ndim) == (np.int16, 1)
        self.pieces.append(samples)
        self.samples += len(samples)
        self.grown.set()

    async def until(self, samples):
        while self.samples < samples:
            self.grown.clear()
            await self.grown.wait()

    @property
    def pcm(self):
        return np.concatenate(self.pieces).tobytes()


@contextlib.asynccontextmanager
async def speaking(running, sink):
    """A session whose service speaks all the time."""
    client = create_client("openai-webrtc", api_key=KEY, base_url=running.base_url)
    async with client(audio_output_callback=sink) as session:
        reader = asyncio.create_task(read(session))
        running.send(type="response.created", response={"id": "resp_1", "status": "in_progress"})
        running.send(type="output_audio_buffer.started", response_id="resp_1")
        try:
            yield session
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


async def read(session):
    async for _ in session.receive():
        pass


def purity(pcm, hz, rate_hz):
    """How much of the sound's energy is at one frequency: a sample too few or too many breaks its phase."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    peak = round(hz * len(samples) / rate_hz)
    return spectrum[peak - 3 : peak + 4].sum() / spectrum.sum()


def rms(pcm):
    """How loud the middle of it is."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return np.sqrt((samples[len(samples) // 4 : -len(samples) // 4] ** 2).mean())


async def test_tones_of_half_a_minute_pass_both_ways_as_loud_as_they_were_without_a_gap(
    service, tone, frequency_hz
):
    sink = Sink()
    async with service() as running, speaking(running, sink) as session:
        await session.send_audio(tone(440).read(24_000 * 30))
        await sink.until(24_000 * 30)
        await session.commit_audio()
        media = session.stats.media

    left = np.frombuffer(bytes(running.heard), "<i2")[::2]
    loud = np.flatnonzero(abs(left) > 1000)
    heard = left[loud[0] : loud[-1] + 1].tobytes()
    assert len(heard) // 2 == pytest.approx(48_000 * 30, abs=2_000)
    assert frequency_hz(heard, 48_000) == pytest.approx(440, abs=0.1)
    assert purity(heard, 440, 48_000) > 0.98
    assert frequency_hz(sink.pcm) == pytest.approx(660, abs=0.1)
    assert purity(sink.pcm, 660, 24_000) > 0.98
    assert [rms(heard), rms(sink.pcm)] == pytest.approx([9000 / 2**0.5] * 2, rel=0.03)
    assert (media.packets_lost, media.lost_audio_ms) == (0, 0)
    # counted four times a second
    assert media.packets_received >= 29 * 50


async def test_a_twentieth_of_the_packets_is_lost_and_no_more_and_counted(
    service, relay, tone, frequency_hz, caplog
):
    sink = Sink()
    async with (
        relay(0.05) as network,
        service(edit=network.edit, is_hidden=True) as running,
        speaking(running, sink) as session,
    ):
        await session.send_audio(tone(440).read(24_000 * 10))
        await sink.until(24_000 * 10)
        await session.commit_audio()
        media = session.stats.media

    assert network.lost > 20
    assert media.packets_lost > 10
    # what is lost last is known only when more has come
    assert media.lost_audio_ms == pytest.approx(media.packets_lost * 20, abs=200)
    assert frequency_hz(sink.pcm) == pytest.approx(660, abs=1)
    assert frequency_hz(bytes(running.heard), 48_000, 2) == pytest.approx(440, abs=1)
    assert [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}] == []


async def test_jitter_is_measured(service, relay):
    sink = Sink()
    async with (
        relay(in_pairs=True) as network,
        service(edit=network.edit, is_hidden=True) as running,
        speaking(running, sink) as session,
    ):
        await sink.until(24_000 * 3)
        media = session.stats.media

    # each packet comes 20 ms too late or too early: near that it settles, within a second
    assert 10 < media.jitter_ms < 100


async def test_audio_that_nobody_reads_is_dropped_and_counted(service, options, setup):
    async with service() as running:
        connection = await connect(options(base_url=running.base_url), setup())
        loud = bytes(RECEIVED_FORMAT.bytes_per_s)
        for _ in range(12):
            connection._pipe._inbox.put_audio(loud)
        lost = connection.media_stats.packets_lost
        await connection.aclose()

    assert lost >= 2


async def until_lost(connection):
    while True:
        try:
            await connection.receive()
        except ConnectionLost as exc:
            return exc


async def passing(clock, task):
    """Let time pass until ``task`` is done; how much did."""
    begin_s = clock.now_s()
    while not task.done():
        clock.advance(0.05)
        await asyncio.sleep(0.001)
    return clock.now_s() - begin_s


@pytest.mark.parametrize(("greets", "after_s"), [(True, 10), (False, 3)])
async def test_a_service_that_vanishes_is_noticed(service, relay, options, setup, greets, after_s):
    clock = VirtualClock()
    async with relay() as network, service(edit=network.edit, is_hidden=True, greets=greets) as running:
        with use_clock(clock):
            connection = await connect(options(base_url=running.base_url), setup())
        if greets:
            await connection.receive()
        network.is_cut = True
        lost = asyncio.create_task(until_lost(connection))
        passed_s = await passing(clock, lost)
        await connection.aclose()

    assert (lost.result().reason, lost.result().retryable) == (LostReason.DROPPED, True)
    assert not running.hung_up
    # what was on its way when the network was cut comes first
    assert after_s - 0.5 < passed_s < after_s + 5


async def test_a_network_that_takes_its_time_is_waited_for_as_long_as_the_option_says(
    service, relay, options, setup
):
    clock = VirtualClock()
    async with relay() as network, service(edit=network.edit, is_hidden=True) as running:
        network.is_cut = True
        with use_clock(clock):
            connecting = asyncio.create_task(
                connect(options(base_url=running.base_url, timeout_s=60), setup())
            )
        await running.until(lambda: running.peers)
        for _ in range(16):
            clock.advance(0.25)
            await asyncio.sleep(0.001)
        assert not connecting.done()

        network.is_cut = False

        await (await connecting).aclose()


async def test_a_service_that_ends_its_audio_without_a_word_ends_the_call(service, options, setup):
    async with service() as running:
        connection = await connect(options(base_url=running.base_url), setup())
        await running.peers[0].getSenders()[0].stop()

        lost = await until_lost(connection)
        await connection.aclose()

    assert lost.reason is LostReason.DROPPED


async def test_who_waits_to_send_learns_of_the_end(service, relay, options, setup):
    def without_limit(sdp):
        return network.edit(sdp).replace("size:262144", "size:0")

    async with relay() as network, service(edit=without_limit, is_hidden=True) as running:
        connection = await connect(options(base_url=running.base_url), setup())
        network.is_cut = True
        sending = asyncio.create_task(send_much(connection))
        await asyncio.sleep(0)
        assert not sending.done()

        await connection.aclose()

        with pytest.raises(ConnectionLost):
            await sending


async def send_much(connection):
    while True:
        await connection.send(Raw(service_type="x", payload={"words": "x" * 700_000}))
