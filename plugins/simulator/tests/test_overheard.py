import pytest
from realtime_core import AudioFormat, ImageContent, Message, ToolCall, ToolResult
from realtime_core.testing import Note
from realtime_simulator.overheard import note_of

PNG = b"\x89PNG\r\n\x1a\n"
PNG_URL = "data:image/png;base64,iVBORw0KGgo="


def item(**fields):
    return {"type": "conversation.item.create", "item": fields}


def message(**content):
    return item(type="message", role="user", content=[content])


def test_first_configuration_is_the_setup():
    frame = {"type": "session.update", "session": {"instructions": "Be brief."}}

    assert note_of(frame, is_first=True) == Note("setup", {"instructions": "Be brief."})
    assert note_of(frame) == Note("update", {"instructions": "Be brief."})


def test_settings_go_by_their_neutral_names():
    heard = {
        "format": {"type": "audio/pcm", "rate": 24_000},
        "turn_detection": None,
        "noise_reduction": {"type": "near_field"},
    }
    session = {"audio": {"input": heard, "output": {"voice": "marin"}}, "tools": ["look_up"]}

    note = note_of({"type": "session.update", "session": session})

    assert note.value == {
        "input_audio_format": AudioFormat("pcm16", 24_000),
        "turn_detection": None,
        "input_audio_noise_reduction": "near_field",
        "voice": "marin",
        "tools": ["look_up"],
    }


def test_what_a_service_has_beyond_openais_goes_by_its_name():
    session = {"type": "realtime", "mood": {"of": "the day"}, "audio": {}, "voice": "here it is no setting"}

    note = note_of({"type": "session.update", "session": session})

    assert note.value == {"mood": {"of": "the day"}, "voice": "here it is no setting"}


@pytest.mark.parametrize(
    ("told", "noted"),
    [
        ({"type": "audio/pcm", "rate": 16_000}, AudioFormat("pcm16", 16_000)),
        ({"type": "audio/pcmu"}, AudioFormat("g711_ulaw")),
        ({"type": "audio/pcma"}, AudioFormat("g711_alaw")),
        ({"type": "audio/opus"}, {"type": "audio/opus"}),
        ("pcm16", "pcm16"),
    ],
)
def test_formats_are_those_of_core_where_there_is_one(told, noted):
    session = {"audio": {"output": {"format": told}}}

    assert note_of({"type": "session.update", "session": session}).value == {"output_audio_format": noted}


def test_tools_are_whole():
    function = {"type": "function", "name": "look_up", "description": "Looks it up.", "parameters": {}}
    others = {"type": "mcp", "server_label": "maps"}

    note = note_of({"type": "session.update", "session": {"tools": [function, others]}})

    assert note.value["tools"] == [function, others]


@pytest.mark.parametrize(
    ("frame", "note"),
    [
        ({"type": "input_audio_buffer.append", "audio": "AAE="}, Note("audio", b"\0\1")),
        ({"type": "input_audio_buffer.append", "audio": "no base64"}, Note("audio", b"")),
        ({"type": "input_audio_buffer.append", "audio": 7}, Note("audio", b"")),
        ({"type": "input_audio_buffer.commit"}, Note("commit")),
        ({"type": "input_audio_buffer.clear"}, Note("clear")),
        ({"type": "response.create"}, Note("response", {})),
        ({"type": "response.create", "response": {"voice": "marin"}}, Note("response", {"voice": "marin"})),
        ({"type": "response.cancel"}, Note("cancel", "")),
        ({"type": "response.cancel", "response_id": "r"}, Note("cancel", "r")),
        ({"type": "output_audio_buffer.clear"}, Note("cancel")),
        (
            {"type": "conversation.item.truncate", "item_id": "i", "audio_end_ms": 7},
            Note("truncate", ("i", 7)),
        ),
        ({"type": "conversation.item.delete", "item_id": "i"}, Note("delete", "i")),
        (message(type="input_text", text="Hello."), Note("message", Message("user", "Hello."))),
        (
            message(type="input_audio", transcript="Hello."),
            Note("message", Message("user", "Hello.")),
        ),
        (message(type="input_image", image_url=PNG_URL), Note("image", ImageContent(PNG))),
        (
            item(type="function_call", call_id="c", name="look_up", arguments="{}"),
            Note("call", ToolCall("c", "look_up", "{}")),
        ),
        (
            item(type="function_call_output", call_id="c", output="sunny"),
            Note("result", ToolResult("c", "c", "sunny")),
        ),
    ],
)
def test_frames_in_neutral_words(frame, note):
    assert note_of(frame) == note


@pytest.mark.parametrize(
    "frame", ["{", {"type": "acme.frame"}, item(type="mcp_approval_response"), {"type": "session.update"}]
)
def test_what_has_no_neutral_words_is_raw(frame):
    assert note_of(frame) == Note("raw", frame)
