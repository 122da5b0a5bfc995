"""Our end of a call: a peer connection with the channel of events and a track each way.

Importing it loads ``aiortc``. Knows nothing of HTTP and of what the frames say.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import attrs
from aiortc import MediaStreamTrack, RTCIceServer, RTCSessionDescription
from aiortc.stats import RTCInboundRtpStreamStats, RTCTransportStats
from realtime_core.clock import Clock, current_clock, sleep
from realtime_core.errors import ConnectionLost, UnsupportedCommand
from realtime_core.stats import MediaStats
from realtime_openai_wire.rtc import RECEIVED_FORMAT, ReceivedAudio, close_peer, new_peer, only_opus, reorder

from realtime_openai_webrtc.answer import Answer
from realtime_openai_webrtc.ends import closed_by_service, closed_here, media_failed, no_offer, vanished
from realtime_openai_webrtc.inbox import Inbox, again

__all__ = ["Peer"]

_LABEL: Final = "oai-events"
_CLOSE_TIMEOUT_S: Final = 2.0
_STEP_TIMEOUT_S: Final = 6.0
_LAST_SENDS_S: Final = 0.5
_MOST_BUFFERED: Final = 1 << 20
_LOOK_EVERY_S: Final = 0.25
_VANISHED_AFTER_S: Final = 10
_NEVER_CAME_AFTER_S: Final = 3
_LAST_WORDS_S: Final = 1.0


class Peer:
    """A peer connection that sends ``track`` and puts what arrives into ``inbox``.

    First `offer`, then `accept`; after this you must call `aclose`. ``ended`` is called once, when nothing
    comes any more, with the reason, which ``inbox`` is told, too. ``host`` is named in errors.
    """

    def __init__(
        self,
        track: MediaStreamTrack,
        inbox: Inbox,
        *,
        host: str,
        ice_servers: Sequence[RTCIceServer] = (),
        ended: Callable[[ConnectionLost], object],
    ) -> None:
        self._host = host
        self._inbox = inbox
        self._tell_ended = ended
        self._clock: Clock = current_clock()
        self._audio = ReceivedAudio()
        self._stats = MediaStats()
        self._limit: int | None = None
        self._end: ConnectionLost | None = None
        self._has_path = self._is_open = self._has_begun = False
        self._changed = asyncio.Event()
        self._drained = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._steps: set[asyncio.Task[None]] = set()
        self._connection = new_peer(ice_servers)
        self._transceiver = self._connection.addTransceiver(track)
        only_opus(self._transceiver)
        reorder(self._transceiver.receiver)
        # before the offer, which would have no place for it else
        self._channel = self._connection.createDataChannel(_LABEL)
        # a handler that raised would end the media
        self._channel.on("open", self._opened)
        self._channel.on("message", self._message)
        self._channel.on("bufferedamountlow", self._drained.set)
        self._channel.on("close", self._closed)
        self._connection.on("iceconnectionstatechange", self._path_changed)
        self._connection.on("connectionstatechange", self._state_changed)

    async def offer(self) -> str:
        """The SDP to be answered, with all addresses in it.

        Raises:
            ConnectionFailed: no address could be found.
        """
        try:
            await self._step(self._offer())
        except Exception as exc:  # of sockets and name servers
            raise no_offer(exc) from exc
        return self._connection.localDescription.sdp

    async def accept(self, answer: Answer) -> None:
        """Connect as ``answer`` says, and wait until the channel is open.

        Raises:
            ValueError: the answer cannot be taken; the words say why.
            ConnectionFailed: there is no way to the other side, or it went away again.
        """
        try:
            await self._step(self._take(answer))
        except Exception as exc:  # whatever the parser stumbles on
            raise ValueError(f"it cannot be read ({type(exc).__name__})") from exc
        track = self._transceiver.receiver.track
        if track is None:
            raise ValueError("it sends no audio")
        self._limit = answer.max_message_bytes
        self._start(self._drain(track))
        self._start(self._watch())
        while not self._is_open:
            if self._end is not None:
                raise media_failed(self._host, has_path=self._has_path) from self._end
            self._changed.clear()
            await self._changed.wait()

    @property
    def has_path(self) -> bool:
        """Whether ICE has found a way to the other side."""
        return self._has_path

    @property
    def stats(self) -> MediaStats:
        """Of what is received."""
        lost_ms = RECEIVED_FORMAT.duration_ms(self._audio.lost_samples * RECEIVED_FORMAT.frame_bytes)
        return attrs.evolve(self._stats, lost_audio_ms=lost_ms)

    async def send(self, text: str) -> None:
        """Send a message; waits while a mebibyte of them waits. A cancelled call counts as sent.

        Raises:
            UnsupportedCommand: it is larger than the other side takes.
            ConnectionLost: the call has ended.
        """
        self._ensure_going_on()
        size = len(text.encode())
        if self._limit is not None and size > self._limit:
            raise UnsupportedCommand(
                f"a message of {size} bytes is too large for {self._host}, which takes {self._limit} bytes "
                "on a data channel; send less at once, or use a WebSocket"
            )
        self._channel.send(text)
        if self._channel.bufferedAmount > _MOST_BUFFERED:
            while self._channel.bufferedAmount and self._end is None:
                await self._next_drain()
            self._ensure_going_on()

    async def aclose(self) -> None:
        """Free everything, within a few seconds. Never raises; not to be cancelled."""
        self._ended(closed_here(self._host))
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_LAST_SENDS_S):
                # it closes when what was sent before has arrived
                self._channel.close()
                while self._channel.readyState != "closed":
                    await self._next_drain()
        if self._tasks or self._steps:
            # half a step could not be closed; an ICE server that does not answer is given up after 5 s
            await asyncio.wait([*self._tasks, *self._steps], timeout=_STEP_TIMEOUT_S)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await close_peer(self._connection)

    async def _offer(self) -> None:
        await self._connection.setLocalDescription(await self._connection.createOffer())

    async def _take(self, answer: Answer) -> None:
        await self._connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        # an answer has all candidates in it, whether it says so or not: without this ICE would wait for more
        await self._connection.addIceCandidate(None)

    async def _step(self, work: Coroutine[Any, Any, None]) -> None:
        """Do ``work`` to its end even if the caller is cancelled: half of it could not be closed."""
        step = asyncio.create_task(work)
        self._steps.add(step)
        await asyncio.shield(step)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _drain(self, track: MediaStreamTrack) -> None:
        async for pcm in self._audio.stream(track):
            self._inbox.put_audio(pcm)
        # what ended it may be told more exactly right away
        await sleep(self._clock, _LAST_WORDS_S)
        self._ended(vanished(self._host))

    async def _watch(self) -> None:
        """Keep the counters, and notice when nothing at all arrives: ICE alone takes half a minute.

        Where the first frame has not come either, nobody waits that long for it.
        """
        packets, quiet_s = 0, 0.0
        while quiet_s < (_VANISHED_AFTER_S if self._has_begun else _NEVER_CAME_AFTER_S):
            await sleep(self._clock, _LOOK_EVERY_S)
            before, quiet_s = packets, quiet_s + _LOOK_EVERY_S
            for report in (await self._transceiver.receiver.getStats()).values():
                match report:
                    case RTCInboundRtpStreamStats():
                        self._stats = MediaStats(
                            packets_received=report.packetsReceived,
                            packets_lost=max(0, report.packetsLost),
                            jitter_ms=report.jitter * 1000 / RECEIVED_FORMAT.rate_hz,
                        )
                    case RTCTransportStats():
                        packets = report.packetsReceived
            # before the channel is open it is the caller who has no more patience
            if packets != before or not self._is_open:
                quiet_s = 0.0
        self._ended(vanished(self._host))

    def _opened(self) -> None:
        self._is_open = True
        self._changed.set()

    def _message(self, frame: str | bytes) -> None:
        self._has_begun = True
        self._inbox.put_frame(frame)

    def _closed(self) -> None:
        self._drained.set()
        self._ended(closed_by_service(self._host))

    def _path_changed(self) -> None:
        self._has_path = self._has_path or self._connection.iceConnectionState == "completed"

    def _state_changed(self) -> None:
        match self._connection.connectionState:
            case "failed":
                self._ended(vanished(self._host))
            case "closed":
                self._ended(closed_by_service(self._host))

    def _ended(self, end: ConnectionLost) -> None:
        if self._end is not None:
            return
        self._end = end
        self._changed.set()
        self._drained.set()
        self._tell_ended(end)

    def _ensure_going_on(self) -> None:
        if self._end is not None:
            raise again(self._end)

    async def _next_drain(self) -> None:
        self._drained.clear()
        await self._drained.wait()
