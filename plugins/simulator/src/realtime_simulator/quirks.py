"""What servers of this protocol do differently from one another, or did once: a frame in, frames out.

A frame may be anything that a test sends. Knows nothing of why it is sent; pacing and faults come before
and after.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias

from realtime_simulator.frames import Frame, Frames
from realtime_simulator.offer import ANSWER_QUIRKS, AnswerQuirk

__all__ = ["QUIRK_NAMES", "Quirk", "Quirks"]

FrameQuirk: TypeAlias = Literal[
    "conversation-created",
    "unannounced-done",
    "output-item-first",
    "item-created",
    "no-call-name",
    "status-string",
    "no-transcription-deltas",
    "part-twice",
    "preview-names",
    "no-event-ids",
    "no-metadata",
    "fixed-voice",
]
Quirk: TypeAlias = Literal[FrameQuirk, AnswerQuirk]
_Filter: TypeAlias = Callable[[Frame], list[Frame]]

_PREVIEW_EVENTS: Final = {
    f"response.output_{stream}.{phase}": f"response.{stream}.{phase}"
    for stream in ("text", "audio", "audio_transcript")
    for phase in ("delta", "done")
}
_PREVIEW_PARTS: Final = {"output_text": "text", "output_audio": "audio"}


class Quirks:
    """The quirks of one session; those of an answer to an offer have no part in it."""

    def __init__(self, names: Iterable[Quirk], frames: Frames, conversation_id: str) -> None:
        wanted = set(names)
        self._filters = [make(frames, conversation_id) for name, make in _FILTERS.items() if name in wanted]

    def __call__(self, frame: Frame) -> list[Frame]:
        """What is sent instead of ``frame``."""
        sent = [frame]
        for quirk in self._filters:
            sent = [made for given in sent for made in quirk(given)]
        return sent


def _no_call_name(frame: Frame) -> list[Frame]:
    if frame["type"] == "response.function_call_arguments.done":
        return [{key: value for key, value in frame.items() if key != "name"}]
    return [frame]


def _item_created(frame: Frame) -> list[Frame]:
    match frame["type"]:
        case "conversation.item.added":
            return [{**frame, "type": "conversation.item.created"}]
        case "conversation.item.done":
            return []
        case _:
            return [frame]


def _status_string(frame: Frame) -> list[Frame]:
    match frame:
        case {
            "type": "response.done",
            "response": {"status_details": {"reason": str() as text} | {"error": {"message": str() as text}}},
        }:
            return [{**frame, "response": {**frame["response"], "status_details": text}}]
    return [frame]


def _no_transcription_deltas(frame: Frame) -> list[Frame]:
    return [] if frame["type"] == "conversation.item.input_audio_transcription.delta" else [frame]


def _part_twice(frame: Frame) -> list[Frame]:
    return [{**frame, "content": frame["part"]}] if "part" in frame else [frame]


def _no_event_ids(frame: Frame) -> list[Frame]:
    return [{key: value for key, value in frame.items() if key != "event_id"}]


def _fixed_voice(frame: Frame) -> list[Frame]:
    match frame:
        case {"type": "session.updated", "session": {"audio": {"output": {"voice": _}}}}:
            audio = frame["session"]["audio"]
            output = {**audio["output"], "voice": "alloy"}
            return [{**frame, "session": {**frame["session"], "audio": {**audio, "output": output}}}]
    return [frame]


def _no_metadata(frame: Frame) -> list[Frame]:
    match frame:
        case {"response": {"metadata": _}}:
            return [{**frame, "response": {**frame["response"], "metadata": None}}]
    return [frame]


def _preview_names(frame: Frame) -> list[Frame]:
    named = dict(frame)
    match frame:
        case {"type": str() as kind}:
            named["type"] = _PREVIEW_EVENTS.get(kind, kind)
    match frame:
        case {"item": item}:
            named["item"] = _preview_item(item)
    match frame:
        case {"response": {"output": [*items]}}:
            named["response"] = {**frame["response"], "output": [*map(_preview_item, items)]}
    return [named]


def _preview_item(item: Any) -> Any:
    match item:
        case {"content": [*parts]}:
            return {**item, "content": [*map(_preview_part, parts)]}
    return item


def _preview_part(part: Any) -> Any:
    match part:
        case {"type": str() as kind}:
            return {**part, "type": _PREVIEW_PARTS.get(kind, kind)}
    return part


def _conversation_created(frames: Frames, conversation_id: str) -> _Filter:
    def quirk(frame: Frame) -> list[Frame]:
        if frame["type"] != "session.created":
            return [frame]
        conversation = {"id": conversation_id, "object": "realtime.conversation"}
        return [frame, frames("conversation.created", conversation=conversation)]

    return quirk


def _output_item_first(_: Frames, __: str) -> _Filter:
    """Holds the ``conversation.item.done`` of what a response makes back for one frame."""
    made: set[str] = set()
    held: list[Frame] = []

    def quirk(frame: Frame) -> list[Frame]:
        match frame:
            case {"type": "response.output_item.added", "item": {"id": str() as item_id}}:
                made.add(item_id)
            case {"type": "conversation.item.done", "item": {"id": str() as item_id}} if item_id in made:
                held.append(frame)
                return []
            case {"type": "response.output_item.done"}:
                freed = [*held]
                held.clear()
                return [frame, *freed]
        return [frame]

    return quirk


def _unannounced_done(frames: Frames, _: str) -> _Filter:
    """An interruption also ends a response that nobody was told of."""

    def quirk(frame: Frame) -> list[Frame]:
        match frame:
            case {
                "type": "response.done",
                "response": {"id": known, "status_details": {"reason": "turn_detected"}},
            }:
                unknown = {**frame["response"], "id": f"{known}_unannounced", "output": []}
                return [frame, frames("response.done", response=unknown)]
        return [frame]

    return quirk


def _stateless(quirk: _Filter) -> Callable[[Frames, str], _Filter]:
    return lambda _, __: quirk


_FILTERS: Final[dict[FrameQuirk, Callable[[Frames, str], _Filter]]] = {
    "conversation-created": _conversation_created,
    "unannounced-done": _unannounced_done,
    "output-item-first": _output_item_first,
    "item-created": _stateless(_item_created),
    "no-call-name": _stateless(_no_call_name),
    "status-string": _stateless(_status_string),
    "no-transcription-deltas": _stateless(_no_transcription_deltas),
    "part-twice": _stateless(_part_twice),
    "preview-names": _stateless(_preview_names),
    "no-event-ids": _stateless(_no_event_ids),
    "no-metadata": _stateless(_no_metadata),
    "fixed-voice": _stateless(_fixed_voice),
}
"""In the order in which they are applied: those that make frames, then those that change them."""

QUIRK_NAMES: Final[tuple[Quirk, ...]] = (*_FILTERS, *ANSWER_QUIRKS)
"""The choices."""
