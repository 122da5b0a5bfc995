"""Options of the provider: endpoint, deployment and credentials of Azure. Imports no vendor package."""

import functools
import logging
from collections.abc import Mapping
from typing import Any, Final

import attrs
from realtime_core.errors import InvalidOptions
from realtime_core.options import option, variables
from realtime_openai_wire.credentials import ApiKey, as_api_key
from realtime_openai_wire.options import as_headers, as_seconds, as_word

from realtime_azure.endpoint import Endpoint, read_endpoint
from realtime_azure.hosts import SHAPE
from realtime_azure.identity import Credential, as_credential

__all__ = ["DEPLOYMENT_ENV", "KEY_ENV", "AzureOptions"]

DEPLOYMENT_ENV: Final = ("AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME", "AZURE_OPENAI_DEPLOYMENT_NAME")
KEY_ENV: Final = "AZURE_OPENAI_API_KEY"
_TOKEN_ENV: Final = "AZURE_OPENAI_AD_TOKEN"  # noqa: S105  # the name of a variable
_VERSION_ENV: Final = ("AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION")

_log = logging.getLogger("realtime_azure")


@functools.cache
def note_ignored(where: str) -> None:
    """Log, once for each ``where``, that the api-version there is not sent."""
    _log.warning("the api-version of %s is ignored: Azure's GA API has none, and refuses any with 401", where)


def _endpoint(value: Any) -> Endpoint:
    endpoint = read_endpoint(value)
    if endpoint.api_version is not None:
        note_ignored("the endpoint")
    return endpoint


def _api_version(value: Any) -> None:
    if as_word(value).strip().lower().endswith("preview"):
        raise InvalidOptions(
            f"the preview API is not spoken here; leave it out, which means the GA endpoint {SHAPE}/openai/v1"
        )
    note_ignored("the option api_version")


def _environment_api_version(_value: str) -> None:
    note_ignored(f"the environment ({' or '.join(_VERSION_ENV)})")


@attrs.frozen(kw_only=True)
class AzureOptions:
    """Where and as whom to connect.

    Args:
        endpoint: the endpoint of the resource, or any URL of its API; see `read_endpoint`.
        deployment: the name of the deployment, unless the setting ``model`` names another; `named_deployment`
            says what else does.
        credential: who connects: a credential of ``azure-identity``, sync or async, a function or coroutine
            function that gives a token, both asked anew on every connect; or a token.
        api_key: instead of a credential: a key of the resource, or a function or coroutine function that
            gives one on every connect. Given neither, the environment decides: its token goes before its key,
            as in the ``openai`` package.
        scope: what a credential's token is for.
        api_version: not needed, never sent. The GA API has none; one of the preview is refused.
        headers: more headers of the upgrade request.
        timeout_s: the longest that opening a session may take.
        from_env: no option: the variables that gave options.

    Raises:
        InvalidOptions: there are both a credential and a key.
    """

    endpoint: Endpoint = option(env="AZURE_OPENAI_ENDPOINT", convert=_endpoint)
    deployment: str | None = option(env=DEPLOYMENT_ENV, default=None, convert=as_word)
    credential: Credential | None = option(
        env=_TOKEN_ENV, unless=("api_key",), secret=True, convert=as_credential
    )
    api_key: ApiKey | None = option(env=KEY_ENV, unless=("credential",), secret=True, convert=as_api_key)
    scope: str = option(default="https://ai.azure.com/.default", convert=as_word)
    api_version: None = option(
        env=_VERSION_ENV, default=None, convert=_api_version, convert_env=_environment_api_version
    )
    headers: Mapping[str, str] = option(default=attrs.Factory(dict), secret=True, convert=as_headers)
    timeout_s: float = option(default=10.0, convert=as_seconds)
    from_env: Mapping[str, str] = variables()

    def __attrs_post_init__(self) -> None:
        if self.api_key is not None and self.credential is not None:
            raise InvalidOptions("options 'api_key' and 'credential' exclude each other; give one of them")

    @property
    def named_deployment(self) -> str | None:
        """The program's option, else the URL of its endpoint, else the environment's in the same order."""
        named = [self.deployment, self.endpoint.deployment]
        if "deployment" in self.from_env and "endpoint" not in self.from_env:
            named.reverse()
        return next(filter(None, named), None)
