"""A call's audio at the engine: what goes to the track instead of the wire, and what is told of it."""

import numpy as np
import pytest
from realtime_simulator.brain import Fail, Say, Wait

MANUAL = {"input": {"turn_detection": None}}
FRAME = 480
"""Samples of 20 ms."""


def say(ms, value=1000):
    return Say("one two", audio=np.full(24 * ms, value, np.int16))


@pytest.fixture
def call(talk):
    """A call whose answers take 200 ms."""
    return lambda **options: talk(**{"on_tracks": True, "brain": lambda _: say(200), **options})


def of(prefix, frames):
    return [frame["type"] for frame in frames if frame["type"].startswith(prefix)]


def test_audio_is_played_and_not_sent(call, kinds):
    talk = call()

    frames = talk.ask("response.create")
    played = b"".join(iter(lambda: talk.play(FRAME), b""))

    assert "response.output_audio.delta" not in kinds(frames)
    assert played == say(200).audio.tobytes()


def test_order_is_that_of_a_socket_but_for_the_audio(call, talk, kinds):
    over_socket = kinds(talk(brain=lambda _: say(200)).ask("response.create"))
    first, *rest = (index for index, kind in enumerate(over_socket) if kind == "response.output_audio.delta")
    assert rest
    over_socket[first] = "output_audio_buffer.started"
    expected = [kind for kind in over_socket if kind != "response.output_audio.delta"]

    assert kinds(call().ask("response.create")) == expected


def test_buffer_stops_when_it_is_drained_after_the_response(call, the):
    talk = call()
    response_id = the("response.done", talk.ask("response.create"))["response"]["id"]

    frames = talk.play_out()

    assert [(frame["type"], frame["response_id"]) for frame in frames] == [
        ("output_audio_buffer.stopped", response_id)
    ]


def test_buffer_that_runs_dry_stops_only_after_the_response(call, kinds):
    talk = call(brain=lambda _: [say(20), Wait(1000)], rate_limits="end")
    talk.ask("response.create")
    assert talk.play_out() == []

    talk.now_s += 1

    expected = ["response.done", "rate_limits.updated", "output_audio_buffer.stopped"]
    assert kinds(talk.hear()) == expected


@pytest.mark.parametrize("brain", [lambda _: Fail("server_error"), lambda _: []])
def test_response_without_audio_tells_nothing_of_the_buffer(call, brain):
    talk = call(brain=brain)

    assert of("output_audio_buffer", talk.ask("response.create") + talk.play_out()) == []


def test_written_response_tells_nothing_of_the_buffer(call):
    talk = call()
    talk.update(output_modalities=["text"])

    assert of("output_audio_buffer", talk.ask("response.create") + talk.play_out()) == []


def test_next_response_is_played_after_the_one_before_it(call):
    talk = call()
    talk.ask("response.create")
    assert of("output_audio_buffer", talk.ask("response.create")) == []

    assert of("", talk.play_out()) == [
        "output_audio_buffer.stopped",
        "output_audio_buffer.started",
        "output_audio_buffer.stopped",
    ]


@pytest.mark.parametrize("name", ["audio/pcmu", "audio/pcma"])
def test_formats_of_the_session_do_not_matter_on_tracks(call, the, speech, silence, name):
    talk = call(brain=lambda turn: Say("x", audio=turn.audio))
    fmt = {"type": name}
    talk.update(audio={"input": {"format": fmt}, "output": {"format": fmt}})

    done = the("response.done", talk.speak(speech(400) + silence(600)))
    played = b"".join(iter(lambda: talk.play(FRAME), b""))

    assert done["response"]["audio"]["output"]["format"]["type"] == name
    assert (speech(400) + silence(600)).find(played[4800:9600]) >= 0
    assert len(played) > 2 * 24 * 400


def test_barge_in_clears_and_truncates_what_goes_on(call, kinds, the, speech):
    talk = call(speed=1, brain=lambda _: say(1000))
    talk.ask("response.create")
    talk.now_s += 0.2
    frames = talk.hear()
    for _ in range(5):
        talk.play(FRAME)

    frames = talk.speak(speech(200))

    assert kinds(frames)[0] == "input_audio_buffer.speech_started"
    assert kinds(frames)[-3:] == [
        "response.done",
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
    ]
    assert the("conversation.item.truncated", frames)["audio_end_ms"] == 100
    assert talk.play(FRAME) == b""
    talk.now_s += 1
    assert of("output_audio_buffer", talk.hear()) == []


def test_barge_in_clears_an_answer_that_is_done(call, kinds, the, speech):
    talk = call(brain=lambda _: say(1000))
    done = the("response.done", talk.ask("response.create"))
    for _ in range(3):
        talk.play(FRAME)

    frames = talk.speak(speech(200))

    assert kinds(frames) == [
        "input_audio_buffer.speech_started",
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
    ]
    assert frames[1]["response_id"] == done["response"]["id"]
    assert frames[2]["item_id"] == done["response"]["output"][0]["id"]
    assert (frames[2]["content_index"], frames[2]["audio_end_ms"]) == (0, 60)


def test_what_was_not_heard_is_gone_from_the_conversation(call, the, speech):
    talk = call(brain=lambda _: say(1000))
    item_id = the("response.done", talk.ask("response.create"))["response"]["output"][0]["id"]
    talk.play(FRAME)
    talk.speak(speech(200))

    (retrieved,) = talk.ask("conversation.item.retrieve", item_id=item_id)

    assert retrieved["item"]["content"][0]["transcript"] == ""
    assert len(retrieved["item"]["content"][0]["audio"]) == 4 * 2 * FRAME // 3


