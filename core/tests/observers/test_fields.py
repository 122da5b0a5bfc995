import attrs
import pytest
from realtime_core.audio.formats import AudioFormat
from realtime_core.commands import AddItem, AppendAudio, Command, CreateResponse, UpdateSession
from realtime_core.contents import (
    AudioContent,
    ImageContent,
    Message,
    RateLimit,
    ToolCall,
    ToolDefinition,
    Usage,
)
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeImageEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeRateLimitEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.observers.fields import fields_of, word
from realtime_core.settings import RealtimeSettings

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 12


def command(value):
    return {name: field for name, field in fields_of(value).items() if name != "command_id"}


def test_what_is_not_set_is_left_out():
    assert fields_of(RealtimeEvent()) == {}


def test_what_is_empty_or_zero_by_default_is_left_out():
    done = RealtimeResponseEvent(phase="done", usage=Usage(total_tokens=3))

    assert fields_of(done) == {"phase": "done", "usage_total_tokens": 3}
    assert fields_of(RealtimeSessionEvent(phase="closed")) == {"phase": "closed"}
    assert command(CreateResponse()) == {"conversation": "auto"}


def test_what_is_told_is_shown_even_if_it_is_zero():
    heard = fields_of(RealtimeTranscriptEvent(role="user", text="", final=False))
    cut = fields_of(RealtimeInterruptionEvent(cause="speech", estimated=False))

    assert heard == {"role": "user", "text_chars": 0, "final": False}
    assert cut == {"cause": "speech", "estimated": False}


def test_ids_are_shown_and_frames_are_not():
    event = RealtimeEvent(
        service_type="a.b",
        service_event={"text": "x"},
        response_id="resp_1",
        item_id="item_1",
        command_id="cmd_1",
    )

    assert fields_of(event) == {
        "service_type": "a.b",
        "response_id": "resp_1",
        "item_id": "item_1",
        "command_id": "cmd_1",
    }


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (
            RealtimeAudioEvent(audio=AudioContent(bytes(960))),
            {"audio_bytes": 960, "audio_format": "pcm16/24000/1", "audio_ms": 20.0},
        ),
        (RealtimeTextEvent(text="some words"), {"text_chars": 10}),
        (RealtimeTextEvent(text="some words", role="user"), {"text_chars": 10, "role": "user"}),
        (
            RealtimeFunctionCallEvent(function_call=ToolCall("call_1", "get_weather", "{}")),
            {
                "function_call_call_id": "call_1",
                "function_call_name": "get_weather",
                "function_call_arguments_chars": 2,
            },
        ),
        (RealtimeImageEvent(image=ImageContent(PNG)), {"image_bytes": 20, "image_media_type": "image/png"}),
        (
            RealtimeItemEvent(phase="added", item=Message("user", "some words")),
            {"phase": "added", "item": "Message", "item_role": "user", "item_content_chars": 10},
        ),
        (
            RealtimeSessionEvent(
                phase="updated", not_honoured=("voice", "tools"), input_format=AudioFormat("g711_ulaw")
            ),
            {
                "phase": "updated",
                "not_honoured": "voice,tools",
                "input_format": "g711_ulaw/8000/1",
            },
        ),
        (RealtimeRateLimitEvent(limits=(RateLimit("tokens", 10, 5, 1.0),)), {"limits_entries": 1}),
    ],
)
def test_content_is_its_size(event, fields):
    assert fields_of(event) == fields


def test_usage_and_times_of_a_response_are_shown():
    event = RealtimeResponseEvent(
        phase="done",
        status="completed",
        usage=Usage(total_tokens=3),
        metadata={"a": "b"},
        first_audio_ms=321.5,
    )

    fields = fields_of(event)

    assert fields["usage_total_tokens"] == 3
    assert fields["first_audio_ms"] == 321.5
    assert fields["metadata_entries"] == 1


def test_an_exception_is_its_type():
    event = RealtimeErrorEvent(kind="callback", message="some words", exception=ValueError("some words"))

    assert fields_of(event)["exception"] == "ValueError"
    assert fields_of(event, include_content=True)["exception"] == "ValueError"


def test_settings_are_the_names_of_those_that_are_set():
    settings = RealtimeSettings(voice="marin", instructions="some words")

    assert command(UpdateSession(settings=settings)) == {"settings": "instructions,voice"}


def test_tools_are_their_number():
    tools = (ToolDefinition("f"), {"type": "mcp", "authorization": "sk-secret"})

    assert command(UpdateSession(settings=RealtimeSettings(), tools=tools))["tools_entries"] == 2


def test_audio_that_is_sent_is_its_size():
    assert command(AppendAudio(data=bytes(4))) == {"data_bytes": 4}


def test_with_content_texts_are_there_and_bytes_and_mappings_are_not():
    said = fields_of(AddItem(item=Message("user", "some words")), include_content=True)
    asked = fields_of(CreateResponse(overrides={"instructions": "some words"}), include_content=True)
    heard = fields_of(RealtimeAudioEvent(audio=AudioContent(bytes(4))), include_content=True)

    assert said["item_content"] == "some words"
    assert asked["overrides_entries"] == 1
    assert heard["audio_bytes"] == 4


def test_with_content_what_looks_like_a_key_is_masked_all_the_same():
    event = RealtimeErrorEvent(kind="auth", message="wrong key sk-abcdef")

    assert fields_of(event, include_content=True)["message"] == "wrong key sk-…"


def test_a_class_of_a_plugin_follows_the_same_rule():
    @attrs.frozen(kw_only=True)
    class Special(Command):
        kind: str = "special"
        parts: object = attrs.field(factory=lambda: [1, 2])
        thing: object = attrs.field(factory=object)
        prompt: str = attrs.field(default="some words", repr=False)

    assert command(Special()) == {
        "kind": "special",
        "parts_entries": 2,
        "thing": "object",
        "prompt_chars": 10,
    }


@pytest.mark.parametrize("text", ["resp_1", "response.output_audio.delta", "image/png", "a-b:c+d"])
def test_a_name_is_shown(text):
    assert word(text) == text


@pytest.mark.parametrize("text", ["", "some words", "a\nb", "ü", "x" * 129, 'a"b', "a=b"])
def test_what_does_not_look_like_a_name_is_its_length(text):
    assert word(text) == f"<{len(text)} chars>"
