"""The provider ``openai-webrtc``: OpenAI over WebRTC, the audio on tracks.

Cheap to import: ``aiortc`` and ``openai`` load with the first connection.
"""

import asyncio
import json
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from weakref import WeakSet

from realtime_core.commands import UpdateSession
from realtime_core.errors import InvalidOptions, RealtimeError, UnsupportedSetting
from realtime_core.provider import Provider, Setup, hookimpl
from realtime_core.unset import UNSET
from realtime_openai_wire import (
    WEBRTC_CAPABILITIES,
    OpenAIRealtimeCodec,
    OpenAIRealtimeExecutionSettings,
    WireConnection,
)
from realtime_openai_wire.connecting import make_openai_client
from realtime_openai_wire.credentials import key_from

from realtime_openai_webrtc.call import Call
from realtime_openai_webrtc.options import OpenAIWebRTCOptions

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack, RTCIceServer

__all__ = ["PROVIDER_NAME", "connect", "realtime_provider"]

PROVIDER_NAME: Final = "openai-webrtc"

_taken: Final["WeakSet[MediaStreamTrack]"] = WeakSet()
"""The tracks that sessions have: of two each would hear half."""

_CONNECT_SHARE: Final = 0.8
"""What of ``timeout_s`` the call may take: what kept it is then said before the session gives up on us."""


async def connect(options: OpenAIWebRTCOptions, setup: Setup) -> WireConnection:
    """Place a call.

    Raises:
        UnsupportedSetting: the service has no such setting, or a client secret decides it.
        InvalidOptions: ``audio_track`` gives no track that can be sent.
        AuthenticationFailed: no key or client secret, or it was refused.
        RateLimited: too many requests, or no quota.
        ProviderError: the service takes the configuration for wrong.
        ConnectionFailed: everything else that keeps us from connecting.
    """
    session = _session(options, setup)  # raises for what cannot be written, before any I/O
    is_secret = options.client_secret is not None
    giver = f"the function given as {'client_secret' if is_secret else 'api_key'}"
    key = await key_from(options.client_secret if is_secret else options.api_key, giver)
    host = urlsplit(options.base_url).netloc
    async with AsyncExitStack() as on_failure:
        client = await make_openai_client(options.base_url, key)
        call = Call(client, host=host, headers=_headers(options))
        on_failure.push_async_callback(call.aclose)
        await asyncio.to_thread(import_module, "realtime_openai_webrtc.pipe")
        from aiortc import MediaStreamTrack

        from realtime_openai_webrtc.pipe import CallPipe

        track = _track(options)
        if track is not None:
            _taken.add(track)
            on_failure.callback(
                _taken.discard if track is options.audio_track else MediaStreamTrack.stop, track
            )
        pipe = CallPipe(call, host=host, track=track, ice_servers=_ice_servers(options))
        on_failure.push_async_callback(pipe.aclose)
        await pipe.open(session, timeout_s=options.timeout_s * _CONNECT_SHARE)
        connection = WireConnection(pipe, setup, media=pipe, is_configured=session is not None)
        on_failure.pop_all()
    return connection


def _endpoint(options: OpenAIWebRTCOptions) -> str:
    return f"{options.base_url}/realtime/calls"


@hookimpl
def realtime_provider() -> Provider:
    """What the entry point ``openai-webrtc`` gives."""
    return Provider(
        connect=connect,
        options=OpenAIWebRTCOptions,
        settings=OpenAIRealtimeExecutionSettings,
        capabilities=WEBRTC_CAPABILITIES,
        api_version=1,
        endpoint=_endpoint,
    )


def _session(options: OpenAIWebRTCOptions, setup: Setup) -> dict[str, Any] | None:
    """The configuration that goes with the call, so that it holds from the first moment on."""
    model = setup.settings.model
    tools = setup.tools or UNSET
    update = UpdateSession(settings=setup.settings, tools=tools, command_id=setup.command_id)
    session = json.loads(OpenAIRealtimeCodec(on_track=True).encode(update, sent=False))["session"]
    if options.client_secret is None:
        return {**session, "model": options.model if model is UNSET else model}
    if model is not UNSET:
        raise UnsupportedSetting("a session of a client secret has the secret's model; leave out 'model'")
    return None


def _headers(options: OpenAIWebRTCOptions) -> dict[str, str]:
    account = {"OpenAI-Organization": options.organization, "OpenAI-Project": options.project}
    return {**{name: value for name, value in account.items() if value}, **options.headers}


def _track(options: OpenAIWebRTCOptions) -> "MediaStreamTrack | None":
    from aiortc import MediaStreamTrack

    given: Any = options.audio_track
    if given is None:
        return None
    try:
        track = given if isinstance(given, MediaStreamTrack) else given()
    except RealtimeError:
        raise
    except Exception as exc:
        raise InvalidOptions(f"audio_track gave no track ({type(exc).__name__}); check the function") from exc
    if not isinstance(track, MediaStreamTrack) or track.kind != "audio":
        raise InvalidOptions("audio_track gave no aiortc MediaStreamTrack of audio")
    if track.readyState != "live" or track in _taken:
        raise InvalidOptions(
            "audio_track is in use or has ended: a track serves one session; give a function that makes one "
            "for each"
        )
    return track


def _ice_servers(options: OpenAIWebRTCOptions) -> "list[RTCIceServer]":
    from aiortc import RTCIceServer

    return [
        RTCIceServer(urls=list(server.urls), username=server.username, credential=server.credential)
        for server in options.ice_servers
    ]
