"""The one list of this repository's providers, and the environment in which each finds the simulator."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from unittest import mock

import attrs
import pytest
from realtime_core.registry import load_provider

__all__ = [
    "KEYED",
    "NAMES",
    "NETWORKED",
    "environment",
    "every_provider",
    "only_environment",
    "without_vendors",
]

Environment = Callable[[str, str], Mapping[str, str]]
"""From where the simulator is, such as ``http://127.0.0.1:8765``, and a key, to variables."""


def _openai(origin: str, key: str) -> Mapping[str, str]:
    return {"OPENAI_BASE_URL": f"{origin}/v1", "OPENAI_API_KEY": key}


def _azure(origin: str, key: str) -> Mapping[str, str]:
    return {
        "AZURE_OPENAI_ENDPOINT": origin,
        "AZURE_OPENAI_API_KEY": key,
        "AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME": "a-deployment",
    }


_PROVIDERS: Final[Mapping[str, Environment | None]] = {
    "simulator": None,  # it is the service, in the same process
    "openai-ws": _openai,
    "azure-ws": _azure,
    "openai-webrtc": _openai,
}

NAMES: Final = tuple(_PROVIDERS)

NETWORKED: Final = tuple(name for name, variables in _PROVIDERS.items() if variables)
"""Those that talk to a service at another address."""

KEYED: Final = tuple(name for name in NAMES if "api_key" in attrs.fields_dict(load_provider(name).options))
"""Those that take a key."""

every_provider = pytest.mark.parametrize("provider", NAMES)


def environment(name: str, origin: str, key: str) -> Mapping[str, str]:
    """The variables with which provider ``name`` finds the simulator at ``origin``."""
    variables = _PROVIDERS[name]
    return variables(origin, key) if variables else {}


def without_vendors() -> dict[str, str]:
    """The environment of the tests, without what belongs to a vendor."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "AZURE_"))}


@contextmanager
def only_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Inside, a vendor's variables are these and no others."""
    with mock.patch.dict(os.environ, {**without_vendors(), **variables}, clear=True):
        yield
