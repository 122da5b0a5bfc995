"""The provider ``azure-ws``: the GA API of an Azure resource, reached through the ``openai`` package.

Cheap to import: ``openai`` loads with the first connection, ``azure`` never by itself.
"""

from typing import Final

from realtime_core.errors import InvalidOptions
from realtime_core.options import missing_option
from realtime_core.provider import Provider, Setup, hookimpl
from realtime_core.unset import UNSET
from realtime_openai_wire import WEBSOCKET_CAPABILITIES, WireConnection, session_payload
from realtime_openai_wire.connecting import bare_headers, connect_websocket, make_openai_client
from realtime_openai_wire.credentials import key_from
from realtime_openai_wire.options import websocket_endpoint
from realtime_openai_wire.refusals import Checks

from realtime_azure.identity import token_source
from realtime_azure.options import DEPLOYMENT_ENV, KEY_ENV, AzureOptions
from realtime_azure.settings import AzureRealtimeExecutionSettings

__all__ = ["PROVIDER_NAME", "connect", "realtime_provider"]

PROVIDER_NAME: Final = "azure-ws"


async def connect(options: AzureOptions, setup: Setup) -> WireConnection:
    """Open a session.

    Raises:
        UnsupportedSetting: the service has no such setting.
        InvalidOptions: nothing names a deployment.
        AuthenticationFailed: no key or token, or it was refused.
        RateLimited: too many requests, or no quota.
        ConnectionFailed: everything else that keeps us from connecting.
    """
    session_payload(setup.settings)  # raises for what cannot be written, before any I/O
    deployment = _deployment(options, setup)
    checks = _checks(options, deployment)
    key, credentials = await _credentials(options)
    client = await make_openai_client(options.endpoint.base_url, key, checks)
    return await connect_websocket(
        client,
        setup,
        model=deployment,
        query={},
        headers=bare_headers(client, credentials, options.headers),
        timeout_s=options.timeout_s,
        checks=checks,
    )


def _endpoint(options: AzureOptions) -> str:
    if options.named_deployment is None:
        raise _no_deployment()
    return websocket_endpoint(options.endpoint.base_url)


@hookimpl
def realtime_provider() -> Provider:
    """What the entry point ``azure-ws`` gives."""
    return Provider(
        connect=connect,
        options=AzureOptions,
        settings=AzureRealtimeExecutionSettings,
        capabilities=WEBSOCKET_CAPABILITIES,
        api_version=1,
        endpoint=_endpoint,
    )


def _deployment(options: AzureOptions, setup: Setup) -> str:
    model = setup.settings.model
    deployment = options.named_deployment if model is UNSET else model
    if deployment is None:
        raise _no_deployment()
    return deployment


def _no_deployment() -> InvalidOptions:
    missing = missing_option("deployment", *DEPLOYMENT_ENV)
    return InvalidOptions(f"{PROVIDER_NAME}: {missing}", missing=missing.missing)


async def _credentials(options: AzureOptions) -> tuple[str, dict[str, str | None]]:
    """The key or token, and the headers that it is sent in."""
    if options.credential is not None:
        token = await key_from(token_source(options.credential, options.scope), "the credential")
        return token, {"Authorization": f"Bearer {token}"}
    key = await key_from(options.api_key, "the function given as api_key")
    return key, {"api-key": key, "Authorization": None}


def _checks(options: AzureOptions, deployment: str) -> Checks:
    return Checks(
        place="endpoint",
        key=_credential_checks(options),
        rights="the network rules of the resource, and the role of the identity",
        model=f"the deployment {deployment!r}",
    )


def _credential_checks(options: AzureOptions) -> str:
    """What was sent, by where it came from, and what about it to check."""
    if options.credential is None:
        source = options.from_env.get("api_key", "the option api_key")
        return f"that the API key, from {source}, is one of this resource"
    role = "that its identity has the role Cognitive Services OpenAI User for this resource"
    if hasattr(options.credential, "get_token"):
        return f"the credential, from the option credential, its scope {options.scope}, and {role}"
    variable = options.from_env.get("credential")
    source = f"{variable}, which goes before {KEY_ENV}" if variable else "the option credential"
    return f"the token, from {source}, and {role}"
