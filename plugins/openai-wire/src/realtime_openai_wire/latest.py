"""What was noted under a key, as far back as there is room. Knows nothing of what it holds."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

__all__ = ["Latest"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Latest(Generic[K, V]):
    """The latest ``capacity`` keys that were noted, oldest first; None as a key stands for nothing."""

    def __init__(self, capacity: int) -> None:
        self._noted: dict[K, V] = {}
        self._capacity = capacity

    def __len__(self) -> int:
        return len(self._noted)

    def __iter__(self) -> Iterator[K]:
        return iter(self._noted)

    def __contains__(self, key: object) -> bool:
        return key in self._noted

    def note(self, key: K, value: V) -> None:
        """``key`` is the latest now; the oldest is forgotten where there is no room."""
        self._noted.pop(key, None)
        if len(self._noted) >= self._capacity:
            del self._noted[next(iter(self._noted))]
        self._noted[key] = value

    def get(self, key: K | None) -> V | None:
        """What is noted under ``key``."""
        return None if key is None else self._noted.get(key)

    def take(self, key: K | None) -> V | None:
        """What is noted under ``key``, which is forgotten."""
        return None if key is None else self._noted.pop(key, None)
