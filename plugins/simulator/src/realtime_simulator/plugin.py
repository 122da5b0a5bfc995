"""The provider ``simulator``: a simulated session in this process, without a port.

Loads nothing heavy: numpy comes with the first session.
"""

from typing import Final

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.provider import Connection, Provider, Setup, hookimpl
from realtime_openai_wire import OpenAIRealtimeExecutionSettings, WireConnection
from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import SimulatorOptions

__all__ = ["CAPABILITIES", "connect", "realtime_provider"]

_FORMATS: Final = (PCM16_24KHZ, AudioFormat("g711_ulaw"), AudioFormat("g711_alaw"))
CAPABILITIES: Final = Capabilities(
    input_formats=_FORMATS,
    output_formats=_FORMATS,
)


async def connect(options: SimulatorOptions, setup: Setup) -> Connection:
    """A session with a new simulated service.

    Raises:
        InvalidOptions: the script cannot be read.
        CallerError: the settings cannot be written.
    """
    pipe = MemoryPipe.open(options, model=setup.settings.model or None)
    return WireConnection(pipe, setup)


@hookimpl
def realtime_provider() -> Provider:
    """The simulator as a provider."""
    return Provider(
        connect=connect,
        options=SimulatorOptions,
        settings=OpenAIRealtimeExecutionSettings,
        capabilities=CAPABILITIES,
    )
