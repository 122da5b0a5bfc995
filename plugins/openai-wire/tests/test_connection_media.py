import asyncio
import json
from collections import deque

import numpy as np
import pytest
from realtime_core import (
    AudioContent,
    AudioFormat,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
)
from realtime_core.commands import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    CommitAudio,
    CreateResponse,
    Raw,
    UpdateSession,
)
from realtime_core.errors import CommandTimeout, ConnectionLost, LostReason, UnsupportedCommand
from realtime_core.provider import Setup
from realtime_core.stats import MediaStats
from realtime_openai_wire.connection import WireConnection
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings

STEREO = AudioFormat("pcm16", 48_000, 2)
CREATED = '{"type": "session.created", "session": {"id": "s1"}}'
UPDATED = '{"type": "session.updated", "session": {"id": "s1"}}'


class Link:
    """A pipe and its media, whose far ends are the test; they log what they are given, in order."""

    takes_audio = True
    waiting_ms = 0.0
    is_silent = False

    def __init__(self, *arriving):
        self.log = []
        self.left = asyncio.Event()
        self.left.set()
        self.biggest = 100_000
        self._arriving = deque(arriving)

    def arrive(self, *arriving):
        self._arriving.extend(arriving)

    async def send(self, text):
        if len(text) > self.biggest:
            raise UnsupportedCommand(f"{len(text)} bytes, of {self.biggest}")
        self.log.append(json.loads(text))

    async def recv(self):
        if self.is_silent and not self._arriving:
            await asyncio.Event().wait()
        if not self._arriving:
            raise ConnectionLost("gone", reason=LostReason.DROPPED)
        return self._arriving.popleft()

    async def aclose(self):
        pass

    async def append(self, pcm):
        self.log.append(pcm)

    async def flushed(self):
        await self.left.wait()
        self.log.append("flushed")

    def clear(self):
        self.log.append("dropped")

    @property
    def stats(self):
        return MediaStats(packets_received=3)

    def names(self):
        """What was given since the last time, frames by their type."""
        names = [each["type"] if isinstance(each, dict) else each for each in self.log]
        self.log.clear()
        return names


def settings(**values):
    formats = {"input_audio_format": "pcm16", "output_audio_format": STEREO}
    return OpenAIRealtimeExecutionSettings(**{**formats, **values})


async def opened(*arriving, updated=UPDATED, **values):
    link = Link(CREATED, updated, *arriving)
    connection = WireConnection(link, Setup(settings=settings(**values)), media=link)
    await connection.receive()
    await connection.receive()
    return link, connection


def frame(name, **fields):
    return json.dumps({"type": name, **fields})


def sound(loudness):
    return AudioContent(np.full(1920, loudness, dtype="<i2").tobytes(), STEREO)


async def test_the_configuration_says_nothing_of_formats():
    link, _ = await opened(voice="marin")

    assert link.log[0]["session"] == {"type": "realtime", "audio": {"output": {"voice": "marin"}}}


async def test_what_the_service_reports_of_formats_is_not_that_of_the_track():
    formats = {"input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcmu"}}}
    link, connection = await opened()
    link.arrive(frame("session.updated", session={"audio": formats}))

    (event,) = await connection.receive()

    assert event.input_format is None


async def test_what_else_the_pipe_has_to_tell_is_an_event_in_its_place():
    link, connection = await opened()
    told = RealtimeErrorEvent(kind="callback", code="audio_track_failed")
    for arriving in (frame("x.first"), told, frame("x.last")):
        link.arrive(arriving)

    first, second, third = [await connection.receive() for _ in range(3)]

    assert (first[0].service_type, third[0].service_type) == ("x.first", "x.last")
    assert second == (told,)


async def test_audio_goes_to_the_track():
    link, connection = await opened()
    link.names()

    await connection.send(AppendAudio(data=b"\1\0"))

    assert link.names() == [b"\1\0"]


@pytest.mark.parametrize(
    ("command", "name"),
    [(CommitAudio(), "input_audio_buffer.commit"), (CreateResponse(), "response.create")],
)
async def test_what_ends_a_turn_waits_until_the_audio_before_it_has_left(command, name):
    link, connection = await opened(turn_detection=None)
    link.names()
    link.left.clear()
    sending = asyncio.create_task(connection.send(command))
    await asyncio.sleep(0)
    assert link.names() == []

    link.left.set()
    await sending

    assert link.names() == ["flushed", name]


@pytest.mark.parametrize("command", [CreateResponse(), Raw(service_type="response.create")])
@pytest.mark.parametrize(("waiting_ms", "waits"), [(100, []), (101, ["flushed"])])
async def test_where_turns_are_detected_a_response_waits_only_for_audio_that_is_not_live(
    command, waiting_ms, waits
):
    link, connection = await opened(turn_detection={"type": "server_vad"})
    link.waiting_ms = waiting_ms
    link.names()

    await connection.send(command)

    assert link.names() == [*waits, "response.create"]


