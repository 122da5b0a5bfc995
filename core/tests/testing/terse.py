"""A small correct provider that refuses what it can, and waits in ``connect`` for the service's first word.

Its service tells of no failure and of nothing that it understood, and has no frames that are nearly right.
"""

from collections.abc import Sequence
from typing import Any, Final

import attrs
from realtime_core import (
    AuthenticationFailed,
    Message,
    RealtimeErrorEvent,
    RealtimeEvent,
    ToolCall,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.commands import AddItem, ClearAudio, Command, CommitAudio, CreateResponse, Raw
from realtime_core.provider import Provider
from realtime_core.testing import ServiceDouble
from small_provider import FULL, SmallConnection, connect, small
from small_service import SmallDouble

CAN: Final = attrs.evolve(FULL, live_settings=frozenset({"instructions"}), images=False)


class TerseConnection(SmallConnection):
    first: Sequence[RealtimeEvent] = ()

    async def send(self, command: Command) -> None:
        match command:
            case Raw() | ClearAudio() | CommitAudio() | AddItem(item=ToolCall() | Message(role="system")):
                raise UnsupportedCommand("terse has no word for that")
            case CreateResponse(conversation=place, overrides=overrides) if overrides or place == "none":
                raise UnsupportedCommand("terse has one kind of response")
        await super().send(command)

    async def receive(self) -> Sequence[RealtimeEvent]:
        first, self.first = self.first, ()
        return first or await super().receive()


async def terse_connect(options: Any, setup: Any) -> TerseConnection:
    if setup.tools:
        raise UnsupportedSetting("terse calls no functions")
    made = await connect(options, setup, can=CAN, connection=TerseConnection)
    assert isinstance(made, TerseConnection)
    try:
        made.first = await made.receive()
    except BaseException:
        await made.aclose()
        raise
    if isinstance(made.first[0], RealtimeErrorEvent):
        await made.aclose()
        raise AuthenticationFailed("terse: the key was refused")
    return made


TERSE: Final[Provider] = attrs.evolve(small(CAN), connect=terse_connect)


class TerseDouble(SmallDouble):
    """The service with no more levers than it needs."""

    hear = ServiceDouble.hear
    fail = ServiceDouble.fail
    malform = ServiceDouble.malform
    together = ServiceDouble.together


__all__ = ["CAN", "TERSE", "TerseDouble"]
