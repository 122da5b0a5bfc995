"""What the protocol allows in the settings that are more than a word or a number.

A value that is clearly wrong is refused when it is given, by the name of its setting. Names of models and
voices, and keys of a mapping that are not known here, are the service's to judge.
"""

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from realtime_core.errors import InvalidSettings
from realtime_core.settings import TurnDetection, set_fields

__all__ = ["CHECKS"]

_OF_VAD: Final = MappingProxyType(
    {
        "server_vad": ("threshold", "prefix_padding_ms", "silence_duration_ms", "idle_timeout_ms"),
        "semantic_vad": ("eagerness",),
    }
)
"""What only that type of turn detection has."""

_LONGEST_IDLE_MS, _SHORTEST_IDLE_MS = 30_000, 5_000


def _turn_detection(value: TurnDetection) -> None:
    name = "turn_detection"
    if value.type not in _OF_VAD:
        raise InvalidSettings(
            f"setting {name!r} has the types {_named(*_OF_VAD)}; None switches turn detection off"
        )
    given = set_fields(value)
    for other, fields in _OF_VAD.items():
        strange = [field for field in fields if other != value.type and field in given]
        if strange:
            raise InvalidSettings(
                f"setting {name!r} of type {value.type!r} has no {strange[0]!r}: {other!r} has"
            )
    _number(name, given, "threshold", 0, 1)
    _number(name, given, "prefix_padding_ms", 0)
    _number(name, given, "silence_duration_ms", 0)
    if given.get("idle_timeout_ms") is not None:
        _number(name, given, "idle_timeout_ms", _SHORTEST_IDLE_MS, _LONGEST_IDLE_MS)
    _word(name, given, "eagerness", "low", "medium", "high", "auto")


def _transcription(value: Any) -> None:
    name, given = "input_audio_transcription", set_fields(value)
    _word(name, given, "delay", "minimal", "low", "medium", "high", "xhigh")
    for key in ("languages", "keywords"):
        _strings(f"{name}.{key}", given.get(key, ()))
    if "model" not in given and "delay" in given and {"prompt", "languages", "keywords"} & given.keys():
        raise InvalidSettings(
            f"setting {name!r} needs a 'model' to have a 'delay' beside a prompt, languages or keywords"
        )


def _noise_reduction(value: Any) -> None:
    name, words = "input_audio_noise_reduction", ("near_field", "far_field")
    if isinstance(value, str):
        _choice(name, value, *words, hint="; None switches it off")
        return
    _word(name, value, "type", *words)
    _number(name, value, "strength", 0)


def _tracing(value: Any) -> None:
    if isinstance(value, str):
        _choice("tracing", value, "auto", hint=" or a mapping; None switches it off")
        return
    for key in ("workflow_name", "group_id"):
        _is(f"tracing.{key}", value.get(key, ""), str)
    _is("tracing.metadata", value.get("metadata", {}), Mapping)


def _truncation(value: Any) -> None:
    if isinstance(value, str):
        _choice("truncation", value, "auto", "disabled", hint=" or a mapping")
        return
    _present("truncation", value, "type", "retention_ratio")
    _word("truncation", value, "type", "retention_ratio")
    _number("truncation", value, "retention_ratio", 0, 1)
    limits = value.get("token_limits", {})
    _is("truncation.token_limits", limits, Mapping)
    _number("truncation.token_limits", limits, "post_instructions", 0)


def _tool_choice(value: Any) -> None:
    if isinstance(value, str):
        _choice("tool_choice", value, "auto", "none", "required", hint=" or a mapping")
        return
    _present("tool_choice", value, "type")
    _word("tool_choice", value, "type", "function", "mcp")
    which = "name" if value["type"] == "function" else "server_label"
    _present("tool_choice", value, which)
    _is(f"tool_choice.{which}", value[which], str)


def _reasoning(value: Any) -> None:
    _word("reasoning", value, "effort", "minimal", "low", "medium", "high", "xhigh")


def _prompt(value: Any) -> None:
    _present("prompt", value, "id")
    _is("prompt.id", value["id"], str)


def _include(value: Any) -> None:
    _strings("include", value)


def _named(*words: str) -> str:
    return " or ".join(map(repr, words))


def _choice(name: str, value: Any, *words: str, hint: str = "") -> None:
    if value not in words:
        raise InvalidSettings(f"setting {name!r} takes {_named(*words)}{hint}")


def _word(name: str, place: Mapping[str, Any], key: str, *words: str) -> None:
    if key in place:
        _choice(f"{name}.{key}", place[key], *words)


def _number(name: str, place: Mapping[str, Any], key: str, least: float, most: float = sys.maxsize) -> None:
    value = place.get(key, least)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:  # NaN is in no range
        span = f"{least} or more" if most == sys.maxsize else f"{least} to {most}"
        raise InvalidSettings(f"setting '{name}.{key}' takes {span}")


def _present(name: str, place: Mapping[str, Any], *keys: str) -> None:
    for key in keys:
        if key not in place:
            raise InvalidSettings(f"setting {name!r} as a mapping needs {key!r}")


def _is(name: str, value: Any, kind: type) -> None:
    if not isinstance(value, kind):
        wanted = "a mapping" if kind is Mapping else kind.__name__
        raise InvalidSettings(f"setting {name!r} takes {wanted}, not {type(value).__name__}")


def _strings(name: str, values: Any) -> None:
    for value in values:
        _is(name, value, str)


CHECKS: Final[Mapping[str, Callable[[Any], None]]] = MappingProxyType(
    {
        "turn_detection": _turn_detection,
        "input_audio_transcription": _transcription,
        "input_audio_noise_reduction": _noise_reduction,
        "tracing": _tracing,
        "truncation": _truncation,
        "tool_choice": _tool_choice,
        "reasoning": _reasoning,
        "prompt": _prompt,
        "include": _include,
    }
)
"""What each such setting is looked at with, where it is neither unset nor None; raises `InvalidSettings`."""
