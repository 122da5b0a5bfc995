"""How far a response has come: its status, the tokens it has made, and whether it may make more.

Knows no events.
"""

from typing import Any, Literal, TypeAlias

import attrs

from realtime_simulator.usage import Tokens

__all__ = ["Progress", "Status"]

Status: TypeAlias = Literal["in_progress", "completed", "cancelled", "incomplete", "failed"]


@attrs.define
class Progress:
    """The progress of one response that may make ``max_tokens``."""

    max_tokens: int | Literal["inf"] = "inf"
    status: Status = "in_progress"
    details: dict[str, Any] | None = None
    """The response's ``status_details``."""

    made: Tokens = Tokens()

    @property
    def going(self) -> bool:
        """Whether it is neither finished nor stopped."""
        return self.status == "in_progress"

    def complete(self) -> None:
        """It has made all it wanted, unless it was stopped."""
        if self.going:
            self.status = "completed"

    def stop(self, status: Status, **details: Any) -> None:
        """End it early, unless it is ending."""
        if self.going:
            self.status = status
            self.details = {"type": status, **details}

    def may_make(self, tokens: Tokens) -> bool:
        """Count tokens that are about to be sent; False: it was stopped, or its tokens are used up."""
        made = Tokens(self.made.text + tokens.text, self.made.audio + tokens.audio)
        if self.max_tokens != "inf" and made.total > self.max_tokens:
            self.stop("incomplete", reason="max_output_tokens")
        if self.going:
            self.made = made
        return self.going
