import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime_core.audio.formats import AudioFormat
from realtime_simulator.brain import Call, Say
from realtime_simulator.client_events import CLIENT_EVENTS
from realtime_simulator.engine import Engine
from realtime_simulator.frames import EXPIRED, End
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.wire_audio import decode_base64

TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
]
ULAW = AudioFormat("g711_ulaw")


def error_of(frames):
    (frame,) = frames
    assert frame["type"] == "error"
    return frame["error"]


def until(talk, kind):
    """Frames up to the first of a type."""
    frames = []
    while not frames or frames[-1]["type"] != kind:
        frames.append(talk.hear_one())
    return frames


# the session


def test_session_created_is_first_and_says_when_it_expires(talk):
    created = talk().created

    assert created["type"] == "session.created"
    assert created["session"]["expires_at"] == 1_000_003_600
    assert created["session"]["object"] == "realtime.session"


def test_session_has_the_model_it_was_opened_with(talk):
    assert talk(model="gpt-realtime").created["session"]["model"] == "gpt-realtime"


def test_update_is_answered_with_the_whole_session(talk):
    (updated,) = talk().update(instructions="Be brief.")

    assert updated["type"] == "session.updated"
    assert updated["session"]["instructions"] == "Be brief."
    assert updated["session"]["audio"]["output"]["voice"] == "marin"


def test_refused_update_changes_nothing(talk):
    talk = talk()

    error = error_of(
        talk.ask(
            "session.update", event_id="mine", session={"instructions": "x", "type": "realtime", "nope": 1}
        )
    )

    assert (error["code"], error["param"], error["event_id"]) == ("unknown_parameter", "session.nope", "mine")
    assert talk.update()[0]["session"] == talk.created["session"]


def test_voice_is_locked_once_the_assistant_has_spoken(talk):
    talk = talk()
    cedar = {"output": {"voice": "cedar"}}
    talk.update(audio=cedar)
    talk.ask("response.create")

    error = error_of(talk.update(audio={"output": {"voice": "marin"}}))

    assert error["code"] == "cannot_update_voice"
    assert error["message"] == "Cannot update a conversation's voice if assistant audio is present."
    assert talk.update(audio=cedar)[0]["type"] == "session.updated"


def test_beta_shape_is_refused_and_closed():
    engine = Engine(SimulatorOptions(), model="m", now_s=0, epoch_s=0)

    engine.open(beta=True)

    error = error_of([engine.next(0)])
    assert (error["type"], error["code"]) == ("invalid_request_error", "beta_api_shape_disabled")
    assert engine.next(0) == End(4000, "invalid_request_error.beta_api_shape_disabled")


def test_session_expires_with_an_error_and_1001(talk):
    talk = talk(max_session_s=60)
    assert talk.engine.due_s == 160.0
    talk.now_s += 60

    error, end = talk.hear()

    assert error["error"]["code"] == "session_expired"
    assert end == End(1001, EXPIRED)


# text turns


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_text_turn_is_answered(talk, the, modality):
    talk = talk()
    talk.update(output_modalities=[modality])
    talk.type_text("good evening")

    done = the("response.done", talk.ask("response.create"))

    (item,) = done["response"]["output"]
    words = item["content"][0].get("transcript") or item["content"][0].get("text")
    assert words == "You said: good evening"


def test_item_is_added_and_done_behind_the_one_before(talk, kinds):
    talk = talk()
    first = talk.type_text("one")

    second = talk.type_text("two")

    assert kinds(second) == ["conversation.item.added", "conversation.item.done"]
    assert {frame["previous_item_id"] for frame in second} == {first[0]["item"]["id"]}


def test_duplicate_item_is_refused(talk):
    talk = talk()
    item = {"id": "mine", "type": "message", "role": "user", "content": []}
    talk.ask("conversation.item.create", item=item)

    assert (
        error_of(talk.ask("conversation.item.create", item=item))["code"] == "item_create_duplicate_item_id"
    )


def test_item_can_be_retrieved_with_its_audio(talk, speech):
    talk = talk().manual()
    talk.append(speech(200))
    committed, *_ = talk.ask("input_audio_buffer.commit")

    (retrieved,) = talk.ask("conversation.item.retrieve", item_id=committed["item_id"])

    assert retrieved["type"] == "conversation.item.retrieved"
    assert len(retrieved["item"]["content"][0]["audio"]) == 200 * 48 / 3 * 4


