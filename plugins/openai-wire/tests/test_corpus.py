"""Hostile frames that are kept, one a file; its name says what is wrong, its first word what comes of it."""

import asyncio
from collections import deque
from pathlib import Path

import attrs
import pytest
from realtime_core import RealtimeErrorEvent, RealtimeEvent, RealtimeSettings, SessionState
from realtime_core.client import RealtimeClient
from realtime_core.commands import CommitAudio, CreateResponse, UpdateSession
from realtime_core.errors import ConnectionLost, LostReason
from realtime_core.provider import API_VERSION, Provider
from realtime_openai_wire.capabilities import WEBSOCKET_CAPABILITIES
from realtime_openai_wire.codec import OpenAIRealtimeCodec
from realtime_openai_wire.connection import WireConnection
from realtime_openai_wire.frame_events import MALFORMED_FRAME
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings

FILES = sorted((Path(__file__).parent / "corpus").glob("*.frame"))
every_frame = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)

OPENING = [b'{"type":"session.created","session":{"id":"s1"}}', b'{"type":"session.updated","session":{}}']
LAST = b'{"type":"response.output_text.delta","response_id":"last","delta":"still here"}'


def test_there_are_frames_of_both_sorts():
    sorts = [file.stem.partition("_")[0] for file in FILES]

    assert set(sorts) == {"unreadable", "odd"}
    assert min(map(sorts.count, {"unreadable", "odd"})) > 20


@every_frame
def test_a_hostile_frame_is_events_and_no_exception(file):
    codec = OpenAIRealtimeCodec()
    for command in (UpdateSession(settings=RealtimeSettings()), CommitAudio(), CreateResponse()):
        codec.encode(command)

    events = codec.decode(file.read_bytes())

    assert events
    assert all(isinstance(event, RealtimeEvent) for event in events)
    assert not any(isinstance(event, RealtimeErrorEvent) and event.fatal for event in events)
    if file.stem.startswith("unreadable"):
        (event,) = events
        assert event.code == MALFORMED_FRAME


@attrs.frozen
class NoOptions:
    """There is nothing to choose."""


class FramePipe:
    """A pipe that gives frames, and then waits until it is closed."""

    def __init__(self, frames):
        self.frames = deque(frames)
        self.closed = asyncio.Event()

    async def send(self, text):
        """Anything is taken."""

    async def recv(self):
        if not self.frames:
            await self.closed.wait()
            raise ConnectionLost("closed here", reason=LostReason.CLOSED)
        return self.frames.popleft()

    async def aclose(self):
        self.closed.set()


@every_frame
async def test_a_session_survives_a_hostile_frame(file):
    async def connect(_, setup):
        return WireConnection(FramePipe([*OPENING, file.read_bytes(), LAST]), setup)

    provider = Provider(
        connect=connect,
        options=NoOptions,
        settings=OpenAIRealtimeExecutionSettings,
        capabilities=WEBSOCKET_CAPABILITIES,
        api_version=API_VERSION,
    )
    events, heard = [], []
    async with RealtimeClient(provider, name="hostile")(audio_output_callback=heard.append) as session:
        async for event in session.receive():
            events.append(event)
            if event.response_id == "last":
                break

        assert session.state is SessionState.OPEN

    assert len(events) >= len([*OPENING, file, LAST])
    assert events[-1].text.text == "still here"
