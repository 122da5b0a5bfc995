"""One response slot: DESIGN §5.3, over a real socket, with what provokes each clause."""

import asyncio
from typing import Any

import pytest
from guarantees.talk import ANY, HELD, Talk, reason_of_end, talking
from listening import ended, errors, is_done, printed, until
from realtime_core import (
    CommandTimeout,
    ProviderError,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    SessionStateError,
    create_client,
)
from realtime_simulator import Watch
from settling import settle

pytestmark = pytest.mark.usefixtures("no_leaks")

ACTIVE = "conversation_already_has_active_response"
TEXT = {"output_modalities": ["text"]}


def refusals(talk: Talk, code: str = ACTIVE) -> int:
    return sum(frame["error"]["code"] == code for frame in talk.said("error"))


# -- nobody hears of an active response -----------------------------------------------------------------


async def race(session: Any, service: Any, turns: int) -> list[Any]:
    """Two tasks that ask for responses while the user speaks, turn after turn; all the handles."""
    handles: list[Any] = []

    async def ask() -> None:
        for _ in range(turns):
            handle = await session.create_response()
            service.user_says("And now?")
            handles.append(handle)
            await handle.created()

    await asyncio.gather(ask(), ask())
    return handles


def check_race(handles: list[Any], service: Any, events: list[RealtimeEvent], turns: int) -> None:
    statuses = {handle._request.done.value.status for handle in handles}
    refused = [frame for frame in service.sent if frame["type"] == "error"]
    assert len(handles) == 2 * turns
    assert statuses <= {"completed", "cancelled"}
    assert len(refused) > turns / 10  # or it was no race
    assert {frame["error"]["code"] for frame in refused} == {ACTIVE}
    assert errors(events) == []


@pytest.mark.parametrize("faults", ["", "null-event-id@1"])
async def test_two_tasks_that_race_turn_detection_never_hear_of_an_active_response(
    realtime_simulator: Any, faults: str
):
    turns = 100
    async with talking(realtime_simulator, faults=faults, brain="echo", script=None, session=TEXT) as talk:
        handles = await race(talk.session, talk.service, turns)
        for handle in handles:
            await handle
        events = await ended(talk.session)

    check_race(handles, talk.service, events, turns)


async def test_thousand_turns_of_the_race_in_memory():
    # a long conversation takes the simulator a long time to read
    for _ in range(20):
        watch = Watch()
        async with create_client("simulator", watch=watch, speed=0)(**TEXT) as session:
            handles = await race(session, watch.sessions[0], 25)
            for handle in handles:
                await handle
            events = await ended(session)

        check_race(handles, watch.sessions[0], events, 25)


# -- handles ----------------------------------------------------------------------------------------------


async def test_handle_tells_of_beginning_end_and_the_last_sound(realtime_simulator: Any):
    def play(_: Any) -> None: ...

    async with talking(realtime_simulator, session={"audio_output_callback": play}) as talk:
        handle = await talk.hold()
        await talk.service.expect_sent("response.output_item.done")
        heard = asyncio.create_task(handle.heard())
        assert (await handle.created()).phase == "created"
        assert repr(handle).endswith("open>")
        talk.let_go()

        done = await handle

        assert (done.response_id, done.status) == (handle.response_id, "completed")
        assert handle.text == "One.Two."
        await settle()
        assert not heard.done()
        talk.clock.advance(60)
        assert await heard


