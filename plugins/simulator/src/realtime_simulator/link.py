"""One session as a door sees it: text in, text out, in time, with its faults.

Knows nothing of sockets: a door carries the texts and ends the way it is told.
"""

import asyncio
import logging
import math
from collections import deque
from typing import Any, Final

import msgspec
from realtime_core.clock import Clock, current_clock

from realtime_simulator.engine import Engine
from realtime_simulator.faults import Action, Fault, FaultInjector, Send
from realtime_simulator.frames import EXPIRED, End, Frame
from realtime_simulator.opening import Opening
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.watch import Watch

__all__ = ["Ended", "Link"]

_log = logging.getLogger("realtime_simulator")

_MOMENT_S: Final = 2.0
"""How long a client has to take what comes before an end."""


class Ended(Exception):
    """The server ends the session: with a close frame of ``code``, or, if that is None, without."""

    def __init__(self, end: End) -> None:
        super().__init__(end.reason)
        self.end = end
        self.code = end.code
        self.reason = end.reason


class Link:
    """An engine, its faults and a clock.

    ``opening`` is what the client connected for, ``name`` is what log lines call the session, ``number`` is
    by which a fault may mean it, ``watch`` gets to know it. `feed` what the client sends; one task takes what
    the server says with `next`.
    The rest is what a test may do, through its `WatchedSession`.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        opening: Opening,
        *,
        watch: Watch | None = None,
        name: str = "session",
        number: int = 1,
    ) -> None:
        self._name = name
        self._clock: Clock = current_clock()
        self._engine = Engine(
            options,
            model=opening.model,
            now_s=self._clock.now_s(),
            epoch_s=self._clock.epoch_s(),
            kind=opening.kind,
            session=opening.session,
            on_tracks=opening.on_tracks,
        )
        self._engine.open(beta=opening.beta, expired=opening.expired)
        self._inject = FaultInjector(
            (fault for fault in options.faults if fault.session in (None, number)), self._tell
        )
        self._actions: deque[Action] = deque()
        self._encoder = msgspec.json.Encoder()
        self._watched = None if watch is None else watch.begin(opening.model, self)
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()
        self._hold_s: float | None = None
        self._expires_s = self._clock.now_s() + options.max_session_s

    def feed(self, text: str | bytes) -> None:
        """Hand over a frame of the client."""
        event = self._engine.receive(text, self._clock.now_s())
        if self._watched is not None:
            self._watched.frame_received(event)
        self._wake.set()

    def hear(self, pcm: bytes) -> None:
        """Hand over audio of a call's track: PCM16 mono at 24 kHz."""
        self._engine.hear(pcm, self._clock.now_s())
        if self._watched is not None:
            self._watched.audio_received(pcm)
        self._wake.set()

    def play(self, samples: int) -> bytes:
        """What a call's track sends now, in the same format; what is missing is silence."""
        pcm = self._engine.play(samples, self._clock.now_s())
        if pcm:
            self._wake.set()
        return pcm

    async def room(self) -> None:
        """Wait until the client may be heard again: it does not take what its frames call for.

        A stalled session listens to all, as does one that has ended.
        """
        while self._engine.is_full and not self._is_stuck:
            self._moved.clear()
            await self._moved.wait()

    @property
    def _is_stuck(self) -> bool:
        """Whether nothing more will be taken."""
        match self._actions:
            case [End(), *_] | [Send(late_ms=math.inf), *_]:
                return True
            case _:
                return False

    def close(self) -> None:
        """The client has gone: a waiting `next` raises. May be called twice."""
        for fault in self._inject.waiting:
            _log.info("%s: fault %s never fired: %d frames came", self._name, fault, self._inject.sent)
        self._inject.waiting.clear()
        if self._watched is not None:
            self._watched.ended("client")
        self.end(End(1000, "closed by the client"))

    def end(self, end: End) -> None:
        """End the session now: what waits is never sent."""
        self._actions.clear()
        self._actions.append(end)
        self._wake.set()
        self._moved.set()

    def send(self, kind: str, fields: dict[str, Any]) -> None:
        """Send an event, after what is on its way.

        Raises:
            TypeError: it cannot be written as JSON.
        """
        self._encoder.encode(fields)
        self._engine.send(kind, fields)
        self._wake.set()

    def send_text(self, text: str) -> None:
        """Send a frame as it is, after what is on its way."""
        self._engine.send_text(text)
        self._wake.set()

    def respond(self) -> None:
        """Answer, although nobody has asked."""
        self._engine.respond(self._clock.now_s())
        self._wake.set()

    @property
    def is_responding(self) -> bool:
        """Whether a response that writes to the conversation goes on."""
        return self._engine.is_responding

    def hold(self) -> None:
        """Make nothing more of any response."""
        self._engine.hold()

    def release(self, *until: str) -> None:
        """Go on with the responses, or go on until an event of one of those types has been made."""
        self._engine.release(*until)
        self._wake.set()

    def settle(self, *without: str) -> bool:
        """Have all that is due on its way, but for events of those types; whether something is."""
        while (frame := self._engine.next(self._clock.now_s())) is not None:
            if not (isinstance(frame, dict) and frame["type"] in without):
                self._actions.extend(self._actions_of(frame))
        return bool(self._actions)

    def finish(self, end: End) -> None:
        """End the session after what is on its way."""
        self._engine.finish(end)
        self._wake.set()

    def user_starts_speaking(self) -> None:
        """Let turn detection hear speech; raises as the engine does."""
        self._engine.user_starts_speaking(self._clock.now_s())
        self._wake.set()

    def user_stops_speaking(self, text: str | None) -> None:
        """Let turn detection hear the end of speech; raises as the engine does."""
        self._engine.user_stops_speaking(text, self._clock.now_s())
        self._wake.set()

    async def next(self) -> str:
        """The next frame of the server, when it is due; cancelling loses none.

        Raises:
            Ended: the session has ended; again on every further call.
        """
        # the client is heard between any two frames, however fast they are taken
        await asyncio.sleep(0)
        action = await self._due()
        if isinstance(action, End):
            if self._watched is not None:
                self._watched.ended("server")
            raise Ended(action)
        self._actions.popleft()
        self._hold_s = None
        if self._watched is not None:
            self._watched.frame_sent(action.frame)
        if isinstance(action.frame, str):
            return action.frame
        return self._encoder.encode(action.frame).decode()

    async def overtaking(self) -> End:
        """The end that does not wait until a frame of `next` has been taken; not to be asked beside `next`.

        That is one that is next; and, when the client has had a moment for what comes before it, one that
        the engine has decided on, or the session's age.
        """
        at_last_s = math.inf
        while True:
            now_s = self._clock.now_s()
            ready_s = self._ready_s(now_s)
            end = self._next_end
            if end is None and not self._is_stuck:
                end = End(1001, EXPIRED) if now_s >= self._expires_s else self._engine.end
                at_last_s = math.inf if end is None else min(at_last_s, now_s + _MOMENT_S)
                end = end if now_s >= at_last_s else None
            if end is not None:
                if self._watched is not None:
                    self._watched.ended("server")
                return end
            soon_s = math.inf if self._actions else ready_s
            expires_s = self._expires_s if now_s < self._expires_s else math.inf
            await self._wait_until(min(soon_s, at_last_s, expires_s))

    @property
    def _next_end(self) -> End | None:
        match self._actions:
            case [End() as end, *_]:
                return end
            case _:
                return None

    def _tell(self, fault: Fault, kind: str) -> None:
        _log.info("%s: fault %s fired at %s", self._name, fault, kind)

    async def _due(self) -> Action:
        """The next action, when its time has come; it stays the next."""
        while True:
            # read once: time passes between two looks at the clock
            now_s = self._clock.now_s()
            ready_s = self._ready_s(now_s)
            if ready_s > now_s:
                await self._wait_until(ready_s)
            elif self._actions:
                return self._actions[0]

    def _ready_s(self, now_s: float) -> float:
        """When there is something to do, as far as is known now."""
        if not self._actions:
            frame = self._engine.next(now_s)
            if frame is None:
                return self._engine.due_s
            self._actions.extend(self._actions_of(frame))
            self._moved.set()
        match self._actions[0]:
            case Send(late_ms=late_ms) if late_ms:
                # counted from when the frame got to the head of the line
                if self._hold_s is None:
                    self._hold_s = now_s + late_ms / 1000
                return self._hold_s
            case _:
                return now_s

    def _actions_of(self, frame: Frame | str | End) -> list[Action]:
        match frame:
            case End():
                return [frame]
            case str():
                return [Send(frame)]
            case _:
                return self._inject(frame)

    async def _wait_until(self, due_s: float) -> None:
        """Until then, or until the client has sent something or gone."""
        self._wake.clear()
        timer = None
        if due_s != math.inf:
            timer = self._clock.call_later(due_s - self._clock.now_s(), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            if timer is not None:
                timer.cancel()
