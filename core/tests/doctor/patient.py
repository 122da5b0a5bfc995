"""A provider that is as ill as its option ``illness`` says, without I/O of its own."""

import asyncio
from typing import Any

import attrs
from realtime_core.capabilities import Capabilities
from realtime_core.commands import AddItem, AppendAudio, Command, CreateResponse
from realtime_core.contents import AudioContent, TextContent
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    UnsupportedCommand,
)
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.options import missing_option, option
from realtime_core.provider import Provider, Setup, hookimpl
from realtime_core.settings import RealtimeSettings

CREATED = RealtimeResponseEvent(phase="created", response_id="r1")
AUDIO = RealtimeAudioEvent(response_id="r1", item_id="i1", audio=AudioContent(bytes(960)))
TEXT = RealtimeTextEvent(response_id="r1", text=TextContent("hello"))
DONE = RealtimeResponseEvent(phase="done", response_id="r1", status="completed")
FAILED = RealtimeResponseEvent(phase="done", response_id="r1", status="failed", status_reason="server_error")
BROKEN = RealtimeErrorEvent(kind="server", code="server_error", message="It broke.", response_id="r1")
ODD = RealtimeErrorEvent(kind="unknown", code="odd", message="")
REFUSED = RealtimeErrorEvent(kind="invalid_request", code="no", message="not you")
BAD_KEY = RealtimeErrorEvent(kind="auth", code="expired", message="too old; make a new one", fatal=True)
HEARD = RealtimeTranscriptEvent(role="user", text="hello", final=True)
COMMITTED = RealtimeSpeechEvent(phase="committed")

# What follows a response that is asked for, and speech that is sent.
ANSWERS: dict[str, list[RealtimeEvent]] = {
    "": [CREATED, TEXT, AUDIO, DONE],
    "mute": [CREATED, TEXT, DONE],
    "fails": [CREATED, BROKEN, FAILED],
    "silent": [],
    "odd": [ODD],
    "text_only": [CREATED, TEXT, DONE],
}
TO_SPEECH: dict[str, list[RealtimeEvent]] = {
    "ears_only": [AUDIO],
    "no_text": [AUDIO],
    "writes_down": [HEARD],
    "commits": [COMMITTED],
}
CAPABILITIES: dict[str, Capabilities] = {
    "text_only": Capabilities(output_formats=()),
    **dict.fromkeys(
        ("ears_only", "text_live", "writes_down", "commits", "deaf"),
        Capabilities(turns=False, client_responses=False, acks=False, ids=False),
    ),
    "no_ears": Capabilities(
        turns=False, client_responses=False, acks=False, input_formats=(), output_formats=()
    ),
}


@attrs.frozen
class Options:
    illness: str = option(default="")
    url: str | None = option(env="PATIENT_URL", default=None)
    key: str | None = option(env="PATIENT_KEY", default=None, secret=True)
    timeout_s: float = option(default=10.0, convert=float)

    def __attrs_post_init__(self) -> None:
        if self.illness == "options":
            raise RuntimeError("not a word of this")
        if self.illness == "keyless" and self.key is None:
            raise missing_option("key", "PATIENT_KEY")


class Connection:
    def __init__(self, options: Options, setup: Setup) -> None:
        self._illness = options.illness
        self._frames: asyncio.Queue[RealtimeEvent | None] = asyncio.Queue()
        self._spoken = False
        if self._illness == "mum":
            return
        self._put(RealtimeSessionEvent(phase="created", session_id="s1"))
        if self._illness == "late_key":
            self._put(BAD_KEY)
        elif self._illness == "undecided":
            return
        else:
            self._put(RealtimeSessionEvent(phase="updated", command_id=setup.command_id))

    def _put(self, *events: RealtimeEvent) -> None:
        for event in events:
            self._frames.put_nowait(event)

    async def receive(self) -> list[RealtimeEvent]:
        event = await self._frames.get()
        if event is None:
            self._frames.put_nowait(None)
            raise ConnectionLost("it went away; try again", reason=LostReason.DROPPED)
        return [event]

    async def send(self, command: Command) -> None:
        match command:
            case AddItem() if self._illness in {"no_text", "ears_only"}:
                raise UnsupportedCommand("it takes no text")
            case AddItem() if self._illness == "text_live":
                self._put(AUDIO)
            case AddItem() if self._illness == "no_ears":
                self._put(HEARD)
            case CreateResponse() if self._illness == "refuses":
                self._put(attrs.evolve(REFUSED, command_id=command.command_id))
            case CreateResponse() if self._illness == "leaves":
                self._frames.put_nowait(None)
            case CreateResponse():
                self._put(*ANSWERS[self._illness])
            case AppendAudio(data=pcm) if any(pcm) and not self._spoken:
                self._spoken = True
                self._put(*TO_SPEECH.get(self._illness, ()))

    async def aclose(self) -> None:
        self._frames.put_nowait(None)


async def connect(options: Options, setup: Setup) -> Connection:
    match options.illness:
        case "key":
            raise AuthenticationFailed(f"HTTP 401: {options.key} is wrong; check the key")
        case "down":
            raise ConnectionFailed("HTTP 503; try again later", reason=FailedReason.UNAVAILABLE)
        case "tells_time":
            message = f"no answer in {options.timeout_s:g} s; try again"
            raise ConnectionFailed(message, reason=FailedReason.TIMEOUT)
        case "hangs":
            await asyncio.Event().wait()
    return Connection(options, setup)


def endpoint(options: Options) -> str | None:
    if options.url == "odd":
        raise ValueError("not a word of this")
    return "nonsense" if options.illness == "lost" else options.url


def _capabilities(options: Options) -> Capabilities:
    return CAPABILITIES.get(options.illness, Capabilities())


def provider(**fields: Any) -> Provider:
    given: dict[str, Any] = {
        "connect": connect,
        "options": Options,
        "settings": RealtimeSettings,
        "capabilities": Capabilities(),
        "capabilities_for": _capabilities,
        "endpoint": endpoint,
        "api_version": 1,
    }
    return Provider(**{**given, **fields})


class _Patient:
    @staticmethod
    @hookimpl
    def realtime_provider() -> Provider:
        return provider()


class _Homeless:
    @staticmethod
    @hookimpl
    def realtime_provider() -> Provider:
        return provider(endpoint=None)


patient = _Patient()
homeless = _Homeless()
