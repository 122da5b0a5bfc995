"""One session in the hands of a test: what its client sent, what comes next, what the server does now.

Knows nothing of engines and sockets: whatever carries a session is asked to act.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from realtime_simulator.expected import Expected, Search, Track, complaint_in
from realtime_simulator.faults import check_close
from realtime_simulator.frames import End
from realtime_simulator.kinds import check_kind

if TYPE_CHECKING:
    from realtime_simulator.brain import Samples

__all__ = ["WITHIN_S", "Bell", "Steering", "WatchedSession"]

WITHIN_S: Final = 5.0
"""How long an expected frame may take, unless the test says otherwise."""


class Steering(Protocol):
    """What a session can be told to do."""

    def end(self, end: End) -> None:
        """End it now; what waits is never sent."""

    def send(self, kind: str, fields: dict[str, Any]) -> None:
        """Send an event."""

    def send_text(self, text: str) -> None:
        """Send a frame that may be none."""

    def respond(self) -> None:
        """Answer."""

    @property
    def is_responding(self) -> bool:
        """Whether it answers."""

    def hold(self) -> None:
        """Say nothing more."""

    def release(self, *until: str) -> None:
        """Go on."""

    def settle(self, *without: str) -> bool:
        """Have all that is due on its way, but for events of those types; whether something is."""

    def finish(self, end: End) -> None:
        """End it after what is on its way."""

    def user_starts_speaking(self) -> None:
        """Do what turn detection does when it hears speech."""

    def user_stops_speaking(self, text: str | None) -> None:
        """Do what turn detection does at the end of speech."""


class Bell:
    """Wakes whoever waits for something to happen."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        """What the applications that a test runs have failed with: nobody waits on after that."""

        self._event = asyncio.Event()

    def ring(self) -> None:
        """Something has happened."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def until(self, happened: Callable[[], Any], within_s: float) -> Any:
        """What ``happened`` gives as soon as that is not None; None: it took too long, or never comes."""
        late = False

        def give_up() -> None:
            nonlocal late
            late = True
            self.ring()

        timer = asyncio.get_running_loop().call_later(within_s, give_up)
        try:
            while (what := happened()) is None and not late and not self.failures:
                await self._event.wait()
            return what
        finally:
            timer.cancel()

    def waited(self, within_s: float) -> str:
        """For how long somebody waited in vain, in words."""
        if self.failures:
            return f"before the application failed ({type(self.failures[0]).__name__})"
        return f"within {within_s:g} s"


