"""A provider for tests of the command: it does what its option ``script`` says, without any I/O.

The script is a JSON list with one object for each response. Its keys, all optional: ``say`` (spoken word
by word, with 20 ms of audio each), ``heard`` (the user's transcript), ``heard_item`` (whose it is),
``late`` (a transcript after the response), ``pieces`` (of one that is never finished), ``status``,
``reason``, ``error`` (an event before the response), ``refused`` (by such an error event, and no response),
``mute`` (written, not spoken), ``calls`` (names of functions, called with ``{"n": 1}``), ``cancels`` (those
calls are withdrawn), ``consent`` (a tool of the service waits for a person), ``free`` (no usage),
``everything`` (that has not come yet), ``lost`` (the connection is, before the end), ``hang`` (so does the
service), ``interrupt`` (Ctrl-C).
"""

import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from realtime_core.capabilities import Capabilities
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    AppendAudio,
    Command,
    CommitAudio,
    CreateResponse,
)
from realtime_core.contents import (
    ApprovalRequest,
    AudioContent,
    Message,
    RateLimit,
    TextContent,
    ToolCall,
    ToolResult,
    Usage,
)
from realtime_core.errors import ConnectionLost, LostReason, ProviderError, UnsupportedSetting
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeRateLimitEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.options import option
from realtime_core.provider import Provider, Setup, hookimpl
from realtime_core.settings import RealtimeSettings, set_fields

USAGE = Usage(
    total_tokens=7,
    input_tokens=4,
    output_tokens=3,
    input_text_tokens=3,
    input_audio_tokens=1,
    output_text_tokens=1,
    output_audio_tokens=2,
)
ODD_FRAME = RealtimeEvent(service_type="odd.frame", service_event={"type": "odd.frame"})
WORD = b"\x10\x00" * 480  # 20 ms


@attrs.frozen
class PuppetOptions:
    script: list[dict[str, Any]] = option(default=[], convert=json.loads)
    log: Path | None = option(default=None, convert=Path)
    key: str = option(env="PUPPET_KEY", default="", secret=True)
    limits: str = option(default="")
    lacks: str = option(default="")


