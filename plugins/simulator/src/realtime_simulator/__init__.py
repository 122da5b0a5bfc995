"""A faithful offline OpenAI Realtime server: in this process, on a port, in a pytest fixture.

Names load with their first use: the package is imported by every run of pytest where it is installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from realtime_simulator.brain import (
        Action,
        Brain,
        Call,
        Fail,
        Filter,
        McpCall,
        Pieces,
        Result,
        Say,
        Turn,
        Wait,
        echo,
    )
    from realtime_simulator.faults import Fault, parse_faults
    from realtime_simulator.memory import MemoryPipe
    from realtime_simulator.options import SimulatorOptions, configure
    from realtime_simulator.server import SimulatorServer
    from realtime_simulator.sound import silence, speech
    from realtime_simulator.watch import Watch
    from realtime_simulator.watched import WatchedSession

__all__ = [
    "Action",
    "Brain",
    "Call",
    "Fail",
    "Fault",
    "Filter",
    "McpCall",
    "MemoryPipe",
    "Pieces",
    "Result",
    "Say",
    "SimulatorOptions",
    "SimulatorServer",
    "Turn",
    "Wait",
    "Watch",
    "WatchedSession",
    "configure",
    "echo",
    "parse_faults",
    "silence",
    "speech",
]

_MODULES: Final = ("brain", "faults", "memory", "options", "server", "sound", "watch", "watched")


def __getattr__(name: str) -> Any:
    """The exported ``name``, from the module that has it."""
    if name in __all__:
        modules = (import_module(f"{__name__}.{stem}") for stem in _MODULES)
        return getattr(next(module for module in modules if name in module.__all__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
