"""Reads fields out of decoded frames, whatever they hold.

A service may send any JSON at all: a field of the wrong type reads as if it were absent.
"""

from collections.abc import Mapping
from typing import Any, Final

from realtime_core.contents import RateLimit, Usage

from realtime_openai_wire.errors import tidy_message

__all__ = [
    "LONGEST_NAME",
    "identifier",
    "integer",
    "mapping",
    "number",
    "objects",
    "rate_limits",
    "status_reason",
    "text",
    "usage",
]

LONGEST_NAME: Final = 256
"""The most characters that an id or a name may have: what shows in a ``repr``, or is remembered, is short."""

_LARGEST: Final = 2**53


def text(frame: Mapping[str, Any], key: str) -> str | None:
    """The string under ``key``."""
    value = frame.get(key)
    return value if isinstance(value, str) else None


def identifier(frame: Mapping[str, Any], key: str) -> str | None:
    """The id, name or word under ``key``: a string of 1 to 256 characters."""
    value = text(frame, key)
    return value if value and len(value) <= LONGEST_NAME else None


def integer(frame: Mapping[str, Any], key: str) -> int | None:
    """The whole number under ``key``, of at most 53 bits."""
    value: Any = frame.get(key)
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return value if is_integer and abs(value) <= _LARGEST else None


def number(frame: Mapping[str, Any], key: str) -> float | None:
    """The number under ``key``, of at most 53 bits: one that arithmetic takes."""
    value: Any = frame.get(key)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and abs(value) <= _LARGEST else None


def mapping(frame: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under ``key``, else an empty one."""
    value = frame.get(key)
    return value if isinstance(value, dict) else {}


def objects(frame: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in the list under ``key``."""
    value = frame.get(key)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def usage(response: Mapping[str, Any]) -> Usage | None:
    """The tokens of a response; None when it does not say."""
    if not isinstance(response.get("usage"), dict):
        return None
    total = mapping(response, "usage")
    into = mapping(total, "input_token_details")
    cached = mapping(into, "cached_tokens_details")
    out = mapping(total, "output_token_details")
    return Usage(
        total_tokens=integer(total, "total_tokens") or 0,
        input_tokens=integer(total, "input_tokens") or 0,
        output_tokens=integer(total, "output_tokens") or 0,
        input_text_tokens=integer(into, "text_tokens") or 0,
        input_audio_tokens=integer(into, "audio_tokens") or 0,
        input_image_tokens=integer(into, "image_tokens") or 0,
        cached_tokens=integer(into, "cached_tokens") or 0,
        cached_text_tokens=integer(cached, "text_tokens") or 0,
        cached_audio_tokens=integer(cached, "audio_tokens") or 0,
        cached_image_tokens=integer(cached, "image_tokens") or 0,
        output_text_tokens=integer(out, "text_tokens") or 0,
        output_audio_tokens=integer(out, "audio_tokens") or 0,
    )


def rate_limits(frame: Mapping[str, Any]) -> tuple[RateLimit, ...]:
    """The limits of a ``rate_limits.updated``; one without a name is left out."""
    return tuple(
        RateLimit(
            name=name,
            limit=integer(row, "limit"),
            remaining=integer(row, "remaining"),
            reset_s=number(row, "reset_seconds"),
        )
        for row in objects(frame, "rate_limits")
        if (name := identifier(row, "name")) is not None
    )


def status_reason(response: Mapping[str, Any]) -> str | None:
    """Why a response ended as it did; ``status_details`` is an object, at some services a string."""
    details = response.get("status_details")
    if isinstance(details, str):
        return tidy_message(details)
    about = mapping(response, "status_details")
    error = mapping(about, "error")
    return identifier(about, "reason") or identifier(error, "code") or identifier(error, "type")
