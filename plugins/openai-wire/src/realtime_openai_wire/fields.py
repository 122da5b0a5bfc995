"""Reads fields out of decoded frames, whatever they hold.

A service may send any JSON at all: a field of the wrong type reads as if it were absent.
"""

from collections.abc import Mapping
from typing import Any

from realtime_core.contents import RateLimit, Usage

from realtime_openai_wire.errors import tidy_message

__all__ = ["integer", "mapping", "number", "rate_limits", "status_reason", "text", "usage"]


def text(frame: Mapping[str, Any], key: str) -> str | None:
    """The string under ``key``."""
    value = frame.get(key)
    return value if isinstance(value, str) else None


def integer(frame: Mapping[str, Any], key: str) -> int | None:
    """The whole number under ``key``."""
    value = frame.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(frame: Mapping[str, Any], key: str) -> float | None:
    """The number under ``key``."""
    value = frame.get(key)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def mapping(frame: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under ``key``, else an empty one."""
    value = frame.get(key)
    return value if isinstance(value, dict) else {}


def usage(response: Mapping[str, Any]) -> Usage | None:
    """The tokens of a response; None when it does not say."""
    if not isinstance(response.get("usage"), dict):
        return None
    total = mapping(response, "usage")
    into = mapping(total, "input_token_details")
    out = mapping(total, "output_token_details")
    return Usage(
        total_tokens=integer(total, "total_tokens") or 0,
        input_tokens=integer(total, "input_tokens") or 0,
        output_tokens=integer(total, "output_tokens") or 0,
        input_text_tokens=integer(into, "text_tokens") or 0,
        input_audio_tokens=integer(into, "audio_tokens") or 0,
        input_image_tokens=integer(into, "image_tokens") or 0,
        cached_tokens=integer(into, "cached_tokens") or 0,
        output_text_tokens=integer(out, "text_tokens") or 0,
        output_audio_tokens=integer(out, "audio_tokens") or 0,
    )


def rate_limits(frame: Mapping[str, Any]) -> tuple[RateLimit, ...]:
    """The limits of a ``rate_limits.updated``; one without a name is left out."""
    rows = frame.get("rate_limits")
    if not isinstance(rows, list):
        return ()
    return tuple(
        RateLimit(
            name=row["name"],
            limit=integer(row, "limit"),
            remaining=integer(row, "remaining"),
            reset_s=number(row, "reset_seconds"),
        )
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("name"), str)
    )


def status_reason(response: Mapping[str, Any]) -> str | None:
    """Why a response ended as it did; ``status_details`` is an object, at some services a string."""
    details = response.get("status_details")
    if isinstance(details, str):
        return tidy_message(details)
    about = mapping(response, "status_details")
    error = mapping(about, "error")
    return text(about, "reason") or text(error, "code") or text(error, "type")
