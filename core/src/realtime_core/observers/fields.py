"""Events and commands as flat fields for a log: names, sizes, durations; people's words only if asked for.

Knows nothing of loggers. What holds words or bytes is what its class hides from its ``repr``, so that this is
decided in one place for every class, those of plugins too.
"""

import re
from collections.abc import Iterator, Mapping, Sized
from typing import Any, Final

import attrs

from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import AudioContent
from realtime_core.masking import mask_keys
from realtime_core.settings import RealtimeSettings, set_fields
from realtime_core.unset import UNSET

__all__ = ["Field", "fields_of", "word"]

Field = str | int | float | bool

# what a service, or a model, gives as a name is shown if it looks like one
_WORD: Final = re.compile(r"[\w.:/+-]{1,128}", re.ASCII)

# the frame as the service sent it: what it means is in the other fields
_NEVER: Final = "service_event"


def fields_of(value: attrs.AttrsInstance, *, include_content: bool = False) -> dict[str, Field]:
    """The fields of an event or a command that are set; not those that are 0, false or empty by default.

    Content is its size: ``text_chars``, ``audio_bytes``. With ``include_content`` texts are there as they
    are, but for what looks like a key; bytes, and mappings such as payloads, never are.
    """
    return dict(_fields(value, "", include_content=include_content))


def _fields(value: Any, prefix: str, *, include_content: bool) -> Iterator[tuple[str, Field]]:
    if isinstance(value, AudioContent):
        yield f"{prefix}_ms", round(value.duration_ms, 3)
    for field in attrs.fields(type(value)):
        content = getattr(value, field.name)
        name = _joined(prefix, field.name)
        if field.name == _NEVER or _says_nothing(content, field.default):
            continue
        if field.repr is not True:
            yield _hidden(name, content, include_content=include_content)
        elif attrs.has(type(content)) and not isinstance(content, AudioFormat | RealtimeSettings):
            if name == "item":
                yield name, type(content).__name__
            yield from _fields(content, name, include_content=include_content)
        else:
            yield _shown(name, content)


def _says_nothing(content: Any, default: Any) -> bool:
    if content is None or content is UNSET:
        return True
    return not content and (content == default or isinstance(content, Mapping))


def _joined(prefix: str, name: str) -> str:
    # TextContent.text in RealtimeTextEvent.text is one "text"
    return prefix if prefix and name in (prefix, "data") else "_".join(filter(None, (prefix, name)))


def _hidden(name: str, content: Any, *, include_content: bool) -> tuple[str, Field]:
    match content:
        case str() if include_content:
            return name, mask_keys(content)
        case str():
            return f"{name}_chars", len(content)
        case bytes():
            return f"{name}_bytes", len(content)
        case Sized():
            return f"{name}_entries", len(content)
        case _:
            return name, type(content).__name__


def _shown(name: str, content: Any) -> tuple[str, Field]:
    match content:
        case bool() | int() | float():
            return name, content
        case str():
            return name, word(content)
        case AudioFormat():
            return name, f"{content.encoding}/{content.rate_hz}/{content.channels}"
        case RealtimeSettings():
            return name, ",".join(set_fields(content))
        case tuple() if all(isinstance(part, str) for part in content):
            return name, ",".join(map(word, content))
        case Sized():
            return f"{name}_entries", len(content)
        case _:
            return name, type(content).__name__


def word(text: str) -> str:
    """``text`` if it looks like a name or an id, which is what a service should give; else its length."""
    return str(text) if _WORD.fullmatch(text) else f"<{len(text)} chars>"
