"""From a session to its observers: a bounded queue and one daemon thread for the process.

Knows nothing of what observers do. Whoever tells never waits. The queue is bounded in bytes; when it is full
the newest event or command is dropped and counted, while openings, ends and tool runs find twice the room.
All observers share the thread: one that hangs delays the others, and nothing else.
"""

import atexit
import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final

import attrs

from realtime_core.commands import AddItem, AppendAudio, Command, Raw
from realtime_core.contents import ImageContent, ToolCall
from realtime_core.engine.queue import wire_size
from realtime_core.errors import RealtimeError
from realtime_core.events import RealtimeEvent, RealtimeFunctionCallEvent, RealtimeFunctionResultEvent
from realtime_core.observers.hooks import SessionInfo
from realtime_core.observers.loading import Observer, installed_observers

__all__ = ["Observation", "ObserverThread", "drain", "observation_for"]

_log = logging.getLogger("realtime_core")

# Minutes of one conversation, a second or so of a hundred.
_QUEUE_BYTES: Final = 16 * 1024 * 1024

# What a call costs beyond the bytes that it brings.
_CALL_BYTES: Final = 256

# So many calls may be without a result; where the application answers them itself no event tells.
_OPEN_CALLS: Final = 1000

# How long the end of the program waits for what observers have not seen yet.
_AT_EXIT_S: Final = 1.0


@attrs.define(eq=False)
class _Backlog:
    """What waits for one thread. Each counter has one side that writes it, so neither loses a step."""

    calls: "SimpleQueue[tuple[Callable[[], object], int]]" = attrs.field(factory=SimpleQueue)
    put_bytes: int = 0
    done_bytes: int = 0


class ObserverThread:
    """Calls what is put to it, one after the other, on a daemon thread.

    Args:
        limit_bytes: how much may wait, what is being called included.
    """

    def __init__(self, limit_bytes: int = _QUEUE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._backlog = _Backlog()
        self._thread: threading.Thread | None = None
        # sessions may live on several event loops, each in a thread
        self._lock = threading.Lock()

    def start(self) -> None:
        """Have it run. In a forked process nothing runs any more, and what waited is the parent's affair."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._backlog = _Backlog()
            self._thread = threading.Thread(
                target=_run, args=(self._backlog,), name="realtime observers", daemon=True
            )
            self._thread.start()

    def put(self, call: Callable[[], object], size: int, *, keep: bool = False) -> bool:
        """Have ``call`` called, which must not raise and holds ``size`` bytes. ``keep``: it finds twice the
        room. What is larger than the room is taken all the same if nothing waits.

        Returns:
            False if the queue is full: it will not be called.
        """
        with self._lock:
            backlog = self._backlog
            waiting = backlog.put_bytes - backlog.done_bytes
            if waiting and waiting + size > self._limit_bytes * (2 if keep else 1):
                return False
            backlog.put_bytes += size
            backlog.calls.put((call, size))
        return True

    def drain(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was put so far is done; gives whether it is. Blocks the thread that asks."""
        if self._thread is None or not self._thread.is_alive():
            return True
        done = threading.Event()
        self._backlog.calls.put((done.set, 0))
        return done.wait(timeout_s)


def _run(backlog: _Backlog) -> None:
    while True:
        call, size = backlog.calls.get()
        call()
        del call  # an event is not kept until the next one comes
        backlog.done_bytes += size


class Observation:
    """What the observers are told of one session.

    Args:
        info: which session it is.
        observers: who is told.
        thread: calls them.
    """

    def __init__(self, info: SessionInfo, observers: Sequence[Observer], thread: ObserverThread) -> None:
        self.info = info
        self.dropped = 0
        """What found the queue full, and was not told."""
        self._thread = thread
        self._by_hook = {
            hook: who
            for hook in ("session_opened", "session_closed", "event", "command", "tool")
            if (who := tuple(observer for observer in observers if f"realtime_{hook}" in observer.hooks))
        }
        self._calls: dict[str, ToolCall] = {}
        self._closed = False
        thread.start()

    def opened(self, session_id: str | None) -> None:
        """The service has made the session; tell it ahead of the event that says so."""
        self.info = attrs.evolve(self.info, session_id=session_id)
        self._tell("session_opened", {}, _CALL_BYTES, keep=True)

    def closed(self, reason: str, error: RealtimeError | None = None) -> None:
        """It has ended, or could not be opened; what is told afterwards reaches nobody."""
        self._tell("session_closed", {"reason": reason, "error": error}, _CALL_BYTES, keep=True)
        self._closed = True
        if self.dropped:
            _log.warning("session %d: %d calls of observers were dropped", self.info.number, self.dropped)

    def event(self, event: RealtimeEvent) -> None:
        """An event was taken; the result of a call tells that a tool has run."""
        if "event" in self._by_hook:
            self._tell("event", {"event": event}, wire_size(event))
        if "tool" in self._by_hook:
            self._follow_call(event)

    def command(self, command: Command) -> None:
        """A command was written."""
        if "command" in self._by_hook:
            self._tell("command", {"command": command}, _command_size(command))

    def _follow_call(self, event: RealtimeEvent) -> None:
        match event:
            case RealtimeFunctionCallEvent(function_call=call):
                self._calls[call.call_id] = call
                if len(self._calls) > _OPEN_CALLS:
                    del self._calls[next(iter(self._calls))]
            case RealtimeFunctionResultEvent(function_result=result) if result.call_id in self._calls:
                call = self._calls.pop(result.call_id)
                size = _CALL_BYTES + len(call.arguments) + len(result.output)
                self._tell("tool", {"call": call, "result": result}, size, keep=True)

    def _tell(self, what: str, arguments: dict[str, Any], size: int, *, keep: bool = False) -> None:
        observers = self._by_hook.get(what)
        if observers is None or self._closed:
            return
        hook, arguments = f"realtime_{what}", {"session": self.info, **arguments}
        if self._thread.put(lambda: _call(observers, hook, arguments), size, keep=keep):
            return
        self.dropped += 1
        if self.dropped == 1:
            _log.warning(
                "session %d with %r: observers do not keep up, or one hangs; %s was dropped; "
                "more may be, and their number is told when the session ends",
                self.info.number,
                self.info.provider,
                hook,
            )


def _command_size(command: Command) -> int:
    match command:
        case AppendAudio(data=data) | AddItem(item=ImageContent(data=data)):
            return _CALL_BYTES + len(data)
        case Raw(payload=payload):
            return wire_size(RealtimeEvent(service_event=payload))
        case _:
            return _CALL_BYTES


def _call(observers: Sequence[Observer], hook: str, arguments: dict[str, Any]) -> None:
    for observer in observers:
        observer.call(hook, arguments)


_numbers: Final = itertools.count(1)
_thread: Final = ObserverThread()


def observation_for(provider: str, given: Sequence[Observer] = ()) -> Observation | None:
    """What to tell of a new session with ``provider``; None: nobody is interested.

    Args:
        provider: its name.
        given: what `realtime_core.observers.loading.given_observers` made of the application's own.
    """
    observers = (*installed_observers(), *given)
    if not observers:
        return None
    return Observation(SessionInfo(provider, next(_numbers)), observers, _thread)


def drain(timeout_s: float | None = None) -> bool:
    """Wait until the observers have seen all that was told so far; gives whether they have.

    For tests and for the end of a program: it blocks, so never call it on an event loop.
    """
    return _thread.drain(timeout_s)


atexit.register(drain, _AT_EXIT_S)
