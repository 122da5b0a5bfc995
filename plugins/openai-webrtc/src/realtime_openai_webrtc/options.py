"""Options of the provider: endpoint and credentials of OpenAI, and what the media need.

Imports nothing of ``openai`` and ``aiortc``.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs
from realtime_core.errors import InvalidOptions
from realtime_core.options import missing_option, option
from realtime_openai_wire.credentials import ApiKey, as_api_key
from realtime_openai_wire.options import as_base_url, as_headers, as_seconds, as_word

from realtime_openai_webrtc.ice import IceServer, as_ice_servers

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack

__all__ = ["OpenAIWebRTCOptions"]

_KEY_ENV: Final = "OPENAI_API_KEY"


def _audio_track(value: Any) -> Any:
    # aiortc is not loaded to ask: whoever has a track has what aiortc asks of one
    is_track = getattr(value, "kind", None) == "audio" and callable(getattr(value, "recv", None))
    if isinstance(value, type):
        raise InvalidOptions(
            f"it is the class {value.__name__}: give an instance, or a function that makes one each time"
        )
    if not (is_track or callable(value)):
        raise InvalidOptions("it is an aiortc MediaStreamTrack of audio, or a function that gives one")
    return value


@attrs.frozen(kw_only=True)
class OpenAIWebRTCOptions:
    """Where and as whom to call, and what is heard there.

    Args:
        api_key: the key, or a function or coroutine function that gives one on every connect.
        client_secret: a client secret (``ek_...``), or what gives one, instead of the key. The session begins
            with the secret's configuration; what the settings say is changed when it is open.
        base_url: where the API is, without user, password and query.
        model: the model, unless the setting ``model`` names another; a client secret has its own.
        organization: the organization to bill.
        project: the project to bill.
        headers: more headers of the requests.
        audio_track: what the service hears, instead of what is sent as audio: an ``aiortc``
            ``MediaStreamTrack``, which serves one session and is stopped with it, or a function that gives
            one for each session.
        ice_servers: STUN and TURN servers: URLs, or mappings as in a browser. None by default: the addresses
            of the service are public.
        timeout_s: the longest that opening a session may take.

    Raises:
        InvalidOptions: there is neither a key nor a client secret, or both.
    """

    client_secret: ApiKey | None = option(default=None, secret=True, convert=as_api_key)
    api_key: ApiKey | None = option(
        env=_KEY_ENV, unless=("client_secret",), default=None, secret=True, convert=as_api_key
    )
    base_url: str = option(env="OPENAI_BASE_URL", default="https://api.openai.com/v1", convert=as_base_url)
    model: str = option(env="OPENAI_REALTIME_MODEL", default="gpt-realtime-2.1", convert=as_word)
    organization: str | None = option(env="OPENAI_ORG_ID", default=None, convert=as_word)
    project: str | None = option(env="OPENAI_PROJECT_ID", default=None, convert=as_word)
    headers: Mapping[str, str] = option(default=attrs.Factory(dict), secret=True, convert=as_headers)
    audio_track: "MediaStreamTrack | Callable[[], MediaStreamTrack] | None" = option(
        default=None, convert=_audio_track
    )
    ice_servers: tuple[IceServer, ...] = option(default=(), secret=True, convert=as_ice_servers)
    timeout_s: float = option(default=10.0, convert=as_seconds)

    def __attrs_post_init__(self) -> None:
        # its value shows in the repr
        as_base_url(self.base_url)
        if self.api_key is None and self.client_secret is None:
            raise missing_option("api_key", _KEY_ENV)
        if self.api_key is not None and self.client_secret is not None:
            raise InvalidOptions("give api_key or client_secret, not both")
