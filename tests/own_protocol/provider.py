"""Two providers for a protocol that is nobody's: parley, over a TCP socket of its own.

Written against `realtime_core.provider` alone, as a stranger would. No ids, no acknowledgements, no change of
the session; after the results of its calls the service goes on by itself, and it may withdraw a call. `TURNS`
has responses, `LIVE` has none: both sides speak when they like. See `frames` for the wire.
"""

import asyncio
import contextlib
import functools
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
from own_protocol.frames import FrameReader, FrameTooBig, pack, unpack
from realtime_core import (
    AudioContent,
    AudioFormat,
    Capabilities,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    Message,
    RealtimeAudioEvent,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeInterruptionEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSettings,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    ToolCall,
    ToolDefinition,
    ToolResult,
    UnsupportedCommand,
    UnsupportedSetting,
    Usage,
)
from realtime_core.commands import AddItem, AppendAudio, Command, CommitAudio, CreateResponse, Raw
from realtime_core.options import option
from realtime_core.provider import Provider, Setup
from realtime_core.settings import set_fields

PCM16_16KHZ: Final = AudioFormat("pcm16", 16_000)

_FORMATS: Final = {"input_audio_format", "output_audio_format"}
_WORDS: Final = {"model", "instructions", "voice"}
_CLOSE_S: Final = 0.5

_GOODBYES: Final = {
    "done": LostReason.CLOSED,
    "leaving": LostReason.GOING_AWAY,
    "expired": LostReason.EXPIRED,
    "failed": LostReason.SERVER_ERROR,
}


@attrs.frozen
class Options:
    port: int = option(env="PARLEY_PORT")
    host: str = option(env="PARLEY_HOST", default="127.0.0.1")
    key: str = option(env="PARLEY_KEY", default="", secret=True)
    timeout_s: float = option(default=10.0, convert=float)


class Codec:
    """What the service's frames mean; knows nothing of sockets."""

    def __init__(self, setup: Setup, *, turns: bool) -> None:
        self._setup_id = setup.command_id
        self._format = AudioFormat.parse(setup.settings.output_audio_format)
        self._turns = turns
        self._speaking = False
        self._cut = False

    def events(self, body: bytes) -> list[RealtimeEvent]:
        told: list[RealtimeEvent] = []
        try:
            frame, pcm = unpack(body)
            for meaning in frame:
                told.extend(self._meaning(meaning, frame, pcm))  # keeps what came before a failure
        except (ValueError, TypeError, KeyError, RecursionError, RealtimeError):
            told.append(RealtimeErrorEvent(kind="server", code="unreadable_frame"))
        return told or [RealtimeEvent(service_event={})]

    def _meaning(self, meaning: str, frame: Mapping[str, Any], pcm: bytes) -> Iterator[RealtimeEvent]:
        wire: Any = {"service_type": meaning, "service_event": frame}
        match meaning:
            case "audio" | "spoken" | "written" | "calls":
                if self._turns and not self._speaking:
                    self._speaking = True
                    yield RealtimeResponseEvent(phase="created", **wire)
                yield from self._part(meaning, frame[meaning], pcm, wire)
            case "interrupted":
                self._cut = self._speaking
                yield RealtimeInterruptionEvent(cause="service", **wire)
            case "over" if self._speaking:
                status, usage = "cancelled" if self._cut else "completed", _usage(frame)
                self._speaking = self._cut = False
                yield RealtimeResponseEvent(phase="done", status=status, usage=usage, **wire)
            case _:
                yield from self._beside(meaning, frame[meaning], wire)

    def _part(self, meaning: str, value: Any, pcm: bytes, wire: Any) -> Iterator[RealtimeEvent]:
        """What a reply is made of."""
        match meaning:
            case "audio":
                yield RealtimeAudioEvent(audio=AudioContent(pcm, self._format), **wire)
            case "calls":
                for call in value:
                    made = ToolCall(call["id"], call["name"], json.dumps(call["args"]))
                    yield RealtimeFunctionCallEvent(function_call=made, **wire)
            case _:
                yield RealtimeTextEvent(text=value, **wire)

    def _beside(self, meaning: str, value: Any, wire: Any) -> Iterator[RealtimeEvent]:
        """What is told at any time."""
        match meaning:
            case "ready":
                yield RealtimeSessionEvent(phase="created", session_id=value, **wire)
                yield RealtimeSessionEvent(phase="updated", command_id=self._setup_id, **wire)
            case "refused":
                kind: Any = "auth" if value == "key" else "invalid_request"
                yield RealtimeErrorEvent(kind=kind, code=value, command_id=self._setup_id, **wire)
            case "heard":
                yield RealtimeTranscriptEvent(role="user", text=value["text"], final=value["whole"], **wire)
            case "withdrawn":
                for call_id in value:
                    yield RealtimeFunctionCancelledEvent(call_id=call_id, **wire)
            case "trouble":
                yield RealtimeErrorEvent(kind="server", code=value, **wire)
            case _:
                yield RealtimeEvent(**wire)


