from types import MappingProxyType

import attrs
import pytest
from realtime_core import UNSET, AudioFormat, Message, ToolDefinition
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Raw,
    Truncate,
    UpdateSession,
)
from realtime_core.errors import InvalidSettings, UnsupportedCommand
from realtime_openai_wire.client_frames import METADATA_KEY, client_frame, item_id_of
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
MCP = {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example.com"}


def response(**overrides):
    return client_frame(CreateResponse(command_id="cmd_7", overrides=overrides))["response"]


@pytest.mark.parametrize(
    ("command", "frame"),
    [
        (
            UpdateSession(command_id="cmd_7", settings=OpenAIRealtimeExecutionSettings(voice="marin")),
            {
                "type": "session.update",
                "session": {"type": "realtime", "audio": {"output": {"voice": "marin"}}},
            },
        ),
        (CommitAudio(command_id="cmd_7"), {"type": "input_audio_buffer.commit"}),
        (ClearAudio(command_id="cmd_7"), {"type": "input_audio_buffer.clear"}),
        (
            CreateResponse(command_id="cmd_7"),
            {"type": "response.create", "response": {"metadata": {"realtime_command_id": "cmd_7"}}},
        ),
        (CancelResponse(command_id="cmd_7"), {"type": "response.cancel"}),
        (
            CancelResponse(command_id="cmd_7", response_id="resp_1"),
            {"type": "response.cancel", "response_id": "resp_1"},
        ),
        (
            DeleteItem(command_id="cmd_7", item_id="item_1"),
            {"type": "conversation.item.delete", "item_id": "item_1"},
        ),
        (
            Truncate(command_id="cmd_7", item_id="item_1", keep_ms=700),
            {
                "type": "conversation.item.truncate",
                "item_id": "item_1",
                "content_index": 0,
                "audio_end_ms": 700,
            },
        ),
    ],
)
def test_a_frame_carries_its_command_id(command, frame, check_client_event):
    assert client_frame(command) == {**frame, "event_id": "cmd_7"}
    check_client_event(client_frame(command))


def test_an_item_is_added_under_an_id_of_its_commands(check_client_event):
    frame = client_frame(AddItem(command_id="cmd_7", item=Message("user", "Hello.")))

    assert frame == {
        "type": "conversation.item.create",
        "event_id": "cmd_7",
        "item": {
            "id": item_id_of("cmd_7"),
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Hello."}],
        },
    }
    check_client_event(frame)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"approve": True}, {"approve": True}),
        ({"approve": False, "reason": "Too dear."}, {"approve": False, "reason": "Too dear."}),
    ],
)
def test_an_approval_is_answered_by_an_item_under_an_id_of_its_commands(answer, said, check_client_event):
    frame = client_frame(AnswerApproval(command_id="cmd_7", approval_id="mcpr_1", **answer))

    assert frame == {
        "type": "conversation.item.create",
        "event_id": "cmd_7",
        "item": {
            "id": item_id_of("cmd_7"),
            "type": "mcp_approval_response",
            "approval_request_id": "mcpr_1",
            **said,
        },
    }
    check_client_event(frame)


@pytest.mark.parametrize(
    ("tools", "on_the_wire"),
    [
        (UNSET, {}),
        ((), {"tools": []}),
        (
            (ToolDefinition("f", "Does it."), MCP),
            {"tools": [{**FUNCTION, "description": "Does it."}, MCP]},
        ),
    ],
)
def test_an_update_replaces_all_tools_or_none(tools, on_the_wire, check_client_event):
    frame = client_frame(UpdateSession(settings=OpenAIRealtimeExecutionSettings(), tools=tools))

    assert frame["session"] == {"type": "realtime", **on_the_wire}
    check_client_event(frame)


def test_a_response_out_of_band_is_asked_for_so(check_client_event):
    frame = client_frame(CreateResponse(command_id="cmd_7", conversation="none"))

    assert frame["response"] == {"conversation": "none", "metadata": {METADATA_KEY: "cmd_7"}}
    check_client_event(frame)


@pytest.mark.parametrize(
    ("command", "override", "sent"),
    [("auto", "none", "none"), ("none", "auto", "none"), ("auto", "auto", "auto")],
)
def test_a_response_is_out_of_band_whichever_way_it_is_said(command, override, sent):
    asked = CreateResponse(conversation=command, overrides={"conversation": override})

    assert client_frame(asked)["response"]["conversation"] == sent


def test_tools_of_one_response_may_be_definitions(check_client_event):
    sent = response(tools=[ToolDefinition("f"), MCP])

    assert sent["tools"] == [FUNCTION, MCP]
    check_client_event({"type": "response.create", "response": sent})


def test_a_truncation_points_at_the_part_that_is_audio():
    frame = client_frame(Truncate(item_id="item_1", keep_ms=0), audio_part=2)

    assert (frame["content_index"], frame["audio_end_ms"]) == (2, 0)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("conversation.item.retrieve", {"item_id": "item_1"}),
        ("output_audio_buffer.clear", {}),
        (
            "conversation.item.create",
            {
                "item": {
                    "type": "mcp_approval_response",
                    "id": "item_2",
                    "approval_request_id": "item_1",
                    "approve": True,
                },
                "previous_item_id": "root",
            },
        ),
    ],
)
def test_what_has_no_command_goes_raw(name, fields, check_client_event):
    frame = client_frame(Raw(command_id="cmd_7", service_type=name, payload=fields))

    assert frame == {"type": name, "event_id": "cmd_7", **fields}
    check_client_event(frame)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "input_audio_buffer.commit", "command_id": "cmd_7"},
        {"type": "session.update", "session": {"audio": {}}},
        {"type": "session.update", "session": {"type": "realtime", "voice": "marin"}},
        {"type": "session.update", "session": {"type": "realtime", "audio": {"input": {"format": "pcm16"}}}},
        {"type": "response.create", "response": {"voice": "marin"}},
        {"type": "response.create", "response": {"metadata": {"a": 1}}},
        {
            "type": "conversation.item.create",
            "item": {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hello.", "txt": "Hello."}],
            },
        },
    ],
)
def test_a_wrong_field_does_not_pass_for_a_client_event(frame, check_client_event):
    with pytest.raises(ValueError, match="validation error"):
        check_client_event(frame)


