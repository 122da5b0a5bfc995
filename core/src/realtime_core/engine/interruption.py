"""When the assistant is interrupted, what is cut, and what the service has to be told.

Decides, and does nothing: the session delivers the event, takes the unread audio out of its queues and
sends the commands. Knows nothing of vendors; it goes by `Capabilities`.
"""

from collections.abc import Collection
from typing import Final

import attrs

from realtime_core.capabilities import Capabilities
from realtime_core.commands import CancelResponse, Command, DeleteItem, Truncate
from realtime_core.engine.playout import CutItem, Playout
from realtime_core.events import RealtimeEvent, RealtimeInterruptionEvent
from realtime_core.settings import TurnDetection

__all__ = ["Interruption", "Interruptions", "interrupts"]

# cut responses that are still known, for audio that comes late
_KEPT: Final = 64
# what sums of floats may lack of a whole millisecond
_NOISE_MS: Final = 1e-3


def interrupts(detection: object) -> bool:
    """Whether the user's speech interrupts the assistant with this turn detection: it does unless told
    otherwise. Without turn detection nothing tells of speech.
    """
    if isinstance(detection, TurnDetection):
        return detection.interrupt_response is not False
    return detection is not None


@attrs.frozen(kw_only=True)
class Interruption:
    """What follows from one: to be done in the order of the fields.

    Attributes:
        response_ids: the responses that were cut, None standing for those without an id; their unread audio
            leaves the queues.
        event: to be delivered ahead of everything unread, with ``discarded_ms`` filled in.
        commands: to be sent, in this order.
        items: what was cut, in the order in which it began.
    """

    response_ids: tuple[str | None, ...]
    event: RealtimeInterruptionEvent
    commands: tuple[Command, ...]
    items: tuple[CutItem, ...]


class Interruptions:
    """The interruptions of one session: one for each response at most.

    The playout is cut here, and with it the sink cleared. Everywhere ``active`` holds the ids of the
    responses that have begun and are not done, out-of-band ones left out; None stands for one without an id.

    Attributes:
        cut: what was cut. While it is empty there is nothing to withhold, and no need to ask.
    """

    def __init__(self, capabilities: Capabilities, playout: Playout) -> None:
        self._capabilities = capabilities
        self._playout = playout
        self.cut: dict[str | None, None] = {}

    def on_speech_started(
        self, active: Collection[str | None], *, interrupting: bool = True
    ) -> Interruption | None:
        """The user begins to speak; ``interrupting``: see `interrupts`. None: nothing is interrupted."""
        return self._interrupt(RealtimeInterruptionEvent(cause="speech"), active) if interrupting else None

    def on_client(self, active: Collection[str | None]) -> Interruption | None:
        """Somebody here asks for silence. None: there is nothing to interrupt."""
        return self._interrupt(
            RealtimeInterruptionEvent(cause="client"), active, cancel=self._capabilities.cancel
        )

    def on_service(self, event: RealtimeEvent, active: Collection[str | None]) -> Interruption | None:
        """The service says that it was interrupted: by an interruption event, or by the end of a response as
        ``cancelled``, which is to be asked about while it is still one of the active.

        None: that is known already, or there is nothing to interrupt; then an interruption event is delivered
        as a plain event.
        """
        response_id = event.response_id
        if self._key(response_id, None) is not None and (
            response_id in self.cut
            or (response_id not in active and not self._playout.is_playing(response_id))
        ):
            return None
        if not isinstance(event, RealtimeInterruptionEvent):
            event = RealtimeInterruptionEvent(cause="service", response_id=response_id)
        return self._interrupt(event, active)

    def response_created(self, response_id: str | None) -> None:
        """A response begins; of a service without ids: so the one before is over."""
        self._turn_over(response_id)

    def response_done(self, response_id: str | None) -> None:
        """A response has ended; what was cut stays known, for audio that comes still later."""
        self._turn_over(response_id)

    def withholds(self, response_id: str | None, item_id: str | None = None) -> bool:
        """Whether audio is of a response that was cut, so that nobody may hear it."""
        return self._key(response_id, item_id) in self.cut

    def _turn_over(self, response_id: str | None) -> None:
        if self._key(response_id, None) is None:
            self.cut.pop(None, None)

    def _key(self, response_id: str | None, item_id: str | None) -> str | None:
        if not self._capabilities.ids:
            return None
        return item_id if response_id is None else response_id

    def _interrupt(
        self, event: RealtimeInterruptionEvent, active: Collection[str | None], *, cancel: bool = False
    ) -> Interruption | None:
        # what the service is playing it may have made long ago
        known = dict.fromkeys([*active, *self._playout.served])
        speaking = [each for each in known if self._key(each, None) not in self.cut]
        if not speaking and not self._playout.is_playing():
            return None
        estimates = self._playout.estimates
        items = self._playout.cut()
        for item in items:
            self._withhold(self._key(item.response_id, item.item_id), known)
        for response_id in speaking:
            self._withhold(self._key(response_id, None), known)
        return Interruption(
            response_ids=tuple(dict.fromkeys([*(item.response_id for item in items), *speaking])),
            event=_told(event, items, speaking, estimates=estimates),
            commands=(
                *(CancelResponse(response_id=response_id) for response_id in speaking if cancel),
                *self._corrections(items),
            ),
            items=items,
        )

    def _withhold(self, key: str | None, active: Collection[str | None]) -> None:
        if key is None and not active:
            return  # all of it has come: what comes next is another turn
        self.cut[key] = None
        while len(self.cut) > _KEPT:
            del self.cut[next(iter(self.cut))]

    def _corrections(self, items: tuple[CutItem, ...]) -> list[Command]:
        """What tells the model how much of each item was heard, where that is for the client to say."""
        if self._capabilities.truncate != "client":
            return []
        commands: list[Command] = []
        for item in items:
            keep_ms = int(min(item.heard_ms, item.received_ms) + _NOISE_MS)
            if item.item_id is None or not item.received_ms:
                continue
            if keep_ms:
                commands.append(Truncate(item_id=item.item_id, keep_ms=keep_ms))
            else:
                commands.append(DeleteItem(item_id=item.item_id))
        return commands


def _told(
    event: RealtimeInterruptionEvent,
    items: tuple[CutItem, ...],
    speaking: list[str | None],
    *,
    estimates: bool,
) -> RealtimeInterruptionEvent:
    """``event`` with what was being played: the first item that was not heard to its end."""
    if not items:
        response_id = speaking[-1] if event.response_id is None else event.response_id
        return attrs.evolve(event, response_id=response_id, estimated=estimates)
    playing = next((item for item in items if item.heard_ms < item.received_ms), items[-1])
    return attrs.evolve(
        event,
        item_id=playing.item_id,
        response_id=playing.response_id,
        played_ms=playing.heard_ms,
        estimated=playing.estimated,
    )
