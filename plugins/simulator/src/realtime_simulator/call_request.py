"""What a request for a call asks for: its offer and its session, from a body of either kind.

Knows no sockets and no keys.
"""

from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Final

import attrs
import msgspec

from realtime_simulator.access import Refused
from realtime_simulator.client_secrets import ClientSecret, ClientSecrets
from realtime_simulator.offer import Offer
from realtime_simulator.opening import Opening
from realtime_simulator.refusals import Refusal

__all__ = ["CallRequest", "call_opening", "read_call"]

_SDP: Final = "application/sdp"
_FORM: Final = "multipart/form-data"


@attrs.frozen
class CallRequest:
    """The body of a request for a call."""

    offer: Offer
    session: Any = attrs.field(default=None, repr=False)
    """What the client wants of the session, not checked; None: nothing."""


def read_call(content_type: str, body: bytes) -> CallRequest:
    """Read a body: the bare offer, or a form of ``sdp`` and ``session``.

    Raises:
        Refused: it is neither, or holds no offer.
    """
    headers = Message()
    headers["Content-Type"] = content_type
    kind = headers.get_content_type()
    if kind == _SDP:
        return CallRequest(Offer.read(_text(body, "sdp")))
    if kind == _FORM:
        return _read_form(_parts(content_type, body))
    message = f"Unsupported content type. This API accepts '{_SDP}' and '{_FORM}'."
    raise Refused(400, message, code="unsupported_content_type")


def _read_form(parts: Mapping[str, bytes]) -> CallRequest:
    if "sdp" not in parts:
        raise Refused(
            400, "Missing required parameter: 'sdp'.", code="missing_required_parameter", param="sdp"
        )
    offer = Offer.read(_text(parts["sdp"], "sdp"))
    if "session" not in parts:
        return CallRequest(offer)
    try:
        return CallRequest(offer, msgspec.json.decode(parts["session"]))
    # a DecodeError is a ValueError only in newer versions of msgspec
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise Refused(400, "'session' is not JSON.", code="invalid_value", param="session") from exc


def _parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """The fields of a form by their names."""
    head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    parts: dict[str, bytes] = {}
    for part in form.iter_parts() if form.is_multipart() else ():
        content = part.get_payload(decode=True)
        name = part.get_param("name", header="Content-Disposition")
        if isinstance(name, str) and isinstance(content, bytes):
            parts[name] = content
    return parts


def _text(given: bytes, name: str) -> str:
    try:
        return given.decode()
    except UnicodeDecodeError as exc:
        raise Refused(400, f"'{name}' is not UTF-8.", code="invalid_value", param=name) from exc


def call_opening(
    request: CallRequest,
    query: Mapping[str, str],
    secrets: ClientSecrets,
    secret: ClientSecret | None,
    *,
    epoch_s: float,
) -> Opening:
    """How the session of a call begins: as the secret has it, after what the body asks for.

    Raises:
        Refused: the secret has expired, the session is wrong, or nothing names a model.
    """
    if secret is not None and secret.expires_at <= epoch_s:
        raise Refused(401, "Ephemeral token expired", code="token_expired")
    asked: Any = request.session
    if asked is None:
        asked = {"type": "realtime" if secret is None else secret.session["type"]}
    if "model" in query and isinstance(asked, dict) and asked.get("type") == "realtime":
        asked = {"model": query["model"], **asked}
    try:
        session = secrets.configured(asked, secret)
    except Refusal as refusal:
        raise Refused(400, str(refusal), code=refusal.code, param=refusal.param) from refusal
    kind = session["type"]
    if kind == "realtime" and secret is None and "model" not in asked:
        raise Refused(400, "You must provide a model parameter.", code="missing_model")
    return Opening(session.get("model", ""), kind, session, on_tracks=True)
