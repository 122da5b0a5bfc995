"""The service's end of a connection, against a raw aiortc peer, without a session."""

import asyncio

import numpy as np
import pytest
from realtime_simulator.access import Refused
from realtime_simulator.offer import Offer

pytest.importorskip("aiortc", reason="calls need the extra webrtc")

from realtime_simulator.peer import Peer

TONE = (8000 * np.sin(np.arange(480) * 2 * np.pi / 48)).astype(np.int16).tobytes()


class Listener:
    """What a connection is for: keeps what it hears, plays one sound for ever."""

    def __init__(self):
        self.is_open = asyncio.Event()
        self.fed = asyncio.Queue()
        self.heard = asyncio.Queue()

    def opened(self):
        self.is_open.set()

    def feed(self, text):
        if text == "break":
            raise ValueError("broken")
        self.fed.put_nowait(text)

    def hear(self, pcm):
        self.heard.put_nowait(pcm)

    def play(self, samples):
        assert samples == 480
        return TONE


@pytest.fixture
async def peer():
    peer = Peer()
    yield peer
    await peer.aclose()


@pytest.fixture
def listener(peer):
    listener = Listener()
    peer.attach(listener)
    return listener


@pytest.fixture
def connect(peer, caller):
    """A function that connects a caller to the peer, once it was changed."""

    async def make(change=lambda _: None, **given):
        one = caller(**given)
        change(one)
        await one.open(lambda sdp: peer.answer(Offer.read(sdp)))
        if one.channel is not None:
            await one.ready.wait()
        return one

    return make


async def is_heard(listener):
    while not await listener.heard.get():
        pass


async def test_frames_and_audio_go_both_ways(peer, listener, connect):
    one = await connect()
    await listener.is_open.wait()

    one.send("hello")
    assert peer.send('{"type": "a"}')

    assert await listener.fed.get() == '{"type": "hello"}'
    assert await one.until("a")
    await is_heard(listener)
    await one.until_heard(lambda samples: np.abs(samples[-960:]).max(initial=0) > 1000)


def rms(samples):
    return np.sqrt((samples.astype(float) ** 2).mean())


async def test_audio_is_as_loud_at_the_other_end_as_it_was(listener, connect):
    one = await connect()
    one.say(TONE * 50)
    await is_heard(listener)

    heard = np.zeros(0, np.int16)
    while np.count_nonzero(np.abs(heard) > 4000) < 12_000 // 3 * 2:
        heard = np.append(heard, np.frombuffer(await listener.heard.get(), "<i2"))
    await one.until_heard(lambda samples: np.count_nonzero(samples) > 24_000)

    assert rms(heard[-4800:]) == pytest.approx(rms(np.frombuffer(TONE, np.int16)), rel=0.03)
    assert rms(one.samples[-9600:]) == pytest.approx(rms(np.frombuffer(TONE, np.int16)), rel=0.03)


@pytest.mark.usefixtures("listener")
async def test_frames_wait_for_the_channel(peer, connect):
    peer.send('{"type": "a"}')
    peer.send('{"type": "b"}')

    assert [frame["type"] for frame in await (await connect()).until("b")] == ["a", "b"]


async def test_frames_are_for_nobody_without_a_channel(peer, listener, connect):
    await connect(label=None)
    await listener.is_open.wait()

    assert peer.send("{}")


async def test_first_channel_is_the_one(listener, connect):
    second, is_open = [], asyncio.Event()

    def add(one):
        second.append(one.pc.createDataChannel("second"))
        second[0].on("open", is_open.set)

    one = await connect(add)
    await is_open.wait()

    second[0].send("nobody hears this")
    one.send("hello")

    assert await listener.fed.get() == '{"type": "hello"}'


@pytest.mark.parametrize("kind", ["audio", "video"])
async def test_first_track_of_audio_is_the_one(peer, listener, connect, kind):
    await connect(lambda one: one.pc.addTransceiver(kind, direction="sendonly"))

    await is_heard(listener)
    assert len(peer._hearing) == 1


async def test_frame_larger_than_the_client_takes_is_not_sent(peer, listener, connect):
    one = await connect()
    await listener.is_open.wait()

    assert not peer.send("x" * 300_000)
    assert peer.send('{"type": "a"}')

    assert await one.until("a")


async def test_client_that_closed_the_channel_is_sent_nothing(peer, listener, connect):
    one = await connect()
    await listener.is_open.wait()
    one.channel.close()
    await one.closed.wait()

    assert peer.send("{}")
    assert not peer.over.done()


async def test_client_that_takes_nothing_is_given_up(peer, listener, connect):
    await connect()
    await listener.is_open.wait()

    for _ in range(180):
        peer.send("x" * 200_000)

    assert peer.over.done()


async def test_client_that_has_vanished_does_not_hold_up_the_end(peer, listener, connect):
    one = await connect()
    await listener.is_open.wait()
    await one.pc.sctp.transport.transport.stop()

    await peer.aclose()

    assert peer.over.done()


async def test_what_breaks_in_the_listener_ends_the_connection(peer, listener, connect):
    one = await connect()
    await listener.is_open.wait()

    one.channel.send("break")

    with pytest.raises(ValueError, match="broken"):
        await peer.over
    one.send("hello")
    assert listener.fed.empty()


async def test_peer_without_a_listener_is_silent(peer):
    assert peer._play(480) == b""


async def test_offer_that_cannot_be_answered_is_refused(peer):
    offer = Offer("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", has_channel=False)

    with pytest.raises(Refused, match="it cannot be answered"):
        await peer.answer(offer)


async def test_peer_can_be_gone_before_anybody_came(peer):
    await peer.vanish()
    await peer.aclose()

    assert peer.over.done()


async def test_vanishing_peer_says_nothing(peer, listener, connect):
    one = await connect()
    await listener.is_open.wait()

    await peer.vanish()

    assert peer.over.done()
    assert (one.pc.connectionState, one.channel.readyState) == ("connected", "open")
