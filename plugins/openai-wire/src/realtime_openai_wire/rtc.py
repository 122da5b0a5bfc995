"""The pieces of ``aiortc`` that both ends of a call need: peers, a paced track, received frames as PCM.

Importing it loads ``aiortc``, which is the extra ``webrtc`` of this distribution: import it inside a
function, and where a loop must not wait in a thread. Knows nothing of frames on the data channel.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDtlsTransport,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
)
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket
from av import AudioFrame
from realtime_core.audio.formats import AudioFormat
from realtime_core.clock import current_clock, sleep

from realtime_openai_wire.media import FRAME_MS

__all__ = [
    "RECEIVED_FORMAT",
    "PacedTrack",
    "ReceivedAudio",
    "ReorderBuffer",
    "close_peer",
    "new_peer",
    "only_opus",
    "reorder",
    "two_channels",
]

RECEIVED_FORMAT: Final = AudioFormat("pcm16", 48_000, 2)
"""What Opus is decoded to, whatever was encoded."""

_DEPTH: Final = 4
_NEW_SENDER: Final = 100
_LOOKED_S: Final = 0.05
"""More than the 20 ms after which ``aioice`` looks again."""

_BUFFER_OF_AIORTC: Final = "_RTCRtpReceiver__jitter_buffer"
_LONGEST_CATCH_UP_S: Final = 0.5
_LONGEST_GAP_S: Final = 10


def new_peer(ice_servers: Sequence[RTCIceServer] = ()) -> RTCPeerConnection:
    """A peer connection that asks only the servers given here for its address, by default none at all.

    Without a list of its own ``aiortc`` asks a public one.
    """
    return RTCPeerConnection(RTCConfiguration(iceServers=list(ice_servers)))


async def close_peer(peer: RTCPeerConnection) -> None:
    """Close it, at any moment.

    ``aiortc`` 1.16 goes on connecting while it closes. What begins behind its back would never end: looking
    for a path, it may find one right afterwards, and ask for consent for ever; shaking hands, it may come to
    an end of that, and begin to send reports.
    """
    is_looking = peer.iceConnectionState == "checking"
    await peer.close()
    if is_looking:
        await asyncio.sleep(_LOOKED_S)
    for transceiver in peer.getTransceivers():
        transport = transceiver.receiver.transport
        await transport.transport.stop()
        await _handshake_over(transport)
        await transceiver.stop()
        await transport.stop()


async def _handshake_over(transport: RTCDtlsTransport) -> None:
    changed = asyncio.Event()
    transport.on("statechange", changed.set)
    while transport.state == "connecting":
        changed.clear()
        await changed.wait()


def only_opus(transceiver: RTCRtpTransceiver) -> None:
    """Let it negotiate Opus and nothing else, so that what is received is in `RECEIVED_FORMAT`."""
    capabilities = RTCRtpReceiver.getCapabilities("audio")
    codecs = [] if capabilities is None else capabilities.codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == "audio/opus"])


def reorder(receiver: RTCRtpReceiver) -> None:
    """Let it lose no more packets than the network does, before its track is asked for anything.

    The buffer of ``aiortc`` 1.16 throws away up to three packets that came before one that did not, so that a
    loss of 5 % of the packets is one of 27 % of the audio. There is no official way to give it another.
    """
    if hasattr(receiver, _BUFFER_OF_AIORTC):
        setattr(receiver, _BUFFER_OF_AIORTC, ReorderBuffer())


class ReorderBuffer:
    """Packets of one frame each, in order: holds four of them back, and gives the oldest for the next.

    What comes after its time is dropped; what was numbered quite differently is a new sender's. It has what
    ``aiortc`` asks of a jitter buffer.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, JitterFrame] = {}
        self._newest: int | None = None
        self._due: int | None = None

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Take a packet; whether a key frame is needed (never), and the frame whose turn it is, if any."""
        number = self._unwrapped(packet.sequence_number)
        if self._due is not None and number < self._due:
            if self._due - number < _NEW_SENDER:
                return False, None
            self._waiting.clear()
            self._newest = number
            self._due = None
        self._waiting[number] = JitterFrame(getattr(packet, "_data", b""), packet.timestamp)
        if len(self._waiting) <= _DEPTH:
            return False, None
        oldest = min(self._waiting)
        self._due = oldest + 1
        return False, self._waiting.pop(oldest)

    def _unwrapped(self, number: int) -> int:
        """A number of 16 bits as one that never begins anew: the one next to the newest."""
        if self._newest is None:
            self._newest = number
        ahead = (number - self._newest + 0x8000) % 0x10000 - 0x8000
        unwrapped = self._newest + ahead
        self._newest = max(self._newest, unwrapped)
        return unwrapped


def two_channels(pcm: bytes, rate_hz: int) -> AudioFrame:
    """Mono PCM16 as a frame for the encoder, with the same in both channels.

    Of a mono frame ``libswresample`` makes two channels that are 3 dB quieter.
    """
    samples = np.frombuffer(pcm, "<i2").repeat(2).reshape(1, -1)
    frame = AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
    frame.sample_rate = rate_hz
    return frame


class PacedTrack(MediaStreamTrack):
    """A track that takes mono PCM16 from ``read`` as it is sent: 20 ms of it every 20 ms of the clock.

    ``read(n)`` gives ``n`` samples or fewer; what is missing is silence. It must neither wait nor raise: a
    track that raises is never asked again. Frames that are late follow at once, so that the track keeps up
    with the clock; after a standstill of more than half a second it goes on from there instead.
    """

    kind = "audio"

    def __init__(self, read: Callable[[int], bytes], *, rate_hz: int = 24_000) -> None:
        super().__init__()
        self._read = read
        self._rate_hz = rate_hz
        self._samples = rate_hz * FRAME_MS // 1000
        self._sent = 0
        self._due_s: float | None = None
        self._clock = current_clock()

    async def recv(self) -> AudioFrame:
        """The next frame, when it is due.

        Raises:
            MediaStreamError: the track was stopped.
        """
        if self.readyState != "live":
            raise MediaStreamError
        now_s = self._clock.now_s()
        if self._due_s is None or now_s - self._due_s > _LONGEST_CATCH_UP_S:
            self._due_s = now_s
        if self._due_s > now_s:
            await sleep(self._clock, self._due_s - now_s)
        self._due_s += FRAME_MS / 1000
        frame = two_channels(self._read(self._samples).ljust(2 * self._samples, b"\0"), self._rate_hz)
        frame.time_base = Fraction(1, self._rate_hz)
        frame.pts = self._sent
        self._sent += self._samples
        return frame


class ReceivedAudio:
    """Received frames as one stream of PCM in `RECEIVED_FORMAT`, as long as RTP says.

    Silence stands where packets were lost. A jump of more than ten seconds is none: the sender has begun a
    new timeline.

    Attributes:
        lost_samples: how much silence of that kind there was, in samples of 48 kHz.
    """

    def __init__(self) -> None:
        self.lost_samples = 0
        self._next_pts: int | None = None

    def take(self, frame: AudioFrame) -> bytes:
        """The PCM of ``frame``, after the silence for what is missing before it."""
        missing = self._missing(frame)
        self.lost_samples += missing
        pcm: bytes = frame.to_ndarray().tobytes()
        return bytes(missing * RECEIVED_FORMAT.frame_bytes) + pcm if missing else pcm

    async def stream(self, track: MediaStreamTrack) -> AsyncIterator[bytes]:
        """The PCM of one frame of ``track`` after the other, until it ends. Cancelling loses nothing."""
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)  # the decoder's
            yield self.take(frame)

    def _missing(self, frame: AudioFrame) -> int:
        due, self._next_pts = self._next_pts, None
        if frame.pts is None:
            return 0
        self._next_pts = frame.pts + frame.samples
        gap = 0 if due is None else frame.pts - due
        return gap if 0 < gap <= _LONGEST_GAP_S * RECEIVED_FORMAT.rate_hz else 0
