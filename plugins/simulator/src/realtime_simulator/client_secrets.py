"""Client secrets: what is asked of one, what it opens, and until when.

Knows neither HTTP nor a clock: time is a number that the caller passes in.
"""

import secrets
from typing import Any, Final, TypeAlias

import attrs
import msgspec

from realtime_simulator.access import SECRET_PREFIX
from realtime_simulator.frames import Ids
from realtime_simulator.refusals import Refusal
from realtime_simulator.schema import integer, record, word
from realtime_simulator.session import Session
from realtime_simulator.session_defaults import DEFAULT_MODEL, SessionKind, default_session
from realtime_simulator.session_rules import Moment

__all__ = ["ClientSecret", "ClientSecrets"]

Json: TypeAlias = dict[str, Any]

_LIFE_S: Final = 600
_REQUEST: Final = record(
    {
        "expires_after": record({"anchor": word("created_at"), "seconds": integer(10, 7200)}),
        # checked as an update of a session is
        "session": lambda value, _: value,
    }
)


@attrs.frozen
class ClientSecret:
    """A key for sessions of one configuration, as often as wanted until it expires."""

    value: str = attrs.field(repr=False)
    """The key."""

    expires_at: int
    """In seconds since 1970; sessions that are open then go on."""

    session: Json = attrs.field(repr=False)
    """The session object that its sessions begin with."""

    def answer(self) -> Json:
        """What the service answers with."""
        return {"value": self.value, "expires_at": self.expires_at, "session": self.session}


class ClientSecrets:
    """The secrets of one service, the expired ones too: they are refused in another way than a wrong key.

    ``voice`` is what a session speaks with that names none.
    """

    def __init__(self, *, voice: str) -> None:
        self._voice = voice
        self._secrets: dict[str, ClientSecret] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._secrets

    def get(self, key: str) -> ClientSecret | None:
        """The secret with that value."""
        return self._secrets.get(key)

    def create(self, body: bytes, *, epoch_s: float) -> ClientSecret:
        """A new one, from the body of a request; nothing is needed in it.

        Raises:
            Refusal: the body is wrong.
        """
        request = _REQUEST(_decoded(body), "")
        life_s = request.get("expires_after", {}).get("seconds", _LIFE_S)
        session = (
            self.configured(request["session"]) if "session" in request else self._default("realtime").served
        )
        # the service's are as long
        value = f"{SECRET_PREFIX}{secrets.token_hex(16)}"
        secret = ClientSecret(value, int(epoch_s) + life_s, session)
        self._secrets[value] = secret
        return secret

    def configured(self, asked: Any, secret: ClientSecret | None = None) -> Json:
        """A session object: that of a secret, or the defaults, after the client's update, which may name the
        model.

        Raises:
            Refusal: the update is wrong.
        """
        named: Any = asked if isinstance(asked, dict) else {}
        kind: SessionKind = "transcription" if named.get("type") == "transcription" else "realtime"
        model = named.get("model")
        if secret is not None and secret.session["type"] == kind:
            session = Session(
                {**secret.session, "model": model} if isinstance(model, str) else secret.session
            )
        else:
            session = self._default(kind, model if isinstance(model, str) else DEFAULT_MODEL)
        session.update(asked, Moment())
        return session.served

    def _default(self, kind: SessionKind, model: str = DEFAULT_MODEL) -> Session:
        # 0 is what the service shows of a session that nobody has opened yet
        served = default_session(Ids().new("sess"), model, voice=self._voice, expires_at=0, kind=kind)
        return Session(served)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body or b"{}")
    # a DecodeError is a ValueError only in newer versions of msgspec
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise Refusal("We could not parse the JSON body of your request.", code=None) from exc
