"""The far end of parley: says what a test's script tells it to, and keeps what it is told.

A script is a coroutine function of one `Peer`, begun when the client's set-up has been answered. Nothing here
waits for a time: a test waits for what has arrived.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from own_protocol.frames import MOST_BYTES, FrameReader, pack, unpack

__all__ = ["Peer", "Script", "Service", "idle", "serving", "silent"]


class Peer:
    """One connection, seen from the service.

    Attributes:
        received: the frames that came, the set-up first: meanings, with the bytes of ``audio``.
        complaints: what a client must never do, in words.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.received: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self.left = False
        self._frames = FrameReader(reader)
        self._writer = writer
        self._open_calls: dict[str, str | None] = {}
        self._news = asyncio.Event()

    # -- what it says ----------------------------------------------------------------------------

    def send(self, **meanings: Any) -> None:
        """One frame; ``audio`` is PCM16."""
        self._writer.write(pack(meanings))

    def send_bytes(self, data: bytes) -> None:
        """Whatever that is."""
        self._writer.write(data)

    def says(self, text: str = "", *, pcm: bytes = b"", piece_bytes: int = 640) -> None:
        """A reply, a frame for each word and each piece of audio; does not end the turn."""
        for start in range(0, len(pcm), piece_bytes):
            self.send(audio=pcm[start : start + piece_bytes])
        for word in text.split():
            self.send(spoken=f"{word} ")

    def over(self, **meanings: Any) -> None:
        """The turn ends, in one frame with ``meanings``, which come after that."""
        self.send(over=True, **meanings)

    async def call(self, *calls: tuple[str, str, dict[str, Any]], **more: Any) -> dict[str, str]:
        """Call functions, each an id, a name and arguments, all in one frame with ``more``.

        Waits until each is answered or withdrawn, and gives the answers by id.
        """
        self._open_calls.update({call_id: None for call_id, _, _ in calls})
        self.send(
            calls=[{"id": call_id, "name": name, "args": args} for call_id, name, args in calls], **more
        )
        ids = [call_id for call_id, _, _ in calls]
        await self.until(lambda: all(self._open_calls.get(each, "") is not None for each in ids))
        return {each: self._open_calls[each] or "" for each in ids if each in self._open_calls}

    def withdraw(self, *call_ids: str, **meanings: Any) -> None:
        """No result of these is wanted any more."""
        for call_id in call_ids:
            del self._open_calls[call_id]
        self.send(withdrawn=list(call_ids), **meanings)
        self._wake()

    def forget_calls(self) -> None:
        """From now on calls may have the ids of those before."""
        self._open_calls.clear()

    def bye(self, word: str) -> None:
        """End the connection, and say why."""
        self.send(bye=word)
        self._writer.close()

    def close(self) -> None:
        """End the connection without a word."""
        self._writer.close()

    def drop(self) -> None:
        """The network fails: a reset instead of an end."""
        link: socket.socket = self._writer.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def break_off(self) -> None:
        """End the connection in the middle of a frame."""
        self.send_bytes(pack({"spoken": "never complete"})[:-3])
        self._writer.close()

    def announce_too_much(self) -> None:
        """Begin a frame that is longer than any may be."""
        self.send_bytes((MOST_BYTES + 1).to_bytes(4, "big"))

    def stop_reading(self) -> None:
        """Take nothing, until `go_on_reading`."""
        self._writer.transport.pause_reading()

    def go_on_reading(self) -> None:
        """Take what has come meanwhile."""
        self._writer.transport.resume_reading()

    def abort(self) -> None:
        """Let go, however it stands."""
        self._writer.transport.abort()

    # -- what it is told -------------------------------------------------------------------------

    def told(self, meaning: str) -> list[Any]:
        """Every value of ``meaning`` so far, in order."""
        return [frame[meaning] for frame in self.received if meaning in frame]

    @property
    def order(self) -> list[str]:
        """The meanings so far, in order."""
        return [meaning for frame in self.received for meaning in frame]

    @property
    def pcm(self) -> bytes:
        """The user's audio so far."""
        return b"".join(self.told("audio"))

    async def expect(self, meaning: str, count: int = 1) -> list[Any]:
        """Wait until ``meaning`` has come ``count`` times; gives its values."""
        await self.until(lambda: len(self.told(meaning)) >= count)
        return self.told(meaning)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until ``holds`` does, which something that arrives must bring about."""
        while not holds():
            assert not self.left, f"the client left; it had said {self.order}"
            await self._news.wait()

    async def gone(self) -> None:
        """Wait until the client has left."""
        while not self.left:
            await self._news.wait()

    # -- its life --------------------------------------------------------------------------------

    async def read(self) -> None:
        """Take what comes until the client leaves."""
        try:
            while True:
                meanings, pcm = unpack(await self._frames.read())
                if "audio" in meanings:
                    meanings["audio"] = pcm
                self._note(meanings)
                self.received.append(meanings)
                self._wake()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.left = True
            self._wake()

    def _note(self, meanings: dict[str, Any]) -> None:
        if not self.received and "setup" not in meanings:
            self.complaints.append("something came before the set-up")
        result = meanings.get("returns")
        if result is None or "called" in self.order:  # history answers its own calls
            return
        if result["id"] not in self._open_calls:
            self.complaints.append(f"a result for {result['id']}, which was not called, or withdrawn")
        elif self._open_calls[result["id"]] is not None:
            self.complaints.append(f"a second result for {result['id']}")
        else:
            self._open_calls[result["id"]] = result["value"]

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


Script = Callable[[Peer], Awaitable[None]]


async def idle(_: Peer) -> None:
    """A script that says nothing."""


async def silent(peer: Peer) -> None:
    """For ``answer``: the set-up stays without an answer."""
    await peer.gone()


async def ready(peer: Peer) -> None:
    """For ``answer``: the session begins."""
    peer.send(ready="parley-1")


class Service:
    """A listening service.

    Args:
        script: what each connection does.
        answer: what is said to a set-up.
    """

    def __init__(self, script: Script, answer: Script) -> None:
        self.port = 0
        self.peers: list[Peer] = []
        self._script = script
        self._answer = answer
        self._arrived = asyncio.Event()
        self._failures: list[BaseException] = []
        self._connections: list[Any] = []

    async def peer(self) -> Peer:
        """The first connection, once it is there."""
        await self._arrived.wait()
        return self.peers[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its beginning to its end."""
        peer = Peer(reader, writer)
        self.peers.append(peer)
        self._connections.append(asyncio.current_task())
        self._arrived.set()
        acting = asyncio.create_task(self._act(peer))
        try:
            await peer.read()
        finally:
            acting.cancel()
            await asyncio.wait([acting])
            peer.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _act(self, peer: Peer) -> None:
        try:
            await peer.expect("setup")
            await self._answer(peer)
            await self._script(peer)
        except Exception as exc:  # noqa: BLE001  # told where the service ends
            if not peer.left:
                self._failures.append(exc)
                peer.drop()  # whoever waits for what this script does not do any more is told now

    async def aclose(self) -> None:
        """End every connection. Raises what went wrong in a script, or what a client must not do."""
        for peer in self.peers:
            peer.abort()
        await asyncio.gather(*self._connections)
        for failure in self._failures:
            raise failure
        wrongs = [wrong for peer in self.peers for wrong in peer.complaints]
        assert not wrongs, wrongs


@asynccontextmanager
async def serving(script: Script = idle, *, answer: Script = ready) -> AsyncIterator[Service]:
    """A service on a free port of this machine."""
    service = Service(script, answer)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()
        await service.aclose()
        await server.wait_closed()