def test_deleted_item_is_gone(talk):
    talk = talk()
    item_id = talk.type_text("x")[0]["item"]["id"]

    (deleted,) = talk.ask("conversation.item.delete", item_id=item_id)

    assert (deleted["type"], deleted["item_id"]) == ("conversation.item.deleted", item_id)
    error = error_of(talk.ask("conversation.item.retrieve", item_id=item_id))
    assert error["code"] == "item_retrieve_invalid_item_id"


def test_spoken_item_can_be_truncated(talk, the):
    talk = talk()
    item = the("response.output_item.done", talk.ask("response.create"))["item"]

    (truncated,) = talk.ask(
        "conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=500
    )

    assert truncated["type"] == "conversation.item.truncated"
    assert (truncated["item_id"], truncated["content_index"], truncated["audio_end_ms"]) == (
        item["id"],
        0,
        500,
    )


# spoken turns


def test_manual_turn_is_committed_then_answered(talk, speech, kinds, the):
    talk = talk(transcripts=["good day"]).manual()
    assert talk.append(speech(1000)) == []

    committed = talk.ask("input_audio_buffer.commit")
    answer = talk.ask("response.create")

    assert kinds(committed) == TURN[2:]
    assert {frame.get("item_id", frame.get("item", {}).get("id")) for frame in committed} == {
        committed[0]["item_id"]
    }
    assert committed[1]["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    assert the("response.output_audio_transcript.done", answer)["transcript"] == "You said: good day"


def test_echo_sends_the_users_own_speech_back(talk, speech):
    talk = talk().manual()
    talk.append(speech(1000))
    talk.say("input_audio_buffer.commit")

    answer = talk.ask("response.create")

    audio = [frame["delta"] for frame in answer if frame["type"] == "response.output_audio.delta"]
    assert b"".join(map(decode_base64, audio)) == speech(1000)


def test_commit_of_an_empty_buffer_is_the_services_error(talk):
    error = error_of(talk().manual().ask("input_audio_buffer.commit", event_id="mine"))

    assert error == {
        "type": "invalid_request_error",
        "code": "input_audio_buffer_commit_empty",
        "message": "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
        "but buffer only has 0.00ms of audio.",
        "param": None,
        "event_id": "mine",
    }


def test_cleared_buffer_is_empty(talk, speech, kinds):
    talk = talk().manual()
    talk.append(speech(500))

    assert kinds(talk.ask("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]
    assert error_of(talk.ask("input_audio_buffer.commit"))["code"] == "input_audio_buffer_commit_empty"


def test_audio_that_is_no_base64_is_refused(talk):
    error = error_of(talk().ask("input_audio_buffer.append", audio="?"))

    assert (error["code"], error["param"]) == ("invalid_value", "audio")


def test_vad_turn_is_heard_committed_and_answered(talk, speech, silence, kinds):
    frames = talk().append(silence(500) + speech(1000) + silence(500))

    assert kinds(frames)[:6] == [*TURN, "response.created"]
    started, stopped, committed, added = frames[:4]
    assert (started["audio_start_ms"], stopped["audio_end_ms"]) == (200, 1700)
    assert started["item_id"] == stopped["item_id"] == committed["item_id"] == added["item"]["id"]
    assert frames[-1]["response"]["status"] == "completed"


def test_g711_is_understood_both_ways(talk, speech, silence):
    talk = talk()
    pcmu = {"format": {"type": "audio/pcmu"}}
    talk.update(audio={"input": pcmu, "output": pcmu})

    frames = talk.append(silence(500, ULAW) + speech(1000, ULAW) + silence(500, ULAW))

    assert frames[1]["audio_end_ms"] == 1700
    audio = [frame["delta"] for frame in frames if frame["type"] == "response.output_audio.delta"]
    assert sum(len(decode_base64(delta)) for delta in audio) == 1500 * 8


def test_without_create_response_turns_are_only_heard(talk, speech, silence, kinds):
    talk = talk()
    talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "create_response": False}}})

    assert kinds(talk.append(speech(500) + silence(500))) == TURN


