"""Every name of a new distribution, derived from its provider's. Pure: knows not what is installed."""

import re
from collections.abc import Iterable
from typing import Final

import attrs

from realtime_core.errors import CallerError
from realtime_core.registry import ProviderInfo
from realtime_core.registry.installed import canonical
from realtime_core.registry.names import OURS

__all__ = ["Names", "check_free", "names_of"]

_SHAPE: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST: Final = 30
_USUAL_TRANSPORT: Final = "-ws"

_RESERVED: Final = frozenset({*OURS.values(), "realtime-core", "realtime-openai-wire"})
"""The distributions of this project, installed or not."""


@attrs.frozen
class Names:
    """What follows from a provider's name, as in ``openai-ws``, ``realtime-openai``, ``realtime_openai``."""

    provider: str

    @property
    def stem(self) -> str:
        """The service: a WebSocket is what everybody expects, other transports stay in the name."""
        return self.provider.removesuffix(_USUAL_TRANSPORT)

    @property
    def distribution(self) -> str:
        """What people install; also the folder."""
        return f"realtime-{self.stem}"

    @property
    def package(self) -> str:
        """What people import."""
        return self.distribution.replace("-", "_")

    @property
    def class_name(self) -> str:
        """What classes begin with."""
        return "".join(word.capitalize() for word in self.stem.split("-"))

    @property
    def variable(self) -> str:
        """What environment variables begin with."""
        return self.stem.replace("-", "_").upper()

    @property
    def title(self) -> str:
        """The service, in a sentence."""
        return " ".join(word.capitalize() for word in self.stem.split("-"))


def names_of(provider: str) -> Names:
    """The names that follow from ``provider``.

    Raises:
        CallerError: it is no name for a provider; says what one is, and a likely one.
    """
    if _is_name(provider):
        return Names(provider)
    meant = re.sub(r"[^a-z0-9]+", "-", provider.lower()).removeprefix("realtime").strip("-")
    hint = f"; try: {meant}" if _is_name(meant) else ""
    raise CallerError(
        f"{provider!r} is no name for a provider: one is at most {_LONGEST} of a-z, 0-9 and single dashes, "
        f"and begins with a letter and not with 'realtime', as acme-ws does{hint}"
    )


def _is_name(word: str) -> bool:
    return bool(_SHAPE.fullmatch(word)) and len(word) <= _LONGEST and not word.startswith("realtime")


def check_free(names: Names, installed: Iterable[ProviderInfo]) -> None:
    """Make sure that neither the provider's name nor its distribution's is taken.

    Raises:
        CallerError: one is: by this project, or by one that is ``installed``.
    """
    provider, distribution = names.provider, names.distribution
    if distribution in _RESERVED:
        whose = f"provider {provider!r} is for {distribution}, of this project"
        raise CallerError(f"{whose}; choose another name")
    for info in installed:
        if canonical(info.name) == provider or canonical(info.distribution) == distribution:
            raise CallerError(
                f"provider {provider!r}, from {distribution}, is taken by {info.name!r} of "
                f"{info.distribution} {info.version}; choose another name, or: "
                f"pip uninstall {info.distribution}"
            )
