"""JSON text of the model -> keyword arguments of the annotated types, or an error that the model can read.

Knows nothing of functions. As strict as JSON: ``"3"`` is no number; but 3.0 is an integer, as in JSON
Schema.
"""

import functools
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from realtime_core.choices import did_you_mean
from realtime_core.tools.failures import BadArguments
from realtime_core.tools.schema import choices
from realtime_core.tools.signature import Parameter

if TYPE_CHECKING:
    import msgspec

__all__ = ["read_arguments"]

_WHERE: Final = re.compile(r" - at (`key` in )?`\$(.*)`$", re.DOTALL)
_STEP: Final = re.compile(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)")


def read_arguments(text: str, parameters: Sequence[Parameter], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments in ``text``, each of its parameter's type; no text, and ``null``, are no arguments.

    ``schema`` is what `build_schema` made of the ``parameters``.

    Raises:
        BadArguments: the text is no JSON object, or arguments are missing, unknown or of the wrong type; all
            of them are named, with what would be right.
    """
    try:
        return _read(text, parameters, schema)
    except RecursionError:
        raise BadArguments("The arguments are nested too deeply. Write something flatter.") from None


def _read(text: str, parameters: Sequence[Parameter], schema: Mapping[str, Any]) -> dict[str, Any]:
    import msgspec

    given = _read_object(text)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for parameter in parameters:
        name = parameter.name
        if name in given:
            try:
                values[name] = msgspec.convert(given.pop(name), parameter.annotation, str_keys=True)
            except msgspec.ValidationError as exc:
                problems.append(_mismatch(name, str(exc), schema))
        elif parameter.required:
            problems.append(f"argument {name!r} is missing")
    problems += [_unknown(name, schema["properties"]) for name in given]
    if problems:
        raise BadArguments(
            f"Wrong arguments: {'; '.join(problems)}. Correct them and call the function again."
        )
    return values


def _read_object(text: str) -> dict[str, Any]:
    import msgspec

    try:
        given = _decoder().decode(text) if text.strip() else None
    except (msgspec.DecodeError, UnicodeEncodeError) as exc:
        raise BadArguments(f"The arguments are no valid JSON: {exc}. Write one JSON object.") from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadArguments(
            f"The arguments are a JSON {_KINDS[type(given)]}. Write one JSON object, with names."
        )
    return given


_KINDS: Final[Mapping[type, str]] = {
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
}


@functools.cache
def _decoder() -> "msgspec.json.Decoder[Any]":
    # loads in a moment that `import realtime_core` can do without
    import msgspec

    return msgspec.json.Decoder(float_hook=_number)


def _number(text: str) -> int | float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("Number out of range")
    return int(value) if value.is_integer() else value


def _unknown(name: str, known: Collection[str]) -> str:
    return f"there is no argument {name!r}, {did_you_mean(name, known)}"


def _mismatch(name: str, problem: str, schema: Mapping[str, Any]) -> str:
    """Msgspec's words, with the place first and, where there are any, the choices last."""
    found = _WHERE.search(problem)
    inside = found[2] if found else ""
    what = problem[: found.start()] if found else problem
    key = "a key in " if found and found[1] else ""
    steps = [int(step) if step.isdigit() else step for pair in _STEP.findall(inside) for step in pair if step]
    listed = [] if key else choices(schema, [name, *steps])
    among = f"; choose from {', '.join(json.dumps(choice) for choice in listed)}" if listed else ""
    return f"{key}argument {name + inside!r}: {what}{among}"
