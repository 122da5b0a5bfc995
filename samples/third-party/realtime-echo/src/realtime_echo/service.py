"""The service itself: it repeats what it is told, and what it hears. Knows nothing of realtime-core.

``call NAME {"argument": 1}`` makes it call that function, if it has it, and say what came of it; the
instruction ``Shout.`` is the only one that it follows.
"""

import argparse
import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from http import HTTPStatus
from itertools import count
from typing import Any, Final

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

__all__ = ["main", "serving"]

_RATE_HZ: Final = 16_000
_SECOND: Final = 2 * _RATE_HZ  # bytes
_PIECE: Final = _SECOND // 10
_PAUSE: Final = _SECOND // 2  # so long a silence ends what the user says
_LONGEST: Final = 60 * _SECOND
_LOUD: Final = 500  # of 32767
_VOICES_HZ: Final = {"low": 220, "high": 440}
_MOST_BYTES: Final = 16 * 1024 * 1024


class _Refused(Exception):
    """The set-up cannot be; the message says why."""


class _Talk:
    """One session, from its set-up on."""

    def __init__(self, websocket: ServerConnection, setup: dict[str, Any]) -> None:
        voice = setup.get("voice", "low")
        if voice not in _VOICES_HZ:
            raise _Refused(f"there is no such voice; choose from {', '.join(_VOICES_HZ)}")
        self._websocket = websocket
        self._shouts = setup.get("instructions") == "Shout."
        self._functions = {function["name"] for function in setup.get("functions", ())}
        self._numbers = count(1)
        self._open_calls: dict[str, str] = {}
        self._outputs: list[str] = []
        self._speech = bytearray()
        self._quiet = 0
        self._speaks_until_s = 0.0
        time_s = np.arange(_PIECE // 2) / _RATE_HZ
        wave = np.sin(2 * np.pi * _VOICES_HZ[voice] * time_s) * np.hanning(len(time_s))
        self._tone = (wave * 8_000).astype("<i2").tobytes()

    async def take(self, frame: str | bytes) -> None:
        """A frame of the client, and what follows from it."""
        match frame if isinstance(frame, bytes) else json.loads(frame):
            case bytes(pcm):
                await self._hear(pcm)
            case {"say": str(text)}:
                await self._answer(text)
            case {"result": {"call": str(call_id), "output": str(output)}} if call_id in self._open_calls:
                self._outputs.append(f"{self._open_calls.pop(call_id)} gave {output}")
                if not self._open_calls:
                    await self._say(" and ".join(self._outputs))
                    self._outputs.clear()

    async def _answer(self, text: str) -> None:
        match text.split(maxsplit=2):
            case ["call", name, *rest] if name in self._functions:
                call_id = f"call-{next(self._numbers)}"
                self._open_calls[call_id] = name
                arguments = json.loads(rest[0]) if rest else {}
                await self._tell(call={"id": call_id, "name": name, "arguments": arguments})
            case _:
                await self._say(text)

    async def _say(self, text: str) -> None:
        for word in (text.upper() if self._shouts else text).split():
            await self._tell(said=f"{word} ")
            await self._play(self._tone)

    async def _hear(self, pcm: bytes) -> None:
        """Wait for the end of what the user says, and give it back."""
        if np.abs(np.frombuffer(pcm, "<i2").astype(int)).max(initial=0) > _LOUD:
            if not self._speech and asyncio.get_running_loop().time() < self._speaks_until_s:
                self._speaks_until_s = 0.0
                await self._tell(interrupted=True)
            self._quiet = 0
            self._speech += pcm
        elif self._speech:
            self._quiet += len(pcm)
            self._speech += pcm
        if self._quiet >= _PAUSE or len(self._speech) >= _LONGEST:
            heard = bytes(self._speech)
            self._speech.clear()
            self._quiet = 0
            for start in range(0, len(heard), _PIECE):
                await self._play(heard[start : start + _PIECE])

    async def _play(self, pcm: bytes) -> None:
        now_s = asyncio.get_running_loop().time()
        self._speaks_until_s = max(now_s, self._speaks_until_s) + len(pcm) / _SECOND
        await self._websocket.send(pcm)

    async def _tell(self, **meanings: Any) -> None:
        await self._websocket.send(json.dumps(meanings))


async def _serve(websocket: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        try:
            talk = _Talk(websocket, json.loads(await websocket.recv())["setup"])
            await websocket.send(json.dumps({"ready": f"echo-{websocket.id.hex[:8]}"}))
        except (ValueError, TypeError, KeyError, _Refused) as exc:
            refused = {"code": "bad_setup", "message": str(exc)}
            await websocket.send(json.dumps({"error": refused}))
            return
        async for frame in websocket:
            try:
                await talk.take(frame)
            except ValueError:
                trouble = {"code": "bad_frame", "message": "this frame cannot be read"}
                await websocket.send(json.dumps({"error": trouble}))


@contextlib.asynccontextmanager
async def serving(port: int = 0, *, api_key: str | None = None) -> AsyncIterator[str]:
    """The service, on a port of this machine; gives its URL. Without a key it takes everybody."""

    def check(connection: ServerConnection, request: Request) -> Response | None:
        if api_key is None or request.headers.get("Authorization") == f"Bearer {api_key}":
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong key\n")

    options: Any = {"process_request": check, "compression": None, "max_size": _MOST_BYTES}
    async with serve(_serve, "127.0.0.1", port, **options) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _run(port: int) -> None:
    async with serving(port, api_key=os.environ.get("ECHO_API_KEY")) as url:
        print(f"echo listens at {url}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """The command ``realtime-echo``; the key that it wants is ``ECHO_API_KEY``, if that is set."""
    parser = argparse.ArgumentParser(description="A service that repeats what it is told.")
    parser.add_argument("--port", type=int, default=8770, help="0: any that is free")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args().port))
