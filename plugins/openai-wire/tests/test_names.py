import typing

import pytest
from realtime_openai_wire.names import GA_NAMES, ListenEvents, SendEvents, ga_name


def declared_types(union: object) -> set[str]:
    """The ``type`` of every event in a union of the ``openai`` package."""
    members = typing.get_args(typing.get_args(union)[0] if hasattr(union, "__metadata__") else union)
    return {name for member in members for name in typing.get_args(member.model_fields["type"].annotation)}


def test_every_server_event_the_openai_package_knows_has_a_name():
    from openai.types.realtime import RealtimeServerEvent

    declared = declared_types(RealtimeServerEvent)

    assert {ga_name(name) for name in declared} == set(ListenEvents)


def test_every_client_event_the_openai_package_knows_has_a_name():
    from openai.types.realtime import RealtimeClientEvent

    assert declared_types(RealtimeClientEvent) == set(SendEvents)


@pytest.mark.parametrize("event", [*ListenEvents, *SendEvents])
def test_a_members_name_is_its_value_in_upper_case(event):
    assert event.name == event.value.upper().replace(".", "_")


@pytest.mark.parametrize(
    ("old", "current"),
    [
        ("response.text.delta", "response.output_text.delta"),
        ("response.text.done", "response.output_text.done"),
        ("response.audio.delta", "response.output_audio.delta"),
        ("response.audio.done", "response.output_audio.done"),
        ("response.audio_transcript.delta", "response.output_audio_transcript.delta"),
        ("response.audio_transcript.done", "response.output_audio_transcript.done"),
        ("conversation.item.created", "conversation.item.added"),
        ("transcription_session.updated", "session.updated"),
    ],
)
def test_a_beta_name_becomes_the_current_one(old, current):
    assert ga_name(old) == current


def test_old_names_lead_to_current_events_and_are_none_themselves():
    assert set(GA_NAMES.values()) <= set(ListenEvents)
    assert not set(GA_NAMES) & set(ListenEvents)


def test_a_name_it_does_not_know_stays_as_it_is():
    assert ga_name("response.telepathy.delta") == "response.telepathy.delta"
    assert ga_name("session.updated") == "session.updated"
