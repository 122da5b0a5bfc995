"""The service's end of a peer connection: one data channel, a track that never stops, the client's track.

Importing it loads aiortc, which is the extra ``webrtc``. Knows nothing of sessions.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiortc import RTCSessionDescription
from realtime_core.audio.convert import AudioConverter
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.clock import current_clock
from realtime_openai_wire.rtc import (
    RECEIVED_FORMAT,
    PacedTrack,
    ReceivedAudio,
    close_peer,
    new_peer,
    only_opus,
    reorder,
)

from realtime_simulator.offer import Offer, invalid_offer

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack, RTCDataChannel

__all__ = ["Listener", "Peer"]

_CONNECT_S: Final = 30.0
_FLUSH_S: Final = 2.0
_MAX_WAITING: Final = 32 * 1024 * 1024
"""How much may wait for a client that takes nothing."""


class Listener(Protocol):
    """What the connection is for."""

    def opened(self) -> None:
        """Frames can be sent: there is a channel, or never will be one."""

    def feed(self, text: str | bytes) -> None:
        """Take a frame that came over the channel."""

    def hear(self, pcm: bytes) -> None:
        """Take audio that came over the client's track: PCM16 mono at 24 kHz."""

    def play(self, samples: int) -> bytes:
        """What the track sends now, in the same format; what is missing is silence."""


class Peer:
    """One connection: `answer` an offer, `attach` what it is for; in the end `aclose` or `vanish`."""

    def __init__(self) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the client has gone or never came; fails as what broke here."""

        self._listener: Listener | None = None
        self._channel: RTCDataChannel | None = None
        self._waiting: list[str] = []
        self._hearing: list[asyncio.Task[None]] = []
        self._has_channel = True
        self._pc = new_peer()
        self._pc.on("datachannel", self._channel_opened)
        self._pc.on("track", self._track_came)
        self._pc.on("connectionstatechange", self._state_changed)
        self._late = current_clock().call_later(_CONNECT_S, self._end)

    async def answer(self, offer: Offer) -> str:
        """The answer to an offer, with all candidates.

        Raises:
            Refused: nothing can come of the offer.
        """
        self._has_channel = offer.has_channel
        transceiver = self._pc.addTransceiver(PacedTrack(self._play), direction="sendrecv")
        only_opus(transceiver)
        reorder(transceiver.receiver)
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        # whatever a parser stumbles over in what a stranger sent
        except Exception as exc:
            raise invalid_offer(f"it cannot be answered ({type(exc).__name__})") from exc
        return self._pc.localDescription.sdp

    def attach(self, listener: Listener) -> None:
        """From now on ``listener`` hears and speaks."""
        self._listener = listener

    def send(self, text: str) -> bool:
        """Send a frame as soon as there is a channel; False: it is larger than the client takes."""
        channel = self._channel
        if channel is None:
            if self._has_channel:
                self._waiting.append(text)
        elif channel.readyState == "open":
            try:
                channel.send(text)
            except ValueError:
                return False
            if channel.bufferedAmount > _MAX_WAITING:
                self._end()
        return True

    async def aclose(self) -> None:
        """Close the connection, after what has been sent, if the client takes it in time."""
        channel = self._channel
        if channel is not None and channel.readyState == "open" and not self.over.done():
            closed = asyncio.Event()
            channel.on("close", closed.set)
            channel.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FLUSH_S):
                    await closed.wait()
        await self._close()

    async def vanish(self) -> None:
        """Be gone, without a word: the client has to notice that nothing comes any more."""
        for transceiver in self._pc.getTransceivers():
            await transceiver.receiver.transport.transport.stop()
        await self._close()

    async def _close(self) -> None:
        self._end()
        for task in self._hearing:
            task.cancel()
        await asyncio.gather(*self._hearing, return_exceptions=True)
        await close_peer(self._pc)

    def _end(self) -> None:
        self._late.cancel()
        if not self.over.done():
            self.over.set_result(None)

    def _guarded(self, act: Callable[[Listener], Any]) -> Any:
        """What the listener says; what breaks there ends the connection, and nothing of it gets lost here."""
        if self._listener is None or self.over.done():
            return None
        try:
            return act(self._listener)
        except Exception as exc:  # noqa: BLE001
            self.over.set_exception(exc)
            return None

    # what aiortc tells

    def _state_changed(self) -> None:
        match self._pc.connectionState:
            case "connected":
                self._late.cancel()
                if not self._has_channel:
                    self._guarded(lambda listener: listener.opened())
            case "failed" | "closed":
                self._end()

    def _channel_opened(self, channel: "RTCDataChannel") -> None:
        # whatever its label; others beside it carry nothing
        if self._channel is None:
            self._channel = channel
            channel.on("message", lambda text: self._guarded(lambda listener: listener.feed(text)))
            waiting, self._waiting = self._waiting, []
            for text in waiting:
                self.send(text)
            self._guarded(lambda listener: listener.opened())

    def _track_came(self, track: "MediaStreamTrack") -> None:
        # a second one would be heard in turns with it
        if track.kind == "audio" and not self._hearing:
            self._hearing.append(asyncio.ensure_future(self._hear(track)))

    async def _hear(self, track: "MediaStreamTrack") -> None:
        converter = AudioConverter(RECEIVED_FORMAT, PCM16_24KHZ)
        async for pcm in ReceivedAudio().stream(track):
            self._guarded(functools.partial(_hand_over, converter.convert(pcm)))

    def _play(self, samples: int) -> bytes:
        return self._guarded(lambda listener: listener.play(samples)) or b""


def _hand_over(pcm: bytes, listener: Listener) -> None:
    listener.hear(pcm)