async def test_clearing_drops_what_has_not_left():
    link, connection = await opened()
    link.names()

    await connection.send(ClearAudio())

    assert link.names() == ["dropped", "input_audio_buffer.clear"]


async def test_with_turn_detection_the_buffer_is_not_cleared():
    link, connection = await opened(turn_detection={"type": "server_vad"})
    link.names()

    await connection.send(AppendAudio(data=b"\1\0"))

    assert link.names() == [b"\1\0"]


@pytest.mark.parametrize("end", [CommitAudio(), ClearAudio()])
async def test_without_turn_detection_a_turn_begins_with_an_empty_buffer(end):
    link, connection = await opened(turn_detection=None)
    link.names()

    for command in (AppendAudio(data=b"\1\0"), AppendAudio(data=b"\2\0"), end, AppendAudio(data=b"\3\0")):
        await connection.send(command)

    sent = [each for each in link.names() if each not in ("flushed", "dropped")]
    ended = "input_audio_buffer.commit" if isinstance(end, CommitAudio) else "input_audio_buffer.clear"
    clear = "input_audio_buffer.clear"
    assert sent == [clear, b"\1\0", b"\2\0", ended, clear, b"\3\0"]


async def test_whether_turns_are_detected_is_what_the_service_says():
    off = frame("session.updated", session={"audio": {"input": {"turn_detection": None}}})
    link, connection = await opened(updated=off)
    link.names()

    await connection.send(AppendAudio(data=b"\1\0"))

    assert link.names() == ["input_audio_buffer.clear", b"\1\0"]


@pytest.mark.parametrize("end", ["input_audio_buffer.commit", "input_audio_buffer.clear"])
async def test_a_turn_that_ends_in_the_services_own_words_ends(end):
    link, connection = await opened(turn_detection=None)
    link.names()

    for command in (AppendAudio(data=b"\1\0"), Raw(service_type=end), AppendAudio(data=b"\2\0")):
        await connection.send(command)

    waits = "flushed" if end.endswith("commit") else "dropped"
    clear = "input_audio_buffer.clear"
    assert link.names() == [clear, b"\1\0", waits, end, clear, b"\2\0"]


async def test_turns_that_are_detected_no_more_begin_with_an_empty_buffer():
    detection = {"turn_detection": {"type": "server_vad"}}
    link, connection = await opened(updated=frame("session.updated", session={"audio": {"input": detection}}))
    await connection.send(AppendAudio(data=b"\1\0"))
    link.arrive(frame("session.updated", session={"audio": {"input": {"turn_detection": None}}}))
    await connection.receive()
    link.names()

    await connection.send(AppendAudio(data=b"\2\0"))

    assert link.names() == ["input_audio_buffer.clear", b"\2\0"]


async def test_the_buffer_of_a_track_of_the_applications_own_is_not_cleared():
    link, connection = await opened(turn_detection=None)
    link.takes_audio = False
    link.names()

    await connection.send(AppendAudio(data=b"\1\0"))

    assert link.names() == [b"\1\0"]


async def test_a_cancellation_does_not_wait_behind_audio_that_is_to_leave_first():
    link, connection = await opened(frame("response.created", response={"id": "r1"}))
    await connection.receive()
    link.names()
    link.left.clear()
    committing = asyncio.create_task(connection.send(CommitAudio()))
    await asyncio.sleep(0)

    await connection.send(CancelResponse(response_id="r1"))

    assert link.names() == ["response.cancel", "output_audio_buffer.clear"]
    link.left.set()
    await committing


async def test_the_end_of_the_playing_is_told_when_the_track_brings_nothing_more(clock):
    link, connection = await opened(
        frame("output_audio_buffer.started", response_id="r1"),
        frame("output_audio_buffer.stopped", response_id="r1"),
    )
    link.is_silent = True
    await connection.receive()
    receiving = asyncio.create_task(connection.receive())
    await asyncio.sleep(0)
    clock.advance(0.4)
    await asyncio.sleep(0)
    assert not receiving.done()

    clock.advance(0.1)

    (stopped,) = await receiving
    assert stopped.phase == "playback_stopped"


async def test_a_commit_that_is_refused_leaves_the_audio_where_it_is():
    link, connection = await opened(turn_detection=None)
    commit = CommitAudio()
    await connection.send(AppendAudio(data=b"\1\0"))
    await connection.send(commit)
    refused = {"code": "input_audio_buffer_commit_empty", "event_id": commit.command_id}
    link.arrive(frame("error", error=refused))
    await connection.receive()
    link.names()

    await connection.send(AppendAudio(data=b"\2\0"))

    assert link.names() == [b"\2\0"]


