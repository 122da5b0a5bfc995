"""What a session can do, by what it is for."""

import attrs
from realtime_openai_wire.capabilities import WEBSOCKET_CAPABILITIES, websocket_capabilities
from realtime_openai_wire.formats import NATIVE_FORMATS
from realtime_openai_wire.settings import LIVE_SETTINGS, OpenAIRealtimeExecutionSettings, session_payload


def test_a_conversation_can_do_everything():
    conversation = websocket_capabilities("realtime")

    assert conversation is WEBSOCKET_CAPABILITIES
    assert (conversation.turns, conversation.images, conversation.acks) == (True, True, True)
    assert (conversation.ids, conversation.client_responses, conversation.cancel) == (True, True, True)
    assert (conversation.truncate, conversation.history) == ("client", "any_time")
    assert not conversation.auto_continue
    assert conversation.live_settings == LIVE_SETTINGS | {"tools"}


def test_a_transcription_session_only_listens():
    listening = websocket_capabilities("transcription")

    assert (listening.turns, listening.images, listening.acks) == (False, False, True)
    assert (listening.ids, listening.client_responses, listening.cancel) == (True, False, False)
    assert (listening.truncate, listening.history) == ("none", "none")
    assert listening.input_formats == NATIVE_FORMATS


def test_a_transcription_session_can_change_what_it_has():
    values = {"input_audio_format": "pcm16", "include": []}
    names = websocket_capabilities("transcription").live_settings

    for name in names:
        session_payload(OpenAIRealtimeExecutionSettings(**{name: values.get(name)}), "transcription")
    assert names < {field.name for field in attrs.fields(OpenAIRealtimeExecutionSettings)}
