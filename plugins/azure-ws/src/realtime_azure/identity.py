"""Who connects, by Microsoft Entra: what gives a token, in whichever shape. Imports nothing of ``azure``.

Everything that ``azure-identity`` has fits by its ``get_token(scope)``.
"""

from typing import Any, Protocol

from realtime_core.errors import InvalidOptions
from realtime_openai_wire.credentials import ApiKey, called, checked_key

__all__ = ["Credential", "GivesTokens", "as_credential", "token_source"]


class GivesTokens(Protocol):
    """A credential of ``azure-identity``; those of ``azure.identity.aio`` give an awaitable."""

    def get_token(self, *scopes: str) -> Any:
        """A token for a scope, as its field ``token``."""


Credential = GivesTokens | ApiKey
"""A credential, what gives a token, or a token."""


def as_credential(value: Any) -> Any:
    """A `Credential`, of which a token can stand in a header.

    Raises:
        InvalidOptions: it is none.
    """
    if isinstance(value, str):
        return checked_key(value)
    if isinstance(value, type) or not (callable(value) or hasattr(value, "get_token")):
        raise InvalidOptions(
            "a credential is one of azure-identity, not its class, a function that gives a token, or a token"
        )
    return value


def token_source(credential: Credential, scope: str) -> ApiKey:
    """The token, or what gives one for ``scope``; a function has a scope of its own."""
    if not hasattr(credential, "get_token"):
        return credential
    get_token = credential.get_token

    async def token() -> Any:
        return (await called(get_token, scope)).token

    return token
