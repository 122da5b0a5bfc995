"""The provider ``simulator``: a simulated session in this process, without a port.

Loads nothing heavy: numpy comes with the first session.
"""

from realtime_core.capabilities import Capabilities
from realtime_core.provider import Connection, Provider, Setup, hookimpl
from realtime_openai_wire import (
    WEBSOCKET_CAPABILITIES,
    OpenAIRealtimeExecutionSettings,
    WireConnection,
    session_payload,
    websocket_capabilities,
)

from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import SimulatorOptions

__all__ = ["connect", "realtime_provider"]


async def connect(options: SimulatorOptions, setup: Setup) -> Connection:
    """A session with a new simulated service.

    Raises:
        CallerError: the settings cannot be written, or a session of that intent has none of them.
    """
    session_payload(setup.settings, options.intent)  # raises for what cannot be written
    pipe = MemoryPipe.open(options, model=setup.settings.model or None, kind=options.intent)
    return WireConnection(pipe, setup, session_type=options.intent)


def _capabilities(options: SimulatorOptions) -> Capabilities:
    return websocket_capabilities(options.intent)


def _endpoint(_: SimulatorOptions) -> None:
    """Nowhere: it is in this process."""


@hookimpl
def realtime_provider() -> Provider:
    """The simulator as a provider."""
    return Provider(
        connect=connect,
        options=SimulatorOptions,
        settings=OpenAIRealtimeExecutionSettings,
        capabilities=WEBSOCKET_CAPABILITIES,
        api_version=1,
        capabilities_for=_capabilities,
        endpoint=_endpoint,
    )
