"""What a client is made of beside its provider, checked at the door."""

from collections.abc import Iterable
from typing import Any, TypeVar

from realtime_core.audio.sinks import AudioSink
from realtime_core.budget import Budget
from realtime_core.errors import InvalidSettings
from realtime_core.limits import SessionLimits

__all__ = ["check_parts", "clients_among"]

T = TypeVar("T")


def check_parts(limits: object, budget: object, tool_error: object, audio_output_callback: object) -> None:
    """Each is what it should be, or None.

    Raises:
        InvalidSettings: one is not.
    """
    _check("limits", limits, isinstance(limits, SessionLimits), "a SessionLimits value")
    fits = callable(audio_output_callback) or isinstance(audio_output_callback, AudioSink)
    _check("audio_output_callback", audio_output_callback, fits, "callable or an AudioSink")
    _check("budget", budget, isinstance(budget, Budget), "a Budget value")
    _check("tool_error", tool_error, callable(tool_error), "callable")


def clients_among(fallbacks: Any, client: type[T]) -> tuple[T, ...]:
    """The fallbacks, all of them of class ``client``.

    Raises:
        InvalidSettings: they are no such clients.
    """
    if not isinstance(fallbacks, Iterable):
        raise InvalidSettings(f"fallbacks takes clients, not {type(fallbacks).__name__}")
    found = tuple(fallbacks)
    for one in found:
        if not isinstance(one, client):
            raise InvalidSettings(f"fallbacks takes clients, not {type(one).__name__}; see create_client")
    return found


def _check(name: str, given: object, fits: bool, what: str) -> None:  # noqa: FBT001  # a private test
    if given is not None and not fits:
        raise InvalidSettings(f"{name} must be {what}, not {type(given).__name__}")
