"""A call as a connection wants it: the pipe for its frames and the media beside them, in one.

Importing it loads ``aiortc``. Knows neither options nor credentials.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from aiortc import MediaStreamTrack, RTCIceServer
from realtime_core.clock import current_clock, timeout
from realtime_core.contents import AudioContent
from realtime_core.errors import ConnectionLost
from realtime_core.events import RealtimeErrorEvent, RealtimeEvent
from realtime_core.stats import MediaStats
from realtime_openai_wire.refusals import not_reached
from realtime_openai_wire.rtc import RECEIVED_FORMAT, PacedTrack

from realtime_openai_webrtc.call import Call
from realtime_openai_webrtc.ends import bad_answer, closed_here, media_late, no_offer
from realtime_openai_webrtc.inbox import Inbox
from realtime_openai_webrtc.peer import Peer
from realtime_openai_webrtc.tracks import LastingTrack
from realtime_openai_webrtc.uplink import OwnTrack, PushBuffer, Uplink

__all__ = ["CallPipe"]


class CallPipe:
    """A `realtime_openai_wire.Pipe` and its `realtime_openai_wire.Media`: what `call` becomes once answered.

    ``track`` is the application's own; without one what is appended leaves on one of ours. ``host`` is named
    in errors. First `open`; after this, and if that fails, too, you must call `aclose`, which hangs up.
    """

    def __init__(
        self,
        call: Call,
        *,
        host: str,
        track: MediaStreamTrack | None = None,
        ice_servers: Sequence[RTCIceServer] = (),
    ) -> None:
        self._call = call
        self._host = host
        self._is_open = False
        self._closing: asyncio.Task[None] | None = None
        self._inbox = Inbox(RECEIVED_FORMAT)
        self._uplink, sent_track = self._sending(track)
        self._peer = Peer(sent_track, self._inbox, host=host, ice_servers=ice_servers, ended=self._ended)

    async def open(self, session: Mapping[str, Any] | None, *, timeout_s: float) -> None:
        """Place the call, with the configuration of the session, and wait until frames can be sent.

        Raises:
            AuthenticationFailed, RateLimited, ConnectionFailed, ProviderError: it was refused, or there is no
                way for the media.
        """
        is_offered = is_placed = False
        try:
            async with timeout(current_clock(), timeout_s):
                offer = await self._peer.offer()
                is_offered = True
                answer = await self._call.place(offer, session)
                is_placed = True
                await self._peer.accept(answer)
            self._is_open = True
        except TimeoutError as exc:
            if is_placed:
                raise media_late(self._host, has_path=self._peer.has_path) from exc
            if not is_offered:
                raise no_offer(exc) from exc
            raise not_reached(self._host, exc) from exc
        except ValueError as exc:
            raise bad_answer(self._host, str(exc)) from exc

    async def send(self, text: str) -> None:
        """As `realtime_openai_wire.Pipe.send`."""
        await self._peer.send(text)

    async def recv(self) -> str | bytes | AudioContent | RealtimeEvent:
        """As `realtime_openai_wire.Pipe.recv`."""
        return await self._inbox.get()

    @property
    def takes_audio(self) -> bool:
        """As `realtime_openai_wire.Media.takes_audio`."""
        return isinstance(self._uplink, PushBuffer)

    @property
    def waiting_ms(self) -> float:
        """As `realtime_openai_wire.Media.waiting_ms`."""
        return self._uplink.waiting_ms

    async def append(self, pcm: bytes) -> None:
        """As `realtime_openai_wire.Media.append`."""
        await self._uplink.append(pcm)

    async def flushed(self) -> None:
        """As `realtime_openai_wire.Media.flushed`."""
        await self._uplink.flushed()

    def clear(self) -> None:
        """As `realtime_openai_wire.Media.clear`."""
        self._uplink.clear()

    @property
    def stats(self) -> MediaStats:
        """As `realtime_openai_wire.Media.stats`."""
        stats = self._peer.stats
        # for whoever reads they came too late, too
        return attrs.evolve(stats, packets_lost=stats.packets_lost + self._inbox.dropped_pieces)

    async def aclose(self) -> None:
        """Hang up and free everything, within a few seconds. Never raises; may be called twice."""
        if self._closing is None:
            self._inbox.end(closed_here(self._host), drop=True)
            self._closing = asyncio.create_task(self._close())
        # whoever is cancelled here must not leave half a call behind
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await asyncio.gather(self._peer.aclose(), self._call.aclose())

    def _sending(self, own: MediaStreamTrack | None) -> tuple[Uplink, MediaStreamTrack]:
        if own is None:
            buffer = PushBuffer()
            return buffer, PacedTrack(buffer.read)
        departures = OwnTrack()
        return departures, LastingTrack(own, departures.sent, self._track_failed)

    def _track_failed(self, error: Exception) -> None:
        # its words may be anybody's
        message = f"audio_track failed with {type(error).__name__}; the service hears silence from now on"
        self._inbox.put_frame(
            RealtimeErrorEvent(kind="callback", code="audio_track_failed", message=message, exception=error)
        )

    def _ended(self, end: ConnectionLost) -> None:
        if self._is_open and self._closing is None:
            self._call.ended()
        self._inbox.end(end)
        self._uplink.end(end)
