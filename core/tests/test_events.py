import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core import events
from realtime_core.contents import (
    ApprovalRequest,
    AudioContent,
    ImageContent,
    Message,
    RateLimit,
    TextContent,
    ToolCall,
    ToolResult,
)
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeFunctionResultEvent,
    RealtimeImageEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeRateLimitEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

# letters that no class name, field name or number of a repr has
words = st.text("ЖЩФЯ", min_size=1, max_size=40)
payloads = st.dictionaries(words, st.one_of(words, st.lists(words, max_size=3)), min_size=1, max_size=5)


def _examples(word="hello", payload=None):
    frame = {"service_type": "x.y", "service_event": payload or {"type": "x.y"}}
    return [
        RealtimeEvent(**frame),
        RealtimeAudioEvent(audio=AudioContent(word.encode("utf-8") * 2), **frame),
        RealtimeTextEvent(text=TextContent(word), role="user", **frame),
        RealtimeTranscriptEvent(role="user", text=word, final=True, **frame),
        RealtimeFunctionCallEvent(function_call=ToolCall("call_1", "f", word), **frame),
        RealtimeFunctionResultEvent(function_result=ToolResult("call_1", "f", word), **frame),
        RealtimeFunctionCancelledEvent(call_id="call_1", **frame),
        RealtimeApprovalEvent(request=ApprovalRequest("a_1", "f", word), **frame),
        RealtimeItemEvent(phase="done", item=Message("user", word), **frame),
        RealtimeInterruptionEvent(cause="speech", **frame),
        RealtimeImageEvent(image=ImageContent(b"\xff\xd8\xff" + word.encode()), **frame),
        RealtimeSessionEvent(phase="created", **frame),
        RealtimeSpeechEvent(phase="started", **frame),
        RealtimeResponseEvent(phase="done", metadata={word: word}, **frame),
        RealtimeErrorEvent(kind="server", message=word, exception=ValueError(word), **frame),
        RealtimeRateLimitEvent(limits=(RateLimit("tokens"),), **frame),
    ]


def _names(values):
    return [type(value).__name__ for value in values]


EXAMPLES = _examples()


def test_every_event_class_has_an_example_here():
    classes = [name for name in events.__all__ if name != "ErrorKind"]

    assert sorted(_names(EXAMPLES)) == sorted(classes)


@given(word=words, payload=payloads)
def test_no_content_shows_in_a_repr(word, payload):
    shown = "".join(map(repr, _examples(word, payload)))

    assert not set("ЖЩФЯ") & set(shown)


@given(data=st.binary(min_size=8))
def test_no_audio_shows_in_a_repr(data):
    shown = repr(RealtimeAudioEvent(audio=AudioContent(data)))

    assert repr(data)[2:-1] not in shown


@pytest.mark.parametrize("event", EXAMPLES, ids=_names(EXAMPLES))
def test_an_event_is_frozen(event):
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.service_type = "z"


@pytest.mark.parametrize("event", EXAMPLES, ids=_names(EXAMPLES))
def test_an_event_has_slots(event):
    assert not hasattr(event, "__dict__")


@pytest.mark.parametrize("event", EXAMPLES, ids=_names(EXAMPLES))
def test_an_event_can_be_put_in_a_set(event):
    assert hash(event) == hash(attrs.evolve(event))


@pytest.mark.parametrize("event", EXAMPLES, ids=_names(EXAMPLES))
def test_an_event_is_a_realtime_event(event):
    assert isinstance(event, RealtimeEvent)


def test_payload_is_kept_by_reference():
    payload = {"type": "x"}

    assert RealtimeEvent(service_event=payload).service_event is payload


def test_an_event_of_the_engine_has_no_service_type():
    event = RealtimeSessionEvent(phase="closed")

    assert (event.service_type, event.service_event) == (None, None)


def test_fields_are_given_by_name_only():
    with pytest.raises(TypeError, match="positional"):
        RealtimeEvent("x.y")


def test_two_errors_of_one_frame_are_equal_whatever_was_raised():
    assert RealtimeErrorEvent(kind="callback", exception=ValueError()) == RealtimeErrorEvent(kind="callback")