class WatchedSession:
    """One session of a simulated service, in the hands of a test.

    Frames are decoded; what was not JSON is the text itself. To be used in the event loop of the service.
    """

    def __init__(self, model: str, steering: Steering, bell: Bell, *, number: int = 1) -> None:
        self.number = number
        """Which of the sessions it is, from 1."""

        self.model = model
        """What the client connected to."""

        self.ended_by: Literal["client", "server"] | None = None
        """Who ended the session; None: it goes on."""

        self._steering = steering
        self._bell = bell
        self._received = Track()
        self._sent = Track()
        self._told: set[str] = set()
        self._heard = bytearray()

    def __repr__(self) -> str:
        counts = f"{len(self.received)} frames received, {len(self.sent)} sent"
        ended = f", ended by the {self.ended_by}" if self.ended_by else ""
        return f"<WatchedSession {self.number} {self.model!r}: {counts}{ended}>"

    @property
    def received(self) -> list[Any]:
        """What the client sent, in order."""
        return self._received.frames

    @property
    def sent(self) -> list[Any]:
        """What the server sent, in order."""
        return self._sent.frames

    @property
    def heard(self) -> "Samples":
        """What came over the track of a call: mono int16 samples at 24 kHz; empty over a WebSocket."""
        # numpy loads with the first audio
        import numpy as np

        return np.frombuffer(bytes(self._heard), np.int16)

    @property
    def is_going(self) -> bool:
        """Whether it has neither ended nor been told that it has lived too long."""
        match self.sent[-1:]:
            case [{"type": "error", "error": {"code": "session_expired"}}]:
                return False
            case _:
                return self.ended_by is None

    # what a test waits for

    async def expect(self, kind: str, /, *, within_s: float = WITHIN_S, **fields: Any) -> Any:
        """The next frame of that type from the client that has at least these fields.

        Frames are expected in the order in which the client sends them: the search begins after the frame
        that was expected last. Of a mapping some keys are enough; a list needs all its entries.

        Args:
            kind: the type, such as ``response.create``.
            within_s: how long it may take; 0: it must have come.
            fields: what it must hold.

        Raises:
            AssertionError: it did not come; the message tells what came instead.
            ValueError: no client sends an event of that type.
        """
        __tracebackhide__ = True
        check_kind(kind, sent=False, seen=self._received.kinds)
        return await self._next(self._received, Expected(kind, fields), within_s)

    async def expect_sent(self, kind: str, /, *, within_s: float = WITHIN_S, **fields: Any) -> Any:
        """The next such frame that the server sent: `expect` for the other direction, counted on its own.

        Raises:
            AssertionError: it was not sent; the message tells what was.
            ValueError: no server sends an event of that type.
        """
        __tracebackhide__ = True
        check_kind(kind, sent=True, seen=self._sent.kinds | self._told)
        return await self._next(self._sent, Expected(kind, fields), within_s)

    async def expect_heard(
        self, enough: "Callable[[Samples], object]", /, *, within_s: float = WITHIN_S
    ) -> "Samples":
        """What has come over the track of a call, from its beginning, as soon as it is ``enough``.

        Args:
            enough: asked with `heard` whenever more has come.
            within_s: how long it may take.

        Raises:
            AssertionError: it did not get to be enough.
        """
        __tracebackhide__ = True

        def happened() -> Any:
            if enough(self.heard):
                return True
            return None if self.ended_by is None else False

        if not await self._bell.until(happened, within_s):
            heard_ms = len(self._heard) / 48
            when = self._bell.waited(within_s) if self.ended_by is None else "before the session ended"
            raise AssertionError(
                f"the track brought {heard_ms:.0f} ms of audio {when}, and that is not enough"
            )
        return self.heard

    async def wait_ended(self, *, within_s: float = WITHIN_S) -> str:
        """Wait for the end of the session; who ended it, ``client`` or ``server``.

        Raises:
            AssertionError: it goes on.
        """
        __tracebackhide__ = True
        by: str | None = await self._bell.until(lambda: self.ended_by, within_s)
        if by is None:
            raise AssertionError(f"nobody ended session {self.number} {self._bell.waited(within_s)}")
        return by

    async def _next(self, track: Track, wanted: Expected, within_s: float) -> Any:
        __tracebackhide__ = True
        search = Search(track, wanted)

        def happened() -> Any:
            frame = search()
            # nothing comes after the end, so there is nothing to wait for
            return frame if frame is not None or self.ended_by is None else False

        frame = await self._bell.until(happened, within_s)
        if not frame:
            raise AssertionError(self.missed(wanted, within_s, sent=track is self._sent))
        return frame

    def search(self, wanted: Expected) -> Search:
        """A search among what the client sent."""
        return Search(self._received, wanted)

    def missed(self, wanted: Expected, within_s: float, *, sent: bool = False) -> str:
        """What to say when a frame did not come."""
        who, track, where = ("server", self._sent, "sent") if sent else ("client", self._received, "received")
        ended = self.ended_by
        when = self._bell.waited(within_s) if ended is None else f"before the {ended} ended the session"
        account, complaint = track.account(wanted), complaint_in(self.sent)
        if complaint.partition(": ")[2].strip() in account:
            complaint = ""
        return (
            f"the {who} did not send {wanted} {when}; since the last expected frame it sent:\n"
            f"{account}\n"
            f"{complaint}"
            f"whole frames are in session.{where}; one that only comes later needs a longer within_s="
        )

    # what a test does

    def drop(self, *, is_torn: bool = False) -> None:
        """Drop the connection now, without a close frame; nothing if the session has ended.

        Args:
            is_torn: drop it in the middle of a frame, over a WebSocket.
        """
        self._end(End(None, is_torn=is_torn))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the session now, with a close frame; nothing if it has ended.

        Raises:
            ValueError: no endpoint may send that code, or the reason is too long.
        """
        check_close(code, reason)
        self._end(End(code, reason))

    def _end(self, end: End) -> None:
        if self.ended_by is None:
            self.ended("server")
            self._steering.end(end)

    def send(self, kind: str, /, **fields: Any) -> None:
        """Send any event of the server, after those that are on their way; it gets an ``event_id``.

        Raises:
            RuntimeError: the session has ended.
            TypeError: the fields cannot be written as JSON.
        """
        self._going().send(kind, fields)
        self._told.add(kind)

    def send_text(self, text: str) -> None:
        """Send any text for a frame, after those that are on their way.

        Raises:
            RuntimeError: the session has ended.
        """
        self._going().send_text(text)

    def respond(self) -> None:
        """Answer, although the client has not asked; an error if an answer goes on.

        Raises:
            RuntimeError: the session has ended.
        """
        self._going().respond()

    @property
    def is_responding(self) -> bool:
        """Whether a response that writes to the conversation goes on."""
        return self.ended_by is None and self._steering.is_responding

    def hold(self) -> None:
        """Let the model say and call nothing until `release`; responses begin all the same.

        Raises:
            RuntimeError: the session has ended.
        """
        self._going().hold()

    def release(self, *until: str) -> None:
        """Let the model go on.

        Args:
            until: hold again after the first event of one of these types which a response makes, such as
                ``response.output_audio.delta``: so a test can look at an answer in its midst.

        Raises:
            RuntimeError: the session has ended.
        """
        self._going().release(*until)

    def user_starts_speaking(self) -> None:
        """The user speaks, as if turn detection had heard it: a barge-in, without audio.

        Until `user_stops_speaking` the audio of the client counts as speech, however silent.

        Raises:
            RuntimeError: the user speaks already, turn detection is off, or the session has ended.
        """
        self._going().user_starts_speaking()

    def user_stops_speaking(self, text: str | None = None) -> None:
        """The user has finished: the turn is committed, transcribed and answered as the session is set.

        Args:
            text: the user's words; None: the next of the option ``transcripts``.

        Raises:
            RuntimeError: nobody speaks, turn detection is off, or the session has ended.
        """
        self._going().user_stops_speaking(text)

    def user_says(self, text: str) -> None:
        """A whole spoken turn at once; raises as `user_starts_speaking`."""
        self.user_starts_speaking()
        self.user_stops_speaking(text)

    def _going(self) -> Steering:
        if self.ended_by is not None:
            raise RuntimeError(f"the {self.ended_by} has ended this session: take a later one")
        return self._steering

    # what the carrier of the session tells

    def frame_received(self, frame: Any) -> None:
        """The client sent a frame."""
        self.received.append(frame)
        self._bell.ring()

    def frame_sent(self, frame: Any) -> None:
        """The server sent a frame."""
        self.sent.append(frame)
        self._bell.ring()

    def audio_received(self, pcm: bytes) -> None:
        """The client's track brought audio."""
        self._heard += pcm
        self._bell.ring()

    def ended(self, by: Literal["client", "server"]) -> None:
        """The session has ended; only the first cause counts."""
        if self.ended_by is None:
            self.ended_by = by
            self._bell.ring()
