"""The provider ``azure-ws``: the GA API of an Azure resource, reached through the ``openai`` package.

Cheap to import: ``openai`` loads with the first connection, ``azure`` never by itself.
"""

from typing import Final

from realtime_core.options import missing_option
from realtime_core.provider import Provider, Setup, hookimpl
from realtime_core.unset import UNSET
from realtime_openai_wire import WEBSOCKET_CAPABILITIES, WireConnection, session_payload
from realtime_openai_wire.connecting import connect_websocket, make_openai_client
from realtime_openai_wire.credentials import key_from
from realtime_openai_wire.refusals import Checks

from realtime_azure.identity import token_source
from realtime_azure.options import DEPLOYMENT_ENV, AzureOptions
from realtime_azure.settings import AzureRealtimeExecutionSettings

__all__ = ["PROVIDER_NAME", "connect", "realtime_provider"]

PROVIDER_NAME: Final = "azure-ws"

_OPENAI_ONLY: Final = {"OpenAI-Organization": None, "OpenAI-Project": None}
"""What ``openai`` takes from the environment for OpenAI, and would send to anyone."""


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
    key, headers = await _credentials(options)
    return await connect_websocket(
        await make_openai_client(options.endpoint.base_url, key, checks),
        setup,
        model=deployment,
        query={},
        headers={**_OPENAI_ONLY, **headers, **options.headers},
        timeout_s=options.timeout_s,
        checks=checks,
    )


@hookimpl
def realtime_provider() -> Provider:
    """What the entry point ``azure-ws`` gives."""
    return Provider(
        connect=connect,
        options=AzureOptions,
        settings=AzureRealtimeExecutionSettings,
        capabilities=WEBSOCKET_CAPABILITIES,
        api_version=1,
    )


def _deployment(options: AzureOptions, setup: Setup) -> str:
    model = setup.settings.model
    deployment = options.deployment or options.endpoint.deployment if model is UNSET else model
    if deployment is None:
        raise missing_option("deployment", *DEPLOYMENT_ENV)
    return deployment


async def _credentials(options: AzureOptions) -> tuple[str, dict[str, str | None]]:
    """The key or token, which ``openai`` sends as Bearer, and the headers that make it otherwise."""
    if options.credential is not None:
        return await key_from(token_source(options.credential, options.scope), "the credential"), {}
    key = await key_from(options.api_key, "the function given as api_key")
    return key, {"api-key": key, "Authorization": None}


def _checks(options: AzureOptions, deployment: str) -> Checks:
    role = "that its identity has the role Cognitive Services OpenAI User"
    return Checks(
        place="endpoint",
        key="that the API key is one of this resource"
        if options.credential is None
        else f"the credential, its scope {options.scope}, and {role} for this resource",
        rights="the network rules of the resource, and the role of the identity",
        model=f"the deployment {deployment!r}",
    )
