"""The OpenAI Realtime protocol as a pure codec: frames to events, commands to frames.

Knows nothing of sockets and never waits. Nothing that a service sends can raise: what cannot be read
is an error event with the code ``malformed_frame``.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs
import msgspec
import pybase64
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.commands import AddItem, AppendAudio, Command, Truncate
from realtime_core.contents import ToolResult
from realtime_core.errors import UnsupportedCommand
from realtime_core.events import RealtimeSessionEvent

from realtime_openai_wire.client_frames import client_frame
from realtime_openai_wire.fields import mapping, text
from realtime_openai_wire.frame_events import Events, reported_format, unreadable
from realtime_openai_wire.json_values import no_json
from realtime_openai_wire.media import on_track
from realtime_openai_wire.names import ListenEvents, SendEvents
from realtime_openai_wire.pending import target_of
from realtime_openai_wire.server_frames import server_events
from realtime_openai_wire.settings import SessionType
from realtime_openai_wire.state import WireState

__all__ = ["OpenAIRealtimeCodec"]

_SETTINGS: Final[dict[str, str]] = {
    SendEvents.SESSION_UPDATE: "session",
    SendEvents.RESPONSE_CREATE: "response",
}
"""Frames that may ask for an audio format: where."""

_APPEND_HEAD: Final = '{"type":"input_audio_buffer.append","audio":"'
_APPEND_TAIL: Final = '"}'


def _to_json(value: Mapping[str, Any]) -> Any:
    return dict(value)  # all else has been refused before


_decode_json: Final = msgspec.json.Decoder().decode
_encode_json: Final = msgspec.json.Encoder(enc_hook=_to_json).encode


class OpenAIRealtimeCodec:
    """One session's codec; give it every frame, in order.

    ``output_format`` is the format of the audio until the service reports another. A session of type
    ``transcription`` takes audio and its settings only. ``on_track``: the audio travels beside the frames, in
    a format of its own.
    """

    def __init__(
        self,
        output_format: AudioFormat = PCM16_24KHZ,
        session_type: SessionType = "realtime",
        *,
        on_track: bool = False,
    ) -> None:
        self._state = WireState(output_format, on_track=on_track)
        self._session_type: SessionType = session_type

    @property
    def awaits_update(self) -> bool:
        """Whether a ``session.update`` was encoded and not yet answered."""
        return self._state.pending.has(SendEvents.SESSION_UPDATE)

    @property
    def update_left_s(self) -> float:
        """How long the answer to a ``session.update`` may yet take before it is given up."""
        return self._state.pending.left_s(SendEvents.SESSION_UPDATE)

    def is_open(self, response_id: str | None) -> bool:
        """Whether a response has begun and is not done; None: whether any is."""
        return self._state.responses.is_open(response_id)

    def spoken_item(self, response_id: str | None) -> str | None:
        """The latest item of a response that is spoken."""
        return self._state.spoken_items.get(response_id)

    def not_sent(self, command: Command) -> None:
        """A command that was encoded is not sent after all."""
        self._state.pending.forget(command.command_id)
        self._state.asked_settings.refuse(command.command_id)

    def confirm(self, events: Events) -> Events:
        """The service will not answer the configuration: what ``events`` say of the session is in force."""
        made = [event for event in events if isinstance(event, RealtimeSessionEvent)]
        return tuple(
            attrs.evolve(event, service_type=None, service_event=None)
            for told in made
            for event in server_events(self._state, ListenEvents.SESSION_UPDATED, told.service_event or {})
        )

    def mark_sent(self, command: Command) -> None:
        """A command that was encoded to be sent later is sent now."""
        self._state.pending.mark_sent(command.command_id)
        self._remember_settings(command, self._frame(command))

    def encode(self, command: Command, *, sent: bool = True) -> str:
        """The frame of a command, which counts as sent from now on, else from `mark_sent`.

        Raises:
            UnsupportedCommand: the protocol, or a session of this type, has nothing for it; or its values
                are no JSON.
            InvalidSettings: an override of a response has a value that cannot be written.
            UnsupportedSetting: a setting that the service does not have.
        """
        if type(command) is AppendAudio:
            return _APPEND_HEAD + pybase64.b64encode_as_string(command.data) + _APPEND_TAIL
        frame = self._frame(command)
        kind = str(frame["type"])
        try:
            wrong = next(no_json(frame), None)
            encoded = "" if wrong else _encode_json(frame).decode()
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as exc:
            raise UnsupportedCommand(f"a frame {kind!r} cannot be written as JSON; check its values") from exc
        if wrong:
            raise UnsupportedCommand(f"a frame {kind!r} cannot be written as JSON: {wrong}")
        # a raw frame's own event id may be anything
        event_id = text(frame, "event_id")
        self._state.pending.add(event_id, command.command_id, kind, target_of(frame), sent=sent)
        self._remember(command, frame, kind)
        if sent:
            self._remember_settings(command, frame)
        return encoded

    def decode(self, frame: str | bytes) -> Events:
        """The events of a frame: at least one, and never an exception."""
        try:
            payload = _decode_json(frame)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return (unreadable(f"a frame of {len(frame)} bytes is not JSON"),)
        if type(payload) is not dict:
            return (unreadable("a frame is not a JSON object"),)
        name = payload.get("type")
        if type(name) is not str:
            return (unreadable("a frame has no type", service_event=payload),)
        return server_events(self._state, name, payload)

    def _remember(self, command: Command, frame: Mapping[str, Any], kind: str) -> None:
        """What a frame asks for that the answer to it may not say."""
        if isinstance(command, AddItem) and isinstance(command.item, ToolResult):
            self._state.call_names.note(command.item.call_id, command.item.name)
        if mapping(frame, "response").get("conversation") == "none":
            self._state.out_of_band.note(command.command_id, None)
        asked = reported_format(mapping(frame, _SETTINGS.get(kind, "")), "output")
        if asked is not None:
            self._state.asked_formats.note(command.command_id, asked)

    def _remember_settings(self, command: Command, frame: Mapping[str, Any]) -> None:
        if frame["type"] == SendEvents.SESSION_UPDATE:
            # as the service reads it, and of no use to who changes its parts afterwards
            session = mapping(_decode_json(_encode_json(frame)), "session")
            self._state.asked_settings.note(command.command_id, session)

    def _frame(self, command: Command) -> dict[str, Any]:
        command = on_track(command) if self._state.on_track else command
        audio_part = 0
        if isinstance(command, Truncate):
            audio_part = self._state.audio_parts.index_of(command.item_id)
        return client_frame(command, session_type=self._session_type, audio_part=audio_part)
