"""What a function says of itself: name, parameters with their annotations, which of them the engine fills.

Knows nothing of JSON. Annotations are evaluated here, one by one, so that one that nobody needs cannot fail.
"""

import functools
import inspect
import types
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Optional, Union, get_args, get_origin, get_type_hints

import attrs

from realtime_core.errors import InvalidTool
from realtime_core.tools.call import ActiveCall
from realtime_core.tools.callables import implementation, is_async

__all__ = ["Injected", "Parameter", "Signature", "read_signature"]

_SESSION: Final = "realtime_core.session.RealtimeSession"


class Injected(StrEnum):
    """What the engine fills a parameter with."""

    CALL = "call"
    SESSION = "session"


@attrs.frozen
class Parameter:
    """One that the model fills. ``annotation`` is `Any` where the function has none, and admits None where
    that is the default.
    """

    name: str
    annotation: Any = Any
    default: Any = inspect.Parameter.empty

    @property
    def required(self) -> bool:
        """Whether the model has to give it."""
        return self.default is inspect.Parameter.empty


@attrs.frozen
class Signature:
    """The parameters that the model fills, in order, and those that the engine fills."""

    parameters: tuple[Parameter, ...]
    injected: Mapping[str, Injected]


def read_signature(function: Callable[..., Any], tool: str, hidden: Collection[str] = ()) -> Signature:
    """The signature of ``function``, which errors call ``tool``.

    What `functools.partial` has bound is the program's business: the model does not see it. Nor does it see
    the parameters named in ``hidden``, which keep their defaults.

    Raises:
        InvalidTool: a parameter cannot be filled by name, or its annotation cannot be evaluated; one that is
            hidden has no default; a function that is not async asks for the session.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as exc:
        raise InvalidTool(
            f"tool {tool!r}: Python cannot tell its parameters; wrap it in a function of your own"
        ) from exc
    bound = function.keywords if isinstance(function, functools.partial) else {}
    names = _names_in_scope(function)
    parameters: list[Parameter] = []
    injected: dict[str, Injected] = {}
    for name, parameter in signature.parameters.items():
        if name in bound or not _is_fillable(parameter, tool):
            continue
        if name in hidden:
            _check_default(parameter, tool)
            continue
        annotation = _evaluate(parameter, names, tool)
        filled = _filled_with(annotation)
        if filled is not None:
            injected[name] = filled
        else:
            if parameter.default is None and not _admits_none(annotation):
                annotation = Optional[annotation]  # noqa: UP045  # made at run time
            parameters.append(Parameter(name, annotation, parameter.default))
    if Injected.SESSION in injected.values() and not is_async(function):
        raise InvalidTool(
            f"tool {tool!r} is no async function, so it runs in a thread, where the session cannot be used;"
            " make it async, or ask for an ActiveCall"
        )
    return Signature(tuple(parameters), injected)


def _is_fillable(parameter: inspect.Parameter, tool: str) -> bool:
    """Whether it gets a value; one that may only be given by position keeps its default."""
    where = f"tool {tool!r}: parameter {parameter.name!r}"
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            raise InvalidTool(
                f"{where} is a *{parameter.name}; a model gives every argument by name: use a list"
            )
        case inspect.Parameter.VAR_KEYWORD:
            raise InvalidTool(f"{where} is a **{parameter.name}; name every parameter, or take one dict")
        case inspect.Parameter.POSITIONAL_ONLY:
            if parameter.default is inspect.Parameter.empty:
                raise InvalidTool(
                    f"{where} can only be given by position; move it behind the '/', or wrap the function"
                )
            return False
    if parameter.name == "self" and parameter.annotation is inspect.Parameter.empty:
        raise InvalidTool(f"{where} is left open: give the method of an instance, not that of its class")
    return True


def _check_default(parameter: inspect.Parameter, tool: str) -> None:
    if parameter.default is inspect.Parameter.empty:
        raise InvalidTool(
            f"tool {tool!r}: parameter {parameter.name!r} is kept from the model, and there is no kernel to"
            f" fill it; give it a default, or bind it: functools.partial(function, {parameter.name}=...)"
        )


def _evaluate(parameter: inspect.Parameter, names: dict[str, Any], tool: str) -> Any:
    if parameter.annotation is inspect.Parameter.empty:
        return Any
    holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return get_type_hints(holder, globalns=names, include_extras=True)[parameter.name]
    except Exception as exc:
        raise InvalidTool(
            f"tool {tool!r}: the annotation of parameter {parameter.name!r} cannot be evaluated"
            f" ({type(exc).__name__}: {exc}); import or define its names at the top of the module, not under"
            " TYPE_CHECKING"
        ) from exc


class _NamedSession:
    """Stands for the session class, which is not loaded for its name alone."""


def _names_in_scope(function: Callable[..., Any]) -> dict[str, Any]:
    """What annotations may name: the module of the function, and our two classes wherever they come from."""
    own = getattr(inspect.unwrap(implementation(function)), "__globals__", {})
    return {"ActiveCall": ActiveCall, "RealtimeSession": _NamedSession, **own}


def _admits_none(annotation: Any) -> bool:
    """Whether None is among its types, within what describes it, too: a union of a union says it twice."""
    if get_origin(annotation) is Annotated:
        return _admits_none(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return any(map(_admits_none, get_args(annotation)))
    return annotation in (Any, types.NoneType)


def _filled_with(annotation: Any) -> Injected | None:
    """What the engine fills a parameter of this annotation with; None: it is the model's."""
    if get_origin(annotation) is Annotated:
        return _filled_with(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [arg for arg in get_args(annotation) if arg is not types.NoneType]
        return _filled_with(rest[0]) if len(rest) == 1 else None
    if not isinstance(annotation, type):
        return None
    if issubclass(annotation, ActiveCall):
        return Injected.CALL
    if any(base is _NamedSession or _path(base) == _SESSION for base in annotation.__mro__):
        return Injected.SESSION
    return None


def _path(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
