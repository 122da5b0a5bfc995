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
from realtime_core.unset import UNSET

from realtime_openai_wire.formats import format_to_wire
from realtime_openai_wire.items import item_to_wire
from realtime_openai_wire.names import SendEvents
from realtime_openai_wire.settings import SessionType, session_payload, voice_to_wire
from realtime_openai_wire.tools import tools_to_wire

__all__ = ["METADATA_KEY", "client_frame", "item_id_of"]

METADATA_KEY: Final = "realtime_command_id"
"""The key of a response's metadata that holds the command id."""

_OF_TRANSCRIPTION: Final = (UpdateSession, CommitAudio, ClearAudio, Raw)


def item_id_of(command_id: str) -> str:
    """The id of the item that a command adds."""
    return f"item_{command_id}"


def client_frame(
    command: Command, *, session_type: SessionType = "realtime", audio_part: int = 0
) -> dict[str, Any]:
    """The frame of any command but an append, which never becomes a ``dict``.

    ``audio_part`` is the index of the content that is audio in the item of a `Truncate`.

    Raises:
        UnsupportedCommand: the protocol, or a session of that type, has nothing for it.
        InvalidSettings: a tool, or an override of a response, has a value that cannot be written.
        UnsupportedSetting: a setting that the service does not have.
    """
    if session_type == "transcription" and not isinstance(command, _OF_TRANSCRIPTION):
        name = type(command).__name__
        raise UnsupportedCommand(f"a transcription session only listens: {name} needs a conversation")
    match command:
        case UpdateSession():
            session = session_payload(command.settings, session_type, command.tools)
            return _frame(SendEvents.SESSION_UPDATE, command, session=session)
        case CommitAudio():
            return _frame(SendEvents.INPUT_AUDIO_BUFFER_COMMIT, command)
        case ClearAudio():
            return _frame(SendEvents.INPUT_AUDIO_BUFFER_CLEAR, command)
        case AddItem() | AnswerApproval():
            return _frame(SendEvents.CONVERSATION_ITEM_CREATE, command, item=_item(command))
        case DeleteItem():
            return _frame(SendEvents.CONVERSATION_ITEM_DELETE, command, item_id=command.item_id)
        case Truncate(item_id=item_id, keep_ms=keep_ms):
            place = {"item_id": item_id, "content_index": audio_part, "audio_end_ms": keep_ms}
            return _frame(SendEvents.CONVERSATION_ITEM_TRUNCATE, command, **place)
        case CreateResponse():
            return _frame(SendEvents.RESPONSE_CREATE, command, response=_response(command))
        case CancelResponse(response_id=None):
            return _frame(SendEvents.RESPONSE_CANCEL, command)
        case CancelResponse():
            return _frame(SendEvents.RESPONSE_CANCEL, command, response_id=command.response_id)
        case Raw():
            # the id lets an error find its frame instead of the oldest command
            return {"event_id": command.command_id, **command.payload, "type": command.service_type}
        case _:
            raise UnsupportedCommand(f"the service has no means for the command {type(command).__name__}")


def _frame(name: str, command: Command, **fields: Any) -> dict[str, Any]:
    return {"type": name, "event_id": command.command_id, **fields}


def _item(command: AddItem | AnswerApproval) -> dict[str, Any]:
    item_id = item_id_of(command.command_id)
    if isinstance(command, AddItem):
        return item_to_wire(command.item, item_id)
    reason = {"reason": command.reason} if command.reason else {}
    answer = {"approval_request_id": command.approval_id, "approve": command.approve, **reason}
    return {"id": item_id, "type": "mcp_approval_response", **answer}


def _response(command: CreateResponse) -> dict[str, Any]:
    """The overrides that are set, as they are; only neutral audio settings and tools are rewritten."""
    response = {name: value for name, value in command.overrides.items() if value is not UNSET}
    output: dict[str, Any] = {}
    if "voice" in response:
        voice = response.pop("voice")
        output["voice"] = voice_to_wire(voice) if isinstance(voice, str) else voice
    if "output_audio_format" in response:
        output["format"] = format_to_wire(AudioFormat.parse(response.pop("output_audio_format")))
    if "tools" in response:
        response["tools"] = tools_to_wire(response["tools"])
    if command.conversation == "none":
        response["conversation"] = "none"
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
