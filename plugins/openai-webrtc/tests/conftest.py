"""What the tests here share: a small service that answers calls with a peer of its own, and tones."""

import asyncio
import contextlib
import json
import random
import socket
from collections.abc import Callable
from email.parser import BytesParser
from http import HTTPStatus
from typing import Any, Self

import attrs
import numpy as np
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from hypothesis import settings
from realtime_core.options import build_options
from realtime_core.provider import Setup
from realtime_openai_webrtc.options import OpenAIWebRTCOptions
from realtime_openai_wire import OpenAIRealtimeExecutionSettings
from realtime_openai_wire.rtc import PacedTrack, ReceivedAudio, close_peer, new_peer

# Hypothesis' deadline is a timing assertion
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

KEY = "sk-test-4f9a8b7c6d5e"


class Tone:
    """Mono PCM16 of one frequency, as much as is asked for."""

    def __init__(self, hz: int, rate_hz: int = 24_000) -> None:
        self.hz = hz
        self.rate_hz = rate_hz
        self.given = 0

    def read(self, samples: int) -> bytes:
        time = (self.given + np.arange(samples)) / self.rate_hz
        self.given += samples
        return (np.sin(2 * np.pi * self.hz * time) * 9000).astype("<i2").tobytes()


@attrs.define
class Request:
    """One HTTP request, and the parts of its body."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def parts(self) -> dict[str, tuple[str, str]]:
        """Content type and text of each part of a multipart body."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = BytesParser().parsebytes(head + self.body)
        return {
            part.get_param("name", header="content-disposition"): (
                part.get_content_type(),
                part.get_payload(decode=True).decode(),
            )
            for part in message.get_payload()
        }

    @property
    def offer(self) -> str:
        is_form = self.headers["content-type"].startswith("multipart/")
        return self.parts["sdp"][1] if is_form else self.body.decode()


@attrs.define
class Service:
    """Answers calls: plays 660 Hz, keeps what it hears, makes a session and accepts its settings.

    ``edit`` changes the text of an answer; ``status`` and ``body`` refuse the call instead. With ``is_deaf``
    nobody is at the addresses of the answer, with ``is_hidden`` it does not learn those of the offer.
    """

    edit: Callable[[str], str] = str
    status: int = HTTPStatus.CREATED
    body: bytes = b""
    headers: dict[str, str] = attrs.Factory(
        lambda: {"Content-Type": "application/sdp", "Location": "/v1/realtime/calls/rtc_1"}
    )
    greets: bool = True
    is_deaf: bool = False
    is_hidden: bool = False
    hang_up_status: int = HTTPStatus.OK
    base_url: str = ""
    requests: list[Request] = attrs.Factory(list)
    peers: list[RTCPeerConnection] = attrs.Factory(list)
    channels: list[Any] = attrs.Factory(list)
    received: list[Any] = attrs.Factory(list)
    heard: bytearray = attrs.Factory(bytearray)
    tasks: set[asyncio.Task[None]] = attrs.Factory(set)
    news: asyncio.Event = attrs.Factory(asyncio.Event)

    @property
    def hung_up(self) -> bool:
        return any("/hangup" in request.line for request in self.requests)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait until something that arrived makes it true."""
        while not condition():
            self.news.clear()
            await self.news.wait()

    def send(self, **frame: Any) -> None:
        self.channels[-1].send(json.dumps(frame))

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                kept = dict(line.split(": ", 1) for line in head[1:] if line)
                headers |= {name.lower(): value for name, value in kept.items()}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(head[0], headers, body)
                self.requests.append(request)
                self.news.set()
                await self.answer(request, writer)
        writer.close()

    async def answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        status, body = self.status, self.body
        if "/hangup" in request.line:
            status = self.hang_up_status
        elif status in {HTTPStatus.OK, HTTPStatus.CREATED} and not body:
            body = self.edit(await self.answer_of(request.offer)).encode()
        head = [f"HTTP/1.1 {int(status)} X", *(f"{name}: {value}" for name, value in self.headers.items())]
        writer.write("\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body)
        await writer.drain()

    async def answer_of(self, offer: str) -> str:
        peer = new_peer()
        self.peers.append(peer)
        peer.addTrack(PacedTrack(Tone(660).read))
        peer.on("track", lambda track: self.start(self.hear(track)))
        peer.on("datachannel", self.take)
        if self.is_hidden:
            offer = "".join(line for line in offer.splitlines(keepends=True) if "candidate" not in line)
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        sdp = peer.localDescription.sdp
        if self.is_deaf:
            await close_peer(peer)
        return sdp

    def start(self, work: Any) -> None:
        self.tasks.add(asyncio.create_task(work))

    async def hear(self, track: Any) -> None:
        async for pcm in ReceivedAudio().stream(track):
            self.heard += pcm
            self.news.set()

    def take(self, channel: Any) -> None:
        self.channels.append(channel)
        channel.on("message", self.message)
        if self.greets:
            self.send(type="session.created", session={"id": "sess_1"})

    def message(self, text: str) -> None:
        frame = json.loads(text)
        self.received.append(frame)
        self.news.set()
        match frame["type"]:
            case "session.update":
                self.send(type="session.updated", session=frame["session"])
            case "input_audio_buffer.commit":
                self.send(type="input_audio_buffer.committed", item_id="item_1", previous_item_id=None)


class _End(asyncio.DatagramProtocol):
    """A socket that hands on what it gets."""

    def __init__(self, received: Callable[[bytes, Any], None]) -> None:
        self.datagram_received = received


class Relay:
    """A network between the two ends of a call.

    It loses the share ``loss`` of the packets of media, and everything when ``is_cut``. ``in_pairs``: every
    other packet of the service's media waits for the next.
    """

    def __init__(self, loss: float = 0.0, *, in_pairs: bool = False) -> None:
        self.is_cut = False
        self.passed = self.lost = 0
        self._loss = loss
        self._in_pairs = in_pairs
        self._waiting = b""
        self._random = random.Random(7)  # noqa: S311  # loses the same packets every time
        self._client: Any = None
        self._service: Any = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        anywhere = ("0.0.0.0", 0)  # noqa: S104  # aiortc has no candidates on the loopback address
        self._near, _ = await loop.create_datagram_endpoint(lambda: _End(self._from_client), anywhere)
        self._far, _ = await loop.create_datagram_endpoint(lambda: _End(self._from_service), anywhere)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._near.close()
        self._far.close()

    @property
    def is_asked(self) -> bool:
        """Whether anything has come from the client."""
        return self._client is not None

    def edit(self, sdp: str) -> str:
        """The service's answer, with the relay's address in place of the service's own."""
        lines = sdp.splitlines(keepends=True)
        ours = next(line for line in lines if line.startswith("a=candidate") and ":" not in line.split()[4])
        host, port = ours.split()[4:6]
        self._service = (host, int(port))
        there = ours.replace(f" {port} ", f" {self._near.get_extra_info('sockname')[1]} ")
        return "".join(line for line in lines if not line.startswith("a=candidate")).replace(
            "a=end-of-candidates", f"{there}a=end-of-candidates"
        )

    def _from_client(self, data: bytes, address: Any) -> None:
        self._client = address
        self._pass_on(self._far, data, self._service)

    def _from_service(self, data: bytes, _: Any) -> None:
        if self._in_pairs and _is_media(data) and not self._waiting:
            self._waiting = data
            return
        if self._waiting and _is_media(data):
            waited, self._waiting = self._waiting, b""
            self._pass_on(self._near, waited, self._client)
        self._pass_on(self._near, data, self._client)

    def _pass_on(self, socket: Any, data: bytes, address: Any) -> None:
        is_media = _is_media(data)
        if self.is_cut:
            return
        if is_media and self._random.random() < self._loss:
            self.lost += 1
            return
        self.passed += is_media
        socket.sendto(data, address)


