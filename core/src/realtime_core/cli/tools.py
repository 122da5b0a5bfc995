"""The functions that the command line names, imported. Knows nothing of sessions or of click."""

import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from realtime_core.choices import did_you_mean, nearest
from realtime_core.errors import InvalidTool
from realtime_core.masking import mask_keys
from realtime_core.tools.tool import Tool, as_tools

__all__ = ["load_tools"]


def load_tools(names: Iterable[str]) -> tuple[Tool | Mapping[str, Any], ...]:
    """The tools called ``module:function``, ``module:LIST`` or ``path/to/file.py:function``.

    Modules are looked for in the current folder, too; a file may import what lies beside it.

    Raises:
        InvalidTool: there is no such module or function, it cannot be imported, or cannot be a tool; the
            message says which, and what there is instead.
    """
    return as_tools(tool for name in names for tool in _named(name))


def _named(name: str) -> Sequence[Any]:
    where, colon, attribute = name.rpartition(":")
    if not colon or not where or not attribute:
        raise InvalidTool(f"tools {name!r}: give MODULE:FUNCTION or FILE.py:FUNCTION")
    module = _module(where)
    try:
        found = getattr(module, attribute)
    except AttributeError as exc:
        raise InvalidTool(f"tools: {where!r} has no {attribute!r}; {_choices(module, attribute)}") from exc
    try:
        return found if isinstance(found, list | tuple) else as_tools([found])
    except InvalidTool as exc:
        raise InvalidTool(f"tools {name!r}: {exc}") from exc


def _module(where: str) -> ModuleType:
    folder, name = Path.cwd(), where
    if where.endswith(".py"):
        file = Path(where).absolute()
        if not file.is_file():
            raise InvalidTool(f"tools: there is no file {where!r}")
        folder, name = file.parent, file.stem
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    module = _import(name, where)
    if where.endswith(".py") and not _is_of(module, file):
        raise InvalidTool(f"tools: another module called {name!r} is loaded already; rename {where!r}")
    return module


def _is_of(module: ModuleType, file: Path) -> bool:
    own = getattr(module, "__file__", None)
    return own is not None and Path(own).resolve() == file.resolve()


def _import(name: str, where: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name is None or not f"{name}.".startswith(f"{exc.name}."):
            raise _broken(where, exc) from exc  # one that the module itself asks for
        raise InvalidTool(
            f"tools: there is no module {exc.name!r}, neither installed nor in {Path.cwd()}; {_files(name)}"
        ) from exc
    except SystemExit as exc:
        raise InvalidTool(
            f"tools: {where!r} ends the program when it is imported; put what it runs under "
            "if __name__ == '__main__':"
        ) from exc
    except Exception as exc:  # other people's code runs here, and may raise anything
        raise _broken(where, exc) from exc


def _broken(where: str, exc: Exception) -> InvalidTool:
    why = mask_keys(f"{type(exc).__name__}: {exc}")
    return InvalidTool(f"tools: {where!r} cannot be imported ({why}); --debug shows where")


def _files(name: str) -> str:
    there = sorted(file.stem for file in Path.cwd().glob("*.py"))
    near = nearest(name, there)
    return f"did you mean {near!r}?" if near else "give FILE.py:FUNCTION for a file elsewhere"


def _choices(module: ModuleType, attribute: str) -> str:
    there = [name for name, value in vars(module).items() if _may_be_meant(module, name, value)]
    return did_you_mean(attribute, sorted(there)) if there else "it has no functions of its own"


def _may_be_meant(module: ModuleType, name: str, value: object) -> bool:
    """Whether it is public, and a function of the module itself, a tool, or a list that holds such."""
    if name.startswith("_"):
        return False
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(entry, Callable | Tool | Mapping) for entry in value)  # type: ignore[arg-type]  # as isinstance takes it
    return isinstance(value, Tool) or (inspect.isfunction(value) and value.__module__ == module.__name__)
