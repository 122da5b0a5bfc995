"""``core/docs/reference.md``, from docstrings: every public name, with one sentence.

`inventory` finds the names, by walking the packages.
"""

import inspect
import re
import types
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs
import click
import inventory
import realtime_core
from docstrings import field_docs, module_docs, sentence, signature
from pages import COMMAND, table
from realtime_core import (
    Capabilities,
    RealtimeClient,
    RealtimeError,
    RealtimeEvent,
    RealtimeSession,
    UnsetType,
    events,
)
from realtime_core.commands import Command
from realtime_core.errors import FailedReason, LostReason
from realtime_core.options import option_fields, variables_of
from realtime_core.provider import Connection, Provider, Setup
from workspace import ROOT

__all__ = ["PAGE", "Undocumented", "errors_table", "has_place", "made"]

PAGE: Final = ROOT / "core" / "docs" / "reference.md"

_KIND: Final = re.compile(r"^(\w+): (.*)$", re.MULTILINE)

INTRODUCTION: Final = f"""# Reference

<!-- made by `{COMMAND}` from docstrings; do not edit -->

Every public name, with one sentence. The docstrings say more:
`python -m pydoc realtime_core.RealtimeSession`."""


class Undocumented(SystemExit):
    """Something public has no docstring; the message names it."""


def _told(what: str, words: str | None) -> str:
    if not words:
        raise Undocumented(f"{what} has nothing to say in the reference: give it a docstring")
    return words[0].upper() + words[1:]


def _about(what: str, documented: Any) -> str:
    return _told(what, sentence(documented.__doc__))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return table([head, *([_cell(cell) for cell in row] for row in rows)])


# -- the command line ------------------------------------------------------------------------------


def _command_line() -> Iterator[str]:
    yield "## Command line"
    for path, command in inventory.command_lines().items():
        yield f"### `{path}`"
        yield _told(path, sentence((command.help or "").replace("\b\n", "")))
        ctx = click.Context(command, info_name=path)
        yield f"```text\n{' '.join([path, *command.collect_usage_pieces(ctx)])}\n```"
        options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
        if options:
            yield _rows(("option", ""), [_option(path, one, ctx) for one in options])


def _option(path: str, option: click.Option, ctx: click.Context) -> tuple[str, str]:
    names = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else f" {option.make_metavar(ctx)}"
    return f"`{names}{value}`", _told(f"{path} {names}", sentence(option.help))


# -- what an application uses ----------------------------------------------------------------------


def _functions() -> Iterator[str]:
    yield "## Functions"
    for name, function in inventory.public_functions(realtime_core).items():
        yield f"### `{name}({signature(function)})`"
        yield _about(name, function)


def _methods() -> Iterator[str]:
    yield "## Clients and sessions"
    for cls in (RealtimeClient, RealtimeSession):
        yield f"### `{cls.__name__}`"
        yield _about(cls.__name__, cls)
        yield _rows(("", ""), _members(cls))


def _members(cls: type) -> Iterator[tuple[str, str]]:
    for name, member in inventory.public_functions(cls).items():
        call = name if isinstance(member, property) else f"{name}({signature(member)})"
        yield f"`{call}`", _about(f"{cls.__name__}.{name}", member)


def _settings() -> Iterator[str]:
    yield "## Settings"
    done: list[type] = []
    for cls in inventory.settings_classes():
        yield f"### {_path(cls)}"
        yield _about(_path(cls), cls)
        inherited = {name for base in done if issubclass(cls, base) for name in attrs.fields_dict(base)}
        rows = [row for row in _fields(cls) if row[0].strip("`") not in inherited]
        if rows:
            yield _rows(("setting", "takes", ""), rows)
        done.append(cls)


def _path(cls: type) -> str:
    """The class, and the package where it is not core's."""
    package = cls.__module__.partition(".")[0]
    return f"`{cls.__name__}`" + (f" of `{package}`" if package != inventory.CORE else "")


