"""A faithful offline OpenAI Realtime server: in this process, on a port, in a pytest fixture."""

from realtime_simulator.brain import Brain, Reply, Turn, echo
from realtime_simulator.brains import Rules, Script
from realtime_simulator.faults import Fault, parse_faults
from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import SimulatorOptions, configure
from realtime_simulator.server import SimulatorServer

__all__ = [
    "Brain",
    "Fault",
    "MemoryPipe",
    "Reply",
    "Rules",
    "Script",
    "SimulatorOptions",
    "SimulatorServer",
    "Turn",
    "configure",
    "echo",
    "parse_faults",
]
