import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core import commands
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Raw,
    Truncate,
    UpdateSession,
    new_command_id,
)
from realtime_core.contents import ImageContent, Message, ToolCall, ToolResult
from realtime_core.settings import RealtimeSettings

words = st.text("ЖЩФЯ", min_size=1, max_size=40)


def _examples(word="hello"):
    return [
        Command(),
        UpdateSession(settings=RealtimeSettings(instructions=word)),
        AppendAudio(data=word.encode()),
        CommitAudio(),
        ClearAudio(),
        AddItem(item=Message("user", word)),
        DeleteItem(item_id="item_1"),
        Truncate(item_id="item_1", keep_ms=700),
        CreateResponse(overrides={word: word}),
        CancelResponse(response_id="resp_1"),
        AnswerApproval(approval_id="approval_1", approve=False, reason=word),
        Raw(service_type="x.y", payload={word: word}),
    ]


def _names(values):
    return [type(value).__name__ for value in values]


EXAMPLES = _examples()


def test_every_command_has_an_example_here():
    assert sorted(_names(EXAMPLES)) == sorted(set(commands.__all__) - {"new_command_id"})


@given(words)
def test_no_content_shows_in_a_repr(word):
    assert not set("ЖЩФЯ") & set("".join(map(repr, _examples(word))))


@given(words)
def test_no_item_shows_its_content(word):
    image = ImageContent(b"\xff\xd8\xff" + word.encode())
    items = [ToolCall("call_1", "f", word), ToolResult("call_1", "f", word), image]

    shown = "".join(repr(AddItem(item=item)) for item in items)

    assert not set("ЖЩФЯ") & set(shown)
    assert repr(word.encode())[2:-1] not in shown


@given(st.binary(min_size=8))
def test_no_audio_shows_in_a_repr(data):
    assert repr(data)[2:-1] not in repr(AppendAudio(data=data))


@pytest.mark.parametrize("command", EXAMPLES, ids=_names(EXAMPLES))
def test_a_command_is_frozen(command):
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        command.command_id = "other"


def test_no_two_commands_have_one_id():
    commands_made = _examples() + _examples()

    assert len({command.command_id for command in commands_made}) == len(commands_made)


def test_a_new_id_is_new():
    assert new_command_id() != new_command_id()


def test_a_command_keeps_the_id_it_is_given():
    assert CommitAudio(command_id="cmd_mine").command_id == "cmd_mine"


def test_a_cancellation_names_no_response_unless_told():
    assert CancelResponse().response_id is None


def test_overrides_and_payload_are_empty_unless_given():
    assert (CreateResponse().overrides, Raw(service_type="x").payload) == ({}, {})
