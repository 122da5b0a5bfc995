"""Every kind of frame is what the ``openai`` package says it is: an independent truth."""

import copy

import pydantic
import pytest
from realtime_simulator.brain import Call, McpCall, Say
from realtime_simulator.server_events import NOT_SENT, SERVER_EVENTS

MCP = {
    "type": "mcp",
    "server_label": "docs",
    "server_url": "https://example.com",
    "allowed_tools": ["search"],
    "require_approval": "never",
}
VAD = {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}
IMAGE = "data:image/png;base64,iVBORw=="


def answer(turn):
    match turn.text:
        case "call":
            return Call("f", {"x": 1})
        case "search":
            ask = McpCall("docs", "delete", {"id": 1}, output="gone", needs_approval=True)
            return [McpCall("docs", "search", {"q": 1}, output="x"), McpCall("docs", "read", error="no"), ask]
        case _:
            return Say("Good day to you.")


def conversation_of(talk, speech, silence):
    """Spoken and typed turns, calls, cancels, items of all kinds, what is refused."""
    talk = talk(rate_limits="end", transcripts=["good day"], brain=answer)
    frames = [
        talk.created,
        *talk.update(audio=VAD, instructions="x", tools=[{"type": "function", "name": "f"}]),
    ]
    frames += talk.append(speech(500) + silence(500))
    frames += talk.update(output_modalities=["text"])
    frames += talk.type_text("hello")
    frames += talk.ask("response.create", response={"metadata": {"k": "v"}})
    frames += talk.ask("response.create", response={"conversation": "none", "max_output_tokens": 1})
    frames += talk.type_text("call")
    frames += talk.ask("response.create")
    output = {
        "type": "function_call_output",
        "call_id": frames[-2]["response"]["output"][0]["call_id"],
        "output": "7",
    }
    image = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_image", "image_url": IMAGE, "detail": "low"}],
    }
    frames += talk.ask("conversation.item.create", item=output)
    frames += talk.ask("conversation.item.create", item=image)
    talk.say("response.create")
    frames += [talk.hear_one(), *talk.ask("response.cancel")]
    user, assistant = (
        next(
            f["item"]["id"]
            for f in frames
            if f["type"] == "conversation.item.added" and f["item"]["role"] == role
        )
        for role in ("user", "assistant")
    )
    frames += talk.ask("conversation.item.retrieve", item_id=user)
    frames += talk.ask("conversation.item.truncate", item_id=assistant, content_index=0, audio_end_ms=100)
    frames += talk.ask("conversation.item.retrieve", item_id=assistant)
    frames += talk.ask("conversation.item.delete", item_id=user)
    frames += talk.ask("input_audio_buffer.clear")
    return frames + talk.ask("nonsense")


def tools_of(talk):
    """Servers whose tools are listed or not, called, failing, and asking for approval."""
    talk = talk(mcp_failures="mail", brain=answer)
    servers = [{**MCP, "server_label": label, "headers": {"k": "v"}} for label in ("docs", "mail")]
    frames = [*talk.update(tools=servers), *talk.type_text("search"), *talk.ask("response.create")]
    request_id = frames[-1]["response"]["output"][-1]["id"]
    response = {"type": "mcp_approval_response", "approval_request_id": request_id, "approve": True}
    frames += talk.ask("conversation.item.create", item=response)
    return frames + talk.ask("response.create")


def transcriptions_of(talk, speech, silence):
    """A session that only listens: segments, languages, likelihoods, a failure."""
    talk = talk(kind="transcription", transcription="beside,beside,failed")
    frames = [talk.created]
    for model in ("gpt-4o-transcribe-diarize", "gpt-transcribe", "whisper-1"):
        transcription = {"model": model, "language": "en"}
        session = {
            "type": "transcription",
            "audio": {"input": {"transcription": transcription}},
            "include": ["item.input_audio_transcription.logprobs"],
        }
        frames += talk.ask("session.update", session=session)
        frames += talk.append(speech(500) + silence(500))
    return frames


def silence_of(talk):
    """Nobody says anything, to a server of an older make."""
    talk = talk(quirks="conversation-created,item-created")
    talk.update(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5000}}})
    frames = [talk.created, *talk.greeting, *talk.ask("response.create")]
    talk.now_s += 60
    return frames + talk.hear()


def call_of(talk):
    """A spoken answer that is heard out, and one that is interrupted."""
    talk = talk(on_tracks=True)
    frames = [talk.created, *talk.ask("response.create"), *talk.play_out(), *talk.ask("response.create")]
    talk.engine.user_starts_speaking(talk.now_s)
    return frames + talk.hear()


@pytest.fixture
def everything(talk, speech, silence):
    """Sessions in which each kind of frame occurs."""
    return [
        *conversation_of(talk, speech, silence),
        *tools_of(talk),
        *transcriptions_of(talk, speech, silence),
        *silence_of(talk),
        *call_of(talk),
    ]


def test_every_kind_of_frame_occurs(everything, kinds):
    assert set(kinds(everything)) == SERVER_EVENTS


def test_every_kind_of_the_openai_package_is_sent_or_has_its_reason(event_types):
    assert SERVER_EVENTS | NOT_SENT.keys() == event_types.keys()


def test_every_frame_is_valid(everything, validate):
    for frame in everything:
        validate(frame)


def test_every_event_id_is_used_once(everything):
    ids = [frame["event_id"] for frame in everything]

    assert len(set(ids)) == len(ids)


def test_answer_to_a_failing_brain_is_valid(talk, validate):
    for frame in talk(brain=lambda _: None).ask("response.create"):
        validate(frame)


@pytest.mark.parametrize(
    ("kind", "breaking"),
    [
        ("session.created", lambda frame: frame.pop("event_id")),
        ("session.created", lambda frame: frame["session"].update(output_modalities=["speech"])),
        ("input_audio_buffer.speech_started", lambda frame: frame.update(audio_start_ms="0")),
        ("conversation.item.added", lambda frame: frame["item"].pop("role")),
        ("conversation.item.input_audio_transcription.completed", lambda frame: frame.pop("usage")),
        ("response.output_audio.delta", lambda frame: frame.pop("content_index")),
        ("response.content_part.added", lambda frame: frame["part"].update(type="output_audio")),
        ("response.done", lambda frame: frame["response"].update(status="finished")),
        ("error", lambda frame: frame["error"].pop("message")),
    ],
)
def test_broken_frame_is_noticed(everything, validate, kind, breaking):
    frame = copy.deepcopy(next(frame for frame in everything if frame["type"] == kind))
    validate(frame)

    breaking(frame)

    with pytest.raises(pydantic.ValidationError):
        validate(frame)
