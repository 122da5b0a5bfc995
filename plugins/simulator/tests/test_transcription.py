import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator.frames import Frames, Ids
from realtime_simulator.items import user_audio_item
from realtime_simulator.transcription import SILENCE, Heard, Transcriber
from realtime_simulator.wire_audio import Clip

CLIP = Clip(bytes(48 * 3300), PCM16_24KHZ)
EVENT = "conversation.item.input_audio_transcription."


def transcriber(transcripts=(), outcomes=("beside",)):
    ids = Ids()
    return Transcriber(Frames(ids), ids, transcripts, outcomes)


def transcribe(heard, *, logprobs=False, model="gpt-4o-transcribe", **settings):
    item = user_audio_item("item_u", CLIP)
    asked = {"model": model, "language": None, "prompt": None, **settings}
    return item, [frame for frame, *_ in transcriber().steps(item, heard, asked, logprobs=logprobs)]


def events(words="Good day, friend.", **settings):
    _, frames = transcribe(Heard(words), **settings)
    assert {(frame["item_id"], frame["content_index"]) for frame in frames} == {("item_u", 0)}
    return [(frame["type"].removeprefix(EVENT), frame) for frame in frames]


def deltas(*args, **settings):
    return [frame["delta"] for kind, frame in events(*args, **settings) if kind == "delta"]


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-transcribe", "gpt-realtime-whisper", None])
def test_deltas_are_words_and_together_the_transcript(model):
    (*parts, (last, completed)) = events(model=model)

    assert [kind for kind, _ in parts] == ["delta"] * 3
    assert last == "completed"
    assert [frame["delta"] for _, frame in parts] == ["Good", " day,", " friend."]
    assert completed["transcript"] == "Good day, friend."


def test_whisper_1_sends_one_delta():
    assert deltas(model="whisper-1") == ["Good day, friend."]


def test_unknown_speech_is_said_to_be_speech():
    assert events(None)[-1][1]["transcript"] == "[speech, 3.3 s]"


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe", "gpt-4o-transcribe-diarize"])
def test_silence_has_an_empty_transcript(model):
    _, (completed,) = transcribe(SILENCE, model=model)

    assert completed["transcript"] == ""


def test_item_has_its_transcript_only_when_completed():
    item = user_audio_item("item_u", CLIP)
    settings = {"model": None, "language": None}
    steps = transcriber().steps(item, Heard("hi"), settings, logprobs=False)

    next(steps)
    assert item.content[0]["transcript"] is None
    next(steps)
    assert item.content[0]["transcript"] == "hi"


def test_failed_transcription_says_so_and_nothing_else():
    item, (failed,) = transcribe(Heard("hi", "failed"))

    assert failed["type"] == EVENT + "failed"
    assert failed["error"]["code"] == "audio_unintelligible"
    assert item.content[0]["transcript"] is None


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-realtime-whisper"])
def test_logprobs_come_when_the_session_includes_them(model):
    (_, delta), *_, (_, completed) = events("Good day", model=model, logprobs=True)

    assert delta["logprobs"] == [{"token": "Good", "bytes": [71, 111, 111, 100], "logprob": -0.04}]
    assert [likely["token"] for likely in completed["logprobs"]] == ["Good", " day"]


@pytest.mark.parametrize(
    ("model", "logprobs"),
    [("gpt-4o-transcribe", False), ("whisper-1", True), ("gpt-4o-transcribe-diarize", True)],
)
def test_otherwise_there_are_no_logprobs(model, logprobs):
    assert not any("logprobs" in frame for _, frame in events(model=model, logprobs=logprobs))


def test_diarizing_model_sends_segments_instead_of_deltas():
    (_, one), (_, two), (_, three), (last, completed) = events(
        "Good day. B: Hello! How are you?", model="gpt-4o-transcribe-diarize"
    )

    assert [(part["speaker"], part["text"]) for part in (one, two, three)] == [
        ("A", "Good day."),
        ("B", "Hello!"),
        ("B", "How are you?"),
    ]
    assert (one["start"], one["end"], three["end"]) == (0.0, two["start"], 3.3)
    assert len({part["id"] for part in (one, two, three)}) == 3
    assert (last, completed["transcript"]) == ("completed", "Good day. B: Hello! How are you?")


@pytest.mark.parametrize(
    ("settings", "languages"),
    [
        ({"languages": ["it", "en"]}, [{"code": "it"}]),
        ({"language": "de"}, [{"code": "de"}]),
        ({}, []),
        ({"languages": []}, []),
    ],
)
def test_gpt_transcribe_tells_the_language(settings, languages):
    assert events(model="gpt-transcribe", **settings)[-1][1]["languages"] == languages


def test_other_models_tell_no_language():
    assert "languages" not in events(language="de")[-1][1]


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
    assert events(model=model)[-1][1]["usage"] == usage


def test_transcripts_are_handed_out_in_order():
    handed = transcriber(("one", "two"))

    assert [handed.next_turn().words for _ in range(3)] == ["one", "two", None]


def test_turn_with_words_of_its_own_takes_no_transcript():
    handed = transcriber(("one",))

    assert [handed.next_turn("other").words, handed.next_turn().words] == ["other", "one"]


def test_last_outcome_is_that_of_all_turns_to_come():
    handed = transcriber(outcomes=("late", "failed"))

    assert [handed.next_turn().outcome for _ in range(3)] == ["late", "failed", "failed"]
