"""The calls of one service: how they come about, who they are by their id, and their end.

Knows nothing of HTTP. aiortc loads with the first call.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from realtime_simulator.access import Refused
from realtime_simulator.call import Call
from realtime_simulator.frames import End
from realtime_simulator.http import in_a_line
from realtime_simulator.link import Link
from realtime_simulator.offer import Offer, quirky
from realtime_simulator.opening import Opening
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.watch import Watch

__all__ = ["Calls"]

_log = logging.getLogger("realtime_simulator")

_EXTRA: Final = "Calls need an extra of the simulator: pip install 'realtime-simulator[webrtc]'."


class Calls:
    """The calls that go on; ``numbers`` are those of the sessions to come."""

    def __init__(self, watch: Watch | None, numbers: Iterator[int]) -> None:
        self._watch = watch
        self._numbers = numbers
        self._calls: dict[str, Call] = {}
        self._tasks: dict[Call, asyncio.Task[None]] = {}
        self._ended: set[str] = set()
        self._is_closed = False

    async def open(
        self, offer: Offer, opening: Opening, options: SimulatorOptions, *, is_filtered: bool
    ) -> tuple[str, str]:
        """Begin a call; its id, and the answer to the offer.

        Raises:
            Refused: nothing can come of it.
        """
        peer = await _new_peer()
        try:
            answer = await peer.answer(offer)
        except BaseException:
            await peer.aclose()
            raise
        if self._is_closed:
            await peer.aclose()
            raise Refused(503, "The server is shutting down.", code=None)
        number = next(self._numbers)
        name = f"session {number}"
        link = Link(options, opening, watch=self._watch, name=name, number=number)
        call = Call(link, peer, name=name, is_filtered=is_filtered)
        peer.attach(call)
        _log.info(
            "%s: a call, %s", name, f"model {in_a_line(opening.model)}" if opening.model else opening.kind
        )
        call_id = f"rtc_{secrets.token_hex(16)}"
        self._calls[call_id] = call
        self._tasks[call] = asyncio.ensure_future(self._carry(call, call_id))
        return call_id, quirky(answer, options.quirks)

    async def _carry(self, call: Call, call_id: str) -> None:
        code: Any = "failed"
        try:
            end = await call.carry()
            code = "dropped" if end.code is None else end.code
        # the fault of one call, whatever it is; the others go on
        except Exception:  # noqa: BLE001
            _log.exception("%s: failed", call.name)
        finally:
            del self._calls[call_id], self._tasks[call]
            self._ended.add(call_id)
        _log.info("%s: closed (%s)", call.name, code)

    def get(self, call_id: str) -> Call:
        """The call of that id.

        Raises:
            Refused: none goes on by it.
        """
        call = self._calls.get(call_id)
        if call is None:
            # the service's own words are not known
            raise Refused(404, "No call with that id goes on.", code="call_id_not_found", param="call_id")
        return call

    def has_ended(self, call_id: str) -> bool:
        """Whether the call of that id is over."""
        return call_id in self._ended

    async def hang_up(self, call: Call) -> None:
        """End a call, as its client wants."""
        call.hang_up()
        await asyncio.wait([self._tasks[call]])

    async def aclose(self, end: End) -> None:
        """End all calls, and take no more."""
        self._is_closed = True
        for call in self._tasks:
            call.hang_up(end)
        await asyncio.gather(*self._tasks.values())


async def _new_peer() -> Any:
    """A peer connection.

    Raises:
        Refused: aiortc is not here.
    """
    try:
        # loading it takes half a second, in which sessions should go on
        module = await asyncio.to_thread(import_module, "realtime_simulator.peer")
    except ImportError as exc:
        raise Refused(501, _EXTRA, code="webrtc_not_installed") from exc
    return module.Peer()
