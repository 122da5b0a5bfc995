"""Function calls of the model: which items are calls to be made, and which of them are new.

One call is visible in several frames: its item is done, and so is the response that holds the item. It is
given out at the first of them that shows it complete. A call that was cut off is never given out: what
there is of its arguments can read like arguments.
"""

from collections.abc import Mapping
from typing import Any, Final

from realtime_core.contents import ToolCall

from realtime_openai_wire.fields import identifier, text

__all__ = ["GivenCalls", "call_id_of", "is_complete_call", "read_call"]

_CAPACITY: Final = 1024


class GivenCalls:
    """The calls that were given out, the latest 1024 of them."""

    def __init__(self) -> None:
        self._given: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._given)

    def is_new(self, call_id: str | None) -> bool:
        """Whether a call was not given out before; from now on it was. One without any id always is new."""
        if call_id is None:
            return True
        if call_id in self._given:
            return False
        if len(self._given) >= _CAPACITY:
            del self._given[next(iter(self._given))]
        self._given[call_id] = None
        return True


def is_complete_call(item: Mapping[str, Any]) -> bool:
    """Whether an item is a function call that the model has written to its end.

    The service says so by the item's ``status``; one that leaves it out means completed.
    """
    return item.get("type") == "function_call" and item.get("status") in ("completed", None)


def call_id_of(item: Mapping[str, Any]) -> str | None:
    """The id that links a call to its result; services without call ids go by the item's."""
    return identifier(item, "call_id") or identifier(item, "id")


def read_call(item: Mapping[str, Any]) -> ToolCall | None:
    """The call that an item is; None when it has no id, no name, or arguments that are no text."""
    call_id, name = call_id_of(item), identifier(item, "name")
    arguments = "" if item.get("arguments") is None else text(item, "arguments")
    if call_id is None or name is None or arguments is None:
        return None
    return ToolCall(call_id, name, arguments)
