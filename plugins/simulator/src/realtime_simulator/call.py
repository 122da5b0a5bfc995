"""One call: a session whose frames go over a data channel, and to whoever has joined by a side-band socket.

Knows nothing of HTTP, and of peers only what `Peer` says.
"""

import asyncio
import contextlib
import logging
from typing import Any, Final, Protocol

import msgspec

from realtime_simulator.frames import End
from realtime_simulator.link import Ended, Link
from realtime_simulator.side_band import SideBand

__all__ = ["FILTERED", "Call", "Carrier"]

_log = logging.getLogger("realtime_simulator")

FILTERED: Final = frozenset(
    {
        "conversation.item.added",
        "conversation.item.created",
        "conversation.item.input_audio_transcription.completed",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "output_audio_buffer.started",
        "output_audio_buffer.stopped",
        "response.output_audio_transcript.delta",
        "response.output_audio_transcript.done",
        "response.output_text.delta",
        "response.output_text.done",
    }
)
"""What ``webrtcfilter=on`` leaves of the frames on the data channel, as Azure documents it."""

_BROKEN: Final = End(1011)


class Carrier(Protocol):
    """The peer connection of a call."""

    over: asyncio.Future[None]
    """Done when the client has gone; fails as what broke."""

    def send(self, text: str) -> bool:
        """Send a frame over the data channel; False: it is larger than the client takes."""

    async def aclose(self) -> None:
        """Close the connection, after what has been sent."""

    async def vanish(self) -> None:
        """Be gone, without a word."""


class _Kind(msgspec.Struct):
    type: str = ""


def _kind_of(text: str) -> str:
    try:
        return msgspec.json.decode(text, type=_Kind).type
    except msgspec.DecodeError:
        return ""


class Call:
    """One call. `carry` it; meanwhile the peer hands over what it hears, and side-bands `join`.

    Args:
        link: the session.
        carrier: the connection.
        name: what log lines call it.
        is_filtered: whether only some frames go over the channel.
    """

    def __init__(self, link: Link, carrier: Carrier, *, name: str, is_filtered: bool) -> None:
        self._link = link
        self._carrier = carrier
        self.name = name
        self._is_filtered = is_filtered
        self._bands: list[SideBand] = []
        self._begun = asyncio.Event()
        self._told: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._ended: End | None = None

    # what the peer hands over

    def opened(self) -> None:
        """Frames can be sent: there is a channel, or never will be one."""
        self._begun.set()

    def feed(self, text: str | bytes) -> None:
        """A frame came over the channel."""
        self._link.feed(text)

    def hear(self, pcm: bytes) -> None:
        """Audio came over the client's track: PCM16 mono at 24 kHz."""
        self._link.hear(pcm)

    def play(self, samples: int) -> bytes:
        """What the service's track sends now."""
        return self._link.play(samples)

    # what the door does

    def join(self) -> SideBand:
        """Another way in and out, which hears all that is sent from now on."""
        band = SideBand(self._link, self._leave)
        if self._ended is not None:
            band.finish(self._ended)
        self._bands.append(band)
        self._begun.set()
        return band

    def _leave(self, band: SideBand) -> None:
        if band in self._bands:
            self._bands.remove(band)

    def hang_up(self, end: End | None = None) -> None:
        """Let `carry` end the call, for the reason given; None: the client wants it."""
        if end is None:
            self._link.close()
        if not self._told.done():
            self._told.set_result(end or End(1000))

    async def carry(self) -> End:
        """Carry the call to its end, whichever side brings it; how it ended.

        Raises:
            Exception: what broke it here.
        """
        pumping = asyncio.ensure_future(self._pump())
        parts: list[asyncio.Future[Any]] = [pumping, self._told, self._carrier.over]
        end = _BROKEN
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            first: End | None = next(part for part in parts if part.done()).result()
            if first is None:
                self._link.close()
            end = first or End(1000)
            return end
        finally:
            pumping.cancel()
            await asyncio.gather(pumping, return_exceptions=True)
            await self._finish(end)

    async def _finish(self, end: End) -> None:
        self._ended = end
        for band in [*self._bands]:
            band.finish(end)
        self._link.end(end)
        # so that a watch knows who ended it
        with contextlib.suppress(Ended):
            await self._link.next()
        self._link.close()
        await (self._carrier.vanish() if end.code is None else self._carrier.aclose())

    async def _pump(self) -> End:
        """Say what the server has to say, until it ends the session."""
        await self._begun.wait()
        try:
            while True:
                self._deliver(await self._link.next())
        except Ended as ended:
            return End(ended.code, ended.reason)

    def _deliver(self, text: str) -> None:
        kind = _kind_of(text)
        # who joins a call knows that it has begun
        if kind != "session.created":
            for band in [*self._bands]:
                band.put(text)
        if (not self._is_filtered or kind in FILTERED) and not self._carrier.send(text):
            self._tell_too_large(kind)

    def _tell_too_large(self, kind: str) -> None:
        _log.info("%s: %s is larger than its client takes, and was not sent", self.name, kind)
        if kind != "error":
            message = f"{kind} is larger than the client's max-message-size."
            error = {"type": "server_error", "code": "message_too_large", "message": message}
            self._link.send("error", {"error": {**error, "param": None, "event_id": None}})