class PuppetConnection:
    def __init__(self, options: PuppetOptions, setup: Setup) -> None:
        self._options = options
        self._settings = setup.settings
        self._frames: asyncio.Queue[list[RealtimeEvent] | None] = asyncio.Queue()
        self._responses = 0
        self._items = 0
        self._appended = 0
        self._speech = False
        self._silent_bytes = 0
        settings = {"settings": {name: repr(value) for name, value in attrs.asdict(setup.settings).items()}}
        self._log(settings)
        self._put(RealtimeSessionEvent(phase="created", session_id="sess_1"))
        self._put(RealtimeSessionEvent(phase="updated", command_id=setup.command_id))

    async def receive(self) -> Sequence[RealtimeEvent]:
        frame = await self._frames.get()
        if frame is None:
            self._frames.put_nowait(None)
            raise ConnectionLost("the line went dead", reason=LostReason.DROPPED)
        return frame

    async def aclose(self) -> None:
        self._log({"closed": True})
        self._frames.put_nowait(None)

    async def send(self, command: Command) -> None:
        match command:
            case AddItem(item=Message(role="system")):
                pass
            case AddItem(item=item):
                self._take_item(item)
            case AnswerApproval(approval_id=approval_id, approve=approve):
                self._log({"consent": [approval_id, approve]})
            case AppendAudio(data=data):
                self._appended += len(data)
                self._listen(data)
            case CommitAudio():
                self._log({"audio_ms": self._appended / 48})
                self._commit(command.command_id)
            case CreateResponse():
                self._log({"response": True})
                self._respond()

    def _take_item(self, item: Message | ToolResult) -> None:
        match item:
            case ToolResult(name=name, output=output):
                self._log({"result": [name, output]})
            case Message(content=content):
                self._log({"text": content})
        if not CAPABILITIES[type(self)].client_responses:
            self._respond()

    def _put(self, *events: RealtimeEvent) -> None:
        self._frames.put_nowait(list(events))

    def _commit(self, command_id: str | None = None) -> None:
        self._appended = 0
        self._items += 1
        self._put(RealtimeSpeechEvent(phase="committed", item_id=self._item, command_id=command_id))

    def _listen(self, data: bytes) -> None:
        detection = self._settings.turn_detection
        if not detection:
            return
        if any(data):
            self._silent_bytes = 0
            if not self._speech:
                self._speech = True
                self._put(RealtimeSpeechEvent(phase="started", offset_ms=0.0))
        elif self._speech:
            self._silent_bytes += len(data)
            if self._silent_bytes >= detection.silence_duration_ms * 48:
                self._speech = False
                self._put(RealtimeSpeechEvent(phase="stopped"))
                self._log({"audio_ms": self._appended / 48})
                self._commit()
                if detection.create_response:
                    self._respond()

    @property
    def _item(self) -> str:
        return f"item_{self._items}"

    def _respond(self) -> None:
        script = self._options.script
        act = script[self._responses] if self._responses < len(script) else {"say": "Hello there."}
        self._responses += 1
        response = f"resp_{self._responses}"
        if "error" in act:
            self._put(RealtimeErrorEvent(kind="server", code="odd", message=act["error"], item_id=self._item))
        if "refused" in act:
            self._put(RealtimeErrorEvent(**{"kind": "invalid_request", "code": "no", **act["refused"]}))
            return
        self._put(RealtimeResponseEvent(phase="created", response_id=response))
        for word in act.get("say", "").split():
            self._put(RealtimeTextEvent(response_id=response, text=TextContent(f"{word} ")))
            if not act.get("mute"):
                self._put(
                    RealtimeAudioEvent(
                        response_id=response, item_id=f"of_{response}", audio=AudioContent(WORD)
                    )
                )
        self._call(act, response)
        if act.get("interrupt"):
            signal.raise_signal(signal.SIGINT)
        if act.get("lost"):
            self._frames.put_nowait(None)
        if act.get("lost") or act.get("hang"):
            return
        if "heard" in act:
            self._transcribe(act["heard"], act.get("heard_item"))
        if "pieces" in act:
            self._put(
                RealtimeTranscriptEvent(role="user", text=act["pieces"], final=False, item_id=self._item)
            )
        if act.get("everything"):
            self._put(RealtimeRateLimitEvent(limits=(RateLimit("tokens", 5),)), ODD_FRAME)
        self._put(
            RealtimeResponseEvent(
                phase="done",
                response_id=response,
                status=act.get("status", "completed"),
                status_reason=act.get("reason"),
                usage=None if act.get("free") else USAGE,
                metadata={"a": "b"},
            )
        )
        if "late" in act:
            self._transcribe(act["late"])

    def _call(self, act: dict[str, Any], response: str) -> None:
        for number, name in enumerate(act.get("calls", ())):
            call = ToolCall(f"call_{self._responses}_{number}", name, '{"n": 1}')
            self._put(RealtimeFunctionCallEvent(response_id=response, function_call=call))
            if act.get("cancels"):
                self._put(RealtimeFunctionCancelledEvent(call_id=call.call_id))
        if act.get("consent"):
            request = ApprovalRequest("mcpr_1", "search", "{}", server="docs")
            self._put(RealtimeApprovalEvent(response_id=response, request=request))

    def _transcribe(self, text: str, item: str | None = None) -> None:
        item = item or self._item
        half = len(text) // 2
        for piece in (text[:half], text[half:]):
            self._put(RealtimeTranscriptEvent(role="user", text=piece, final=False, item_id=item))
        self._put(RealtimeTranscriptEvent(role="user", text=text, final=True, item_id=item))

    def _log(self, entry: dict[str, Any]) -> None:
        if self._options.log is not None:
            with self._options.log.open("a") as file:
                file.write(json.dumps(entry) + "\n")


class PuppetWithoutTurns(PuppetConnection):
    """A service that answers by itself."""


class PuppetThatGoesOn(PuppetConnection):
    """A service that answers by itself, in responses with a beginning and an end."""


CAPABILITIES = {
    PuppetConnection: Capabilities(),
    PuppetWithoutTurns: Capabilities(turns=False, client_responses=False, acks=False),
    PuppetThatGoesOn: Capabilities(client_responses=False, auto_continue=True, acks=False),
}


async def connect(options: PuppetOptions, setup: Setup) -> PuppetConnection:
    if setup.settings.voice == "refused":
        raise ProviderError("no such\nvoice", code="invalid_value")
    for name in options.lacks.split():
        if name in set_fields(setup.settings):
            raise UnsupportedSetting(f"puppet has no setting {name!r}")
    if setup.settings.voice == "crash":
        raise RuntimeError("not a word of this")
    return PuppetConnection(options, setup)


async def connect_without_turns(options: PuppetOptions, setup: Setup) -> PuppetConnection:
    return PuppetWithoutTurns(options, setup)


async def connect_that_goes_on(options: PuppetOptions, setup: Setup) -> PuppetConnection:
    return PuppetThatGoesOn(options, setup)


def _provider(connect: Any, connection: type) -> Provider:
    return Provider(
        connect=connect,
        options=PuppetOptions,
        settings=RealtimeSettings,
        capabilities=CAPABILITIES[connection],
        api_version=1,
    )


class _WithTurns:
    @staticmethod
    @hookimpl
    def realtime_provider() -> Provider:
        return _provider(connect, PuppetConnection)


class _WithoutTurns:
    @staticmethod
    @hookimpl
    def realtime_provider() -> Provider:
        return _provider(connect_without_turns, PuppetWithoutTurns)


class _ThatGoesOn:
    @staticmethod
    @hookimpl
    def realtime_provider() -> Provider:
        return _provider(connect_that_goes_on, PuppetThatGoesOn)


with_turns = _WithTurns()
without_turns = _WithoutTurns()
that_goes_on = _ThatGoesOn()
