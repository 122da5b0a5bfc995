"""The provider ``acme-ws``: where Acme is, who asks, and in what it differs from OpenAI.

The dialect is realtime-openai-wire's. Cheap to import: ``openai`` loads with the first connection.
"""

from typing import Final

import attrs
from realtime_core import PCM16_24KHZ, UNSET, RealtimeSettings
from realtime_core.options import option
from realtime_core.provider import Provider, Setup, hookimpl
from realtime_openai_wire import WEBSOCKET_CAPABILITIES, WireConnection, session_payload
from realtime_openai_wire.connecting import bare_headers, connect_websocket, make_openai_client
from realtime_openai_wire.credentials import ApiKey, as_api_key, key_from
from realtime_openai_wire.options import as_base_url, as_seconds, as_word, websocket_endpoint
from realtime_openai_wire.refusals import Checks

__all__ = ["AcmeOptions", "connect", "realtime_provider"]

_CHECKS: Final = Checks(
    place="base URL", key="the key in ACME_API_KEY", rights="that the account may use this region"
)


@attrs.frozen(kw_only=True)
class AcmeOptions:
    """Where the service is, and who asks; ``api_key`` may be a function, asked for each session."""

    api_key: ApiKey = option(env="ACME_API_KEY", secret=True, convert=as_api_key)
    base_url: str = option(
        env="ACME_BASE_URL", default="https://realtime.acme.example/v1", convert=as_base_url
    )
    region: str = option(env="ACME_REGION", default="eu", convert=as_word)
    model: str = option(env="ACME_MODEL", default="acme-voice-1", convert=as_word)
    timeout_s: float = option(default=10.0, convert=as_seconds)


async def connect(options: AcmeOptions, setup: Setup) -> WireConnection:
    """Open a session; see `realtime_core.provider.Provider`."""
    session_payload(setup.settings)  # raises for what cannot be written, before anything is opened
    key = await key_from(options.api_key, "the function given as api_key")
    client = await make_openai_client(options.base_url, key, _CHECKS)
    credentials = {"Authorization": f"Bearer {key}", "X-Acme-Region": options.region}
    model = setup.settings.model
    return await connect_websocket(
        client,
        setup,
        model=options.model if model is UNSET else model,
        query={},
        headers=bare_headers(client, credentials),  # and nothing that openai adds for OpenAI
        timeout_s=options.timeout_s,
        checks=_CHECKS,
    )


@hookimpl
def realtime_provider() -> Provider:
    """What the entry point ``acme-ws`` gives."""
    # Acme has the settings that every vendor has, and none of OpenAI's own
    neutral = {*attrs.fields_dict(RealtimeSettings), "tools"}
    return Provider(
        connect=connect,
        options=AcmeOptions,
        settings=RealtimeSettings,
        capabilities=attrs.evolve(
            WEBSOCKET_CAPABILITIES,
            input_formats=(PCM16_24KHZ,),
            output_formats=(PCM16_24KHZ,),
            images=False,
            live_settings=WEBSOCKET_CAPABILITIES.live_settings & neutral,
        ),
        api_version=1,
        endpoint=lambda options: websocket_endpoint(options.base_url),
    )
