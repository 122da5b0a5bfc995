"""Everything public that has to have its place in the docs, found by walking the packages, not by lists."""

import importlib
import pkgutil
from collections import deque
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any, Final, get_args, get_origin, get_type_hints

import attrs
import click
import realtime_core
from realtime_core import RealtimeSettings
from realtime_core.registry import load_provider
from workspace import Distribution, distributions

__all__ = [
    "classes",
    "command_lines",
    "hooks",
    "modules",
    "nested_settings",
    "options_classes",
    "packages",
    "public_functions",
    "settings_classes",
    "tree",
]

CORE: Final = realtime_core.__name__


def modules(package: str = CORE) -> Iterator[ModuleType]:
    """Every module of ``package`` that is no program, imported."""
    root = importlib.import_module(package)
    yield root
    for info in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not info.name.endswith(".__main__"):
            yield importlib.import_module(info.name)


def packages() -> list[ModuleType]:
    """Every package of ours that exports something: core first, and what is in it."""
    found = [module for dist in distributions() for module in modules(dist.package.name)]
    return [module for module in found if hasattr(module, "__path__") and getattr(module, "__all__", None)]


def classes(base: type) -> list[type]:
    """``base`` and the public classes of core that extend it, in the order of their definition."""
    return [
        value
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


def tree(base: type, depth: int = 0) -> Iterator[tuple[int, type]]:
    """``base`` and what of ours extends it, with how deep: core's in the order of definition, then others."""
    ours = [dist.package.name for dist in distributions()]
    if depth == 0:
        for package in ours:
            deque(modules(package), maxlen=0)  # what is not imported extends nothing
    yield depth, base
    heirs = [(heir.__module__.partition(".")[0], heir) for heir in base.__subclasses__()]
    for package, heir in sorted(heirs, key=lambda one: ours.index(one[0]) if one[0] in ours else len(ours)):
        if package in ours and not heir.__name__.startswith("_"):
            yield from tree(heir, depth + 1)


def hooks() -> dict[ModuleType, list[FunctionType]]:
    """The hooks of each module: the functions that pluggy's markers have marked as specifications."""
    found: dict[ModuleType, list[FunctionType]] = {}
    for module in modules():
        for cls in [one for one in vars(module).values() if isinstance(one, type)]:
            for function in [one for one in vars(cls).values() if isinstance(one, FunctionType)]:
                if function.__module__ == module.__name__ and any(
                    key.endswith("_spec") for key in vars(function)
                ):
                    found.setdefault(module, []).append(function)
    return found


def command_lines() -> dict[str, click.Command]:
    """Every command of every program of ours, by what is typed."""
    found: dict[str, click.Command] = {}
    for dist in distributions():
        for program, where in dist.pyproject["project"].get("scripts", {}).items():
            module, _, attribute = where.partition(":")
            found |= _below(program, getattr(importlib.import_module(module), attribute))
    return found


def _below(path: str, command: click.Command) -> dict[str, click.Command]:
    found = {path: command}
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            if inner is not None and not inner.hidden:
                found |= _below(f"{path} {name}", inner)
    return found


def settings_classes() -> list[type[attrs.AttrsInstance]]:
    """`RealtimeSettings`, those of our providers, and what stands in them."""
    outer = [RealtimeSettings, *(load_provider(name).settings for _, name in _providers())]
    found: list[type[attrs.AttrsInstance]] = []
    for cls in outer:
        bases = [base for base in reversed(cls.__mro__) if attrs.has(base)]
        for one in [*bases, *nested_settings(cls)]:
            if one not in found:
                found.append(one)
    return found


def nested_settings(cls: type) -> list[type[attrs.AttrsInstance]]:
    """The attrs classes that the fields of ``cls`` take, and those that they extend."""
    found = []
    for hint in get_type_hints(cls).values():
        for inner in get_args(hint) if get_origin(hint) else (hint,):
            if isinstance(inner, type) and attrs.has(inner):
                found += [base for base in reversed(inner.__mro__) if attrs.has(base)]
    return found


def options_classes() -> dict[str, type[attrs.AttrsInstance]]:
    """The options of each of our providers, by its name."""
    return {name: load_provider(name).options for _, name in _providers()}


def _providers() -> list[tuple[Distribution, str]]:
    return [(dist, name) for dist in distributions() for name in dist.providers]


def public_functions(owner: Any) -> dict[str, Any]:
    """The public methods and properties of a class, or the functions that a module exports, by name."""
    if isinstance(owner, ModuleType):
        exported = {name: getattr(owner, name) for name in owner.__all__}
        return {name: value for name, value in exported.items() if isinstance(value, FunctionType)}
    return {
        name: value
        for name, value in vars(owner).items()
        if not name.startswith("_") and isinstance(value, FunctionType | property)
    }