def test_speech_cancels_the_answer(talk, speech, collapsed, the):
    talk = talk()
    talk.type_text("tell me a long story")
    talk.say("response.create")
    before = until(talk, "response.output_audio.delta")

    frames = talk.append(speech(500))

    assert collapsed(frames) == [
        "input_audio_buffer.speech_started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    response = the("response.done", frames)["response"]
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert response["id"] == the("response.created", before)["response"]["id"]


def test_speech_leaves_the_answer_alone_without_interrupt_response(talk, speech, silence, kinds, the):
    talk = talk()
    detection = {"type": "server_vad", "interrupt_response": False}
    talk.update(audio={"input": {"turn_detection": detection}})
    talk.say("response.create")
    until(talk, "response.output_audio.delta")

    frames = talk.append(speech(500) + silence(500))

    assert kinds(frames)[: len(TURN)] == TURN
    error = the("error", frames)["error"]
    assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", None)
    assert the("response.done", frames)["response"]["status"] == "completed"


def test_client_may_commit_in_the_middle_of_speech(talk, speech, silence):
    talk = talk()
    (started,) = talk.append(speech(500))

    committed, *_ = talk.ask("input_audio_buffer.commit")
    rest = talk.append(silence(300))

    assert committed["item_id"] != started["item_id"]
    assert [frame["item_id"] for frame in rest[:2]] == [started["item_id"]] * 2


def test_transcription_comes_beside_the_answer(talk, speech, silence, the):
    talk = talk(transcripts=["good day"])
    talk.update(audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})

    frames = talk.append(speech(500) + silence(500))

    completed = the("conversation.item.input_audio_transcription.completed", frames)
    assert completed["item_id"] == frames[0]["item_id"]
    assert completed["transcript"] == "good day"


def test_unknown_speech_stays_unknown_to_the_brain_once_transcribed(talk, speech, the):
    talk = talk().manual()
    talk.update(audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})
    talk.append(speech(1000))
    talk.ask("input_audio_buffer.commit")

    answer = talk.ask("response.create")

    said = the("response.output_audio_transcript.done", answer)["transcript"]
    assert said == "I heard 1.0 seconds of speech."


# responses


def test_second_response_is_refused_while_one_is_active(talk):
    talk = talk()
    talk.say("response.create")
    created = talk.hear_one()

    talk.say("response.create", event_id="mine")
    error = error_of([talk.hear_one()])

    assert error["code"] == "conversation_already_has_active_response"
    assert created["response"]["id"] in error["message"]
    assert error["event_id"] == "mine"


def test_next_response_may_follow_the_done_of_the_last(talk, the):
    talk = talk()
    talk.say("response.create")
    until(talk, "response.done")

    assert the("response.created", talk.ask("response.create"))


def test_out_of_band_response_runs_beside_the_active_one(talk, kinds):
    talk = talk()
    talk.say("response.create")
    talk.say("response.create", response={"conversation": "none", "metadata": {"topic": "x"}, "input": []})

    frames = talk.hear()

    assert kinds(frames).count("response.done") == 2
    assert sorted(
        frame["response"]["conversation_id"] is None for frame in frames if "response" in frame
    ) == [
        False,
        False,
        True,
        True,
    ]


def test_speech_does_not_cancel_an_out_of_band_response(talk, speech, the):
    talk = talk()
    talk.say("response.create", response={"conversation": "none"})
    until(talk, "response.output_audio.delta")

    frames = talk.append(speech(500))

    assert the("response.done", frames)["response"]["status"] == "completed"


def test_cancel_closes_the_response_at_once(talk, the, kinds):
    talk = talk()
    talk.say("response.create")
    until(talk, "response.output_audio.delta")

    frames = talk.ask("response.cancel")

    assert the("response.done", frames)["response"]["status_details"] == {
        "type": "cancelled",
        "reason": "client_cancelled",
    }
    assert "response.output_audio.delta" not in kinds(frames)
    assert the("response.created", talk.ask("response.create"))


def test_cancel_may_name_its_response(talk):
    talk = talk()
    talk.say("response.create")
    talk.say("response.create", response={"conversation": "none"})
    default, other = talk.hear_one(), talk.hear_one()

    frames = talk.ask("response.cancel", response_id=other["response"]["id"])

    done = {frame["response"]["id"]: frame["response"]["status"] for frame in frames if "response" in frame}
    assert done == {other["response"]["id"]: "cancelled", default["response"]["id"]: "completed"}


@pytest.mark.parametrize("payload", [{}, {"response_id": "resp_other"}])
def test_cancel_without_an_active_response_is_a_benign_error(talk, payload):
    error = error_of(talk().ask("response.cancel", **payload))

    assert (error["code"], error["message"]) == (
        "response_cancel_not_active",
        "Cancellation failed: no active response found",
    )


def test_cancel_without_a_name_spares_out_of_band_responses(talk):
    talk = talk()
    talk.say("response.create", response={"conversation": "none"})
    talk.hear_one()

    talk.say("response.cancel")

    assert error_of([talk.hear_one()])["code"] == "response_cancel_not_active"


