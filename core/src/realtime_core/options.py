"""Provider options: an attrs class whose fields know their environment variables.

Knows nothing of any provider. A secret option never shows in a ``repr``.
"""

import os
from collections.abc import Callable, Container, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar

import attrs

from realtime_core.elsewhere import remedy
from realtime_core.errors import BrokenPlugin, InvalidOptions

__all__ = [
    "OptionOrigin",
    "OptionSource",
    "build_options",
    "missing_option",
    "option",
    "option_fields",
    "option_origins",
    "takes_text",
    "variables",
    "variables_of",
]

OptionsT = TypeVar("OptionsT", bound=attrs.AttrsInstance)

_ENV: Final = "realtime_env"
_UNLESS: Final = "realtime_unless"
_CONVERT: Final = "realtime_convert"
_CONVERT_ENV: Final = "realtime_convert_env"
_VARIABLES: Final = "realtime_variables"


def option(
    *,
    env: str | Sequence[str] = (),
    unless: Sequence[str] = (),
    default: Any = attrs.NOTHING,
    secret: bool = False,
    convert: Callable[[Any], Any] | None = None,
    convert_env: Callable[[str], Any] | None = None,
) -> Any:
    """A field of an options class.

    Args:
        env: the environment variable that gives it when the program does not, or several, of which the
            first that is set does; an empty one counts as not set.
        unless: options that say the same in another way: where the program gives one of them, or the
            environment gave one that stands before, the environment is not asked for this one.
        default: the value when neither does; without one the option is required, unless one of ``unless``
            has a value: then it is None.
        secret: its value is never shown.
        convert: makes the value from what was given, which is a string from the environment and
            the command line; it raises `InvalidOptions`, whose words are shown, or ``ValueError``
            or ``TypeError``, whose words are not, when it cannot. A string becomes an ``int``,
            ``float`` or ``bool`` without.
        convert_env: the same for what the environment gives, where that is to be treated otherwise.
    """
    metadata = {
        _ENV: (env,) if isinstance(env, str) else tuple(env),
        _UNLESS: tuple(unless),
        _CONVERT: convert,
        _CONVERT_ENV: convert_env or convert,
    }
    return attrs.field(default=default, repr=not secret, kw_only=True, metadata=metadata)


def variables() -> Any:
    """A field of an options class that is no option: the environment variable of each option that one gave.

    A mapping of names to names, in which an option that the program gave is not.
    """
    return attrs.field(
        default=attrs.Factory(dict), repr=False, eq=False, kw_only=True, metadata={_VARIABLES: True}
    )


class OptionSource(StrEnum):
    """Where the value of an option comes from."""

    PROGRAM = "program"
    """The program, or the command line, gave it."""
    VARIABLE = "variable"
    """An environment variable did."""
    DEFAULT = "default"
    """Nobody did."""
    MISSING = "missing"
    """Nobody did, and somebody has to."""


@attrs.frozen(kw_only=True)
class OptionOrigin:
    """How one option came to its value.

    Attributes:
        name: the option's.
        source: what won.
        variable: the environment variable, if one won.
        lost: the variables that are set, too, but do not count.
        secret: whether its value is never shown.
        value: what was given, before it is converted; None: nothing was.
        giver: who of the program or the environment gave it, where that is told apart: a profile, say.
    """

    name: str
    source: OptionSource
    variable: str | None = None
    lost: tuple[str, ...] = ()
    secret: bool = False
    value: Any = attrs.field(default=None, repr=False)
    giver: str | None = None


def missing_option(name: str, *env: str) -> InvalidOptions:
    """The error for an option that is needed and was not given; ``env`` are the variables that could."""
    where = f" or set {' or '.join(env)}" if env else ""
    return InvalidOptions(f"option {name!r} is missing: give {name}=...{where}", missing=(name,))


def takes_text(field: "attrs.Attribute[Any]") -> bool:
    """Whether an option has a converter, which makes its value of a string too."""
    return field.metadata.get(_CONVERT) is not None


def _from_text(kind: object, value: Any) -> Callable[[Any], Any] | None:
    """How a string of the environment or the command line becomes a ``kind``, where that is plain."""
    return _PLAIN.get(kind) if isinstance(value, str) else None


def _check_plain(name: str, field: "attrs.Attribute[Any]", value: Any) -> None:
    """A value that nothing converts is of the type that its field tells, where that is a plain one."""
    kinds = _TAKES.get(field.type)
    if kinds and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise InvalidOptions(f"option {name!r} takes {names}, not {type(value).__name__}")


def _flag(text: str) -> bool:
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case _:
            raise ValueError("neither yes nor no")


_TAKES: Final[dict[object, tuple[type, ...]]] = {
    str: (str,),
    int: (int,),
    float: (int, float),
    bool: (bool,),
}
_PLAIN: Final[dict[object, Callable[[Any], Any]]] = {int: int, float: float, bool: _flag}


