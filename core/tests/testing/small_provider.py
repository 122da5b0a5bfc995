"""A small correct provider of any kind: what it can do is what the capabilities say.

Frames are lines of JSON: each key is a meaning, in order. ``r`` and ``i`` are the ids of response and item.
"""

import base64
import functools
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
from realtime_core import (
    PCM16_24KHZ,
    AudioContent,
    AudioFormat,
    Capabilities,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    ImageContent,
    LostReason,
    Message,
    RealtimeAudioEvent,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSettings,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    TextContent,
    ToolCall,
    ToolDefinition,
    ToolResult,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.commands import (
    AddItem,
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Raw,
    Truncate,
    UpdateSession,
)
from realtime_core.options import option
from realtime_core.provider import Provider, Setup
from realtime_core.settings import set_fields
from realtime_core.testing.pipes import PipeClosed, PipeEnd
from realtime_core.unset import UNSET

FORMATS: Final = ("input_audio_format", "output_audio_format")
SETTINGS: Final = ("instructions", "voice")

FULL: Final = Capabilities(
    images=True,
    input_formats=(PCM16_24KHZ, AudioFormat("pcm16", 16_000)),
    output_formats=(PCM16_24KHZ, AudioFormat("pcm16", 8_000)),
    live_settings=frozenset({"instructions", "tools"}),
)
KINDS: Final[Mapping[str, Capabilities]] = {
    "full": FULL,
    "text-only": attrs.evolve(FULL, input_formats=(), output_formats=(), images=False),
    "audio-only": attrs.evolve(
        FULL, text=False, images=False, output_formats=(AudioFormat("pcm16", 16_000),)
    ),
    "id-less": attrs.evolve(FULL, ids=False, truncate="server", acks=False),
    "turn-less": Capabilities(
        ids=False,
        turns=False,
        client_responses=False,
        auto_continue=True,
        cancel=False,
        truncate="none",
        history="none",
        acks=False,
    ),
    "auto-continuing": Capabilities(auto_continue=True, cancel=False, truncate="server", history="at_start"),
}


@attrs.frozen
class Options:
    dial: Callable[[], Awaitable[PipeEnd]] = option()
    key: str = option(env="SMALL_KEY", secret=True)
    timeout_s: float = option(default=10.0, convert=float)


def lost(reason: LostReason) -> ConnectionLost:
    return ConnectionLost(f"small: the connection has ended ({reason})", reason=reason)


class SmallCodec:
    """Frames to events and commands to frames; knows nothing of pipes."""

    def __init__(self, setup: Setup, can: Capabilities) -> None:
        self.setup = setup
        self.can = can
        self.is_ready = False
        self.begun = False  # whether anything but history was said
        self.commands: dict[str, Command] = {}

    # -- what the service says -------------------------------------------------------------------

    def events(self, line: bytes) -> list[RealtimeEvent]:
        told: list[RealtimeEvent] = []
        try:
            frame = json.loads(line)
            for meaning in frame:
                if meaning not in ("r", "i"):
                    told.extend(self.meaning(meaning, frame[meaning], frame))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, RealtimeError):
            told.append(RealtimeErrorEvent(kind="server", code="unreadable_frame"))
        return told or [RealtimeEvent(service_event={})]

    def meaning(self, meaning: str, value: Any, frame: Mapping[str, Any]) -> Iterator[RealtimeEvent]:
        wire: dict[str, Any] = {"service_type": meaning, "service_event": frame}
        if self.can.ids:
            wire |= {"response_id": frame.get("r"), "item_id": frame.get("i")}
        match meaning:
            case "ready":
                yield from self.ready(value, wire)
            case "refused":
                yield RealtimeErrorEvent(
                    kind="auth", code="bad_key", fatal=True, command_id=self.setup.command_id, **wire
                )
            case "begin":
                yield RealtimeResponseEvent(phase="created", **wire)
            case "end":
                yield RealtimeResponseEvent(phase="done", status=value, **wire)
            case "text":
                yield RealtimeTextEvent(text=value, **wire)
            case "audio":
                yield self.audio(base64.b64decode(value, validate=True), wire)
            case "calls":
                for call in value:
                    yield from self.call(call, wire)
            case _:
                yield from self.beside(meaning, value, wire)

    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        match meaning:
            case "heard":
                yield RealtimeTranscriptEvent(role="user", text=value, final=True, **wire)
            case "speech":
                yield RealtimeSpeechEvent(phase=value, **wire)
            case "interrupted":
                yield RealtimeInterruptionEvent(cause="service", **wire)
            case "trouble":
                yield RealtimeErrorEvent(kind="server", code=value, **wire)
            case "ack":
                yield self.answer(value, wire)
            case _:
                yield self.unknown(wire)

    def ready(self, value: str, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        self.is_ready = True
        yield RealtimeSessionEvent(phase="created", session_id=value, **wire)
        yield RealtimeSessionEvent(phase="updated", command_id=self.setup.command_id, **wire)

    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        spoken = AudioContent(pcm, AudioFormat.parse(self.setup.settings.output_audio_format))
        return RealtimeAudioEvent(audio=spoken, **wire)

    def call(self, call: Mapping[str, Any], wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        made = ToolCall(call["id"], call["name"], call["args"])
        yield RealtimeFunctionCallEvent(function_call=made, **wire)

    def unknown(self, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeEvent(**wire)

    def answer(self, command_id: str, wire: dict[str, Any]) -> RealtimeEvent:
        wire["command_id"] = command_id
        match self.commands.pop(command_id, None):
            case UpdateSession():
                return RealtimeSessionEvent(phase="updated", **wire)
            case CommitAudio():
                return RealtimeSpeechEvent(phase="committed", **wire)
            case AddItem():
                return RealtimeItemEvent(phase="done", **wire)
            case Truncate(keep_ms=keep_ms):
                return RealtimeItemEvent(phase="truncated", keep_ms=keep_ms, **wire)
            case DeleteItem():
                return RealtimeItemEvent(phase="deleted", **wire)
            case _:
                return RealtimeEvent(**wire)

    # -- what it is told -------------------------------------------------------------------------

    def line(self, command: Command) -> bytes:
        frame = self.frame(command)
        if self.can.acks and not isinstance(command, AppendAudio | Raw | CreateResponse | CancelResponse):
            frame["id"] = command.command_id
            self.commands[command.command_id] = command
        return json.dumps(frame).encode() + b"\n"

    def frame(self, command: Command) -> dict[str, Any]:
        match command:
            case AppendAudio(data=pcm) if self.can.input_formats:
                return {"audio": base64.b64encode(pcm).decode()}
            case CommitAudio() if self.can.input_formats:
                return {"commit": True}
            case ClearAudio() if self.can.input_formats:
                return {"clear": True}
            case AddItem(item=item):
                return self.item(item)
            case CreateResponse(conversation=place, overrides=overrides) if self.can.client_responses:
                return {"response": {**overrides, **({} if place == "auto" else {"conversation": place})}}
            case CancelResponse(response_id=response_id) if self.can.cancel:
                return {"cancel": (response_id or "") if self.can.ids else None}
            case Truncate(item_id=item_id, keep_ms=keep_ms) if self.can.truncate == "client":
                return {"truncate": [item_id, keep_ms]}
            case DeleteItem(item_id=item_id) if self.can.truncate == "client":
                return {"delete": item_id}
            case UpdateSession(settings=settings, tools=tools):
                if tools is not UNSET and "tools" not in self.can.live_settings:
                    raise UnsupportedSetting("small has no setting 'tools' in an open session")
                told = setting_words(set_fields(settings), self.can.live_settings | set(FORMATS))
                return {"update": told if tools is UNSET else {**told, "tools": tool_words(tools)}}
            case Raw(service_type=meaning, payload=payload):
                return {"raw": {"type": meaning, **payload}}
            case _:
                raise UnsupportedCommand(f"small has no means for {type(command).__name__}")

    def item(self, item: Any) -> dict[str, Any]:
        open_to_history = self.can.history == "any_time" or (
            self.can.history == "at_start" and not self.begun
        )
        match item:
            case Message(role=role, content=text) if self.can.text and (role == "user" or open_to_history):
                return {"message": [role, text]}
            case ToolCall(call_id=call_id, name=name, arguments=args) if open_to_history:
                return {"call": [call_id, name, args]}
            case ToolResult(call_id=call_id, name=name, output=output):
                return {"result": [call_id, name, output]}
            case ImageContent(data=data) if self.can.images:
                return {"image": base64.b64encode(data).decode()}
            case _:
                raise UnsupportedCommand(f"small takes no {type(item).__name__} now")


def setting_words(given: Mapping[str, Any], known: Any) -> dict[str, Any]:
    for name in given:
        if name not in known:
            raise UnsupportedSetting(f"small has no setting {name!r}")
    return {name: str(value) for name, value in given.items()}


def tool_words(tools: Sequence[ToolDefinition | Mapping[str, Any]]) -> list[Any]:
    return [list(attrs.astuple(tool)) if isinstance(tool, ToolDefinition) else dict(tool) for tool in tools]


def format_words(settings: RealtimeSettings) -> dict[str, Any]:
    given = {name: AudioFormat.parse(getattr(settings, name)) for name in FORMATS}
    return {name: [value.encoding, value.rate_hz, value.channels] for name, value in given.items()}


class SmallConnection:
    """One live session."""

    codec_class: type[SmallCodec] = SmallCodec

    def __init__(self, end: PipeEnd, setup: Setup, can: Capabilities) -> None:
        self.end = end
        self.codec = self.codec_class(setup, can)
        self.buffer = b""
        self.over: LostReason | None = None

    async def send(self, command: Command) -> None:
        line = self.codec.line(command)
        if self.over is not None:
            raise lost(self.over)
        if not isinstance(command, AddItem | Raw):
            self.codec.begun = True
        try:
            await self.end.send(line)
        except PipeClosed as exc:
            raise lost(LostReason.DROPPED) from exc

    async def receive(self) -> Sequence[RealtimeEvent]:
        while b"\n" not in self.buffer:
            if self.over is not None:
                raise lost(self.over)
            try:
                chunk = await self.end.recv()
            except PipeClosed as exc:
                self.over = self.over or LostReason.DROPPED
                raise lost(self.over) from exc
            if not chunk:
                self.over = self.over or LostReason.CLOSED
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return self.codec.events(line)

    async def aclose(self) -> None:
        self.over = self.over or LostReason.CLOSED
        self.buffer = b""
        await self.end.aclose()


async def connect(
    options: Options, setup: Setup, *, can: Capabilities, connection: type[SmallConnection]
) -> SmallConnection:
    told = setting_words(
        {name: value for name, value in set_fields(setup.settings).items() if name not in FORMATS}, SETTINGS
    )
    try:
        end = await options.dial()
    except OSError as exc:
        raise ConnectionFailed("small: nothing listens there", reason=FailedReason.REFUSED) from exc
    try:
        words = {**told, **format_words(setup.settings), "tools": tool_words(setup.tools)}
        first = {"setup": {"key": options.key, **words}}
        await end.send(json.dumps(first).encode() + b"\n")
    except PipeClosed as exc:
        await end.aclose()
        raise ConnectionFailed("small: it hung up", reason=FailedReason.UNREACHABLE) from exc
    except BaseException:
        await end.aclose()
        raise
    return connection(end, setup, can)


def small(can: Capabilities = FULL, connection: type[SmallConnection] = SmallConnection) -> Provider:
    """The provider of that kind."""
    return Provider(
        connect=functools.partial(connect, can=can, connection=connection),
        options=Options,
        settings=RealtimeSettings,
        capabilities=can,
        api_version=1,
    )


__all__ = ["FULL", "KINDS", "Options", "SmallCodec", "SmallConnection", "TextContent", "small"]
