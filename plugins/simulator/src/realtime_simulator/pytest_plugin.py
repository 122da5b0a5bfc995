"""The fixture ``realtime_simulator``: a simulated service on a free port, for the length of a block.

Loaded by every pytest run where the distribution is installed, so it imports nothing but pytest
until the fixture is used.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from realtime_simulator.server import SimulatorServer

__all__ = ["realtime_simulator"]


@pytest.fixture
def realtime_simulator() -> "Callable[..., SimulatorServer]":
    """A function that makes servers, each started for the length of an ``async with`` block.

    Call it as ``realtime_simulator(brain=..., faults=...)``: it takes the options of
    `SimulatorOptions`, and ``api_key``, and gives a `SimulatorServer`.
    """
    # see above
    from realtime_simulator.options import configure
    from realtime_simulator.server import SimulatorServer

    def simulator(*, api_key: str | None = None, **options: Any) -> SimulatorServer:
        return SimulatorServer(configure(**options), api_key=api_key)

    return simulator
