"""Calls over WebRTC, from a raw aiortc peer and by the ``openai`` package, against a server on a port."""

import numpy as np
import pytest
from openai import AsyncOpenAI
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer

pytest.importorskip("aiortc", reason="calls need the extra webrtc")

SESSION = {"type": "realtime", "model": "gpt-realtime"}


@pytest.fixture
async def server():
    async with SimulatorServer(configure(speed=0)) as server:
        yield server


@pytest.fixture
async def client(server):
    async with AsyncOpenAI(api_key="key", base_url=server.base_url, max_retries=0) as client:
        yield client


@pytest.fixture
def exchange(client):
    """From an offer to the answer, with an API key."""

    async def ask(sdp):
        return (await client.realtime.calls.create(sdp=sdp, session=SESSION)).text

    return ask


def text_item(text):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def loudest_hz(samples, rate_hz):
    """The frequency of a tone."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * rate_hz / len(samples)


async def test_session_begins_on_the_channel_and_a_reply_is_heard_on_the_track(caller, exchange):
    one = await caller().open(exchange)
    (created,) = await one.until("session.created")

    one.send("conversation.item.create", item=text_item("Hello"))
    one.send("response.create")
    frames = await one.until("output_audio_buffer.stopped")

    assert created["session"]["model"] == "gpt-realtime"
    assert "response.output_audio.delta" not in [frame["type"] for frame in frames]
    assert np.abs(one.samples).max() > 1000
