"""What docstrings say, a sentence at a time: of a class or function, of its fields, of an enum's members.

Knows nothing of this project but its habits: fields are told of in a section ``Attributes`` or ``Args``, or
in a string behind each.
"""

import ast
import functools
import inspect
import itertools
import re
import textwrap
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import docstring_parser

__all__ = ["field_docs", "module_docs", "sentence", "signature"]

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'])")


def sentence(text: str | None) -> str:
    """The first sentence, on one line, in Markdown; nothing of nothing."""
    paragraph = inspect.cleandoc(text or "").partition("\n\n")[0]
    line = _END.split(" ".join(paragraph.split()), maxsplit=1)[0]
    return line.replace("``", "`")


@functools.cache
def field_docs(cls: type) -> Mapping[str, str]:
    """What is said of each field or member of ``cls``, its bases' included; its own words are nearer."""
    told: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ != "builtins" and (text := base.__dict__.get("__doc__")):
            params = docstring_parser.parse(text).params
            told |= {param.arg_name: sentence(param.description) for param in params if param.description}
        told |= {name: sentence(text) for name, text in _behind_assignments(_body(base)).items()}
    return told


@functools.cache
def module_docs(module: ModuleType) -> Mapping[str, str]:
    """What is said of each constant of ``module``, all of it, in the string behind it."""
    return _behind_assignments(ast.parse(inspect.getsource(module)).body)


def _body(cls: type) -> list[ast.stmt]:
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):  # made by Python itself, or at run time
        return []
    (definition,) = ast.parse(source).body
    return definition.body if isinstance(definition, ast.ClassDef) else []


def _behind_assignments(body: list[ast.stmt]) -> dict[str, str]:
    told = {}
    for assignment, behind in itertools.pairwise(body):
        match assignment, behind:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                told[name] = text
    return told


def signature(function: Any) -> str:
    """The names of the parameters of a function or method, without ``self``."""
    names = [
        f"**{name}" if parameter.kind is inspect.Parameter.VAR_KEYWORD else name
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self"
    ]
    return ", ".join(names)
