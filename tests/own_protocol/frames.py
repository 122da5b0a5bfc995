"""The frames of parley, the protocol of these tests, for both ends. Knows nothing of meanings.

A frame is its length in four bytes, then a line of JSON, then raw audio. The line is one object; every key in
it is a meaning of its own, in order, and ``audio`` says where among them the audio behind the line belongs.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["MOST_BYTES", "FrameReader", "FrameTooBig", "pack", "unpack"]

MOST_BYTES: Final = 16 * 1024 * 1024
"""No frame is longer."""


class FrameTooBig(Exception):
    """The other end announces a frame that is longer than any."""


def pack(meanings: Mapping[str, Any]) -> bytes:
    """A frame that says ``meanings``; the value of ``audio`` is its bytes."""
    pcm: bytes = meanings.get("audio", b"")
    line = json.dumps({**meanings, "audio": len(pcm)} if pcm else meanings).encode()
    return (len(line) + 1 + len(pcm)).to_bytes(4, "big") + line + b"\n" + pcm


def unpack(body: bytes) -> tuple[dict[str, Any], bytes]:
    """The meanings of a frame, and its audio.

    Raises:
        ValueError: it cannot be read.
    """
    line, _, pcm = body.partition(b"\n")
    meanings = json.loads(line)
    if not isinstance(meanings, dict):
        raise TypeError("a frame is one object")
    return meanings, pcm


class FrameReader:
    """Bodies of frames from a stream; cancelling a read loses nothing."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._size: int | None = None

    async def read(self) -> bytes:
        """The next body.

        Raises:
            asyncio.IncompleteReadError, OSError: the stream has ended.
            FrameTooBig: nothing after this can be read.
        """
        if self._size is None:
            self._size = int.from_bytes(await self._stream.readexactly(4), "big")
        if self._size > MOST_BYTES:
            raise FrameTooBig
        body = await self._stream.readexactly(self._size)
        self._size = None
        return body
