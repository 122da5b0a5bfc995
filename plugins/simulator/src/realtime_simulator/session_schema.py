"""What a session object and a ``response`` object may hold, key by key.

Knows nothing of the values in force.
"""

from typing import Any, Final

from realtime_simulator.refusals import Refusal
from realtime_simulator.schema import (
    boolean,
    by_type,
    integer,
    items,
    json_object,
    mapping,
    nullable,
    number,
    record,
    string,
    string_or,
    word,
)
from realtime_simulator.tools_schema import TOOL_CHOICE, TOOLS

__all__ = ["RESPONSE", "UPDATES"]

_FORMAT: Final = by_type(
    {
        "audio/pcm": record({"type": string(), "rate": integer(24_000, 24_000)}),
        "audio/pcmu": record({"type": string()}),
        "audio/pcma": record({"type": string()}),
    }
)
_VOICE: Final = string_or(string(min_length=1), record({"id": string(min_length=1)}, required=["id"]))
_TURN_DETECTION: Final = by_type(
    {
        "server_vad": record(
            {
                "type": string(),
                "threshold": number(0.0, 1.0),
                "prefix_padding_ms": integer(0, 60_000),
                "silence_duration_ms": integer(0, 60_000),
                "idle_timeout_ms": nullable(integer(5_000, 30_000)),
                "create_response": boolean,
                "interrupt_response": boolean,
            }
        ),
        "semantic_vad": record(
            {
                "type": string(),
                "eagerness": word("low", "medium", "high", "auto"),
                "create_response": boolean,
                "interrupt_response": boolean,
            }
        ),
    }
)
_TRANSCRIPTION: Final = record(
    {
        "model": string(min_length=1),
        "language": nullable(string()),
        "languages": nullable(items(string())),
        "prompt": nullable(string()),
        "keywords": nullable(items(string())),
        "delay": nullable(word("minimal", "low", "medium", "high", "xhigh")),
    }
)
_MAX_OUTPUT_TOKENS: Final = string_or(word("inf"), integer(1, 4096))
_PROMPT: Final = nullable(
    record(
        {"id": string(min_length=1), "version": nullable(string()), "variables": json_object}, required=["id"]
    )
)
_REASONING: Final = nullable(
    record({"effort": word("minimal", "low", "medium", "high", "xhigh")}, required=["effort"])
)


def _output_modalities(value: Any, path: str) -> Any:
    """Exactly one: an audio response always has its transcript."""
    value = items(word("text", "audio"))(value, path)
    if len(value) != 1:
        raise Refusal(
            f"Invalid modalities: {value}. Supported combinations are: ['text'] and ['audio'].",
            code="invalid_value",
            param=path,
        )
    return value


def _truncation(value: Any, path: str) -> Any:
    """The policy for a context that is too long; nothing to do with audio."""
    ratio = record(
        {
            "type": string(),
            "retention_ratio": number(0.0, 1.0),
            "token_limits": record({"post_instructions": integer(0)}),
        },
        required=["retention_ratio"],
    )
    return string_or(word("auto", "disabled"), by_type({"retention_ratio": ratio}))(value, path)


_TRACING: Final = nullable(
    string_or(
        word("auto"),
        record({"workflow_name": string(), "group_id": string(), "metadata": json_object}),
    )
)
_COMMON: Final = {
    "output_modalities": _output_modalities,
    "instructions": string(),
    "tools": TOOLS,
    "tool_choice": TOOL_CHOICE,
    "max_output_tokens": _MAX_OUTPUT_TOKENS,
    "prompt": _PROMPT,
    "parallel_tool_calls": boolean,
    "reasoning": _REASONING,
}
_INPUT: Final = record(
    {
        "format": _FORMAT,
        "transcription": nullable(_TRANSCRIPTION),
        "noise_reduction": nullable(
            record({"type": word("near_field", "far_field"), "strength": number(0.0, 1.0)})
        ),
        "turn_detection": nullable(_TURN_DETECTION),
    }
)
_INCLUDE: Final = nullable(items(word("item.input_audio_transcription.logprobs")))
UPDATES: Final = {
    "realtime": record(
        {
            "type": word("realtime"),
            "model": string(min_length=1),
            **_COMMON,
            "audio": record(
                {
                    "input": _INPUT,
                    "output": record({"format": _FORMAT, "voice": _VOICE, "speed": number(0.25, 1.5)}),
                }
            ),
            "tracing": _TRACING,
            "truncation": _truncation,
            "include": _INCLUDE,
        },
        required=["type"],
    ),
    "transcription": record(
        {"type": word("transcription"), "audio": record({"input": _INPUT}), "include": _INCLUDE},
        required=["type"],
    ),
}
"""The ``session`` of a ``session.update``, by the kind of the session."""

RESPONSE: Final = record(
    {
        **_COMMON,
        "audio": record({"output": record({"format": _FORMAT, "voice": _VOICE})}),
        "metadata": nullable(mapping(64, string(512), 16)),
        "conversation": word("auto", "none"),
        "input": items(json_object),
    }
)
"""The ``response`` object of ``response.create``; the items of ``input`` are checked as items are."""