def test_overrides_are_passed_on_as_they_are(check_client_event):
    overrides = {
        "instructions": "Sing.",
        "conversation": "none",
        "output_modalities": ["text"],
        "tool_choice": {"type": "function", "name": "sing"},
        "input": [],
    }

    sent = response(**overrides)

    assert sent == {**overrides, "metadata": {METADATA_KEY: "cmd_7"}}
    check_client_event({"type": "response.create", "response": sent})


def test_an_override_that_is_unset_is_not_sent():
    assert response(instructions=UNSET, voice=UNSET, output_audio_format=UNSET, metadata=UNSET) == response()


def test_neutral_audio_names_move_to_their_place(check_client_event):
    sent = response(voice="cedar", output_audio_format="g711_ulaw")

    assert sent["audio"] == {"output": {"voice": "cedar", "format": {"type": "audio/pcmu"}}}
    assert "voice" not in sent
    assert "output_audio_format" not in sent
    check_client_event({"type": "response.create", "response": sent})


def test_neutral_names_join_what_stands_there_already():
    audio = {"output": {"voice": "alloy", "format": {"type": "audio/pcma"}}, "theirs": 1}

    sent = response(audio=audio, voice="voice_1")

    assert sent["audio"] == {
        "output": {"voice": {"id": "voice_1"}, "format": {"type": "audio/pcma"}},
        "theirs": 1,
    }
    assert audio["output"]["voice"] == "alloy"


def test_a_voice_in_the_services_own_shape_is_passed_on():
    assert response(voice={"id": "voice_1"})["audio"] == {"output": {"voice": {"id": "voice_1"}}}


def test_an_output_format_may_be_a_format():
    assert response(output_audio_format=AudioFormat("g711_alaw"))["audio"] == {
        "output": {"format": {"type": "audio/pcma"}}
    }


@pytest.mark.parametrize("metadata", [{"topic": "tea"}, MappingProxyType({"topic": "tea"})])
def test_metadata_of_the_user_stays_beside_the_command_id(metadata):
    assert response(metadata=metadata)["metadata"] == {"topic": "tea", METADATA_KEY: "cmd_7"}
    assert METADATA_KEY not in metadata


@pytest.mark.parametrize("overrides", [{}, {"metadata": None}])
def test_without_metadata_there_is_the_command_id_alone(overrides):
    assert response(**overrides)["metadata"] == {METADATA_KEY: "cmd_7"}


@pytest.mark.parametrize(
    "overrides",
    [
        {"metadata": "tea"},
        {"voice": "cedar", "audio": "loud"},
        {"voice": "cedar", "audio": {"output": "loud"}},
        {"output_audio_format": "mp3"},
        {"tools": "f"},
        {"tools": ["f"]},
    ],
)
def test_an_override_that_cannot_be_written_is_refused(overrides):
    with pytest.raises(InvalidSettings):
        response(**overrides)


def test_a_raw_frame_goes_as_it_is_but_can_be_recognised():
    payload = {"item_id": "item_1"}
    command = Raw(command_id="cmd_7", service_type="conversation.item.retrieve", payload=payload)

    assert client_frame(command) == {
        "type": "conversation.item.retrieve",
        "item_id": "item_1",
        "event_id": "cmd_7",
    }
    assert payload == {"item_id": "item_1"}


def test_a_raw_frame_keeps_an_event_id_of_its_own():
    command = Raw(service_type="response.cancel", payload={"event_id": "mine", "type": "response.cancel"})

    assert client_frame(command) == {"type": "response.cancel", "event_id": "mine"}


def test_a_command_the_protocol_has_nothing_for_is_refused_by_name():
    @attrs.frozen(kw_only=True)
    class Teleport(Command):
        pass

    with pytest.raises(UnsupportedCommand, match="Teleport"):
        client_frame(Teleport())


@pytest.mark.parametrize(
    "command",
    [
        AddItem(item=Message("user", "Hello.")),
        DeleteItem(item_id="item_1"),
        Truncate(item_id="item_1", keep_ms=0),
        CreateResponse(),
        CancelResponse(),
        AnswerApproval(approval_id="mcpr_1", approve=True),
    ],
)
def test_a_transcription_session_only_listens(command):
    with pytest.raises(UnsupportedCommand, match=f"only listens: {type(command).__name__}"):
        client_frame(command, session_type="transcription")


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (UpdateSession(settings=OpenAIRealtimeExecutionSettings()), "session.update"),
        (CommitAudio(), "input_audio_buffer.commit"),
        (ClearAudio(), "input_audio_buffer.clear"),
        (Raw(service_type="conversation.item.retrieve"), "conversation.item.retrieve"),
    ],
)
def test_a_transcription_session_takes_audio_and_its_settings(command, name):
    assert client_frame(command, session_type="transcription")["type"] == name