def test_each_response_has_its_number(talk, the):
    talk = talk(brain=lambda turn: Say(str(turn.number)))

    said = [the("response.output_audio_transcript.done", talk.ask("response.create")) for _ in range(2)]

    assert [frame["transcript"] for frame in said] == ["0", "1"]


def test_audio_is_sent_at_the_speed_of_the_options(talk, kinds):
    talk = talk(speed=2, brain=lambda _: Say("0123456789"))
    talk.say("response.create")
    at_once = kinds(talk.hear())

    assert at_once.count("response.output_audio.delta") == 1
    assert talk.engine.due_s == talk.now_s + 0.05
    talk.now_s += 0.3
    assert kinds(talk.hear())[-1] == "response.done"


@pytest.mark.parametrize(("when", "place"), [("start", 1), ("end", -1)])
def test_rate_limits_come_when_they_should(talk, kinds, when, place):
    talk = talk(rate_limits=when)

    assert kinds(talk.ask("response.create"))[place] == "rate_limits.updated"


def test_rate_limits_come_after_a_cancelled_response_too(talk, kinds):
    talk = talk(rate_limits="end")
    talk.say("response.create")

    assert kinds(talk.ask("response.cancel"))[-1] == "rate_limits.updated"


def test_output_buffer_belongs_to_webrtc(talk):
    assert error_of(talk().ask("output_audio_buffer.clear"))["code"] == "invalid_event"


# whatever a client sends


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"x"', "[" * 5000, b"\xff\xfe"])
def test_what_is_no_event_is_answered_with_an_error(talk, text):
    talk = talk()

    talk.say_raw(text)

    assert error_of(talk.hear())["type"] == "invalid_request_error"
    assert talk.update()[0]["type"] == "session.updated"


def test_received_frame_is_given_back_decoded(talk):
    engine = talk().engine

    assert engine.receive('{"type":"x"}', 0) == {"type": "x"}
    assert engine.receive("{", 0) == "{"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    *("session", "audio", "item", "item_id", "content_index", "audio_end_ms", "response", "response_id"),
    *("previous_item_id", "event_id"),
]
EVENTS = st.builds(
    lambda kind, payload: {**payload, "type": kind},
    st.sampled_from(sorted(CLIENT_EVENTS)) | st.text(max_size=8),
    st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=4),
)


@settings(max_examples=300)
@given(events=st.lists(EVENTS | ANYTHING, max_size=6))
def test_server_never_breaks(talk, events):
    talk = talk()
    for event in events:
        talk.say_raw(json.dumps(event))
        json.dumps(talk.hear())

    assert talk.update(instructions="still there")[-1]["type"] == "session.updated"


@given(text=st.text() | st.binary())
def test_server_answers_any_text(talk, text):
    talk = talk()
    talk.say_raw(text)

    assert error_of(talk.hear())["type"] == "invalid_request_error"


def test_output_of_a_function_that_comes_while_the_response_goes_on_is_for_the_next(talk):
    """Clients that run a function as soon as they have its arguments are faster than the other calls."""
    turns = []

    def brain(turn):
        turns.append(turn)
        return [Call("one"), Call("two")] if turn.text else Say(" ".join(r.output for r in turn.results))

    talk = talk(brain=brain)
    talk.type_text("go")
    talk.say("response.create")
    for frame in iter(talk.hear_one, None):
        if frame["type"] == "response.output_item.done":
            output = {"type": "function_call_output", "call_id": frame["item"]["call_id"]}
            talk.say("conversation.item.create", item={**output, "output": frame["item"]["name"]})
    talk.ask("response.create")

    assert [(turn.text, [r.output for r in turn.results]) for turn in turns] == [
        ("go", []),
        ("", ["one", "two"]),
    ]


def test_response_reads_from_the_cache_what_the_one_before_it_read(talk, the):
    talk = talk(brain=lambda _: Say("Yes."))
    talk.type_text("a long story " * 200)

    first, second = (
        the("response.done", talk.ask("response.create"))["response"]["usage"]["input_token_details"]
        for _ in range(2)
    )

    assert first["cached_tokens"] == 0
    assert second["cached_tokens"] >= 64
    assert second["cached_tokens"] % 64 == 0
    assert second["cached_tokens"] <= first["text_tokens"]


def test_expired_secret_is_told_to_a_client_that_sends_no_json():
    engine = Engine(SimulatorOptions(), model="m", now_s=0, epoch_s=0)
    engine.open(expired=True)
    engine.next(0)

    engine.receive("no json", 0)

    assert engine.next(0)["error"]["code"] == "token_expired"
    assert engine.next(0).code == 4000
