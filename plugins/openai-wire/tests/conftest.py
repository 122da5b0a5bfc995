"""What the tests here share: the ``openai`` package's own description of every client event."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def exhaust(value: Any) -> None:
    """Pydantic checks the members of an ``Iterable`` only when they are taken."""
    members: Iterable[Any] = () if isinstance(value, str) else getattr(value, "values", lambda: value)()
    if hasattr(members, "__iter__"):
        for member in members:
            exhaust(member)


@pytest.fixture(scope="session")
def check_client_event() -> Callable[[Any], None]:
    """Raises unless a frame is a client event as the ``openai`` package declares it, and nothing more."""
    from openai.types.realtime import RealtimeClientEventParam
    from pydantic import ConfigDict, TypeAdapter

    adapter: TypeAdapter[Any] = TypeAdapter(
        RealtimeClientEventParam, config=ConfigDict(extra="forbid", strict=True)
    )
    return lambda frame: exhaust(adapter.validate_python(frame))