async def test_a_track_that_stands_still_is_not_waited_for_for_ever(clock):
    link, connection = await opened(turn_detection=None)
    link.left.clear()
    link.waiting_ms = 2_000
    committing = asyncio.create_task(connection.send(CommitAudio()))
    await asyncio.sleep(0)
    clock.advance(6.9)
    await asyncio.sleep(0)
    assert not committing.done()

    clock.advance(0.1)

    with pytest.raises(CommandTimeout, match="does not leave the track"):
        await committing


async def test_the_end_of_the_playing_is_told_before_the_end_of_the_connection():
    _, connection = await opened(
        frame("output_audio_buffer.started", response_id="r1"),
        frame("output_audio_buffer.stopped", response_id="r1"),
    )
    await connection.receive()

    (stopped,) = await connection.receive()

    assert stopped.phase == "playback_stopped"
    with pytest.raises(ConnectionLost):
        await connection.receive()


async def test_a_response_that_runs_is_cancelled_and_then_no_more_played():
    link, connection = await opened(frame("response.created", response={"id": "r1"}))
    await connection.receive()
    link.names()
    cancel = CancelResponse(response_id="r1")

    await connection.send(cancel)

    assert [each["event_id"] == cancel.command_id for each in link.log] == [True, False]
    assert link.names() == ["response.cancel", "output_audio_buffer.clear"]


async def test_a_response_that_is_done_is_no_more_played():
    created = frame("response.created", response={"id": "r1"})
    done = frame("response.done", response={"id": "r1", "status": "completed"})
    link, connection = await opened(
        created, done, frame("output_audio_buffer.cleared", response_id="r1"), sound(0)
    )
    await connection.receive()
    await connection.receive()
    link.names()
    cancel = CancelResponse(response_id="r1")

    await connection.send(cancel)

    assert link.names() == ["output_audio_buffer.clear"]
    cleared = (await connection.receive())[-1]
    assert (cleared.phase, cleared.command_id) == ("playback_stopped", cancel.command_id)


async def test_the_track_is_heard_while_the_service_plays():
    part = {"response_id": "r1", "item_id": "i1", "content_index": 0, "part": {"type": "audio"}}
    link, connection = await opened(
        sound(0),
        frame("response.content_part.added", **part),
        sound(0),
        frame("output_audio_buffer.started", response_id="r1"),
        sound(900),
        frame("output_audio_buffer.stopped", response_id="r1"),
        *[sound(0)] * 6,
    )
    events = []
    while not _is_stop(events):
        events += await connection.receive()

    heard = [event for event in events if isinstance(event, RealtimeAudioEvent)]
    assert [event.audio for event in heard] == [sound(900), *[sound(0)] * 5]
    assert {(event.response_id, event.item_id) for event in heard} == {("r1", "i1")}
    assert connection.media_stats == MediaStats(packets_received=3, silent_ms=40)
    assert link.names()[0] == "session.update"


def _is_stop(events):
    last = events[-1] if events else None
    return isinstance(last, RealtimeResponseEvent) and last.phase == "playback_stopped"


async def test_a_frame_that_is_too_big_leaves_nothing_behind():
    link, connection = await opened()
    link.biggest = 10
    update = UpdateSession(settings=OpenAIRealtimeExecutionSettings(instructions="Be brief."))

    with pytest.raises(UnsupportedCommand, match="bytes, of 10"):
        await connection.send(update)

    link.biggest = 100_000
    await connection.send(UpdateSession(settings=OpenAIRealtimeExecutionSettings(voice="cedar")))
    link.arrive(UPDATED)
    (event,) = await connection.receive()
    assert event.command_id not in (None, update.command_id)


async def test_without_a_track_there_is_nothing_to_count():
    link = Link(CREATED)
    connection = WireConnection(link, Setup(settings=settings(output_audio_format="pcm16")))

    assert connection.media_stats is None


async def big(*, is_configured):
    """A connection whose configuration is too big for its pipe."""
    session = {"id": "s1", "audio": {"output": {"voice": "alloy"}}}
    link = Link(frame("session.created", session=session))
    link.biggest = 10
    given = Setup(settings=settings(voice="marin"), command_id="setup")
    return WireConnection(link, given, media=link, is_configured=is_configured)


async def test_what_the_session_was_made_with_need_not_go_again_where_it_is_too_big():
    created, updated = await (await big(is_configured=True)).receive()

    assert (created.phase, created.service_type) == ("created", "session.created")
    assert (updated.phase, updated.command_id, updated.service_type) == ("updated", "setup", None)
    assert updated.not_honoured == ("voice",)


async def test_a_configuration_that_is_too_big_to_be_sent_is_refused():
    connection = await big(is_configured=False)

    with pytest.raises(UnsupportedCommand, match="bytes, of 10"):
        await connection.receive()