def _is_media(data: bytes) -> bool:
    """Whether a packet is one of RTP, and not of RTCP."""
    return 128 <= data[0] < 192 and not 64 <= data[1] & 0x7F < 96


@pytest.fixture
def relay():
    """The class of networks."""
    return Relay


@pytest.fixture
def service():
    """Runs a service as a context manager."""

    @contextlib.asynccontextmanager
    async def run(**given: Any):
        running = Service(**given)
        async with await asyncio.start_server(running.handle, "127.0.0.1", 0) as server:
            running.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            try:
                yield running
            finally:
                for peer in running.peers:
                    await close_peer(peer)
                for task in running.tasks:
                    task.cancel()
                await asyncio.gather(*running.tasks, return_exceptions=True)

    return run


@pytest.fixture
def setup():
    """Makes what an engine gives ``connect``."""

    def make(*, tools: Any = (), **values: Any) -> Setup:
        formats = {"input_audio_format": "pcm16", "output_audio_format": "pcm16"}
        settings = OpenAIRealtimeExecutionSettings(**{**formats, **values})
        return Setup(settings=settings, tools=tools, command_id="setup")

    return make


@pytest.fixture
def options():
    """Makes options from nothing but what is given; with a key, if there is no client secret."""

    def make(**given: Any) -> OpenAIWebRTCOptions:
        key = {} if "client_secret" in given else {"api_key": KEY}
        return build_options(OpenAIWebRTCOptions, {**key, **given}, {})

    return make


@pytest.fixture
def free_port():
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def tone():
    """The class of tones."""
    return Tone


@pytest.fixture
def frequency_hz():
    """Measures the strongest frequency in PCM16."""

    def measure(pcm: bytes, rate_hz: int = 24_000, channels: int = 1) -> float:
        mono = np.frombuffer(pcm, "<i2").reshape(-1, channels).mean(axis=1)
        return float(np.argmax(np.abs(np.fft.rfft(mono))) * rate_hz / len(mono))

    return measure
