"""What a request wants to open: which kind of session, with which model, on which configuration.

Knows no sockets and no keys.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, get_args

import attrs

from realtime_simulator.access import Refused
from realtime_simulator.client_secrets import ClientSecret
from realtime_simulator.refusals import quoted
from realtime_simulator.session_defaults import SessionKind

__all__ = ["Opening", "read_opening"]

Json: TypeAlias = dict[str, Any]

_KINDS: Final = get_args(SessionKind)


@attrs.frozen
class Opening:
    """How a session begins."""

    model: str
    """What the client connects to; empty for a session that only listens."""

    kind: SessionKind = "realtime"
    """Whether it is a conversation."""

    session: Json | None = attrs.field(default=None, repr=False)
    """The session object of the client secret, in place of the defaults; its ids and times do not count."""

    beta: bool = False
    """The client asks for the beta shape."""

    expired: bool = False
    """The client secret was too old."""

    on_tracks: bool = False
    """It is a call: audio goes over its tracks, not over the wire."""


def read_opening(
    query: Mapping[str, str], secret: ClientSecret | None, *, epoch_s: float, beta: bool
) -> Opening:
    """What a URL asks for, with a client secret for the rest.

    ``intent`` decides the kind, else the secret's; without both, and wherever a secret says nothing else, a
    ``model`` makes a conversation, as the service's guide has it.

    Raises:
        Refused: it names no model, or an intent that nobody knows.
    """
    kind = _kind(query, secret)
    session = secret.session if secret is not None and secret.session["type"] == kind else None
    expired = secret is not None and secret.expires_at <= epoch_s
    if kind == "transcription":
        return Opening("", kind, session, beta=beta, expired=expired)
    model = query.get("model") or (session or {}).get("model")
    if model is None:
        raise Refused(400, "You must provide a model parameter.", code="missing_model")
    return Opening(model, kind, session and {**session, "model": model}, beta=beta, expired=expired)


def _kind(query: Mapping[str, str], secret: ClientSecret | None) -> SessionKind:
    intent: Any = query.get("intent", "realtime" if secret is None else secret.session["type"])
    if intent not in _KINDS:
        message = f"Invalid value: '{intent}'. Supported values are: {quoted(_KINDS)}."
        raise Refused(400, message, code="invalid_value", param="intent")
    kind: SessionKind = "realtime" if secret is None and "model" in query else intent
    return kind
