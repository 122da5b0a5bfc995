"""Commands as frames to the service: a function from value to ``dict``, no state.

Every frame but the append carries ``event_id``, which an ``error`` echoes. A ``response.create`` also
carries its command id in the response's metadata, which ``response.created`` echoes; an item has
an id derived from its command's, which ``conversation.item.added`` echoes.
"""

from collections.abc import Mapping
from typing import Any, Final

from realtime_core.audio.formats import AudioFormat
from realtime_core.commands import (
    AddItem,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    Raw,
    UpdateSession,
)
from realtime_core.contents import Message
from realtime_core.errors import InvalidSettings, UnsupportedCommand

from realtime_openai_wire.formats import format_to_wire
from realtime_openai_wire.names import SendEvents
from realtime_openai_wire.settings import session_payload, voice_to_wire

__all__ = ["METADATA_KEY", "client_frame", "item_id_of"]

METADATA_KEY: Final = "realtime_command_id"
"""The key of a response's metadata that holds the command id."""

_CONTENT_TYPE: Final = {"user": "input_text", "system": "input_text", "assistant": "output_text"}


def item_id_of(command_id: str) -> str:
    """The id of the item that a command adds."""
    return f"item_{command_id}"


def client_frame(command: Command) -> dict[str, Any]:
    """The frame of any command but an append, which never becomes a ``dict``.

    Raises:
        UnsupportedCommand: the protocol has nothing for it.
        InvalidSettings: an override of a response has a value that cannot be written.
        UnsupportedSetting: a setting that the service does not have.
    """
    match command:
        case UpdateSession():
            return _frame(SendEvents.SESSION_UPDATE, command, session=session_payload(command.settings))
        case CommitAudio():
            return _frame(SendEvents.INPUT_AUDIO_BUFFER_COMMIT, command)
        case ClearAudio():
            return _frame(SendEvents.INPUT_AUDIO_BUFFER_CLEAR, command)
        case AddItem():
            item = _message(command.item, item_id_of(command.command_id))
            return _frame(SendEvents.CONVERSATION_ITEM_CREATE, command, item=item)
        case CreateResponse():
            return _frame(SendEvents.RESPONSE_CREATE, command, response=_response(command))
        case Raw():
            # the id lets an error find its frame instead of the oldest command
            return {"event_id": command.command_id, **command.payload, "type": command.service_type}
        case _:
            raise UnsupportedCommand(f"the service has no means for the command {type(command).__name__}")


def _frame(name: str, command: Command, **fields: Any) -> dict[str, Any]:
    return {"type": name, "event_id": command.command_id, **fields}


def _message(message: Message, item_id: str) -> dict[str, Any]:
    content = [{"type": _CONTENT_TYPE[message.role], "text": message.content}]
    return {"id": item_id, "type": "message", "role": message.role, "content": content}


def _response(command: CreateResponse) -> dict[str, Any]:
    """The overrides as they are; only the neutral names of the audio settings move to their place."""
    response = dict(command.overrides)
    output: dict[str, Any] = {}
    if "voice" in response:
        voice = response.pop("voice")
        output["voice"] = voice_to_wire(voice) if isinstance(voice, str) else voice
    if "output_audio_format" in response:
        output["format"] = format_to_wire(AudioFormat.parse(response.pop("output_audio_format")))
    if output:
        audio = _object(response, "audio")
        response["audio"] = {**audio, "output": {**_object(audio, "output"), **output}}
    response["metadata"] = {**_object(response, "metadata"), METADATA_KEY: command.command_id}
    return response


def _object(place: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = place.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidSettings(f"override {name!r} takes a mapping, not {type(value).__name__}")
    return value
