"""Brains by name, as options and command lines give them."""

import inspect

from realtime_core.errors import InvalidOptions

from realtime_simulator.brain import Brain, echo
from realtime_simulator.script import Script
from realtime_simulator.script_file import load_script

__all__ = ["load_brain"]


def load_brain(spec: str | Brain | Script) -> Brain | Script:
    """The brain that ``spec`` names, ``echo`` or ``script:FILE``, or a brain itself.

    Raises:
        InvalidOptions: there is no such brain, or the script is not what it should be.
    """
    if not isinstance(spec, str):
        if not isinstance(spec, Script) and not callable(spec):
            raise InvalidOptions("it is 'echo', 'script:FILE', or a function from a Turn to what is done")
        if inspect.iscoroutinefunction(spec):
            raise InvalidOptions(f"{spec.__name__!r} is a coroutine function: a brain is a plain `def`")
        return spec
    name, _, path = spec.partition(":")
    match name, bool(path):
        case "echo", False:
            return echo
        case "script", True:
            return load_script(path)
        case _:
            raise InvalidOptions(f"no brain {spec!r}; choose 'echo' or 'script:FILE'")
