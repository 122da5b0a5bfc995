from pathlib import Path

import pytest
from realtime_core.errors import ConnectionFailed, ConnectionLost, FailedReason
from realtime_openai_webrtc.answer import read_answer
from realtime_openai_webrtc.inbox import Inbox
from realtime_openai_webrtc.peer import Peer
from realtime_openai_wire.rtc import RECEIVED_FORMAT, PacedTrack

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "sdp"


@pytest.fixture
async def peer():
    inbox = Inbox(RECEIVED_FORMAT)
    peer = Peer(PacedTrack(lambda _: b""), inbox, host="api.example.com", ended=inbox.end)
    yield peer
    await peer.aclose()


async def test_nothing_can_be_offered_any_more_once_it_is_closed(peer):
    await peer.aclose()

    with pytest.raises(ConnectionFailed, match="no call can be offered") as caught:
        await peer.offer()

    assert caught.value.reason is FailedReason.UNREACHABLE


async def test_nothing_can_be_sent_any_more_once_it_is_closed(peer):
    await peer.aclose()

    with pytest.raises(ConnectionLost, match="ended here"):
        await peer.send("{}")


@pytest.fixture
def recorded_answer():
    """Of a real service, without its addresses of UDP: nobody is to be called."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers are not at hand")
    (file,) = RECORDED.glob("*azure*answer.sdp")
    lines = file.read_text().splitlines(keepends=True)
    return "".join(line for line in lines if not (line.startswith("a=candidate") and " udp " in line))


async def test_a_recorded_answer_is_taken(peer, recorded_answer):
    await peer.offer()

    with pytest.raises(ConnectionFailed, match="no path to it was found"):
        await peer.accept(read_answer(recorded_answer))


@pytest.mark.parametrize("lines", [[], ["a=ice-lite"], ["a=ice-lite", "a=extmap-allow-mixed"]])
async def test_an_answer_that_cannot_be_read_is_no_error_of_a_library(peer, lines):
    offer = await peer.offer()
    answer = "\n".join(["v=0", *lines, *offer.splitlines()[1:], ""])

    with pytest.raises(ValueError, match=r"it cannot be read \(\w+\)"):
        await peer.accept(read_answer(answer))
