"""Provider options: an attrs class whose fields know their environment variables.

Knows nothing of any provider. A secret option never shows in a ``repr``.
"""

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import attrs

from realtime_core.errors import BrokenPlugin, InvalidOptions

__all__ = ["build_options", "missing_option", "option", "option_fields", "variables", "variables_of"]

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


def missing_option(name: str, *env: str) -> InvalidOptions:
    """The error for an option that is needed and was not given; ``env`` are the variables that could."""
    where = f" or set {' or '.join(env)}" if env else ""
    return InvalidOptions(f"option {name!r} is missing: give {name}=...{where}")


def _from_text(kind: object, value: Any) -> Callable[[Any], Any] | None:
    """How a string of the environment or the command line becomes a ``kind``, where that is plain."""
    return _PLAIN.get(kind) if isinstance(value, str) else None


def _flag(text: str) -> bool:
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case _:
            raise ValueError("neither yes nor no")


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
            close = difflib.get_close_matches(name, fields, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(fields) or 'none'}"
            raise InvalidOptions(f"no option {name!r}; {hint}")
    values: dict[str, Any] = {}
    read: dict[str, str] = {}
    for name, field in fields.items():
        is_given = given.get(name) is not None
        env = next((variable for variable in variables_of(field) if environ.get(variable)), None)
        if is_given:
            value = given[name]
        elif env and not any(
            other in values or given.get(other) is not None for other in field.metadata[_UNLESS]
        ):
            value = environ[env]
            read[name] = env
        else:
            continue
        convert = field.metadata.get(_CONVERT if is_given else _CONVERT_ENV) or _from_text(field.type, value)
        if convert is not None:
            source = "" if is_given else f" (from {env})"
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
    unsaid = _unsaid(fields, values)
    try:
        return cls(**values, **unsaid, **dict.fromkeys(_places_of_variables(cls), read))
    except InvalidOptions:
        raise
    except (TypeError, ValueError) as exc:
        raise InvalidOptions(f"{cls.__name__} refuses one of {', '.join(values)}") from exc


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


def _unsaid(fields: "Mapping[str, attrs.Attribute[Any]]", values: Mapping[str, Any]) -> dict[str, None]:
    """The options that need a value and have none because a rival has one.

    Raises:
        InvalidOptions: of some none of the rivals has; all of them are named.
    """
    unsaid = [name for name, field in fields.items() if field.default is attrs.NOTHING and name not in values]
    missing: dict[frozenset[str], list[str]] = {}
    for name in unsaid:
        rivals = fields[name].metadata.get(_UNLESS, ())
        if values.keys().isdisjoint(rivals):
            missing.setdefault(frozenset((name, *rivals)), []).append(name)
    if missing:
        raise InvalidOptions("; ".join(_missing(names, fields) for names in missing.values()))
    return dict.fromkeys(unsaid)


def _missing(names: Sequence[str], fields: "Mapping[str, attrs.Attribute[Any]]") -> str:
    """What to say of options of which one is needed."""
    env = [variable for name in names for variable in variables_of(fields[name])]
    if len(names) == 1:
        return str(missing_option(names[0], *env))
    give = " or ".join(f"{name}=..." for name in names)
    where = f", or set {' or '.join(env)}" if env else ""
    return f"options {' and '.join(map(repr, names))} are missing: give {give}{where}"
