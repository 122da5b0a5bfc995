"""From a session to its observers: a bounded queue and one daemon thread for the process.

Knows nothing of what observers do. Whoever tells never waits. When the queue is full the newest event or
command is dropped and counted; openings, ends and tool runs find twice the room. All observers share the
thread: one that hangs delays the others, and nothing else.
"""

import atexit
import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final

import attrs

from realtime_core.commands import Command
from realtime_core.contents import ToolCall, ToolResult
from realtime_core.errors import RealtimeError
from realtime_core.events import RealtimeEvent
from realtime_core.observers.hooks import SessionInfo
from realtime_core.observers.loading import Observer, installed_observers

__all__ = ["Observation", "ObserverThread", "drain", "observation_for"]

_log = logging.getLogger("realtime_core")

# Some seconds of a busy program; if an observer hangs, about 40 MB of audio events.
_QUEUE_SIZE: Final = 4096

# How long the end of the program waits for what observers have not seen yet.
_AT_EXIT_S: Final = 1.0


class ObserverThread:
    """Calls what is put to it, one after the other, on a daemon thread.

    Args:
        size: how many calls may wait.
    """

    def __init__(self, size: int = _QUEUE_SIZE) -> None:
        self._size = size
        self._queue: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def start(self) -> None:
        """Have it run. In a forked process nothing runs any more, and what waited is the parent's affair."""
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                return
            self._queue = SimpleQueue()
            self._thread = threading.Thread(
                target=_run, args=(self._queue,), name="realtime observers", daemon=True
            )
            self._thread.start()

    def put(self, call: Callable[[], object], *, keep: bool = False) -> bool:
        """Have ``call`` called; it must not raise. ``keep``: it finds twice the room.

        Returns:
            False if the queue is full: it will not be.
        """
        if self._queue.qsize() >= self._size * (2 if keep else 1):
            return False
        self._queue.put(call)
        return True

    def drain(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was put so far is done; gives whether it is. Blocks the thread that asks."""
        if self._thread is None or not self._thread.is_alive():
            return self._queue.empty()
        done = threading.Event()
        self._queue.put(done.set)
        return done.wait(timeout_s)


def _run(queue: "SimpleQueue[Callable[[], object]]") -> None:
    while True:
        call = queue.get()
        call()
        del call  # an event is not kept until the next one comes


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
        self._closed = False
        thread.start()

    def opened(self, session_id: str | None) -> None:
        """The service has made the session; tell it ahead of the event that says so."""
        self.info = attrs.evolve(self.info, session_id=session_id)
        self._tell("session_opened", {}, keep=True)

    def closed(self, reason: str, error: RealtimeError | None = None) -> None:
        """It has ended, or could not be opened; what is told afterwards reaches nobody."""
        self._tell("session_closed", {"reason": reason, "error": error}, keep=True)
        self._closed = True
        if self.dropped:
            _log.warning("session %d: %d calls of observers were dropped", self.info.number, self.dropped)

    def event(self, event: RealtimeEvent) -> None:
        """An event was taken."""
        self._tell("event", {"event": event})

    def command(self, command: Command) -> None:
        """A command was written."""
        self._tell("command", {"command": command})

    def tool(self, call: ToolCall, result: ToolResult) -> None:
        """A tool has run."""
        self._tell("tool", {"call": call, "result": result}, keep=True)

    def _tell(self, what: str, arguments: dict[str, Any], *, keep: bool = False) -> None:
        observers = self._by_hook.get(what)
        if observers is None or self._closed:
            return
        hook, arguments = f"realtime_{what}", {"session": self.info, **arguments}
        if self._thread.put(lambda: _call(observers, hook, arguments), keep=keep):
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
