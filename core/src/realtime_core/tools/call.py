"""What a running tool can see and say of its own call.

Knows nothing of sessions: who takes the progress decides what becomes of it.
"""

import threading
from collections.abc import Callable

from realtime_core.contents import ToolCall

__all__ = ["ActiveCall"]


class ActiveCall:
    """The call that a tool is answering; a parameter annotated with this class gets it.

    Everything here may be used from any thread.
    """

    __slots__ = ("_call", "_cancelled", "_progress")

    def __init__(self, call: ToolCall, progress: Callable[[str], None]) -> None:
        """``progress`` is called in the tool's thread."""
        self._call = call
        self._progress = progress
        self._cancelled = threading.Event()

    def __repr__(self) -> str:
        return f"ActiveCall(call_id={self.call_id!r}, name={self.name!r})"

    @property
    def call_id(self) -> str:
        """The service's own id of the call."""
        return self._call.call_id

    @property
    def name(self) -> str:
        """The name by which the model called the function."""
        return self._call.name

    @property
    def arguments(self) -> str:
        """JSON text, as the model wrote it."""
        return self._call.arguments

    @property
    def cancelled(self) -> bool:
        """Whether the result is no longer wanted; a long-running tool looks here now and then, and stops."""
        return self._cancelled.is_set()

    def progress(self, text: str) -> None:
        """Let the user know that it takes a while: ``text`` is spoken if nothing else is, else it is dropped.

        Never waits, and says nothing once the call is cancelled.

        Raises:
            TypeError: it is no text.
        """
        if not isinstance(text, str):
            raise TypeError(f"progress takes a text, not {type(text).__name__}")
        if not self.cancelled:
            self._progress(text)

    def _cancel(self) -> None:
        """For whoever runs the call: the result is no longer wanted."""
        self._cancelled.set()