def build_options(
    cls: type[OptionsT], given: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> OptionsT:
    """An instance of ``cls`` from what the program gave, else the environment, else the defaults.

    ``None`` counts as not given, so that ``api_key=os.environ.get(...)`` means what it seems to.

    Raises:
        InvalidOptions: an option is unknown, missing, or its value is wrong. The message names the
            option and its variable, never the value.
        BrokenPlugin: ``cls`` has an option with a rival that is none.
    """
    environ = os.environ if environ is None else environ
    fields = option_fields(cls)
    for name in given:
        if name not in fields:
            raise InvalidOptions(f"no option {name!r}; {remedy(name, fields)}")
    values: dict[str, Any] = {}
    read: dict[str, str] = {}
    for origin in _origins(fields, given, environ):
        if origin.value is None:
            continue
        name, value, field = origin.name, origin.value, fields[origin.name]
        if origin.variable is not None:
            read[name] = origin.variable
        key = _CONVERT if origin.variable is None else _CONVERT_ENV
        convert = field.metadata.get(key) or _from_text(field.type, value)
        if convert is None:
            _check_plain(name, field, value)
        else:
            source = "" if origin.variable is None else f" (from {origin.variable})"
            try:
                value = convert(value)
            except InvalidOptions as exc:
                raise InvalidOptions(f"option {name!r}{source}: {exc}") from exc
            except (TypeError, ValueError) as exc:
                # what the converter says quotes the value, which a secret's traceback must not show
                cause = exc if field.repr else None
                kind = f"; it takes {field.type.__name__}" if isinstance(field.type, type) else ""
                raise InvalidOptions(f"option {name!r}{source} has a wrong value{kind}") from cause
        values[name] = value
    missing = _missing_of(fields, values)
    if missing:
        raise InvalidOptions(
            "; ".join(_missing(names, fields) for names in missing),
            missing=tuple(name for names in missing for name in names),
        )
    unsaid = dict.fromkeys(
        name for name, field in fields.items() if field.default is attrs.NOTHING and name not in values
    )
    try:
        return cls(**values, **unsaid, **dict.fromkeys(_places_of_variables(cls), read))
    except InvalidOptions:
        raise
    except (TypeError, ValueError) as exc:
        raise InvalidOptions(f"{cls.__name__} refuses one of {', '.join(values)}") from exc


def option_origins(
    cls: type[attrs.AttrsInstance], given: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> list[OptionOrigin]:
    """How each option of ``cls`` comes to its value, as `build_options` has it; nothing is converted.

    Raises:
        BrokenPlugin: ``cls`` has an option with a rival that is none.
    """
    environ = os.environ if environ is None else environ
    fields = option_fields(cls)
    origins = _origins(fields, given, environ)
    with_value = {origin.name for origin in origins if origin.value is not None}
    missing = {name for names in _missing_of(fields, with_value) for name in names}
    return [
        attrs.evolve(origin, source=OptionSource.MISSING) if origin.name in missing else origin
        for origin in origins
    ]


def _origins(
    fields: "Mapping[str, attrs.Attribute[Any]]", given: Mapping[str, Any], environ: Mapping[str, str]
) -> list[OptionOrigin]:
    """The origin of each option; one that is missing is told as a default."""
    origins: dict[str, OptionOrigin] = {}
    for name, field in fields.items():
        found = tuple(variable for variable in variables_of(field) if environ.get(variable))
        rivalled = any(
            given.get(rival) is not None or (rival in origins and origins[rival].value is not None)
            for rival in field.metadata.get(_UNLESS, ())
        )
        if given.get(name) is not None:
            source, variable, value = OptionSource.PROGRAM, None, given[name]
        elif found and not rivalled:
            source, variable, value = OptionSource.VARIABLE, found[0], environ[found[0]]
        else:
            source, variable, value = OptionSource.DEFAULT, None, None
        origins[name] = OptionOrigin(
            name=name,
            source=source,
            variable=variable,
            lost=tuple(other for other in found if other != variable),
            secret=not field.repr,
            value=value,
        )
    return list(origins.values())


def option_fields(cls: type[OptionsT]) -> "dict[str, attrs.Attribute[Any]]":
    """The fields of ``cls`` that are options, by name; one without ``repr`` is a secret.

    Raises:
        BrokenPlugin: one has a rival that is none.
    """
    fields = {field.name: field for field in attrs.fields(cls) if _VARIABLES not in field.metadata}
    for name, field in fields.items():
        for rival in field.metadata.get(_UNLESS, ()):
            if rival not in fields:
                raise BrokenPlugin(
                    f"{cls.__name__}: option {name!r} has the rival {rival!r}, which is no option; "
                    f"choose from {', '.join(fields)}"
                )
    return fields


def _places_of_variables(cls: type[OptionsT]) -> list[str]:
    return [field.name for field in attrs.fields(cls) if _VARIABLES in field.metadata]


def variables_of(field: "attrs.Attribute[Any]") -> tuple[str, ...]:
    """The environment variables that give an option, the first that is set does."""
    names: tuple[str, ...] = field.metadata.get(_ENV, ())
    return names


def _missing_of(fields: "Mapping[str, attrs.Attribute[Any]]", values: Container[str]) -> list[list[str]]:
    """The options that need a value, and neither they nor a rival has one; rivals stand together."""
    missing: dict[frozenset[str], list[str]] = {}
    for name, field in fields.items():
        rivals = field.metadata.get(_UNLESS, ())
        if field.default is attrs.NOTHING and not any(one in values for one in (name, *rivals)):
            missing.setdefault(frozenset((name, *rivals)), []).append(name)
    return list(missing.values())


def _missing(names: Sequence[str], fields: "Mapping[str, attrs.Attribute[Any]]") -> str:
    """What to say of options of which one is needed."""
    env = [variable for name in names for variable in variables_of(fields[name])]
    if len(names) == 1:
        return str(missing_option(names[0], *env))
    give = " or ".join(f"{name}=..." for name in names)
    where = f", or set {' or '.join(env)}" if env else ""
    return f"options {' and '.join(map(repr, names))} are missing: give {give}{where}"
