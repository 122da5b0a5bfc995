"""The life of a session as a table.

Rules. A session opens once. ``close`` is what we ask for, ``fail`` is what happens to us; both lead to
``closing``, where the connection is taken down and the last events are put in the queue, and from
there to ``closed``, which nothing leaves. Whoever asks twice finds the work done: ``close`` in
``closing`` or ``closed`` changes nothing, and closing a session that was never opened just ends it.
"""

from enum import StrEnum
from typing import Final

from realtime_core.errors import SessionStateError

__all__ = ["TRANSITIONS", "SessionState", "Trigger", "next_state"]


class SessionState(StrEnum):
    """Where a session is in its life."""

    NEW = "new"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Trigger(StrEnum):
    """What moves it on."""

    OPEN = "open"
    """Somebody asks to open it."""
    READY = "ready"
    """The service has accepted the configuration."""
    CLOSE = "close"
    """Somebody asks to end it."""
    FAIL = "fail"
    """It cannot go on."""
    DOWN = "down"
    """The connection is gone and nothing runs any more."""


_S, _T = SessionState, Trigger

TRANSITIONS: Final[dict[tuple[SessionState, Trigger], SessionState]] = {
    (_S.NEW, _T.OPEN): _S.OPENING,
    (_S.NEW, _T.CLOSE): _S.CLOSED,
    (_S.OPENING, _T.READY): _S.OPEN,
    (_S.OPENING, _T.CLOSE): _S.CLOSING,
    (_S.OPENING, _T.FAIL): _S.CLOSING,
    (_S.OPEN, _T.CLOSE): _S.CLOSING,
    (_S.OPEN, _T.FAIL): _S.CLOSING,
    (_S.CLOSING, _T.CLOSE): _S.CLOSING,
    (_S.CLOSING, _T.FAIL): _S.CLOSING,
    (_S.CLOSING, _T.DOWN): _S.CLOSED,
    (_S.CLOSED, _T.CLOSE): _S.CLOSED,
}


def next_state(state: SessionState, trigger: Trigger) -> SessionState:
    """Where ``trigger`` leads from ``state``.

    Raises:
        SessionStateError: nowhere; says what can be done instead.
    """
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise SessionStateError(
            f"cannot {trigger} a session that is {state}; make a new one with client.create_session()"
        ) from None
