import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator.frames import Frames, Ids
from realtime_simulator.items import user_audio_item
from realtime_simulator.transcription import Transcriber
from realtime_simulator.wire_audio import Clip

CLIP = Clip(bytes(48 * 3300), PCM16_24KHZ)


def transcribe(text="Good day, friend.", model="gpt-realtime-whisper"):
    transcriber = Transcriber(Frames(Ids()), (text,) if text else ())
    item = user_audio_item("item_u", CLIP, transcriber.heard())
    return item, [frame for frame, *_ in transcriber.steps(item, {"model": model})]


def test_deltas_are_words_and_together_the_transcript():
    _, (*deltas, completed) = transcribe()

    assert [frame["delta"] for frame in deltas] == ["Good", " day,", " friend."]
    assert completed["transcript"] == "Good day, friend."


def test_whisper_1_sends_one_delta():
    _, (*deltas, _) = transcribe(model="whisper-1")

    assert [frame["delta"] for frame in deltas] == ["Good day, friend."]


def test_unknown_speech_is_said_to_be_speech():
    _, (*_, completed) = transcribe(text="")

    assert completed["transcript"] == "[speech, 3.3 s]"


def test_item_has_its_transcript_only_when_completed():
    transcriber = Transcriber(Frames(Ids()), ("hi",))
    item = user_audio_item("item_u", CLIP, transcriber.heard())
    steps = transcriber.steps(item, {"model": None})

    next(steps)
    assert item.content[0]["transcript"] is None
    next(steps)
    assert item.content[0]["transcript"] == "hi"


@pytest.mark.parametrize(
    ("model", "usage"),
    [
        ("gpt-realtime-whisper", {"type": "duration", "seconds": 4}),
        (
            "gpt-4o-transcribe",
            {
                "type": "tokens",
                "total_tokens": 38,
                "input_tokens": 33,
                "input_token_details": {"text_tokens": 0, "audio_tokens": 33},
                "output_tokens": 5,
            },
        ),
    ],
)
def test_usage_is_that_of_the_model(model, usage):
    _, (*_, completed) = transcribe(model=model)

    assert completed["usage"] == usage


def test_transcripts_are_handed_out_in_order():
    transcriber = Transcriber(Frames(Ids()), ("one", "two"))

    assert [transcriber.heard() for _ in range(3)] == ["one", "two", ""]
