"""What a session has used: tokens, time to first audio, interruptions, tools; and how usages add up.

Knows nothing of prices or bounds, and nothing of sessions: `realtime_core.engine.metering` counts.
"""

from collections.abc import Iterable
from typing import Final, Self

import attrs

from realtime_core.contents import Usage

__all__ = ["FirstAudio", "SessionUsage", "add_usage", "with_totals"]

_NAMES: Final = tuple(field.name for field in attrs.fields(Usage))


def add_usage(usages: Iterable[Usage]) -> Usage:
    """The sum, field by field: what is a part of another count before is a part of it after."""
    rows = [attrs.astuple(usage) for usage in usages]
    return Usage(**{name: sum(row[i] for row in rows) for i, name in enumerate(_NAMES)})


def with_totals(usage: Usage) -> Usage:
    """``usage`` with each total that the service left out (0) made of its parts; what it told stays."""
    kinds = usage.input_text_tokens + usage.input_audio_tokens + usage.input_image_tokens
    cached = usage.cached_text_tokens + usage.cached_audio_tokens + usage.cached_image_tokens
    into = usage.input_tokens or kinds
    out = usage.output_tokens or usage.output_text_tokens + usage.output_audio_tokens
    return attrs.evolve(
        usage,
        total_tokens=usage.total_tokens or into + out,  # cached tokens are in the input already
        input_tokens=into,
        output_tokens=out,
        cached_tokens=usage.cached_tokens or cached,
    )


@attrs.frozen(kw_only=True)
class FirstAudio:
    """How long responses took to their first audio, counted from what asked for them."""

    count: int = 0
    """Responses of which it was measured."""
    last_ms: float | None = None
    mean_ms: float | None = None
    max_ms: float | None = None

    def and_one(self, first_audio_ms: float) -> Self:
        """These, and one more response."""
        count = self.count + 1
        mean_ms = self.mean_ms or 0.0
        return attrs.evolve(
            self,
            count=count,
            last_ms=first_audio_ms,
            mean_ms=mean_ms + (first_audio_ms - mean_ms) / count,
            max_ms=max(self.max_ms or 0.0, first_audio_ms),
        )


@attrs.frozen(kw_only=True)
class SessionUsage:
    """What one session has used, at one moment."""

    tokens: Usage = attrs.field(factory=Usage)
    """Of all responses, those out of band too; not of the transcription of the user's speech, which is billed
    apart. Cached tokens are a part of the input tokens."""
    responses: int = 0
    """Responses that have ended, in whichever way."""
    cancelled_responses: int = 0
    incomplete_responses: int = 0
    failed_responses: int = 0
    unreported_responses: int = 0
    """Responses whose tokens the service has not told; they are in none of the counts of tokens."""
    first_audio: FirstAudio = attrs.field(factory=FirstAudio)
    interruptions: int = 0
    tool_calls: int = 0
    """Function calls that have a result."""
    tool_errors: int = 0
    """Those of them that failed."""
    tool_ms: float = 0.0
    """How long they took, added up; calls at the same time count each."""
    longest_tool_ms: float = 0.0
    duration_s: float = 0.0
    """How long the session has been open."""
    cost: float | None = None
    """What the tokens cost by the prices in the session's `Budget`; None without prices."""
