"""Observers: code that sees what happens in every session, and changes nothing.

An observer is a module or an object with hooks; each hook is optional, and takes those of its arguments
that it names::

    from realtime_core.observers import hookimpl

    class Counter:
        def __init__(self):
            self.events = 0

        @hookimpl
        def realtime_event(self, event):
            self.events += 1

Give it to a client, ``create_client(name, observers=(Counter(),))``, or let a distribution register a module
for every session of every program that has it installed::

    [project.entry-points."realtime_core.observers"]
    acme = "realtime_acme.observer"

`realtime_core.observers.hooks` lists the hooks. All observers share one daemon thread and its bounded queue:
one that is slow or hangs delays the others, never a session; when the queue is full, events and commands
are dropped, counted and reported. One that raises is reported once and called again. Python being Python,
one that computes takes its share of the interpreter from the event loop. What is still queued when the
program ends is waited for, a second at most.
"""

from realtime_core.observers.hooks import ENTRY_POINT_GROUP, SessionInfo, hookimpl
from realtime_core.observers.log import LoggingObserver

__all__ = ["ENTRY_POINT_GROUP", "LoggingObserver", "SessionInfo", "hookimpl"]
