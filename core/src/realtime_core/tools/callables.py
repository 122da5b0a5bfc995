"""What can be called, be it a function, a method, a partial or an object: its name, its docstring, its kind.

Knows nothing of parameters.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["docstring_of", "implementation", "innermost", "is_async", "name_of", "yields"]


def innermost(function: Callable[..., Any]) -> Callable[..., Any]:
    """What a partial is a partial of; anything else is itself."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def implementation(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that runs in the end: of an object, its class's ``__call__``."""
    function = innermost(function)
    return function if inspect.isroutine(function) else type(function).__call__


def name_of(function: Any) -> str:
    """The name under which it was defined; of an object, its class's."""
    function = innermost(function)
    return str(getattr(function, "__name__", type(function).__name__))


def docstring_of(function: Callable[..., Any]) -> str | None:
    """What it says of itself; an object whose call says nothing is described by its class."""
    function = innermost(function)
    if inspect.isroutine(function):
        return inspect.getdoc(function)
    return type(function).__call__.__doc__ or inspect.getdoc(type(function))


def is_async(function: Callable[..., Any]) -> bool:
    """Whether a call gives a coroutine, as far as can be seen before."""
    return inspect.iscoroutinefunction(implementation(function))


def yields(function: Callable[..., Any]) -> bool:
    """Whether a call gives a generator, of either kind."""
    made = implementation(function)
    return inspect.isgeneratorfunction(made) or inspect.isasyncgenfunction(made)
