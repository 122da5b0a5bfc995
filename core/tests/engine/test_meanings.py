"""What each event means to a whole session: the service says something, and what follows is looked at."""

import asyncio
import contextlib

import pytest
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.budget import Budget
from realtime_core.clock import use_clock
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    CancelResponse,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Truncate,
)
from realtime_core.contents import ApprovalRequest, AudioContent, Message, ToolCall, Usage
from realtime_core.engine.observation import drain
from realtime_core.errors import (
    ConnectionLost,
    LostReason,
    ProviderError,
    RealtimeError,
    SessionStateError,
)
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeFunctionResultEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
)
from realtime_core.observers import hookimpl
from realtime_core.settings import TurnDetection
from realtime_core.state import SessionState
from realtime_core.stats import MediaStats
from realtime_core.tools.call import ActiveCall
from realtime_core.tools.tool import Tool

DETECTION = {"turn_detection": {}}
LIVE = {"live_settings": frozenset({"voice", "output_audio_format", "tools", "tool_choice"})}


def created(name="resp_1", request=None, **more):
    command_id = request and request.command_id
    return RealtimeResponseEvent(phase="created", response_id=name, command_id=command_id, **more)


def done(name="resp_1", status="completed", **more):
    return RealtimeResponseEvent(phase="done", response_id=name, status=status, **more)


