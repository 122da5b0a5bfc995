"""Makes what looks like a key an ellipsis: a net under whatever could show one, and no licence to show it."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["as_line", "mask_keys", "mask_secrets", "mask_variables", "secrets_in"]

_KEYS: Final = (
    (re.compile(r"\b(Bearer\s+)\S+", re.IGNORECASE), r"\1…"),
    (re.compile(r"(?<![A-Za-z0-9])(sk-|ek_)[\w*.-]+"), r"\1…"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w.-]+"), "…"),  # a JSON web token
    (re.compile(r"(?<![\w-])[A-Za-z0-9]{32,}(?![\w-])"), "…"),  # a bare key, as Azure's
)

_SECRET_NAME: Final = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTHORIZATION|COOKIE", re.IGNORECASE)
# Shorter ones are words that stand everywhere.
_SHORTEST_SECRET: Final = 4
_SHORTEST_OF_VARIABLE: Final = 8


def mask_keys(text: str) -> str:
    """``text`` without what looks like a key of OpenAI or Azure, a bearer token or a JSON web token."""
    for pattern, instead in _KEYS:
        text = pattern.sub(instead, text)
    return text


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """``text`` without the ``secrets`` of at least four characters, each an ellipsis."""
    # a longer one may hold a shorter one
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "…")
    return text


def mask_variables(text: str, environ: Mapping[str, str] | None = None) -> str:
    """``text`` without the values of environment variables that have a secret's name (``ACME_API_KEY``)."""
    environ = os.environ if environ is None else environ
    values = (value for name, value in environ.items() if _SECRET_NAME.search(name))
    return mask_secrets(text, (value for value in values if len(value) >= _SHORTEST_OF_VARIABLE))


def secrets_in(headers: Iterable[tuple[str, str]]) -> set[str]:
    """The values of those ``headers`` that have a secret's name, and what stands in them behind a scheme."""
    values = [value for name, value in headers if _SECRET_NAME.search(name)]
    return {*values, *(value.rpartition(" ")[2] for value in values)}


def as_line(text: str) -> str:
    """``text`` in one line, without the characters that a terminal obeys: for the words of others."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
