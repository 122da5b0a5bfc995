"""A function as a tool: what the model is told of it, and how the model's call becomes one of the function.

Knows nothing of running: threads, time-outs and what becomes of the result are the engine's.
"""

import functools
import math
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from realtime_core.contents import ApprovalRequest, ToolDefinition
from realtime_core.errors import InvalidTool
from realtime_core.tools.call import ActiveCall
from realtime_core.tools.callables import docstring_of, is_async, name_of, yields

__all__ = ["Approve", "Tool", "Tools", "as_tools"]

Approve = bool | Callable[[ApprovalRequest], bool | Awaitable[bool]]
"""Whether a person has to agree before a call is made: never, always (an event asks), or a function says."""

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # OpenAI's rule


class Tool:
    """A function that the model may call.

    Name, description and parameters come from the function: its name, docstring (Google, NumPy or reST style)
    and annotations. ``Annotated[str, "what it is"]`` describes a parameter, too; one annotated with
    `ActiveCall` gets the running call and, in an async function, one annotated with `RealtimeSession` the
    session; the model sees neither. A function that is not async runs in a thread of its own. What a function
    has from semantic-kernel's ``@kernel_function``, name, descriptions and hidden parameters, holds.

    Args:
        function: anything that can be called: a function, a method, a partial, an object; of a
            ``KernelFunction`` of semantic-kernel's the function that it holds.
        name: how the model calls it, instead of the function's own name.
        description: what it is for, instead of the docstring's words.
        timeout_s: how long a call may take; None: as long as the session's tools in general.
        approve: whether a person has to agree before each call: True asks by an event; a function is given
            the `ApprovalRequest` and says yes or no, at once or after an await.
        approval_timeout_s: how long the answer may take.

    Raises:
        InvalidTool: the function or a setting cannot be; the message names the parameter and the remedy.
    """

    __slots__ = (
        "_injected",
        "_parameters",
        "approval_timeout_s",
        "approve",
        "definition",
        "function",
        "is_async",
        "timeout_s",
    )

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        timeout_s: float | None = None,
        approve: Approve = False,
        approval_timeout_s: float = 60.0,
    ) -> None:
        # what reads functions loads with the first tool, not with the package
        from realtime_core.tools.docstring import read_docstring
        from realtime_core.tools.kernel_functions import held_function, read_notes
        from realtime_core.tools.schema import build_schema
        from realtime_core.tools.signature import read_signature

        function = held_function(function)
        notes = read_notes(function)
        name = _checked_name(function, notes.name if name is None else name)
        _check_settings(name, description, timeout_s, approve, approval_timeout_s)
        signature = read_signature(function, name, notes.hidden)
        documented = read_docstring(docstring_of(function))
        if description is None:
            description = documented.description if notes.description is None else notes.description
        self.function: Final = function
        self.timeout_s: Final = timeout_s
        self.approve: Final = approve
        self.approval_timeout_s: Final = approval_timeout_s
        self.is_async: Final = is_async(function)
        """Whether the function is awaited; else it runs in a thread."""
        self.definition: Final = ToolDefinition(
            name,
            description,
            build_schema(signature.parameters, {**documented.parameters, **notes.parameters}, name),
        )
        """What the service is told."""
        self._parameters: Final = signature.parameters
        self._injected: Final = signature.injected

    def __repr__(self) -> str:
        return f"Tool({self.name!r})"

    @property
    def name(self) -> str:
        """How the model calls it."""
        return self.definition.name

    def bind(self, call: ActiveCall, session: object = None) -> Callable[[], Any]:
        """The call that the model asks for, ready to be made without arguments.

        What it returns is awaitable where `is_async`; where not, it may be all the same (a decorator hides
        what it decorates), and is to be awaited then.

        Raises:
            BadArguments: what the model wrote does not fit; the text is for the model.
        """
        from realtime_core.tools.arguments import read_arguments

        arguments = read_arguments(call.arguments, self._parameters, self.definition.parameters)
        fill = {"call": call, "session": session}
        arguments |= {name: fill[injected] for name, injected in self._injected.items()}
        return functools.partial(self.function, **arguments)


Tools = Iterable[object]
"""Functions, `Tool` objects, objects with methods marked by ``@kernel_function`` (each method is a tool), and
mappings: tools of the service's own, in its own words."""


def as_tools(tools: Tools) -> tuple[Tool | Mapping[str, Any], ...]:
    """All of them ready; an object with marked methods gives one for each, and a mapping is a tool of the
    service's own, in its own words, and stays as it is.

    Raises:
        InvalidTool: one of them cannot be a tool, or two have one name.
    """
    given: Any = tools
    if not isinstance(given, Iterable) or isinstance(given, str | Mapping):
        raise InvalidTool(f"tools takes a list of functions, not {name_of(given)}; write tools=[...]")
    made = tuple(one for tool in given for one in _ready(tool))
    names: set[str] = set()
    for tool in made:
        name = tool.get("name") if isinstance(tool, Mapping) else tool.name
        if isinstance(name, str):
            if name in names:
                raise InvalidTool(f"two tools are called {name!r}; give one another: Tool(..., name=...)")
            names.add(name)
    return made


def _ready(tool: Any) -> Iterable[Tool | Mapping[str, Any]]:
    if isinstance(tool, Tool | Mapping):
        return (tool,)
    from realtime_core.tools.kernel_functions import is_plugin, marked_functions

    return map(Tool, marked_functions(tool)) if is_plugin(tool) else (Tool(tool),)


def _checked_name(function: Any, name: Any) -> str:
    if not callable(function) or isinstance(function, type):
        what = (
            f"the class {function.__name__}" if isinstance(function, type) else f"a {type(function).__name__}"
        )
        from realtime_core.tools.kernel_functions import way_out

        remedy = way_out(function) or (
            "give a function, or an object that can be called; an object with methods marked by "
            "@kernel_function stands in tools=[...] as it is"
        )
        raise InvalidTool(f"a tool is a function, not {what}; {remedy}")
    if yields(function):
        raise InvalidTool(f"tool {name_of(function)!r} yields; a tool returns one result, so return a list")
    if name is None:
        name = name_of(function)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidTool(
            f"{name!r} is no name of a tool: 1 to 64 ASCII letters, digits, _ or -; give Tool(..., name=...)"
        )
    return name


def _check_settings(
    name: str, description: Any, timeout_s: object, approve: object, approval_timeout_s: object
) -> None:
    if not isinstance(description, str | None):
        raise InvalidTool(f"tool {name!r}: description takes a text, not {type(description).__name__}")
    if timeout_s is not None and not _is_time(timeout_s):
        raise InvalidTool(f"tool {name!r}: timeout_s takes seconds above 0, or None, not {timeout_s!r}")
    if not isinstance(approve, bool) and not callable(approve):
        raise InvalidTool(
            f"tool {name!r}: approve takes True, False or a function, not {type(approve).__name__}"
        )
    if not _is_time(approval_timeout_s):
        raise InvalidTool(
            f"tool {name!r}: approval_timeout_s takes seconds above 0, not {approval_timeout_s!r}"
        )


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