def audio(ms=1_000, *, response="resp_1", item="item_1", fmt=PCM16_24KHZ):
    data = bytes(ms * fmt.rate_hz // 1_000 * fmt.frame_bytes)
    return RealtimeAudioEvent(
        service_type="audio", response_id=response, item_id=item, audio=AudioContent(data, fmt)
    )


def text(words="hi", *, response="resp_1"):
    return RealtimeTextEvent(service_type="text", response_id=response, item_id="item_1", text=words)


def speech(phase, **more):
    return RealtimeSpeechEvent(phase=phase, **more)


def call(name="look", *, call_id="call_1", response="resp_1", arguments="{}"):
    return RealtimeFunctionCallEvent(
        service_type="call", response_id=response, function_call=ToolCall(call_id, name, arguments)
    )


def error(kind="server", **more):
    return RealtimeErrorEvent(service_type="error", kind=kind, code="boom", message="it failed", **more)


async def look() -> str:
    """Look."""
    return "seen"


LOOK = Tool(look)


class Talk:
    """An open session, and its service's end of the line."""

    def __init__(self, session, service, idle):
        self.session = session
        self._service = service
        self._idle = idle
        self._stream = session.receive()

    @property
    def connection(self):
        return self._service.connection

    async def says(self, *events):
        """The service says them, one after the other; what the application is told."""
        for event in events:
            self.connection.push(event)
        return await self.told()

    async def told(self):
        """What the application has not been told yet."""
        await self._idle()
        events = []
        while self.session.stats.queued_events:
            events.append(await anext(self._stream))
        return events

    def sent(self, *kinds):
        """The commands of those classes, in order."""
        return [command for command in self.connection.sent if isinstance(command, kinds)]


@pytest.fixture
def talking(service, clock, idle):
    """``async with talking(...)`` is a session whose opening was told."""

    @contextlib.asynccontextmanager
    async def talk(capabilities=None, *, client=None, settings=None, **session):
        with use_clock(clock):
            made = service.client(capabilities=capabilities, settings=settings, **(client or {}))(**session)
            await made.create_session()
            it = Talk(made, service, idle)
            await it.told()
            try:
                yield it
            finally:
                await made.delete_session()

    return talk


def types(events):
    return [type(event) for event in events]


def of(kind, events):
    return [event for event in events if type(event) is kind]


# -- responses ---------------------------------------------------------------------------------------


async def test_the_words_of_a_response_are_told_and_kept(talking):
    async with talking() as talk:
        told = await talk.says(created(), text("hello"), done())

        assert types(told) == [RealtimeResponseEvent, RealtimeTextEvent, RealtimeResponseEvent]
        assert [entry.text for entry in talk.session.conversation] == ["hello"]


async def test_what_is_out_of_band_is_in_its_handle_and_nowhere_else(talking):
    async with talking() as talk:
        handle = await talk.session.create_response(conversation="none")
        (request,) = talk.sent(CreateResponse)

        told = await talk.says(
            created("resp_9", request, out_of_band=True),
            text("aside", response="resp_9"),
            audio(response="resp_9"),
            call(response="resp_9"),
            done("resp_9", out_of_band=True),
        )

        assert (handle.text, len(handle.audio), [each.name for each in handle.function_calls]) == (
            "aside",
            1,
            ["look"],
        )
        assert types(told) == [RealtimeResponseEvent, *[RealtimeEvent] * 3, RealtimeResponseEvent]
        assert len(talk.session.conversation) == 0
        assert (await handle).status == "completed"


async def test_the_time_to_the_first_audio_is_told_at_the_end(talking, clock):
    async with talking() as talk:
        await talk.session.create_response()
        (request,) = talk.sent(CreateResponse)
        clock.advance(0.25)

        told = await talk.says(created("resp_1", request), audio(10), audio(10), done())

        assert told[-1].first_audio_ms == pytest.approx(250)


PACED = {"paced": True, "truncate": "server"}


def playback(phase, name="resp_1", **more):
    return RealtimeResponseEvent(phase=f"playback_{phase}", response_id=name, **more)


async def test_what_a_media_track_plays_is_told(talking):
    async with talking(PACED) as talk:
        assert await talk.says(created(), playback("started")) == [created(), playback("started")]
        assert talk.session._engine._slot.is_active


async def test_what_a_media_track_plays_is_heard_when_it_has_stopped(talking, idle, clock):
    async with talking(PACED) as talk:
        handle = await talk.session.create_response()
        (request,) = talk.sent(CreateResponse)
        hearing = asyncio.create_task(handle.heard())
        await talk.says(created("resp_1", request), playback("started"), audio(20), done())
        clock.advance(1)
        await idle()
        assert not hearing.done()

        await talk.says(playback("stopped"))

        assert await hearing is True


async def test_speech_does_not_interrupt_what_a_media_track_has_played(talking):
    async with talking(PACED, settings=DETECTION) as talk:
        told = await talk.says(
            created(),
            text("All of it."),
            playback("started"),
            audio(20),
            done(),
            playback("stopped"),
            speech("started"),
        )

        assert not of(RealtimeInterruptionEvent, told)
        assert [entry.text for entry in talk.session.conversation] == ["All of it."]


async def test_what_a_media_track_is_about_to_play_is_not_heard_yet(talking, idle):
    async with talking(PACED) as talk:
        handle = await talk.session.create_response()
        (request,) = talk.sent(CreateResponse)
        await talk.says(created("resp_1", request), done(usage=Usage(output_audio_tokens=7)))
        hearing = asyncio.create_task(handle.heard())
        await idle()
        assert not hearing.done()

        await talk.says(playback("started"), playback("stopped"))

        assert await hearing is True


async def test_the_end_of_what_a_media_track_plays_is_told_when_it_has_been_played(talking, idle):
    async with talking(PACED) as talk:
        handle = await talk.session.create_response()
        (request,) = talk.sent(CreateResponse)
        ending = asyncio.create_task(end_of(handle))
        frame = done(service_type="response.done")

        told = await talk.says(created("resp_1", request), playback("started"), frame, error())
        await idle()

        assert types(told[-2:]) == [RealtimeEvent, RealtimeErrorEvent]
        assert told[-2].service_type == "response.done"
        assert not ending.done()
        told = await talk.says(audio(20), playback("stopped"))
        assert types(told) == [RealtimeAudioEvent, RealtimeResponseEvent, RealtimeResponseEvent]
        assert [event.phase for event in of(RealtimeResponseEvent, told)] == ["done", "playback_stopped"]
        assert (await ending).status == "completed"


async def end_of(handle):
    return await handle


@pytest.mark.parametrize("ends", ["speech", "interrupt", "next", "restart", "deleted"])
async def test_the_end_of_what_a_media_track_plays_no_more_is_told_at_once(talking, ends):
    async with talking(PACED, settings=DETECTION) as talk:
        await talk.says(created(), playback("started"), audio(20), done())
        match ends:
            case "speech":
                told = await talk.says(speech("started"))
            case "interrupt":
                await talk.session.interrupt()
                told = await talk.told()
            case "next":
                told = await talk.says(created("resp_2"))
            case "restart":
                told = await talk.says(playback("started", "resp_2"))
            case "deleted":
                reading = asyncio.create_task(rest_of(talk))
                await talk.session.delete_session()
                told = await reading

    status = "cancelled" if ends in {"speech", "interrupt"} else "completed"
    ended = [event for event in of(RealtimeResponseEvent, told) if event.phase == "done"]
    assert [event.status for event in ended] == [status]


async def rest_of(talk):
    return [event async for event in talk.session.receive()]


async def test_the_next_response_is_asked_for_while_the_one_before_is_played(talking):
    async with talking(PACED) as talk:
        await talk.session.create_response()
        (request,) = talk.sent(CreateResponse)
        await talk.says(created("resp_1", request), playback("started"), done())

        await talk.session.create_response()

        assert len(talk.sent(CreateResponse)) == 2


async def test_the_time_in_which_audio_leaves_is_not_the_services(talking, service, clock, idle):
    async with talking(PACED) as talk:
        service.send_gate = asyncio.Event()
        asking = asyncio.create_task(talk.session.create_response())
        await idle()
        clock.advance(5)
        service.send_gate.set()
        await asking
        (request,) = talk.sent(CreateResponse)
        clock.advance(0.25)

        told = await talk.says(created("resp_1", request), audio(10), done())

        assert told[-1].first_audio_ms == pytest.approx(250)


async def test_speech_interrupts_what_a_media_track_plays_although_the_response_is_done(talking, clock):
    words = "It is sunny in Rome today, as it is nearly always in May."
    async with talking(PACED, settings=DETECTION) as talk:
        await talk.says(created(), text(words), playback("started"), audio(1_000), done())
        clock.advance(1)

        told = await talk.says(speech("started"), audio(20), playback("stopped", status_reason="cleared"))

        (interruption,) = of(RealtimeInterruptionEvent, told)
        assert (interruption.cause, interruption.item_id) == ("speech", "item_1")
        assert not of(RealtimeAudioEvent, told)
        assert talk.sent(CancelResponse, Truncate, DeleteItem) == []  # the service does it
        assert [entry.text for entry in talk.session.conversation] == ["It is sunny in"]


async def test_interrupting_what_a_media_track_plays_stops_it_although_the_response_is_done(talking):
    async with talking(PACED) as talk:
        await talk.says(created(), playback("started"), audio(20), done())

        assert await talk.session.interrupt()

        (cancel,) = talk.sent(CancelResponse)
        assert cancel.response_id == "resp_1"
        assert not await talk.session.interrupt()


async def test_interrupting_does_not_wait_behind_audio_that_is_to_leave_first(talking, service, idle):
    async with talking(PACED) as talk:
        await talk.says(created(), playback("started"), audio(20))
        service.send_gate = asyncio.Event()
        committing = asyncio.create_task(talk.session.commit_audio())
        await idle()
        write, service.send_gate = service.send_gate, None

        assert await talk.session.interrupt()

        assert [type(each) for each in talk.sent(CancelResponse, CommitAudio)] == [CancelResponse]
        write.set()
        await committing


async def test_what_is_played_out_of_band_is_not_heard_and_not_interrupted(talking):
    async with talking(PACED, settings=DETECTION) as talk:
        await talk.session.create_response(conversation="none")
        (request,) = talk.sent(CreateResponse)
        started = playback("started", "resp_9", out_of_band=True)

        told = await talk.says(created("resp_9", request, out_of_band=True), started, speech("started"))

        assert started in told
        assert not of(RealtimeInterruptionEvent, told)
        assert not await talk.session.interrupt()


@pytest.mark.parametrize("capabilities", [{}, PACED])
async def test_a_session_that_ends_while_something_is_written_tells_who_waits(
    talking, service, idle, capabilities
):
    async with talking(capabilities) as talk:
        await talk.says(created())
        service.send_gate = asyncio.Event()
        waiting = [
            asyncio.create_task(each)
            for each in (talk.session.interrupt(), talk.session.create_response(conversation="none"))
        ]
        await idle()
        talk.connection.lose()

        for task in waiting:
            with pytest.raises(ConnectionLost):
                await task


async def test_the_counters_of_a_media_track_are_those_of_the_session(talking):
    async with talking(PACED) as talk:
        assert talk.session.stats.media is None

        talk.connection.media_stats = MediaStats(packets_lost=3)

        assert talk.session.stats.media.packets_lost == 3


@pytest.mark.parametrize(("phase", "corrections"), [("done", 0), ("added", 1)])
async def test_of_an_item_that_is_done_and_was_heard_nothing_is_cut(talking, clock, phase, corrections):
    async with talking() as talk:
        await talk.says(created(), audio(100), RealtimeItemEvent(phase=phase, item_id="item_1"))
        await talk.says(RealtimeItemEvent(phase="done"))
        clock.advance(0.2)

        await talk.session.interrupt()

        assert len(talk.sent(Truncate)) == corrections


# -- interruptions -----------------------------------------------------------------------------------


async def test_the_users_speech_cuts_the_assistant_and_the_model_is_told_what_was_heard(talking, clock):
    heard = []
    async with talking(settings=DETECTION, audio_output_callback=lambda pcm: heard.append(len(pcm))) as talk:
        await talk.says(created(), text("one two three"), audio(1_000))
        clock.advance(0.4)

        told = await talk.says(speech("started"))

        (interruption,) = of(RealtimeInterruptionEvent, told)
        assert (interruption.cause, interruption.item_id) == ("speech", "item_1")
        assert interruption.played_ms == pytest.approx(400)
        assert [command.keep_ms for command in talk.sent(Truncate)] == [400]
        assert talk.session.usage.interruptions == 1
        (entry,) = talk.session.conversation
        assert (entry.interrupted, entry.heard_ms) == (True, pytest.approx(400))
        late = await talk.says(audio(10))
        assert types(late) == [RealtimeEvent]


async def test_speech_that_is_not_to_interrupt_does_not(talking):
    settings = {"turn_detection": TurnDetection(interrupt_response=False)}
    async with talking(settings=settings) as talk:
        told = await talk.says(created(), audio(), speech("started"))

        assert not of(RealtimeInterruptionEvent, told)
        assert talk.sent(Truncate, DeleteItem) == []


async def test_interrupting_cancels_what_is_said_and_drops_what_was_asked_for(talking):
    async with talking() as talk:
        await talk.says(created(), audio())
        waiting = await talk.session.create_response(instructions="and then this")

        assert await talk.session.interrupt() is True

        assert [command.response_id for command in talk.sent(CancelResponse)] == ["resp_1"]
        assert (await waiting).status == "cancelled"
        (interruption,) = of(RealtimeInterruptionEvent, await talk.told())
        assert interruption.cause == "client"
        assert talk.sent(CreateResponse) == []


async def test_interrupting_silence_does_nothing(talking):
    async with talking() as talk:
        assert await talk.session.interrupt() is False
        assert talk.connection.sent == []


async def test_a_response_that_begins_unwanted_is_cut_at_once(talking):
    async with talking() as talk:
        handle = await talk.session.create_response()
        (request,) = talk.sent(CreateResponse)
        assert await talk.session.interrupt() is True

        await talk.says(created("resp_1", request))

        assert [command.response_id for command in talk.sent(CancelResponse)] == ["resp_1"]
        await talk.says(done(status="cancelled"))
        assert (await handle).status == "cancelled"


async def test_without_ids_a_response_that_was_cut_is_known_as_not_heard(talking):
    async with talking({"ids": False}) as talk:
        handle = await talk.session.create_response()
        await talk.says(created(None), audio(response=None, item=None))
        await talk.session.interrupt()
        await talk.says(done(None, status="cancelled"))

        assert await handle.heard() is False


async def test_the_service_interrupts_once_however_often_it_says_so(talking):
    interrupted = RealtimeInterruptionEvent(service_type="stop", cause="service", response_id="resp_1")
    async with talking() as talk:
        await talk.says(created(), audio())

        first = await talk.says(interrupted)
        second = await talk.says(interrupted)
        last = await talk.says(done(status="cancelled"))

        assert [event.cause for event in of(RealtimeInterruptionEvent, first)] == ["service"]
        assert second == [RealtimeEvent(service_type="stop", response_id="resp_1")]
        assert types(last) == [RealtimeResponseEvent]


async def test_a_response_that_the_service_cancelled_was_interrupted(talking):
    async with talking() as talk:
        told = await talk.says(created(), audio(), done(status="cancelled"))

        assert [event.cause for event in of(RealtimeInterruptionEvent, told)] == ["service"]
        assert talk.session.usage.interruptions == 1


# -- turns -------------------------------------------------------------------------------------------


async def test_while_the_user_speaks_the_slot_is_kept_for_the_services_answer(talking):
    async with talking(settings=DETECTION) as talk:
        await talk.says(speech("started"))
        await talk.session.create_response()
        assert talk.sent(CreateResponse) == []

        await talk.says(speech("stopped"), speech("committed"))

        assert len(talk.sent(CreateResponse)) == 1


@pytest.mark.parametrize("detection", [None, TurnDetection(create_response=False)])
async def test_where_the_service_does_not_answer_by_itself_no_place_is_kept(talking, detection):
    async with talking(settings={"turn_detection": detection}) as talk:
        await talk.says(speech("started"))
        await talk.session.create_response()

        assert len(talk.sent(CreateResponse)) == 1


async def test_a_turn_that_the_service_ended_explains_a_response_that_names_no_request(talking):
    async with talking(settings=DETECTION) as talk:
        await talk.says(speech("committed"))
        handle = await talk.session.create_response()

        await talk.says(created("resp_of_turn"))

        assert handle.response_id is None


async def test_a_turn_that_could_not_be_answered_is_answered_later(talking):
    async with talking(settings=DETECTION) as talk:
        await talk.says(created())

        told = await talk.says(error("response_active"))
        assert types(told) == [RealtimeEvent]
        assert talk.sent(CreateResponse) == []

        await talk.says(done())
        assert len(talk.sent(CreateResponse)) == 1


async def test_without_turn_detection_an_active_response_explains_nothing(talking):
    async with talking(settings={"turn_detection": None}) as talk:
        told = await talk.says(created(), error("response_active"))

        assert types(told) == [RealtimeResponseEvent, RealtimeErrorEvent]


async def test_a_request_that_is_sent_again_later_is_no_error(talking):
    async with talking(settings=DETECTION) as talk:
        handle = await talk.session.create_response()
        (first,) = talk.sent(CreateResponse)
        await talk.says(speech("committed"))

        told = await talk.says(created(), error("response_active", command_id=first.command_id), done())
        again = talk.sent(CreateResponse)[-1]
        await talk.says(created("resp_2", again), done("resp_2"))

        assert types(told) == [RealtimeResponseEvent, RealtimeEvent, RealtimeResponseEvent]
        assert (await handle).response_id == "resp_2"


async def test_a_request_that_is_refused_is_told_to_whoever_asked(talking):
    async with talking() as talk:
        handle = await talk.session.create_response()
        (request,) = talk.sent(CreateResponse)

        told = await talk.says(error("invalid_request", command_id=request.command_id))

        assert types(told) == [RealtimeErrorEvent]
        with pytest.raises(ProviderError, match="boom: it failed"):
            await handle


async def test_the_end_of_a_cancelled_response_that_was_lost_frees_the_slot(talking):
    async with talking() as talk:
        await talk.says(created(), audio())
        await talk.session.interrupt()
        (cancel,) = talk.sent(CancelResponse)

        await talk.says(error("nothing_to_cancel", command_id=cancel.command_id))
        await talk.session.create_response()

        assert len(talk.sent(CreateResponse)) == 1


# -- tools -------------------------------------------------------------------------------------------


async def test_a_call_is_made_and_the_model_goes_on_with_its_result(talking):
    async with talking(tools=[LOOK]) as talk:
        told = await talk.says(created(), call(), done())

        (result,) = of(RealtimeFunctionResultEvent, told)
        assert (result.function_result.output, result.sent) == ("seen", True)
        assert [command.item.output for command in talk.sent(AddItem)] == ["seen"]
        assert [dict(command.overrides) for command in talk.sent(CreateResponse)] == [{}]
        assert talk.session.usage.tool_calls == 1
        assert talk.session.conversation[-1].item.call_id == "call_1"


async def test_a_tool_that_must_be_called_is_not_called_for_ever(talking):
    async with talking(settings={"tool_choice": "required"}, tools=[LOOK]) as talk:
        await talk.says(created(), call(), done())

        assert [dict(command.overrides) for command in talk.sent(CreateResponse)] == [{"tool_choice": "auto"}]


@pytest.mark.parametrize(
    "capabilities", [{"turns": False}, {"client_responses": False}, {"auto_continue": True}]
)
async def test_a_service_that_goes_on_by_itself_is_not_asked_to(talking, capabilities):
    async with talking(capabilities, tools=[LOOK]) as talk:
        await talk.says(created(), call(), done())

        assert (len(talk.sent(AddItem)), talk.sent(CreateResponse)) == (1, [])


async def test_a_call_that_the_service_cancelled_has_no_result(talking):
    gate = asyncio.Event()

    async def wait() -> str:
        """Wait."""
        await gate.wait()
        return "late"

    async with talking(tools=[wait]) as talk:
        await talk.says(created(), call("wait"))
        await talk.says(RealtimeFunctionCancelledEvent(call_id="call_1"))
        gate.set()

        (result,) = of(RealtimeFunctionResultEvent, await talk.told())
        assert (result.sent, talk.sent(AddItem)) == (False, [])


@pytest.mark.parametrize(("confirmed", "asked"), [(True, 0), (False, 1)])
async def test_a_response_of_the_service_that_has_the_results_is_not_asked_for_again(
    talking, confirmed, asked
):
    async with talking(settings=DETECTION, tools=[LOOK]) as talk:
        await talk.says(created(), speech("started"), call())
        (item,) = talk.sent(AddItem)
        if confirmed:
            await talk.says(RealtimeItemEvent(phase="added", command_id=item.command_id))
        await talk.says(done())

        await talk.says(created("resp_2"), speech("stopped"), done("resp_2"))

        assert len(talk.sent(CreateResponse)) == asked


async def test_tools_given_later_are_those_that_are_called(talking):
    async with talking(LIVE) as talk:
        await talk.session.update_session(tools=[LOOK])
        told = await talk.says(created(), call(), done())

        assert [event.function_result.output for event in of(RealtimeFunctionResultEvent, told)] == ["seen"]


async def test_a_tool_says_that_it_takes_a_while_where_nothing_else_is_said(talking):
    gate = asyncio.Event()

    async def wait(active: ActiveCall) -> str:
        """Wait."""
        active.progress("one moment")
        await gate.wait()
        active.progress("nearly there")
        return "done"

    async with talking(tools=[wait]) as talk:
        await talk.says(created(), done(), call("wait"))

        (said,) = talk.sent(CreateResponse)
        assert said.overrides["tool_choice"] == "none"
        assert "one moment" in said.overrides["instructions"]
        gate.set()
        await talk.told()
        await talk.says(created("resp_2", said), done("resp_2"))
        assert all("nearly there" not in str(each.overrides) for each in talk.sent(CreateResponse))


async def test_results_that_nobody_will_hear_of_are_told_at_the_end(talking):
    async def wait() -> str:
        """Wait."""
        await asyncio.Event().wait()
        return "never"

    async with talking(tools=[wait]) as talk:
        await talk.says(created(), call("wait"))
        await talk.session.delete_session()

        told = await talk.told()
        assert [event.sent for event in of(RealtimeFunctionResultEvent, told)] == [False]
        assert talk.session.usage.tool_errors == 1


# -- approvals ---------------------------------------------------------------------------------------

REQUEST = ApprovalRequest("mcpr_1", "delete", "{}", server="files")


@pytest.mark.parametrize(("approve", "reason"), [(True, ""), (False, "not today")])
async def test_the_services_own_tool_servers_are_told_what_a_person_decides(talking, approve, reason):
    asked = RealtimeApprovalEvent(service_type="approval", request=REQUEST)
    async with talking() as talk:
        assert (await talk.says(created(), asked, done()))[1] == asked

        decide = talk.session.approve(REQUEST) if approve else talk.session.deny(REQUEST, reason)
        await decide
        await talk.told()

        (answer,) = talk.sent(AnswerApproval)
        assert (answer.approval_id, answer.approve, answer.reason) == ("mcpr_1", approve, reason)
        assert len(talk.sent(CreateResponse)) == 1


@pytest.mark.parametrize(("history", "told"), [("any_time", 1), ("at_start", 0)])
async def test_a_person_approves_a_call_and_the_model_knows_that_it_waits(talking, history, told):
    tool = Tool(look, approve=True)
    async with talking({"history": history}, tools=[tool]) as talk:
        (_, _, _, asked) = await talk.says(created(), done(), call())
        words = [command.item.content for command in talk.sent(AddItem)]
        assert len(words) == told
        assert all("'look' is not called before a person has approved it" in each for each in words)

        await talk.session.approve(asked.request)

        (result,) = of(RealtimeFunctionResultEvent, await talk.told())
        assert result.function_result.output == "seen"
        assert talk.sent(AnswerApproval) == []


async def test_nobody_approves_anything_in_a_session_that_has_ended(talking):
    async with talking() as talk:
        await talk.says(RealtimeApprovalEvent(request=REQUEST))
        await talk.session.delete_session()

        with pytest.raises(SessionStateError):
            await talk.session.approve(REQUEST)


# -- settings ----------------------------------------------------------------------------------------


async def test_audio_comes_in_the_format_that_is_in_force(talking):
    async with talking(LIVE) as talk:
        await talk.session.update_session(output_audio_format=AudioFormat("pcm16", 8_000))
        told = await talk.says(created(), audio(1_000), done())

        formats = {event.audio.format for event in of(RealtimeAudioEvent, told)}
        assert formats == {AudioFormat("pcm16", 8_000)}
        assert sum(event.audio.duration_ms for event in of(RealtimeAudioEvent, told)) == pytest.approx(
            1_000, abs=1
        )


async def test_without_answers_a_change_is_in_force_once_it_is_written(talking):
    async with talking({**LIVE, "acks": False}, tools=[]) as talk:
        await talk.session.update_session(voice="b")
        assert talk.session.settings.voice == "b"

        await talk.says(RealtimeSessionEvent(phase="updated"))
        assert talk.session.settings.voice == "b"


async def test_what_the_service_does_not_honour_is_told_behind_its_report(talking):
    updated = RealtimeSessionEvent(phase="updated", not_honoured=("voice", "tools"))
    async with talking() as talk:
        report, complaint = await talk.says(updated)

        assert report == updated
        assert (complaint.code, complaint.benign) == ("setting_not_honoured", True)
        assert complaint.message.endswith("asked for: voice, tools")


async def test_turn_detection_is_as_the_service_reports_it(talking):
    reported = RealtimeSessionEvent(
        phase="updated", turn_detection=TurnDetection(interrupt_response=False, create_response=False)
    )
    async with talking(settings=DETECTION) as talk:
        told = await talk.says(reported, created(), audio(), speech("started"))

        assert not of(RealtimeInterruptionEvent, told)


async def test_the_end_that_the_service_announces_is_told_and_ends_nothing(talking):
    announced = RealtimeSessionEvent(service_type="expiring", phase="closed", expires_at_s=1.0)
    async with talking() as talk:
        assert await talk.says(announced) == [announced]
        assert talk.session.state is SessionState.OPEN


# -- opening -----------------------------------------------------------------------------------------


def accepted(command):
    return RealtimeItemEvent(phase="added", command_id=command.command_id)


async def test_what_was_said_before_is_accepted_before_the_session_is_open(talking, service):
    service.answers[AddItem] = accepted
    async with talking(history=[Message("user", "hello")], create_response=True) as talk:
        assert [type(command) for command in talk.connection.sent] == [AddItem, CreateResponse]
        assert [entry.text for entry in talk.session.conversation] == ["hello"]


async def test_without_answers_what_was_said_before_is_only_sent(talking):
    async with talking({"acks": False}, history=[Message("user", "hello")]) as talk:
        assert [command.item.content for command in talk.sent(AddItem)] == ["hello"]


async def test_history_that_is_refused_ends_the_opening(service):
    service.answers[AddItem] = lambda command: error("invalid_request", command_id=command.command_id)

    with pytest.raises(ProviderError, match="boom: it failed"):
        await service.client()(history=[Message("user", "hello")]).create_session()


async def test_a_configuration_that_is_refused_ends_the_opening(service, idle):
    service.greeting = []
    opening = asyncio.create_task(service.client()().create_session())
    await idle()

    service.connection.push(error("invalid_request", command_id=service.setups[0].command_id))

    with pytest.raises(ProviderError, match="boom: it failed"):
        await opening


# -- what is not sent --------------------------------------------------------------------------------


async def test_what_could_not_be_sent_and_nobody_waits_for_is_told(talking, service):
    async with talking(settings=DETECTION) as talk:
        await talk.says(created(), audio())
        service.send_error = ProviderError("no", code="no")

        told = await talk.says(speech("started"))

        (problem,) = of(RealtimeErrorEvent, told)
        assert (problem.code, problem.message) == ("not_sent", "DeleteItem was not sent: no")


async def test_what_could_not_be_sent_is_told_to_whoever_waits_and_to_nobody_else(talking, service):
    async with talking() as talk:
        service.send_error = ProviderError("no", code="no")

        with pytest.raises(ProviderError):
            await talk.session.create_response()
        assert await talk.told() == []


async def test_what_could_not_be_sent_is_no_part_of_the_conversation(talking, service):
    async with talking() as talk:
        service.send_error = ProviderError("no", code="no")

        with pytest.raises(ProviderError):
            await talk.session.send_text("hello")
        assert len(talk.session.conversation) == 0


# -- the end -----------------------------------------------------------------------------------------


async def ending(talk):
    """What the session ended with."""
    with pytest.raises(RealtimeError) as end:
        _ = [event async for event in talk.session.receive()]
    return end.value


async def test_a_fatal_error_ends_the_session(talking):
    async with talking() as talk:
        talk.connection.push(error("auth", fatal=True))

        assert "it failed" in str(await ending(talk))


async def test_a_command_that_the_end_overtakes_fails_with_it(talking):
    async with talking() as talk:
        handle = await talk.session.create_response()
        lost = talk.connection.lose(code=1006)

        assert await ending(talk) is lost
        with pytest.raises(ConnectionLost):
            await handle


async def test_a_commit_that_the_end_overtakes_fails_with_it(talking, service, idle):
    del service.answers[CommitAudio]
    async with talking() as talk:
        await talk.session.send_audio(bytes(9_600))
        committing = asyncio.create_task(talk.session.commit_audio())
        await idle()
        talk.connection.lose()

        with pytest.raises(ConnectionLost):
            await committing
        assert talk.sent(CommitAudio) != []


async def test_a_session_whose_events_nobody_reads_is_ended(service, idle):
    session = service.client(limits=None)()
    await session.create_session()
    session._engine.queue.limit_bytes = 1
    service.connection.push(speech("started"))
    await idle()

    with pytest.raises(ConnectionLost, match="nobody read them") as end:
        async for _ in session.receive():
            pass
    assert end.value.reason is LostReason.CONSUMER_STUCK
    await session.delete_session()


class Watcher:
    """An observer that logs."""

    def __init__(self):
        self.log = []

    @hookimpl
    def realtime_session_opened(self, session):
        self.log.append(("opened", session.session_id))

    @hookimpl
    def realtime_session_closed(self, reason):
        self.log.append(("closed", reason))

    @hookimpl
    def realtime_event(self, event):
        self.log.append(type(event))

    @hookimpl
    def realtime_command(self, command):
        self.log.append(type(command))


async def test_observers_see_events_commands_and_both_ends(talking):
    watcher = Watcher()
    async with talking(client={"observers": [watcher]}) as talk:
        await talk.says(created(), audio())
        await talk.session.interrupt()
    drain()

    assert watcher.log[0] == ("opened", "sess_1")
    assert watcher.log[-1] == ("closed", "deleted")
    assert {CancelResponse, RealtimeInterruptionEvent, RealtimeAudioEvent} < set(watcher.log)


# -- budgets -----------------------------------------------------------------------------------------

TOKENS = Usage(total_tokens=100, input_tokens=60, output_tokens=40)


async def test_a_budget_that_is_used_up_refuses_what_waits_and_ends_when_all_was_heard(talking, clock):
    async with talking(client={"budget": Budget(max_tokens=100)}) as talk:
        await talk.says(created(), audio(500))
        waiting = await talk.session.create_response(instructions="and then")

        told = await talk.says(done(usage=TOKENS))

        assert [event.code for event in of(RealtimeErrorEvent, told)] == ["budget_exhausted"]
        with pytest.raises(SessionStateError, match="the budget of the session is used up"):
            await waiting
        with pytest.raises(SessionStateError, match="the budget of the session is used up"):
            talk.session._engine.budget.refuse()
        assert talk.session.state is SessionState.OPEN
        clock.advance(1)
        end = await ending(talk)
        assert end.reason is LostReason.BUDGET_EXHAUSTED


async def test_a_budget_that_is_left_refuses_nothing(talking):
    async with talking(client={"budget": Budget(max_tokens=101)}) as talk:
        await talk.says(created(), done(usage=TOKENS))

        talk.session._engine.budget.refuse()
        await talk.session.create_response()
        assert len(talk.sent(CreateResponse)) == 1


async def test_results_ask_for_nothing_once_the_budget_is_used_up(talking):
    async with talking(client={"budget": Budget(max_tokens=100)}, tools=[LOOK]) as talk:
        await talk.says(created(), audio(500), call(), done(usage=TOKENS))

        assert (len(talk.sent(AddItem)), talk.sent(CreateResponse)) == (1, [])


async def test_a_session_that_ends_looks_at_its_budget_no_more(talking, clock):
    async with talking(client={"budget": Budget(max_tokens=100)}) as talk:
        await talk.says(created(), audio(500), done(usage=TOKENS))
        await talk.session.delete_session()

        clock.advance(20)

        assert talk.session._engine.life.end.failure is None
        assert [event.reason for event in await talk.told()] == ["deleted"]
