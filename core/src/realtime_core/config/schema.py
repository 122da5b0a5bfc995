"""A JSON Schema of ``realtime.toml``, made of what providers say of their options and settings.

Editors check and propose by it. Secrets are not in it. Of a profile that names its provider, the provider's
own options and settings are checked; of one that inherits it, those of any.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args, get_type_hints

import attrs

from realtime_core.audio.formats import AudioFormat, Encoding
from realtime_core.config.schema_types import Schema, any_of, of_annotation
from realtime_core.errors import RealtimeError
from realtime_core.options import option_fields, takes_text, variables_of
from realtime_core.provider import Provider
from realtime_core.registry import list_providers, load_provider
from realtime_core.settings import SettingKind, kind_of
from realtime_core.tools.docstring import read_docstring

__all__ = ["config_schema", "installed", "option_schemas"]

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"  # the latest that taplo reads
_OFF: Final[Schema] = {"const": False, "description": "Switched off."}


def installed() -> tuple[dict[str, Provider], dict[str, RealtimeError]]:
    """All installed providers that can be loaded, by name, and why the others cannot."""
    found: dict[str, Provider] = {}
    broken: dict[str, RealtimeError] = {}
    for info in list_providers():
        try:
            found[info.name] = load_provider(info.name)
        except RealtimeError as exc:
            broken[info.name] = exc
    return found, broken


def config_schema(providers: Mapping[str, Provider]) -> Schema:
    """The schema of a file with profiles for these providers."""
    definitions: dict[str, Schema] = {}
    options = {name: _options(provider.options, definitions) for name, provider in providers.items()}
    settings = {name: _settings(provider.settings, definitions) for name, provider in providers.items()}
    definitions["profile"] = {
        "type": "object",
        "properties": {
            "provider": {
                "description": "The name of the provider; not needed if it is inherited.",
                "type": "string",
                **_some("enum", sorted(providers)),
            },
            "inherits": {
                "description": "A profile whose options and settings hold where this one says nothing.",
                "type": "string",
            },
            "fallback": {
                "description": "Other profiles, to open a session with if this one cannot, in order.",
                "type": "array",
                "items": {"type": "string"},
            },
            "options": {"description": "Where and how to connect; no secrets.", **any_of(options.values())},
            "settings": {"description": "What sessions begin with.", **any_of(settings.values())},
        },
        "additionalProperties": False,
        **_some("allOf", [_if_provider(name, options[name], settings[name]) for name in sorted(providers)]),
    }
    return {
        "$schema": _DRAFT,
        "title": "realtime.toml",
        "type": "object",
        "properties": {
            "clients": {
                "description": "Profiles, by name.",
                "type": "object",
                "additionalProperties": {"$ref": "#/definitions/profile"},
            }
        },
        "additionalProperties": False,
        "definitions": definitions,
    }


def _some(keyword: str, values: list[Any]) -> Schema:
    """A keyword that may not stand without values."""
    return {keyword: values} if values else {}


def _if_provider(name: str, options: Schema, settings: Schema) -> Schema:
    return {
        "if": {"properties": {"provider": {"const": name}}, "required": ["provider"]},
        "then": {"properties": {"options": options, "settings": settings}},
    }


def _options(cls: type[attrs.AttrsInstance], definitions: dict[str, Schema]) -> Schema:
    fields, words = option_fields(cls), _words(cls)
    properties = {
        name: _described(schema, words.get(name), variables_of(fields[name]))
        for name, schema in option_schemas(cls).items()
    }
    return _define(cls, definitions, properties)


def option_schemas(cls: type[attrs.AttrsInstance]) -> dict[str, Schema]:
    """What the file may say for each option that is no secret, by name."""
    hints = _hints(cls)
    return {
        name: _option(hints.get(name, field.type), field)
        for name, field in option_fields(cls).items()
        if field.repr  # one without is a secret
    }


def _option(hint: Any, field: "attrs.Attribute[Any]") -> Schema:
    schema = of_annotation(hint)
    is_plain = "enum" in schema or schema.get("type") in ("string", "integer", "number", "boolean")
    # a converter takes a string, as the environment gives it: of a list, say, the items with commas between
    return any_of([schema, {"type": "string"}]) if takes_text(field) and not is_plain else schema


def _settings(cls: type[attrs.AttrsInstance], definitions: dict[str, Schema]) -> Schema:
    hints, words = _hints(cls), _words(cls)
    properties = {
        field.name: _described(
            _setting(kind_of(field), hints.get(field.name, field.type), definitions), words.get(field.name)
        )
        for field in attrs.fields(cls)
    }
    return _define(cls, definitions, properties)


def _setting(kind: SettingKind | None, hint: Any, definitions: dict[str, Schema]) -> Schema:
    if kind is None:
        return of_annotation(hint)
    off = [_OFF] if kind.nullable else []
    if kind.nested is not None:
        return any_of([_settings(kind.nested, definitions), *off])
    if kind.choices:
        return any_of([{"enum": list(kind.choices)}, *off])
    if AudioFormat in kind.types:
        return any_of([{"enum": list(get_args(Encoding))}, *off])
    return any_of([of_annotation(hint), *off])


def _define(
    cls: type[attrs.AttrsInstance], definitions: dict[str, Schema], properties: dict[str, Schema]
) -> Schema:
    """A reference to the definition of ``cls``."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    definitions[name] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"$ref": f"#/definitions/{name}"}


def _described(schema: Schema, words: str | None, variables: tuple[str, ...] = ()) -> Schema:
    environment = f"From the environment: {' or '.join(variables)}." if variables else None
    description = " ".join(" ".join(filter(None, [words, environment])).split()).replace("``", "`")
    # beside a $ref draft 7 reads nothing
    schema = {"allOf": [schema]} if "$ref" in schema else schema
    return {"description": description, **schema} if description else schema


def _words(cls: type) -> Mapping[str, str]:
    """What the docstrings of ``cls`` and its bases say of its fields."""
    words: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        words.update(read_docstring(base.__doc__).parameters)
    return words


def _hints(cls: type) -> Mapping[str, Any]:
    """The annotations of ``cls`` as types; none if one names what is imported for type checkers only."""
    try:
        return get_type_hints(cls)
    except NameError:
        return {}
