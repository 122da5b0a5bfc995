"""Rules of the protocol that it takes more than one part of the engine to keep."""

import pytest
from realtime_simulator.brain import Call, Fail, Say

CALLS = [Call("weather", {"city": "Rome"}), Call("time", {"zone": "CET"})]


def output(call_id, text="7", **fields):
    return {"type": "function_call_output", "call_id": call_id, "output": text, **fields}


def code_of(frames):
    (frame,) = frames
    return frame["error"]["code"]


def until(talk, kind):
    while (frame := talk.hear_one())["type"] != kind:
        pass
    return frame


@pytest.fixture
def spoken(talk, the):
    """A session that has said something, and the item."""
    talk = talk(brain=lambda _: Say("0123456789"))
    return talk, the("response.output_item.done", talk.ask("response.create"))["item"]["id"]


def truncate(talk, item_id, ms, *, content_index=0):
    return talk.ask(
        "conversation.item.truncate", item_id=item_id, content_index=content_index, audio_end_ms=ms
    )


# truncation


def test_truncated_item_is_retrieved_as_it_was_heard(spoken):
    talk, item_id = spoken
    truncate(talk, item_id, 250)

    (retrieved,) = talk.ask("conversation.item.retrieve", item_id=item_id)

    (part,) = retrieved["item"]["content"]
    assert len(part["audio"]) == 250 * 48 // 3 * 4
    assert part["transcript"] == ""


def test_item_is_truncated_once(spoken):
    talk, item_id = spoken
    truncate(talk, item_id, 250)

    assert code_of(truncate(talk, item_id, 100)) == "item_already_truncated"


def test_more_than_was_said_cannot_have_been_heard(spoken):
    talk, item_id = spoken

    (error,) = truncate(talk, item_id, 57340)

    assert error["error"]["message"] == "Audio content of 600ms is already shorter than 57340ms"
    assert error["error"]["code"] == "invalid_value"


def test_more_than_was_sent_cannot_have_been_heard(talk):
    talk = talk(speed=1, brain=lambda _: Say("0123456789"))
    talk.say("response.create")
    item_id = until(talk, "response.output_audio.delta")["item_id"]

    assert code_of(truncate(talk, item_id, 101)) == "invalid_value"
    (truncated,) = truncate(talk, item_id, 100)
    assert truncated["type"] == "conversation.item.truncated"


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_only_spoken_items_are_truncated(talk, modality):
    talk = talk()
    user = talk.type_text("hello")[0]["item"]["id"]

    (error,) = truncate(talk, user, 0, content_index=1 if modality == "audio" else 0)

    assert error["error"]["message"] == "Only model output audio messages can be truncated"
    assert (error["error"]["code"], error["error"]["param"]) == (None, None)


def test_out_of_band_audio_is_no_item_of_the_conversation(talk, the):
    talk = talk()
    frames = talk.ask("response.create", response={"conversation": "none"})
    item_id = the("response.output_item.done", frames)["item"]["id"]

    assert code_of(truncate(talk, item_id, 0)) == "item_truncate_invalid_item_id"
    assert talk.update(audio={"output": {"voice": "cedar"}})[0]["type"] == "session.updated"


# calls


def test_parallel_calls_are_items_of_one_response_answered_together(talk, the):
    talk = talk(brain=lambda turn: Say(" ".join(r.output for r in turn.results)) if turn.results else CALLS)

    frames = talk.ask("response.create")

    done = the("response.done", frames)["response"]
    assert (done["status"], [item["name"] for item in done["output"]]) == ("completed", ["weather", "time"])
    arguments = [frame for frame in frames if frame["type"] == "response.function_call_arguments.done"]
    assert [(frame["name"], frame["output_index"]) for frame in arguments] == [("weather", 0), ("time", 1)]
    for item, text in zip(done["output"], ["fog", "noon"], strict=True):
        talk.ask("conversation.item.create", item=output(item["call_id"], text))
    answer = talk.ask("response.create")
    assert the("response.output_audio_transcript.done", answer)["transcript"] == "fog noon"


def test_create_for_each_output_is_the_classic_mistake(talk, the):
    talk = talk(brain=lambda turn: Say("Thank you.") if turn.results else CALLS)
    items = the("response.done", talk.ask("response.create"))["response"]["output"]

    for item in items:
        talk.say("conversation.item.create", item=output(item["call_id"]))
        talk.say("response.create")

    assert the("error", talk.hear())["error"]["code"] == "conversation_already_has_active_response"


def test_output_of_a_call_that_nobody_made_is_refused(talk):
    (error,) = talk().ask("conversation.item.create", item=output("call_1"))

    assert error["error"]["message"] == "Tool call ID 'call_1' not found in conversation."
    assert (error["error"]["code"], error["error"]["param"]) == ("invalid_tool_call_id", None)


