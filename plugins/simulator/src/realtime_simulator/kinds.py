"""Whether events of a type come from a side of the protocol, for a test that expects one.

Knows nothing of sessions or frames.
"""

from collections.abc import Collection
from typing import Final

from realtime_core.choices import did_you_mean

from realtime_simulator.client_events import CLIENT_EVENTS
from realtime_simulator.server_events import SERVER_EVENTS

__all__ = ["check_kind"]

_UNKNOWN_EVENT: Final = "simulator.unknown"
"""What the fault ``unknown-event`` sends."""

_PREVIEW: Final = frozenset(
    kind.replace("output_", "", 1)
    for kind in SERVER_EVENTS
    if kind.startswith(("response.output_text", "response.output_audio"))
)
"""What the quirk ``preview-names`` sends."""

_CLIENT: Final = frozenset(CLIENT_EVENTS)
_SERVER: Final = SERVER_EVENTS | _PREVIEW | {_UNKNOWN_EVENT}


def check_kind(kind: str, *, sent: bool, seen: Collection[str] = ()) -> None:
    """Refuse the type of an event that never comes.

    Args:
        kind: the type that a test expects.
        sent: of the server, else of the client.
        seen: types that come all the same.

    Raises:
        ValueError: it never comes; the message says what is right.
    """
    who, own, other = ("server", _SERVER, _CLIENT) if sent else ("client", _CLIENT, _SERVER)
    if kind in own or kind in seen:
        return
    if kind in other:
        raise ValueError(
            f"the client sends {kind!r}: use expect()"
            if sent
            else f"the server sends {kind!r}: use expect_sent() of a session"
        )
    raise ValueError(f"the {who} has no event {kind!r}; {did_you_mean(kind, sorted(own), cutoff=0.5)}")