def _fields(cls: type[attrs.AttrsInstance]) -> Iterator[tuple[str, str, str]]:
    told, hints = field_docs(cls), get_type_hints(cls)
    for name in _given(cls):
        yield f"`{name}`", _takes(hints[name]), _told(f"{_path(cls)}.{name}", told.get(name))


def _given(cls: type[attrs.AttrsInstance]) -> list[str]:
    """The fields that whoever makes one gives."""
    return [field.name for field in attrs.fields(cls) if field.init and not field.name.startswith("_")]


def _takes(hint: Any) -> str:
    """A type, in the words of a reader."""
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_takes(arg) for arg in get_args(hint) if arg is not UnsetType))
    if get_origin(hint) is Literal:
        return " or ".join(f"`{arg}`" for arg in get_args(hint))
    if hint is type(None):
        return "None"
    cls = get_origin(hint) or hint
    words = {"Mapping": "mapping", "list": "list", "tuple": "list", "frozenset": "set"}
    return words.get(cls.__name__, f"`{cls.__name__}`")


def _options() -> Iterator[str]:
    yield "## Options of the providers"
    for name, cls in inventory.options_classes().items():
        told = field_docs(cls)
        yield f"### Options of `{name}`"
        yield _rows(
            ("option", "variable", ""),
            [
                (
                    f"`{field}`",
                    ", ".join(f"`{variable}`" for variable in variables_of(attribute)),
                    _told(f"option {field} of {name}", told.get(field)),
                )
                for field, attribute in option_fields(cls).items()
            ],
        )


def _events() -> Iterator[str]:
    yield "## Events"
    for cls in inventory.classes(RealtimeEvent):
        yield from _class(cls, RealtimeEvent)
    yield "### Kinds of errors"
    told = dict(_KIND.findall(module_docs(events)["ErrorKind"]))
    yield _rows(
        ("kind", ""),
        [(f"`{kind}`", _told(f"ErrorKind {kind}", told.get(kind))) for kind in get_args(events.ErrorKind)],
    )


def _class(cls: type[attrs.AttrsInstance], base: type[attrs.AttrsInstance]) -> Iterator[str]:
    """A heading, the sentence, and the names of the fields that ``base`` does not have."""
    yield f"### `{cls.__name__}`"
    yield _about(cls.__name__, cls)
    own = [name for name in attrs.fields_dict(cls) if cls is base or name not in attrs.fields_dict(base)]
    if own:
        yield f"Fields: {', '.join(f'`{name}`' for name in own)}."


def _errors() -> Iterator[str]:
    yield "## Errors"
    yield errors_table(RealtimeError)
    for error, reasons in (("ConnectionLost", LostReason), ("ConnectionFailed", FailedReason)):
        told = field_docs(reasons)
        yield f"### Reasons of `{error}`"
        yield _about(reasons.__name__, reasons)
        yield _rows(
            (f"`{reasons.__name__}`", "value", ""),
            [(f"`{one.name}`", f"`{one}`", _told(f"{one!r}", told.get(one.name))) for one in reasons],
        )


def errors_table(base: type[Exception]) -> str:
    """The tree of errors below ``base``."""
    return _rows(
        ("error", ""),
        [
            (f"{'&emsp;' * depth}`{cls.__name__}`", _about(cls.__name__, cls))
            for depth, cls in inventory.tree(base)
        ],
    )


# -- what a provider's author uses -----------------------------------------------------------------


def _hooks() -> Iterator[str]:
    yield "## Hooks"
    for module, functions in inventory.hooks().items():
        yield f"In plugins of the entry-point group `{module.ENTRY_POINT_GROUP}`:"
        for function in functions:
            yield f"### `{function.__name__}({signature(function)})`"
            yield _about(function.__name__, function)


