"""The clients that are compared: each opens a session, and does one user-visible job on it.

The bare ones are what somebody would write by hand on `websockets` without any framework.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import numpy as np
import pybase64
from realtime_core import RealtimeClient, RealtimeResponseEvent, create_client
from websockets.asyncio.client import connect

Play = Callable[[Any], None]


class Client(Protocol):
    """One session."""

    async def open(self, url: str, model: str, play: Play) -> None:
        """Connect and configure."""

    async def listen(self) -> None:
        """Ask for a response and play it to its end."""

    async def say(self, pcm: bytes) -> None:
        """Send a piece of audio."""

    async def close(self) -> None:
        """Disconnect."""


class Bare:
    """json and base64 of the standard library."""

    name = "bare loop (json, base64)"
    loads: Callable[[str], Any] = staticmethod(json.loads)
    decode: Callable[[str], bytes] = staticmethod(base64.b64decode)

    @staticmethod
    def encode(pcm: bytes) -> str:
        return base64.b64encode(pcm).decode()

    async def open(self, url: str, model: str, play: Play) -> None:
        self.play = play
        self.socket = await connect(
            f"ws{url.removeprefix('http')}/realtime?model={model}", compression=None, max_size=None
        )
        await self.socket.recv()
        await self.socket.send(json.dumps({"type": "session.update", "session": {"type": "realtime"}}))
        await self.socket.recv()

    async def listen(self) -> None:
        loads, decode, play = self.loads, self.decode, self.play
        await self.socket.send('{"type":"response.create"}')
        async for message in self.socket:
            event = loads(message)
            if event["type"] == "response.output_audio.delta":
                play(np.frombuffer(decode(event["delta"]), np.int16))
            elif event["type"] == "response.done":
                return

    async def say(self, pcm: bytes) -> None:
        await self.socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": self.encode(pcm)}))

    async def close(self) -> None:
        await self.socket.close()


class BareFast(Bare):
    """The same loop by somebody who knows msgspec and pybase64."""

    name = "bare loop (msgspec, pybase64)"
    loads = staticmethod(msgspec.json.Decoder().decode)
    decode = staticmethod(pybase64.b64decode)

    @staticmethod
    def encode(pcm: bytes) -> str:
        return pybase64.b64encode_as_string(pcm)


class Ours:
    """The whole engine with its defaults, provider openai-ws."""

    name = "realtime-core, openai-ws"
    client: RealtimeClient

    async def open(self, url: str, model: str, play: Play) -> None:
        self.client = create_client("openai-ws", api_key="none", base_url=url)
        self.session = await self.client.create_session(model=model, audio_output_callback=play)

    async def listen(self) -> None:
        await self.session.create_response()
        async for event in self.session.receive():
            if isinstance(event, RealtimeResponseEvent) and event.phase == "done":
                return

    async def say(self, pcm: bytes) -> None:
        await self.session.send_audio(pcm)

    async def close(self) -> None:
        await self.client.aclose()


CLIENTS: tuple[type[Any], ...] = (Bare, BareFast, Ours)
