"""What the frames of the service mean, and which one says what a command does. Knows nothing of sockets."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
from realtime_core import (
    AudioContent,
    AudioFormat,
    Message,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeInterruptionEvent,
    RealtimeSessionEvent,
    RealtimeTextEvent,
    ToolCall,
    ToolDefinition,
    ToolResult,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.commands import AddItem, AppendAudio, Command, Raw
from realtime_core.events import ErrorKind
from realtime_core.provider import Setup
from realtime_core.settings import set_fields

__all__ = ["PCM16_16KHZ", "EchoCodec", "Frame"]

Frame = str | bytes

PCM16_16KHZ: Final = AudioFormat("pcm16", 16_000)

_SETTINGS: Final = ("instructions", "voice")
_FORMATS: Final = {"input_audio_format", "output_audio_format"}  # always set, and always what we can do
_ERROR_KINDS: Final[Mapping[str, ErrorKind]] = {"bad_setup": "invalid_request", "busy": "rate_limited"}


class EchoCodec:
    """One session's frames: what is sent, and what comes."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def begin(self) -> Frame:
        """The first frame.

        Raises:
            UnsupportedSetting: the service has no such setting.
        """
        settings = set_fields(self._setup.settings)
        given = {name: value for name, value in settings.items() if name not in _FORMATS}
        for name in given:
            if name not in _SETTINGS:
                choices = ", ".join(_SETTINGS)
                raise UnsupportedSetting(f"echo-ws has no setting {name!r}; choose from {choices}")
        functions = [
            attrs.asdict(tool) if isinstance(tool, ToolDefinition) else dict(tool)
            for tool in self._setup.tools
        ]
        return json.dumps({"setup": {**given, "functions": functions}})

    def encode(self, command: Command) -> Frame:
        """The frame of a command.

        Raises:
            UnsupportedCommand: the service has no means for it.
        """
        match command:
            case AppendAudio(data=pcm):
                return pcm
            case AddItem(item=Message(role="user", content=text)):
                return json.dumps({"say": text})
            case AddItem(item=ToolResult(call_id=call_id, output=output)):
                return json.dumps({"result": {"call": call_id, "output": output}})
            case Raw(service_type=meaning, payload=payload):
                return json.dumps({meaning: dict(payload)})
            case _:
                raise UnsupportedCommand(f"echo-ws has no frame for {type(command).__name__}")

    def decode(self, frame: Frame) -> Sequence[RealtimeEvent]:
        """The events of a frame: one for each meaning at least, and never an exception."""
        if isinstance(frame, bytes):
            return [RealtimeAudioEvent(audio=AudioContent(frame, PCM16_16KHZ), service_type="audio")]
        told: list[RealtimeEvent] = []
        try:
            meanings = dict(json.loads(frame))
            for meaning in meanings:
                told.extend(self._events(meaning, meanings))
        except (ValueError, TypeError, KeyError, RecursionError):  # what could be read before that counts
            told.append(RealtimeErrorEvent(kind="server", code="unreadable_frame"))
        return told or [RealtimeEvent(service_event={})]

    def _events(self, meaning: str, meanings: Mapping[str, Any]) -> Sequence[RealtimeEvent]:
        value = meanings[meaning]
        wire: Any = {"service_type": meaning, "service_event": meanings}
        match meaning:
            case "ready":
                # nothing tells that the set-up is in force: it is, from here on
                in_force = {"command_id": self._setup.command_id, **wire}
                return [
                    RealtimeSessionEvent(phase="created", session_id=value, **wire),
                    RealtimeSessionEvent(phase="updated", **in_force),
                ]
            case "said":
                return [RealtimeTextEvent(text=value, **wire)]
            case "call":
                call = ToolCall(value["id"], value["name"], json.dumps(value["arguments"]))
                return [RealtimeFunctionCallEvent(function_call=call, **wire)]
            case "interrupted":
                return [RealtimeInterruptionEvent(cause="service", **wire)]
            case "error":
                code, message = value["code"], value["message"]
                if code == "bad_setup":
                    wire["command_id"] = self._setup.command_id
                kind = _ERROR_KINDS.get(code, "server")
                return [RealtimeErrorEvent(kind=kind, code=code, message=message, **wire)]
            case _:
                return [RealtimeEvent(**wire)]