def _usage(frame: Mapping[str, Any]) -> Usage | None:
    if "tokens" not in frame:
        return None
    given, made = frame["tokens"]["in"], frame["tokens"]["out"]
    return Usage(input_tokens=given, output_tokens=made, total_tokens=given + made)


class Connection:
    def __init__(self, frames: FrameReader, writer: asyncio.StreamWriter, codec: Codec) -> None:
        self._frames = frames
        self._writer = writer
        self._codec = codec
        self._begun = False
        self._end: LostReason | None = None

    async def send(self, command: Command) -> None:
        meanings = self._meanings(command)
        if self._end is not None:
            raise _lost(self._end)
        try:
            self._writer.write(pack(meanings))
            await self._writer.drain()
        except OSError as exc:  # what has arrived can still be read
            raise _lost(LostReason.DROPPED) from exc

    def _meanings(self, command: Command) -> dict[str, Any]:
        match command:
            case AppendAudio(data=pcm):
                meanings: dict[str, Any] = {"audio": pcm}
            case CommitAudio():
                meanings = {"pause": True}
            case CreateResponse(conversation="auto", overrides=overrides) if not overrides:
                meanings = {"go": True}
            case AddItem(item=ToolResult(call_id=call_id, output=output)):
                return {"returns": {"id": call_id, "value": output}}
            case AddItem(item=Message(role="user", content=said)):
                return {"says": {"role": "user", "text": said}}
            case AddItem(item=Message(role=role, content=said)) if not self._begun:
                return {"says": {"role": role, "text": said}}
            case AddItem(item=ToolCall(call_id=call_id, name=name, arguments=arguments)) if not self._begun:
                return {"called": {"id": call_id, "name": name, "args": arguments}}
            case Raw(service_type=meaning, payload=payload):
                meanings = {meaning: payload}
            case _:
                raise UnsupportedCommand(f"parley has no words for {type(command).__name__} now")
        self._begun = True
        return meanings

    async def receive(self) -> Sequence[RealtimeEvent]:
        if self._end is not None:
            raise self._lost(self._end)
        try:
            body = await self._frames.read()
        except (asyncio.IncompleteReadError, OSError) as exc:
            raise self._lost(LostReason.DROPPED) from exc
        except FrameTooBig as exc:
            raise self._lost(LostReason.FRAME_TOO_BIG) from exc
        events = self._codec.events(body)
        for event in events:
            if event.service_type == "bye" and event.service_event is not None:
                self._end = _GOODBYES.get(event.service_event["bye"], LostReason.REJECTED)
        return events

    def _lost(self, reason: LostReason) -> ConnectionLost:
        self._end = self._end or reason
        return _lost(self._end)

    async def aclose(self) -> None:
        self._end = self._end or LostReason.CLOSED
        self._writer.close()
        try:
            with contextlib.suppress(OSError):  # one that does not take the rest gets no more time
                async with asyncio.timeout(_CLOSE_S):
                    await self._writer.wait_closed()
        finally:
            self._writer.transport.abort()


def _lost(reason: LostReason) -> ConnectionLost:
    return ConnectionLost(f"parley: the connection has ended ({reason})", reason=reason)


def _tool(tool: ToolDefinition | Mapping[str, Any]) -> Mapping[str, Any]:
    return attrs.asdict(tool) if isinstance(tool, ToolDefinition) else tool


async def connect(options: Options, setup: Setup, *, turns: bool) -> Connection:
    given = set_fields(setup.settings)
    for name in given.keys() - _FORMATS - _WORDS:
        raise UnsupportedSetting(f"parley has no setting {name!r}; it takes {', '.join(sorted(_WORDS))}")
    try:
        reader, writer = await asyncio.open_connection(options.host, options.port)
    except OSError as exc:
        reason = FailedReason.REFUSED
        if not isinstance(exc, ConnectionRefusedError):
            reason = FailedReason.DNS if isinstance(exc, socket.gaierror) else FailedReason.UNREACHABLE
        raise ConnectionFailed(f"parley: {options.host}:{options.port} is {reason}", reason=reason) from exc
    words = {name: given[name] for name in sorted(_WORDS & given.keys())}
    tools = [_tool(tool) for tool in setup.tools]
    writer.write(pack({"setup": {"key": options.key, **words, "tools": tools}}))
    return Connection(FrameReader(reader), writer, Codec(setup, turns=turns))


TURNS: Final = Provider(
    connect=functools.partial(connect, turns=True),
    options=Options,
    settings=RealtimeSettings,
    capabilities=Capabilities(
        input_formats=(PCM16_16KHZ,),
        output_formats=(PCM16_16KHZ,),
        ids=False,
        auto_continue=True,
        cancel=False,
        truncate="server",
        history="at_start",
        acks=False,
    ),
    api_version=1,
)

LIVE: Final = attrs.evolve(
    TURNS,
    connect=functools.partial(connect, turns=False),
    capabilities=Capabilities(
        input_formats=(PCM16_16KHZ,),
        ids=False,
        turns=False,
        client_responses=False,
        auto_continue=True,
        cancel=False,
        truncate="none",
        history="none",
        acks=False,
    ),
)
