import itertools
from typing import get_args

import pytest
from realtime_simulator.brain import Call, Fail, Say
from realtime_simulator.faults import FaultInjector, parse_faults
from realtime_simulator.quirks import QUIRK_NAMES, Quirk

CALL = Call("get_weather", {"city": "Rome"})
DELTA = "conversation.item.input_audio_transcription.delta"


def answer(_):
    return [Say("One moment."), CALL]


@pytest.fixture
def frames_of(talk):
    """A typed turn, in a session with quirks."""

    def run(*quirks, brain=answer, **update):
        session = talk(quirks=quirks, brain=brain)
        session.update(**update)
        return session.created, session.type_text("hello") + session.ask("response.create")

    return run


@pytest.fixture
def interrupted(talk, speech):
    """A turn that the user interrupts."""

    def run(*quirks):
        session = talk(quirks=quirks)
        session.say("response.create")
        while not session.hear_one()["type"].endswith("audio.delta"):
            pass
        return session.append(speech(500))

    return run


def test_the_choices_are_those_of_the_type():
    assert get_args(Quirk) == QUIRK_NAMES


def test_conversation_is_created_right_after_the_session(talk):
    session = talk(quirks="conversation-created")

    (conversation,) = session.greeting
    assert (session.created["type"], conversation["type"]) == ("session.created", "conversation.created")
    assert conversation["conversation"]["object"] == "realtime.conversation"


def test_interruption_also_ends_a_response_that_nobody_was_told_of(interrupted, kinds):
    *_, known, unknown = interrupted("unannounced-done")

    assert kinds([known, unknown]) == ["response.done"] * 2
    assert unknown["response"]["id"] != known["response"]["id"]
    assert unknown["response"]["output"] == []
    assert unknown["event_id"] != known["event_id"]


def test_without_an_interruption_all_responses_are_announced(frames_of, the, talk):
    _, frames = frames_of("unannounced-done")
    assert the("response.done", frames)

    session = talk(quirks="unannounced-done")
    session.say("response.create")

    assert the("response.done", session.ask("response.cancel"))


def test_output_item_may_be_done_first(frames_of, kinds):
    _, frames = frames_of("output-item-first")

    done = [kind for kind in kinds(frames) if kind.endswith("item.done")]
    pair = ["response.output_item.done", "conversation.item.done"]
    assert done == ["conversation.item.done", *pair, *pair]
    assert frames[-2]["item"] == frames[-3]["item"]


def test_items_may_be_created_instead_of_added_and_done(frames_of, kinds):
    _, frames = frames_of("item-created")

    assert kinds(frames).count("conversation.item.created") == 3
    assert not {"conversation.item.added", "conversation.item.done"} & set(kinds(frames))


def test_name_of_a_call_may_be_missing(frames_of, the):
    _, frames = frames_of("no-call-name")

    done = the("response.function_call_arguments.done", frames)
    assert "name" not in done
    assert done["arguments"] == CALL.arguments


@pytest.mark.parametrize(
    ("brain", "update", "text"),
    [
        (lambda _: Fail(message="Out of order."), {}, "Out of order."),
        (answer, {"max_output_tokens": 1}, "max_output_tokens"),
        (answer, {}, None),
    ],
)
def test_status_details_may_be_text(frames_of, the, brain, update, text):
    _, frames = frames_of("status-string", brain=brain, **update)

    assert the("response.done", frames)["response"]["status_details"] == text


def test_transcription_may_have_no_deltas(talk, speech, silence, kinds):
    session = talk(quirks="no-transcription-deltas")
    session.update(audio={"input": {"transcription": {"model": "gpt-4o-transcribe"}}})

    frames = session.append(speech(500) + silence(500))

    assert DELTA not in kinds(frames)
    assert DELTA.replace("delta", "completed") in kinds(frames)


def test_part_may_be_told_twice(frames_of):
    _, frames = frames_of("part-twice")

    parts = [frame for frame in frames if "part" in frame]
    assert len(parts) == 2
    assert all(frame["content"] == frame["part"] for frame in parts)


def test_preview_names_are_those_of_the_preview(frames_of, kinds, the):
    created, frames = frames_of("preview-names")

    assert created["type"] == "session.created"
    assert {"response.audio.delta", "response.audio_transcript.done"} < set(kinds(frames))
    assert not any(kind.startswith("response.output_audio") for kind in kinds(frames))
    spoken, called = the("response.done", frames)["response"]["output"]
    assert spoken["content"][0]["type"] == "audio"
    assert called["name"] == "get_weather"
    done = [frame["item"] for frame in frames if frame["type"] == "response.output_item.done"]
    assert done == [spoken, called]


