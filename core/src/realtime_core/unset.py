"""The value of what was never said: not ``None``, which says "none"."""

from enum import Enum
from typing import Final, Literal

__all__ = ["UNSET", "UnsetType"]


class UnsetType(Enum):
    """Type of `UNSET`; an enum of one, so that type checkers can narrow it."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = UnsetType.UNSET
"""Nobody set it, so nothing is sent and the service's own default holds."""
