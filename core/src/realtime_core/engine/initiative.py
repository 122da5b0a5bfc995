"""What a session asks for by itself: the response after a tool's results, and what tools have to say.

Knows nothing of events.
"""

from collections.abc import Callable

import attrs

from realtime_core.capabilities import Capabilities
from realtime_core.commands import AddItem
from realtime_core.contents import Message
from realtime_core.engine.configuration import Configuration
from realtime_core.engine.lifecycle import Lifecycle
from realtime_core.engine.metering import Meter
from realtime_core.engine.outbox import Outbox
from realtime_core.engine.responder import Responder
from realtime_core.engine.slot import ResponseSlot
from realtime_core.state import SessionState
from realtime_core.unset import UNSET

__all__ = ["Initiative"]


@attrs.define(kw_only=True, eq=False)
class Initiative:
    """The initiative of one session, as far as its provider and its budget leave it any."""

    capabilities: Capabilities
    configuration: Configuration
    life: Lifecycle
    slot: ResponseSlot
    responder: Responder
    meter: Meter
    outbox: Outbox

    def go_on(self, covered: Callable[[], bool] = lambda: False) -> None:
        """The model has all it waited for; ``covered``: as `ResponseRequest` has it."""
        if not self._may_ask or self.meter.refuses is not None or self.life.end is not None:
            return
        forced = self.configuration.settings.tool_choice not in (UNSET, "auto", "none")
        # a tool that must be called would be called for ever
        overrides = {"tool_choice": "auto"} if forced else {}
        self.responder.ask_later(covered=covered, overrides=overrides, is_plain=True)

    def progress(self, text: str) -> None:
        """Have the assistant say ``text``, if nothing is being said or asked for."""
        is_open = self.life.state is SessionState.OPEN
        if is_open and self._may_ask and self.slot.is_free and self.meter.refuses is None:
            instructions = f"Tell the user this, in one short sentence, and nothing else: {text}"
            self.responder.ask_later(overrides={"instructions": instructions, "tool_choice": "none"})

    def tell(self, text: str) -> None:
        """Have the model know ``text``."""
        if self.capabilities.history == "any_time":
            self.outbox.put(AddItem(item=Message("system", text)))

    @property
    def _may_ask(self) -> bool:
        capabilities = self.capabilities
        return capabilities.turns and capabilities.client_responses and not capabilities.auto_continue