def test_events_may_have_no_ids(frames_of):
    created, frames = frames_of("no-event-ids")

    assert not any("event_id" in frame for frame in [created, *frames])


@pytest.mark.parametrize(("quirks", "shown"), [("no-metadata", None), ((), {"a": "b"})])
def test_metadata_of_a_response_may_not_be_shown(talk, the, quirks, shown):
    frames = talk(quirks=quirks).ask("response.create", response={"metadata": {"a": "b"}})

    assert the("response.created", frames)["response"]["metadata"] == shown
    assert the("response.done", frames)["response"]["metadata"] == shown


@pytest.mark.parametrize(("quirks", "voice"), [("fixed-voice", "alloy"), ((), "marin")])
def test_a_voice_that_was_asked_for_is_silently_another(talk, the, quirks, voice):
    frames = talk(quirks=quirks).update(audio={"output": {"voice": "marin", "speed": 1.2}})

    output = the("session.updated", frames)["session"]["audio"]["output"]
    assert (output["voice"], output["speed"]) == (voice, 1.2)


def test_all_quirks_at_once_are_applied_in_their_own_order(interrupted):
    *_, known, unknown = interrupted(*reversed(QUIRK_NAMES))

    assert known["response"]["status_details"] == unknown["response"]["status_details"] == "turn_detected"


def test_without_quirks_nothing_is_changed(frames_of, kinds):
    created, frames = frames_of()

    assert "event_id" in created
    assert "conversation.item.created" not in kinds(frames)


FAULTS = ["late-delta@1", "null-event-id@1", "unknown-event@2", "garbage@2", "slow@2", "stall@9", "abort@9"]


@pytest.mark.parametrize("quirk", QUIRK_NAMES)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_quirk_goes_with_every_fault(talk, speech, silence, quirk, fault):
    session = talk(quirks=quirk, brain=answer)
    session.update(audio={"input": {"transcription": {"model": "whisper-1"}}})
    frames = [session.created, *session.greeting]
    frames += session.type_text("hello") + session.ask("response.create")
    frames += session.append(speech(500) + silence(500)) + session.ask("nonsense")
    session.say("response.create")
    frames += [session.hear_one() for _ in range(12)] + session.append(speech(500))
    inject = FaultInjector(parse_faults(fault))

    actions = [action for frame in frames for action in inject(frame)]

    assert len(actions) >= len(frames) - 1
    assert inject.waiting == []


ODD = [
    *(None, 5, "text", [], {}, [None], {"id": None}, {"id": []}, {"content": None}, {"content": [None, {}]}),
    *({"content": [{"type": []}]}, {"output": None}, {"output": [None]}, {"status_details": "text"}),
    *({"status_details": {"reason": 5}}, {"status_details": {"error": None}}, {"event_id": 5}),
    {"id": 5, "status_details": {"reason": "turn_detected"}},
]
STEERED = [
    *("response.done", "response.output_item.added", "conversation.item.done", "response.output_item.done"),
    *("error", "conversation.item.added", "response.function_call_arguments.done", "session.created"),
    *("response.output_audio.delta", "response.content_part.added"),
]


@pytest.mark.parametrize("names", [*itertools.combinations(QUIRK_NAMES, 1), QUIRK_NAMES])
@pytest.mark.parametrize("kind", STEERED)
def test_no_odd_event_of_a_test_breaks_a_quirk_or_a_fault(talk, names, kind):
    session = talk(quirks=names)
    inject = FaultInjector(parse_faults("late-delta@1,null-event-id@1"))
    for field, value in itertools.product(["item", "response", "error", "part", "response_id", "type"], ODD):
        session.engine.send(kind, {field: value})
    session.engine.send(kind, {})

    for frame in session.hear():
        assert inject(frame)


def test_late_delta_has_an_id_only_where_events_have_one(talk):
    inject = FaultInjector(parse_faults("late-delta@1"))
    session = talk(quirks="no-event-ids")
    session.say("response.create")

    *_, late = [action.frame for frame in session.hear() for action in inject(frame)]

    assert late["type"] == "response.output_audio.delta"
    assert "event_id" not in late
