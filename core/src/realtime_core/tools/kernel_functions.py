"""What semantic-kernel's ``@kernel_function`` notes on a function: name, descriptions, hidden parameters.

Reads attributes (``__kernel_function__`` and those whose names begin so; semantic-kernel 1.x) and imports
nothing: that package need not be installed, and a decorator that sets the same is as good.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from realtime_core.tools.callables import innermost

__all__ = ["Notes", "held_function", "is_plugin", "marked_functions", "read_notes", "way_out"]

_MARK: Final = "__kernel_function__"
_FILLED_BY_A_KERNEL: Final = frozenset({"kernel", "service", "execution_settings", "arguments"})


@attrs.frozen
class Notes:
    """What a decorated function says of itself beside its signature; of any other function, nothing.

    ``hidden`` are the parameters that a kernel fills, or that are marked
    ``{"include_in_function_choices": False}``: the model is not to see them.
    """

    name: str | None = None
    description: str | None = None
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    hidden: frozenset[str] = frozenset()


def read_notes(function: Callable[..., Any]) -> Notes:
    """The notes on ``function``; a partial has those of its function.

    A description that only repeats the docstring is left to the docstring, which is read in sections.
    """
    noted = innermost(function)
    if not _is_marked(noted):
        return Notes()
    description = getattr(noted, "__kernel_function_description__", None)
    parameters = [
        given for given in getattr(noted, "__kernel_function_parameters__", ()) if given.get("name")
    ]
    return Notes(
        name=getattr(noted, "__kernel_function_name__", None),
        description=None if description == noted.__doc__ else description,
        parameters={given["name"]: given["description"] for given in parameters if given.get("description")},
        hidden=_FILLED_BY_A_KERNEL
        | {given["name"] for given in parameters if not given.get("include_in_function_choices", True)},
    )


def is_plugin(value: object) -> bool:
    """Whether it is an object with decorated methods, rather than something to call."""
    return _is_whole(value) and any(_marked_names(value))


def marked_functions(plugin: object) -> list[Callable[..., Any]]:
    """The decorated methods of an object, or functions of a module, sorted by the names of the attributes.

    An object that holds one is as good: semantic-kernel's own ``KernelFunction`` does, in ``method``.
    """
    return [getattr(plugin, name) for name in _marked_names(plugin)]


def held_function(value: Any) -> Any:
    """The function in a ``KernelFunction``, which holds one in ``method``; anything else is itself."""
    is_holder = _is_whole(value) and [*_marked_names(value)] == ["method"]
    return value.method if is_holder else value


_WAYS_OUT: Final = {
    "Kernel": 'give the functions of its plugins: tools=[*kernel.plugins["..."]]',
    "KernelPlugin": "give its functions: tools=[*plugin]",
}


def way_out(value: object) -> str | None:
    """What to give in the place of ``value``, which is no tool, if it is one of semantic-kernel's."""
    return _WAYS_OUT.get(type(value).__name__)


def _is_whole(value: Any) -> bool:
    return not (inspect.isroutine(innermost(value)) or isinstance(value, type))


def _marked_names(plugin: object) -> Iterator[str]:
    for name in dir(plugin):
        # looked at without asking the object: a property may have effects
        found = inspect.getattr_static(plugin, name, None)
        if _is_marked(found.__func__ if isinstance(found, staticmethod | classmethod) else found):
            yield name


def _is_marked(function: Any) -> bool:
    return inspect.isroutine(function) and getattr(function, _MARK, False) is True