async def test_handle_of_speech_that_is_cut_off_was_not_heard(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        handle = await talk.hold()
        talk.service.user_starts_speaking()

        assert (await handle).status == "cancelled"
        assert await handle.heard() is False


async def test_requests_without_overrides_become_one_while_a_response_is_active(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        await talk.hold()
        handles = [await talk.session.create_response() for _ in range(5)]
        talk.let_go()

        assert len({(await handle).response_id for handle in handles}) == 1
        assert len(talk.sent("response.create")) == 2


async def test_requests_with_overrides_follow_one_by_one_in_order_and_are_bounded(realtime_simulator: Any):
    async with talking(realtime_simulator, session=TEXT) as talk:
        await talk.hold()
        handles = [await talk.session.create_response(instructions=f"number {n}") for n in range(64)]
        with pytest.raises(SessionStateError, match="64 responses with overrides wait"):
            await talk.session.create_response(instructions="one too many")
        talk.let_go()

        ids = [(await handle).response_id for handle in handles]

        asked = [frame["response"].get("instructions") for frame in talk.sent("response.create")]
        created = [frame["response"]["id"] for frame in talk.said("response.created")]
        assert asked == [None, *(f"number {n}" for n in range(64))]
        assert created[1:] == ids
        assert refusals(talk) == 0


async def test_response_that_the_service_begins_by_itself_holds_the_slot(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        talk.service.user_says("hold")
        await until(talk.session, lambda event: event.service_type == "response.created")
        handle = await talk.session.create_response()
        await settle()
        assert talk.sent("response.create") == []

        talk.let_go()

        assert (await handle).status == "completed"
        assert len(talk.sent("response.create")) == 1
        assert refusals(talk) == 0


@pytest.mark.parametrize("faults", ["", "null-event-id@1"])
async def test_refused_override_is_raised_by_the_handle_and_told_once(realtime_simulator: Any, faults: str):
    async with talking(realtime_simulator, faults=faults) as talk:
        refused = await talk.session.create_response(output_modalities=["smell"])
        after = await talk.session.create_response()

        for step in (refused.created, refused.heard, lambda: refused):
            with pytest.raises(ProviderError, match="smell"):
                await step()

        assert (await after).status == "completed"
        (told,) = errors(await ended(talk.session))
        assert "smell" in told.message


@pytest.mark.parametrize("conversation", ["auto", "none"])
async def test_service_that_does_not_answer_gives_a_timeout_and_the_slot_back(
    realtime_simulator: Any, conversation: str
):
    async with talking(realtime_simulator, faults="stall@3") as talk:
        handle = await talk.session.create_response(conversation=conversation)
        waiting = await talk.session.create_response(instructions="and this")
        await talk.service.expect("response.create")

        talk.clock.advance(10)

        with pytest.raises(CommandTimeout, match="did not begin a response within 10 s"):
            await handle
        await talk.service.expect("response.create", response={"instructions": "and this"})
        talk.clock.advance(10)
        with pytest.raises(CommandTimeout):
            await waiting.created()


@pytest.mark.parametrize("state", ["sent", "active", "waiting", "out of band"])
@pytest.mark.parametrize("end", ["dropped", "deleted"])
async def test_end_of_the_session_fails_every_open_handle_with_its_reason(
    realtime_simulator: Any, state: str, end: str
):
    async with talking(realtime_simulator) as talk:
        if state == "sent":
            handle = await talk.session.create_response()
        else:
            handle = await talk.hold()
        if state == "waiting":
            handle = await talk.session.create_response()
        if state == "out of band":
            handle = await talk.session.create_response(conversation="none", input=[message("hold")])
            await handle.created()
        waiting = [asyncio.create_task(step()) for step in (handle.created, handle.heard)]
        reason = await reason_of_end(talk, end, handle)
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert outcome is reason or isinstance(outcome, RealtimeResponseEvent)


async def test_interruption_drops_what_was_asked_for_next(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        active = await talk.hold()
        waiting = await talk.session.create_response()

        assert await talk.session.interrupt()

        assert (await waiting).status_reason == "client_cancelled"
        assert (await active).status == "cancelled"
        assert await waiting.heard() is False
        after = await talk.session.create_response()
        assert (await after).status == "completed"
        assert len(talk.sent("response.create")) == 2


async def test_request_on_its_way_when_all_is_interrupted_is_cancelled_as_it_begins(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        handle = await talk.session.send_text("hold", respond=True)

        assert await talk.session.interrupt()

        assert (await handle).status == "cancelled"
        assert talk.sent("response.cancel")[0]["response_id"] == handle.response_id
        assert await talk.session.interrupt() is False


async def clear(talk: Talk) -> None:
    await talk.session.clear_audio()


async def turn_detection_off(talk: Talk) -> None:
    await talk.session.update_session(turn_detection=None)


async def mute(talk: Talk) -> None:
    await settle()
    talk.clock.advance(10)


async def stop(talk: Talk) -> None:
    talk.service.user_stops_speaking("That is all.")


@pytest.mark.parametrize("goes_silent", [clear, turn_detection_off, mute, stop])
async def test_speech_without_an_end_holds_no_request_up(realtime_simulator: Any, goes_silent: Any):
    async with talking(realtime_simulator) as talk:
        talk.service.user_starts_speaking()
        await until(talk.session, lambda event: isinstance(event, RealtimeSpeechEvent))
        handle = await talk.session.create_response()
        assert talk.sent("response.create") == []

        await goes_silent(talk)

        assert (await handle).status == "completed"
        assert errors(await ended(talk.session)) == []


# -- functions -------------------------------------------------------------------------------------------

CALLS = [
    {"when": "go", "call": [{"name": "look", "arguments": {"place": place}} for place in "abc"]},
    {"result_of": "look", "say": "All seen."},
    ANY,
]


async def test_parallel_calls_give_one_follow_up_after_all_outputs_and_their_response(
    realtime_simulator: Any,
):
    gates = {place: asyncio.Event() for place in "abc"}

    async def look(place: str) -> str:
        await gates[place].wait()
        return place

    async with talking(realtime_simulator, script=CALLS, session={"tools": [look]}) as talk:
        first = await talk.session.send_text("go", respond=True)
        await first
        for place in "cab":
            assert len(talk.sent("response.create")) == 1
            gates[place].set()
            await talk.service.expect("conversation.item.create", item={"output": place})
        await until(talk.session, is_done)
        events = await until(talk.session, is_done)

    kinds = [frame["type"] for frame in talk.service.received]
    assert kinds.count("response.create") == 2
    assert kinds[-4:] == ["conversation.item.create"] * 3 + ["response.create"]
    assert printed(events) == "All seen."


async def test_request_of_the_application_and_the_follow_up_of_a_tool_become_one(realtime_simulator: Any):
    def look(place: str) -> str:
        return place

    async with talking(realtime_simulator, script=CALLS, session={"tools": [look]}) as talk:
        first = await talk.session.send_text("go", respond=True)
        await first.created()
        own = await talk.session.create_response()
        await own
        await until(talk.session, lambda event: is_done(event) and event.response_id == own.response_id)
        await settle()

    assert refusals(talk) == 0
    assert len(talk.sent("response.create")) <= 3


async def test_sixty_four_waiting_requests_leave_the_reader_of_a_tool_call_alone(realtime_simulator: Any):
    def look(place: str) -> str:
        return place

    script = [{"when": "go", "do": [{"call": {"name": "look", "arguments": {"place": "a"}}}, HELD["do"][1]]}]
    script += [{"result_of": "look", "say": "Seen."}, ANY]
    settings = {"tools": [look], "tool_choice": "required", **TEXT}
    async with talking(realtime_simulator, script=script, session=settings) as talk:
        first = await talk.session.send_text("go", respond=True)
        await talk.service.expect("conversation.item.create", item={"output": "a"})
        handles = [await talk.session.create_response(instructions=str(n)) for n in range(64)]
        talk.let_go()

        assert (await first).status == "completed"
        assert {(await handle).status for handle in handles} == {"completed"}
        assert errors(await ended(talk.session)) == []


# -- out of band -----------------------------------------------------------------------------------------


def message(text: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}


async def test_response_out_of_band_answers_in_its_handle_and_nowhere_else(realtime_simulator: Any):
    played: list[Any] = []
    script = [{"when": "classify", "say": "Aside."}, HELD, ANY]
    session = {"audio_output_callback": played.append}
    async with talking(realtime_simulator, script=script, session=session) as talk:
        handle = await talk.session.create_response(conversation="none", input=[message("classify")])
        await handle
        events = await ended(talk.session)

    assert handle.text == "Aside."
    assert sum(piece.duration_ms for piece in handle.audio) > 0
    assert await handle.heard() is False
    assert played == []
    assert printed(events) == ""
    assert len(talk.session.conversation) == 0
    assert {type(event) for event in events if event.response_id == handle.response_id} == {
        RealtimeEvent,
        RealtimeResponseEvent,
    }


async def test_responses_out_of_band_run_beside_an_active_one(realtime_simulator: Any):
    async with talking(realtime_simulator, script=[{"when": "aside", "say": "Aside."}, HELD, ANY]) as talk:
        active = await talk.hold()
        asides = [
            await talk.session.create_response(conversation="none", input=[message("aside")])
            for _ in range(3)
        ]
        answers = [(await aside).status for aside in asides]
        assert repr(active).endswith("open>")
        talk.let_go()
        await active
        events = await ended(talk.session)

    assert answers == ["completed"] * 3
    assert [aside.text for aside in asides] == ["Aside."] * 3
    assert active.text == printed(events) == "One.Two."


async def test_calls_out_of_band_are_for_whoever_asked_and_nobody_makes_them(realtime_simulator: Any):
    made: list[str] = []

    def look(place: str) -> None:
        made.append(place)

    async with talking(realtime_simulator, script=CALLS, session={"tools": [look]}) as talk:
        handle = await talk.session.create_response(conversation="none", input=[message("go")])
        await handle
        await settle()

    assert [call.name for call in handle.function_calls] == ["look"] * 3
    assert made == []
    assert len(talk.sent("response.create")) == 1


async def test_raw_response_out_of_band_is_withheld_too(realtime_simulator: Any):
    played: list[Any] = []
    session = {"audio_output_callback": played.append}
    async with talking(realtime_simulator, session=session) as talk:
        payload = {"response": {"conversation": "none", "input": [message("anything")]}}
        await talk.session.send(RealtimeEvent(service_type="response.create", service_event=payload))
        events = await until(talk.session, is_done)
        spoken = await talk.session.create_response()
        await spoken
        events += await ended(talk.session)

    assert sum(isinstance(event, RealtimeTextEvent) for event in events) >= 1
    assert printed(events) == spoken.text == "Yes."
    assert {event.response_id for event in events if isinstance(event, RealtimeTextEvent)} == {
        spoken.response_id
    }


async def test_refused_request_out_of_band_is_raised_by_its_handle(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        handle = await talk.session.create_response(conversation="none", output_modalities=["smell"])

        with pytest.raises(ProviderError, match="smell"):
            await handle
        (told,) = errors(await ended(talk.session))
        assert isinstance(told, RealtimeErrorEvent)


# -- services that name no command -----------------------------------------------------------------------


async def test_service_that_echoes_no_metadata_answers_the_request_that_was_sent(realtime_simulator: Any):
    async with talking(realtime_simulator, quirks="no-metadata") as talk:
        aside = await talk.session.create_response(conversation="none", input=[message("x")])
        assert (await aside).out_of_band
        for _ in range(3):
            handle = await talk.session.create_response()
            assert (await handle).status == "completed"
        assert errors(await ended(talk.session)) == []


async def test_service_that_echoes_no_metadata_and_answers_the_user_meanwhile(realtime_simulator: Any):
    async with talking(realtime_simulator, quirks="no-metadata") as talk:
        talk.service.user_says("hold")
        handle = await talk.session.create_response()
        await until(talk.session, lambda event: isinstance(event, RealtimeResponseEvent))
        await talk.service.expect_sent("error")
        assert handle.response_id is None

        talk.let_go()

        assert (await handle).status == "completed"
        assert len(talk.sent("response.create")) == 2
        assert errors(await ended(talk.session)) == []
