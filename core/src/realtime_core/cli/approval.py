"""Asks whoever sits at the terminal whether a call may be made. Knows nothing of sessions."""

import asyncio
import sys
from threading import Thread
from typing import Final

from realtime_core.cli.program import complain
from realtime_core.contents import ApprovalRequest

__all__ = ["READER", "Approver"]

READER: Final = "realtime-keyboard"
"""The name of the thread that reads what is typed."""

# What is typed, and the reason against the call that it gives.
_ANSWERS: Final = {"y": None, "yes": None, "n": "", "no": ""}
_NOBODY: Final = "there was nobody to ask."


class Approver:
    """Questions on stderr, answers from standard input, for one at a time.

    Where standard input is no terminal nobody is there to ask: every call is denied.
    """

    def __init__(self) -> None:
        self._typed: asyncio.Queue[str] | None = None

    async def objection(self, request: ApprovalRequest) -> str | None:
        """Why the call may not be made, in words for the model if there are any; None: it may."""
        if not sys.stdin.isatty():
            complain(f"{request.name} was denied: it needs approval, and standard input is no terminal")
            return _NOBODY
        typed = self._lines()
        _forget(typed)
        while True:
            complain(_question(request))
            line = await typed.get()
            if not line:
                typed.put_nowait(line)
                complain(f"{request.name} was denied: standard input has ended")
                return _NOBODY
            if (word := line.strip().lower()) in _ANSWERS:
                return _ANSWERS[word]

    def _lines(self) -> "asyncio.Queue[str]":
        """What is typed from the first question on, a line each; an empty one is the end."""
        if self._typed is None:
            self._typed = asyncio.Queue()
            # a daemon: nobody need wait for a key that is never pressed
            reading = (asyncio.get_running_loop(), self._typed)
            Thread(target=_read, args=reading, name=READER, daemon=True).start()
        return self._typed


def _question(request: ApprovalRequest) -> str:
    where = "" if request.server is None else f" of {request.server}"
    # the model's words must not steer the terminal
    arguments = "".join(c for c in request.arguments if c.isprintable())
    return f"may {request.name}{where} be called with {arguments}? Type y or n, and Enter"


def _forget(typed: "asyncio.Queue[str]") -> None:
    """Drop what was typed before the question: it is no answer."""
    while not typed.empty():
        if not typed.get_nowait():
            typed.put_nowait("")  # the end stays
            return


def _read(loop: asyncio.AbstractEventLoop, typed: "asyncio.Queue[str]") -> None:
    # not sys.stdin, whose lock would hold up the end of the program
    with open(sys.stdin.fileno(), encoding=sys.stdin.encoding, errors="replace", closefd=False) as keyboard:
        while True:
            try:
                line = keyboard.readline()
            except OSError:  # the terminal is gone
                line = ""
            try:
                loop.call_soon_threadsafe(typed.put_nowait, line)
            except RuntimeError:  # the conversation is over
                return
            if not line:
                return
