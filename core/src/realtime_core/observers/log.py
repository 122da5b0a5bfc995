"""An observer that writes what happens to the log, and shows neither people's words nor keys.

Knows nothing of where the log goes: that is the application's, as ever with `logging`.
"""

import json
import logging
import re
from typing import Any, Final

import attrs

from realtime_core.commands import AppendAudio, Command
from realtime_core.contents import ToolCall, ToolResult
from realtime_core.errors import RealtimeError
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.masking import mask_keys
from realtime_core.observers.fields import Field, fields_of, word
from realtime_core.observers.hooks import SessionInfo, hookimpl

__all__ = ["LoggingObserver"]

_PLAIN: Final = re.compile(r"[^\s\"=\\]+")


class LoggingObserver:
    """One line for each step of a session: ``what=RealtimeSpeechEvent session=1 … phase=started``.

    Give it to a client: ``create_client(name, observers=(LoggingObserver(),))``. The same fields are in the
    record, for formatters that write JSON, each with the prefix ``realtime_``. They are classes, ids, sizes,
    durations, tokens, kinds and codes of errors. Steps are logged at ``level``; pieces (audio, deltas, frames
    that have no class) at DEBUG; errors that are not benign at WARNING, if that is more.

    Args:
        logger: the name of the logger.
        level: of steps.
        include_content: show what people and the assistant said, arguments and results of functions, and
            messages of errors. Payloads, audio, images and settings are not shown even then, and what looks
            like a key becomes an ellipsis.
    """

    def __init__(
        self,
        logger: str = "realtime_core.observer",
        *,
        level: int = logging.INFO,
        include_content: bool = False,
    ) -> None:
        self._log = logging.getLogger(logger)
        self._level = level
        self._content = include_content

    @hookimpl
    def realtime_session_opened(self, session: SessionInfo) -> None:
        """Logs that."""
        self._write(self._level, "session_opened", session, {})

    @hookimpl
    def realtime_session_closed(self, session: SessionInfo, reason: str, error: RealtimeError | None) -> None:
        """Logs that, and how; an end nobody asked for at WARNING."""
        fields: dict[str, Field] = {"reason": word(reason)}
        if error is not None:
            code = getattr(error, "code", None)  # a number of the WebSocket, or the service's word
            fields["error"] = type(error).__name__
            fields |= {} if code is None else {"code": word(str(code))}
            if self._content:
                fields["message"] = mask_keys(str(error))
        level = self._level if error is None else max(self._level, logging.WARNING)
        self._write(level, "session_closed", session, fields)

    @hookimpl
    def realtime_event(self, session: SessionInfo, event: RealtimeEvent) -> None:
        """Logs its class and fields."""
        self._write_value(self._level_of(event), session, event)

    @hookimpl
    def realtime_command(self, session: SessionInfo, command: Command) -> None:
        """Logs its class and fields."""
        level = logging.DEBUG if isinstance(command, AppendAudio) else self._level
        self._write_value(level, session, command)

    @hookimpl
    def realtime_tool(self, session: SessionInfo, call: ToolCall, result: ToolResult) -> None:
        """Logs that it ran, for how long, and whether it failed."""
        if self._log.isEnabledFor(self._level):
            fields = fields_of(call, include_content=self._content)
            fields |= fields_of(result, include_content=self._content)
            self._write(self._level, "tool_run", session, fields)

    def _level_of(self, event: RealtimeEvent) -> int:
        match event:
            case RealtimeErrorEvent(benign=False):
                return max(self._level, logging.WARNING)
            case RealtimeAudioEvent() | RealtimeTextEvent() | RealtimeTranscriptEvent(final=False):
                return logging.DEBUG
            case _ if type(event) is RealtimeEvent:
                return logging.DEBUG
            case _:
                return self._level

    def _write_value(self, level: int, session: SessionInfo, value: attrs.AttrsInstance) -> None:
        if self._log.isEnabledFor(level):
            fields = fields_of(value, include_content=self._content)
            self._write(level, type(value).__name__, session, fields)

    def _write(self, level: int, what: str, session: SessionInfo, fields: dict[str, Field]) -> None:
        everything: dict[str, Any] = {
            "what": what,
            "session": session.number,
            "provider": session.provider,
            **({} if session.session_id is None else {"session_id": word(session.session_id)}),
            **fields,
        }
        message = " ".join(f"{name}={_written(value)}" for name, value in everything.items())
        extra = {f"realtime_{name}": value for name, value in everything.items()}
        self._log.log(level, "%s", message, extra=extra)


def _written(value: Field) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    # in quotes a value stays in one line, and cannot pass for another field
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