def _contract() -> Iterator[str]:
    yield "## The contract of a provider"
    for cls in (Provider, Setup):
        yield f"### `{cls.__name__}`"
        yield _about(cls.__name__, cls)
        yield f"Fields: {', '.join(f'`{name}`' for name in attrs.fields_dict(cls))}."
    yield "### `Connection`"
    yield _about("Connection", Connection)
    yield _rows(("", ""), _members(Connection))


def _capabilities() -> Iterator[str]:
    yield "## Capabilities"
    told, hints = field_docs(Capabilities), get_type_hints(Capabilities)
    for name in attrs.fields_dict(Capabilities):
        yield f"### `{name}`"
        yield f"{_takes(hints[name])}: {_told(f'Capabilities.{name}', told.get(name))}"


def _commands() -> Iterator[str]:
    yield "## Commands to a connection"
    for cls in inventory.classes(Command):
        yield from _class(cls, Command)


def _exports(told: str) -> Iterator[str]:
    """What the packages export beyond what has its place in what was ``told``."""
    placed: dict[str, Any] = {}  # two packages may call different things alike
    settings = inventory.settings_classes()
    for package in inventory.packages():
        exported = {name: getattr(package, name) for name in package.__all__}
        rest = [
            name
            for name, value in exported.items()
            if value not in settings
            if not has_place(name, told) or placed.get(name, value) is not value
        ]
        placed |= exported
        if rest:
            parts = [f"## What else `{package.__name__}` exports", _about(package.__name__, package)]
            explained = [name for name in rest if _is_explained(getattr(package, name))]
            plain = [_export(package, name) for name in rest if name not in explained]
            parts += [_rows(("name", "fields", ""), plain)] if plain else []
            parts += [part for name in explained for part in _explain(getattr(package, name))]
            told += "\n".join(parts)
            yield from parts


def _is_explained(value: Any) -> bool:
    """Whether it has fields, and each is told of."""
    if not (isinstance(value, type) and attrs.has(value)):
        return False
    return bool(_given(value)) and {*_given(value)} <= {*field_docs(value)}


def _explain(cls: type[attrs.AttrsInstance]) -> Iterator[str]:
    yield f"### {_path(cls)}"
    yield _about(_path(cls), cls)
    told = field_docs(cls)
    yield _rows(("field", ""), [(f"`{name}`", _told(name, told[name])) for name in _given(cls)])


def _export(package: types.ModuleType, name: str) -> tuple[str, str, str]:
    value = getattr(package, name)
    fields = attrs.fields_dict(value) if isinstance(value, type) and attrs.has(value) else {}
    shown = ", ".join(f"`{field}`" for field in fields if not field.startswith("_"))
    return f"`{name}`", shown, _told(f"{package.__name__}.{name}", _words(package, name, value))


def _words(package: types.ModuleType, name: str, value: Any) -> str:
    """Of a class or a function its docstring, of anything else the string behind it, wherever it stands."""
    if (inspect.isclass(value) or inspect.isfunction(value)) and value.__doc__:
        return sentence(value.__doc__)
    if isinstance(value, click.Command):
        return sentence(value.help)
    modules = inventory.modules(package.__name__)
    return sentence(next((told[name] for one in modules if name in (told := module_docs(one))), ""))


def has_place(name: str, document: str) -> bool:
    """Whether a heading or a row of a table in ``document`` begins with ``name``."""
    return bool(re.search(rf"^(#+ |\| (&emsp;)*)`{re.escape(name)}[`( ]", document, re.MULTILINE))


SECTIONS: Final = (
    _command_line,
    _functions,
    _methods,
    _settings,
    _options,
    _events,
    _errors,
    _hooks,
    _contract,
    _capabilities,
    _commands,
)


def made() -> str:
    """The whole document.

    Raises:
        Undocumented: something has no docstring.
    """
    parts = [INTRODUCTION, *(part for section in SECTIONS for part in section())]
    return "\n\n".join([*parts, *_exports("\n".join(parts))]) + "\n"