def test_output_may_come_while_the_response_goes_on(talk, kinds):
    talk = talk(brain=lambda _: CALLS)
    talk.say("response.create")
    call_id = until(talk, "response.function_call_arguments.done")["call_id"]

    talk.say("conversation.item.create", item=output(call_id))

    assert "error" not in kinds(talk.hear())


def test_history_may_hold_calls_and_outputs(talk, kinds):
    talk = talk()
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "call_1"}

    talk.ask("conversation.item.create", item=call)

    assert kinds(talk.ask("conversation.item.create", item=output("call_1"))) == [
        "conversation.item.added",
        "conversation.item.done",
    ]


# responses


def test_response_cancelled_before_any_output_has_none(talk, kinds, the):
    talk = talk()
    talk.say("response.create")

    frames = talk.ask("response.cancel")

    assert kinds(frames) == ["response.created", "response.done"]
    response = the("response.done", frames)["response"]
    assert (response["status"], response["output"]) == ("cancelled", [])


@pytest.mark.parametrize(
    ("response", "code"),
    [
        ({"modalities": ["text"]}, "unknown_parameter"),
        ({"metadata": {str(key): "x" for key in range(17)}}, "object_above_max_properties"),
        ({"metadata": {"k" * 65: "x"}}, "string_above_max_length"),
        ({"metadata": {"k": "x" * 513}}, "string_above_max_length"),
        ({"input": [{"type": "item_reference", "id": "nowhere"}]}, "item_retrieve_invalid_item_id"),
    ],
)
def test_rejected_create_is_an_error_and_nothing_else(talk, response, code):
    talk = talk()

    frames = talk.ask("response.create", response=response, event_id="mine")

    assert code_of(frames) == code
    assert frames[0]["error"]["event_id"] == "mine"


def test_metadata_of_the_longest_kind_is_echoed(talk, the):
    metadata = {f"{key:064}": "x" * 512 for key in range(16)}

    frames = talk().ask("response.create", response={"metadata": metadata, "conversation": "none"})

    for kind in ("response.created", "response.done"):
        assert the(kind, frames)["response"]["metadata"] == metadata


def test_context_of_a_response_may_refer_to_items(talk, the):
    talk = talk()
    first = talk.type_text("first")[0]["item"]["id"]
    talk.type_text("second")

    frames = talk.ask(
        "response.create",
        response={"conversation": "none", "input": [{"type": "item_reference", "id": first}]},
    )

    assert the("response.output_audio_transcript.done", frames)["transcript"] == "You said: first"


@pytest.mark.parametrize(
    ("code", "kind"),
    [("rate_limit_exceeded", "invalid_request_error"), ("server_error", "server_error")],
)
def test_failed_response_tells_in_its_status_and_not_by_an_error(talk, kinds, the, code, kind):
    frames = talk(brain=lambda _: Fail(code, "Please try again in 6.9s")).ask("response.create")

    assert kinds(frames) == ["response.created", "response.done"]
    details = the("response.done", frames)["response"]["status_details"]
    assert details == {
        "type": "failed",
        "error": {"type": kind, "code": code, "message": "Please try again in 6.9s"},
    }


# settings


def test_speed_changes_between_turns_only(talk, the):
    talk = talk(speed=1)
    talk.say("response.create")
    until(talk, "response.created")

    refused = talk.update(audio={"output": {"speed": 1.5}}, instructions="x")

    assert the("error", refused)["error"]["param"] == "session.audio.output.speed"
    talk.ask("response.cancel")
    (updated,) = talk.update(audio={"output": {"speed": 1.5}})
    assert updated["session"]["audio"]["output"]["speed"] == 1.5
    assert updated["session"]["instructions"] != "x"


def test_voice_is_locked_by_what_was_said_and_free_without(spoken, talk):
    assert code_of(spoken[0].update(audio={"output": {"voice": "cedar"}})) == "cannot_update_voice"
    assert talk().update(audio={"output": {"voice": "cedar"}})[0]["type"] == "session.updated"


def test_neither_answering_nor_interrupting_only_events_of_the_voice_come(talk, speech, silence, kinds):
    talk = talk()
    detection = {"type": "server_vad", "create_response": False, "interrupt_response": False}
    talk.update(audio={"input": {"turn_detection": detection}})
    talk.say("response.create")
    until(talk, "response.output_audio.delta")

    came = kinds(talk.append(speech(500) + silence(500)))

    assert came.count("response.done") == 1
    assert "error" not in came
    assert "response.created" not in came
