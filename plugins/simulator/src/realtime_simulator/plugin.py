"""The provider ``simulator``: a simulated session in this process, without a port.

Loads nothing heavy: numpy comes with the first session.
"""

import asyncio

import attrs
from realtime_core.capabilities import Capabilities
from realtime_core.provider import Connection, Provider, Setup, hookimpl
from realtime_openai_wire import (
    WEBSOCKET_CAPABILITIES,
    OpenAIRealtimeExecutionSettings,
    WireConnection,
    session_payload,
    websocket_capabilities,
)
from realtime_openai_wire.refusals import refused

from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.reception import Meeting

__all__ = ["connect", "realtime_provider"]


async def connect(options: SimulatorOptions, setup: Setup) -> Connection:
    """A session with a new simulated service.

    Raises:
        CallerError: the settings cannot be written, or a session of that intent has none of them.
        RealtimeError: the ``reception`` of its watch refuses it.
    """
    session_payload(setup.settings, options.intent)  # raises for what cannot be written
    options = await _met(options)
    pipe = MemoryPipe.open(options, model=setup.settings.model or None, kind=options.intent)
    return WireConnection(pipe, setup, session_type=options.intent)


async def _met(options: SimulatorOptions) -> SimulatorOptions:
    """What a test has planned for this session."""
    meeting = Meeting() if options.watch is None else options.watch.reception.meet()
    if meeting.is_ignored:
        await asyncio.get_running_loop().create_future()
    if meeting.status is not None:
        raise refused("the simulator", meeting.status, b"")
    return attrs.evolve(options, faults=(*options.faults, *meeting.faults))


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
