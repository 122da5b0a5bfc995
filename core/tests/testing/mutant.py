"""What a mutant is: the small provider with one fault, and the clause of the kit that the fault breaks.

A fault is a class that differs from `SmallCodec` or `SmallConnection` in one method, or a ``connect`` or a
`Provider` that differs in one thing.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
from realtime_core import (
    Capabilities,
)
from realtime_core.provider import Provider
from small_provider import FULL, KINDS, SmallCodec, SmallConnection, connect, small

Connect = Callable[..., Any]


@attrs.frozen
class Mutant:
    """One fault.

    ``clause`` is the one that owns it, ``seen`` words of what it then says that it saw, ``settings`` those
    of the `Subject`.
    """

    clause: str
    name: str
    provider: Provider
    capabilities: Capabilities
    seen: str = ""
    settings: Mapping[str, Any] = attrs.field(factory=dict)


KEPT: Final[list[socket.socket]] = []
"""Sockets that faults left behind."""
TASKS: Final[list["asyncio.Task[Any]"]] = []
"""Tasks that faults left behind: the loop holds them weakly."""
MUTANTS: Final[list[Mutant]] = []


def _add(clause: str, fault: Any, provider: Provider, seen: str, **settings: Any) -> None:
    MUTANTS.append(Mutant(clause, fault.__name__, provider, provider.capabilities, seen, settings))


def codec(clause: str, kind: str = "full", seen: str = "") -> Callable[[type[SmallCodec]], type[SmallCodec]]:
    """A fault of the codec."""

    def add(fault: type[SmallCodec]) -> type[SmallCodec]:
        broken = type(fault.__name__, (SmallConnection,), {"codec_class": fault})
        _add(clause, fault, small(KINDS[kind], broken), seen)
        return fault

    return add


def connection(
    clause: str, kind: str = "full", seen: str = ""
) -> Callable[[type[SmallConnection]], type[SmallConnection]]:
    """A fault of the connection."""

    def add(fault: type[SmallConnection]) -> type[SmallConnection]:
        _add(clause, fault, small(KINDS[kind], fault), seen)
        return fault

    return add


def connecting(clause: str, kind: str = "full", seen: str = "") -> Callable[[Connect], Connect]:
    """A fault of ``connect``."""

    def add(fault: Connect) -> Connect:
        _add(clause, fault, attrs.evolve(small(KINDS[kind]), connect=fault), seen)
        return fault

    return add


def provider(
    clause: str, seen: str = "", **settings: Any
) -> Callable[[Callable[[Provider], Provider]], Callable[[Provider], Provider]]:
    """A fault of what the hook returns; ``settings`` are those of the `Subject`."""

    def add(fault: Callable[[Provider], Provider]) -> Callable[[Provider], Provider]:
        _add(clause, fault, fault(small()), seen, **settings)
        return fault

    return add


async def plain_connect(options: Any, setup: Any, cls: type[SmallConnection] = SmallConnection) -> Any:
    return await connect(options, setup, can=FULL, connection=cls)


class LeavesATask(SmallConnection):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        TASKS.append(asyncio.ensure_future(asyncio.Event().wait()))