def test_barge_in_while_nothing_plays_clears_nothing(call, kinds, speech):
    talk = call()
    talk.ask("response.create")
    talk.play_out()

    assert kinds(talk.speak(speech(200))) == ["input_audio_buffer.speech_started"]


def test_barge_in_may_be_off(call, kinds, speech):
    talk = call()
    talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "interrupt_response": False}}})
    talk.ask("response.create")

    assert kinds(talk.speak(speech(200))) == ["input_audio_buffer.speech_started"]
    assert of("", talk.play_out()) == ["output_audio_buffer.stopped"]


def test_client_clears_what_plays(call, kinds):
    talk = call()
    talk.ask("response.create")
    talk.play(FRAME)

    frames = talk.ask("output_audio_buffer.clear")

    assert kinds(frames) == ["output_audio_buffer.cleared", "conversation.item.truncated"]
    assert frames[1]["audio_end_ms"] == 20


def test_clearing_when_nothing_plays_is_no_error(call):
    assert call().ask("output_audio_buffer.clear") == []


def test_item_that_was_truncated_or_deleted_before_is_only_cleared(call, kinds, the):
    talk = call()
    for event in ("delete", "truncate"):
        item_id = the("response.done", talk.ask("response.create"))["response"]["output"][0]["id"]
        where = {"content_index": 0, "audio_end_ms": 0} if event == "truncate" else {}
        talk.ask(f"conversation.item.{event}", item_id=item_id, **where)

        assert kinds(talk.ask("output_audio_buffer.clear")) == ["output_audio_buffer.cleared"]


def test_answer_out_of_band_is_played_and_cleared_but_not_truncated(call, kinds):
    talk = call()
    frames = talk.ask("response.create", response={"conversation": "none"})

    assert "output_audio_buffer.started" in kinds(frames)
    assert kinds(talk.ask("output_audio_buffer.clear")) == ["output_audio_buffer.cleared"]


def test_append_is_refused_as_the_track_has_the_audio(call):
    (refused,) = call().append(bytes(48))

    assert refused["error"]["code"] == "invalid_event"
    assert "only available over a WebSocket" in refused["error"]["message"]


def test_clear_is_refused_over_a_socket(talk):
    (refused,) = talk().ask("output_audio_buffer.clear")

    assert "only available over WebRTC" in refused["error"]["message"]


def test_socket_plays_nothing(talk):
    talk = talk()
    talk.ask("response.create")

    assert talk.play(FRAME) == b""


def test_track_without_turn_detection_is_kept_for_five_minutes(call, the):
    talk = call()
    talk.update(audio=MANUAL)
    for _ in range(31):
        talk.speak(bytes(48 * 10_000))

    item_id = the("input_audio_buffer.committed", talk.ask("input_audio_buffer.commit"))["item_id"]
    (retrieved,) = talk.ask("conversation.item.retrieve", item_id=item_id)

    assert len(retrieved["item"]["content"][0]["audio"]) == 4 * 48 * 300_000 // 3


def test_turn_without_detection_begins_with_a_clear(call, the, speech):
    talk = call()
    talk.update(audio=MANUAL)
    talk.speak(bytes(48 * 1000))
    talk.ask("input_audio_buffer.clear")
    talk.speak(speech(200))

    item_id = the("input_audio_buffer.committed", talk.ask("input_audio_buffer.commit"))["item_id"]
    (retrieved,) = talk.ask("conversation.item.retrieve", item_id=item_id)

    assert len(retrieved["item"]["content"][0]["audio"]) == 4 * 48 * 200 // 3


def test_delta_that_a_test_sends_is_played_too(call, kinds):
    talk = call()
    where = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}

    talk.engine.send("response.output_audio.delta", {**where, "delta": "AQAB"})
    talk.engine.send("response.output_audio.delta", {**where, "delta": "no base64"})
    talk.engine.send("response.output_audio.delta", {})

    assert kinds(talk.hear()) == ["output_audio_buffer.started", "response.output_audio.delta"]
    assert talk.play(FRAME) == b"\1\0\1"


class TestIdle:
    """Silence counts from the end of the playback."""

    @pytest.fixture
    def call(self, call):
        def begin(**options):
            talk = call(**options)
            detection = {"type": "server_vad", "idle_timeout_ms": 5000}
            talk.update(audio={"input": {"turn_detection": detection}})
            return talk

        return begin

    def test_begins_when_the_answer_has_been_played(self, call, kinds):
        talk = call()
        talk.ask("response.create")
        talk.now_s += 60
        assert talk.hear() == []
        talk.play_out()

        talk.now_s += 4.9
        assert talk.hear() == []
        talk.now_s += 0.1
        assert kinds(talk.hear())[0] == "input_audio_buffer.timeout_triggered"

    def test_begins_at_once_after_an_answer_without_audio(self, call, kinds):
        talk = call(brain=lambda _: [])
        talk.ask("response.create")

        talk.now_s += 5
        assert kinds(talk.hear())[0] == "input_audio_buffer.timeout_triggered"

    def test_begins_when_the_client_clears_what_plays(self, call, kinds):
        talk = call()
        talk.ask("response.create")
        talk.ask("output_audio_buffer.clear")

        talk.now_s += 5
        assert kinds(talk.hear())[0] == "input_audio_buffer.timeout_triggered"

    def test_does_not_begin_while_the_next_answer_is_made(self, call):
        talk = call(brain=lambda turn: [*[Wait(60_000)] * turn.number, say(200)])
        talk.ask("response.create")
        talk.ask("response.create")
        talk.play_out()

        talk.now_s += 50
        assert talk.hear() == []

    def test_does_not_begin_while_the_user_speaks(self, call, speech):
        talk = call()
        talk.ask("response.create")
        talk.speak(speech(200))

        talk.now_s += 60
        assert talk.hear() == []
