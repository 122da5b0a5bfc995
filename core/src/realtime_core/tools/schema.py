"""Parameters -> the JSON Schema that the model gets: one flat object, by msgspec.

Knows nothing of calls. What is not recursive is written out in place: fewer models read ``$ref`` well.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from realtime_core.errors import InvalidTool
from realtime_core.tools.annotations import described, field_descriptions, structures, unfillable_field
from realtime_core.tools.docstring import read_docstring
from realtime_core.tools.signature import Parameter

__all__ = ["build_schema", "choices"]

Schema = Mapping[str, Any]

_REF: Final = "#/$defs/"
_MANY: Final = ("anyOf", "allOf", "oneOf", "prefixItems")
_ONE: Final = ("items", "additionalProperties")


def build_schema(
    parameters: Sequence[Parameter], descriptions: Mapping[str, str], tool: str
) -> dict[str, Any]:
    """The schema of an object with these ``parameters``, and nothing else in it.

    A description comes from the annotation, else from ``descriptions`` by the parameter's name, else from the
    docstring of the parameter's class. A default that JSON cannot say is left out.

    Raises:
        InvalidTool: a parameter's type is none that JSON can be converted to.
    """
    import msgspec

    nested = [each for parameter in parameters for each in _check(parameter, tool)]
    annotations = [described(parameter.annotation) for parameter in parameters]
    schemas, components = msgspec.json.schema_components(
        [*annotations, *nested], ref_template=_REF + "{name}"
    )
    for structure, reference in zip(nested, schemas[len(parameters) :], strict=True):
        _document(components[_name(reference)], structure)
    recursive = {name for name in components if name in _reachable(components[name], components)}
    properties: dict[str, Any] = {}
    for parameter, schema in zip(parameters, schemas, strict=False):
        written = _written_out(schema, components, recursive)
        description = schema.get("description") or descriptions.get(parameter.name)
        if description:
            written["description"] = description
        properties[parameter.name] = written | _default(parameter)
    whole: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }
    used = recursive & {name for written in properties.values() for name in _reachable(written, components)}
    if used:
        whole["$defs"] = {name: _component(name, components, recursive) for name in sorted(used)}
    return whole


def choices(schema: Schema, path: Iterable[str | int]) -> list[Any]:
    """The values that ``schema`` lists for what stands at ``path``; none where it lists none.

    ``...`` in a path is any entry of an array or an object.
    """
    definitions = schema.get("$defs", {})
    spots = list(_alternatives(schema, definitions))
    for step in path:
        inner = [found for spot in spots for found in _into(spot, step)]
        spots = [spot for found in inner for spot in _alternatives(found, definitions)]
    return [choice for spot in spots for choice in spot.get("enum", ())]


def _check(parameter: Parameter, tool: str) -> list[Any]:
    """The structures in the annotation of ``parameter``, if msgspec can convert to all of it."""
    import msgspec

    where = f"tool {tool!r}: parameter {parameter.name!r}"
    try:
        msgspec.json.schema_components([described(parameter.annotation)])
        found = structures(parameter.annotation)
    except Exception as exc:
        reason = str(exc).splitlines()[-1] if str(exc) else type(exc).__name__
        raise InvalidTool(
            f"{where} has a type that no JSON can be converted to: {reason}; use str, int, float, bool, list,"
            " dict, Literal, an enum, a date, a dataclass, an attrs class, a TypedDict, or Any"
        ) from exc
    for structure in found:
        if problem := unfillable_field(structure):
            raise InvalidTool(f"{where}: {problem}; take plain values and make the object in the tool")
    return found


def _document(component: dict[str, Any], structure: Any) -> None:
    """Write what the class says of itself and of its fields into its ``component``."""
    if "description" in component:  # all of the docstring
        component["description"] = read_docstring(component["description"]).description
    for name, description in field_descriptions(structure).items():
        if name in component["properties"]:
            component["properties"][name] = {**component["properties"][name], "description": description}


def _default(parameter: Parameter) -> dict[str, Any]:
    import msgspec

    if parameter.required:
        return {}
    try:
        return {"default": msgspec.json.decode(msgspec.json.encode(parameter.default))}
    except Exception:  # noqa: BLE001  # the function keeps it, the model need not know
        return {}


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).removeprefix(_REF)


def _inner(schema: Schema) -> Iterator[Schema]:
    """The schemas that stand directly in ``schema``."""
    for key in _MANY:
        yield from schema.get(key, ())
    yield from (schema[key] for key in _ONE if isinstance(schema.get(key), Mapping))
    yield from schema.get("properties", {}).values()


def _reachable(schema: Schema, components: Schema, seen: set[str] | None = None) -> set[str]:
    """The components that ``schema`` refers to, directly or through others."""
    seen = set() if seen is None else seen
    if "$ref" in schema and (name := _name(schema)) in components and name not in seen:
        seen.add(name)
        _reachable(components[name], components, seen)
    for inner in _inner(schema):
        _reachable(inner, components, seen)
    return seen


def _component(name: str, components: Schema, recursive: set[str]) -> dict[str, Any]:
    written = _written_out(components[name], components, recursive)
    written.pop("title", None)  # the name of a class in the program
    return written


def _written_out(schema: Schema, components: Schema, recursive: set[str]) -> dict[str, Any]:
    """``schema`` with what it refers to in its place, but for what is ``recursive``."""
    written = dict(schema)
    if "$ref" in written and (name := _name(written)) in components and name not in recursive:
        del written["$ref"]
        return {**_component(name, components, recursive), **written}
    written.pop("discriminator", None)  # points at what is no longer apart
    for key in _MANY:
        if key in written:
            written[key] = [_written_out(inner, components, recursive) for inner in written[key]]
    for key in _ONE:
        if isinstance(written.get(key), Mapping):
            written[key] = _written_out(written[key], components, recursive)
    if "properties" in written:
        written["properties"] = {
            name: _written_out(inner, components, recursive) for name, inner in written["properties"].items()
        }
    if written.get("type") == "array":
        written.setdefault("items", {})  # OpenAI refuses an array without
    return written


def _alternatives(schema: Schema, definitions: Schema) -> Iterator[Schema]:
    """``schema`` as the plain schemas of which one has to fit."""
    if "$ref" in schema:
        schema = definitions.get(_name(schema), {})
    if "anyOf" in schema:
        for inner in schema["anyOf"]:
            yield from _alternatives(inner, definitions)
    else:
        yield schema


def _into(schema: Schema, step: str | int) -> Iterator[Schema]:
    """What ``schema`` says of the entry or entries at ``step``."""
    if isinstance(step, int):
        first = schema.get("prefixItems", ())
        yield first[step] if step < len(first) else _schema_or_any(schema.get("items"))
    elif step in schema.get("properties", {}):
        yield schema["properties"][step]
    else:
        yield _schema_or_any(schema.get("additionalProperties"))
        yield _schema_or_any(schema.get("items"))


def _schema_or_any(schema: Any) -> Schema:
    return schema if isinstance(schema, Mapping) else {}
