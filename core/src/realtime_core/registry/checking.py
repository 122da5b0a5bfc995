"""What a plugin's module has to be, and what its hook has to give, as far as that shows without using it.

Knows nothing of names, distributions and threads. What is wrong is a `Fault`, in words.
"""

import inspect
from collections.abc import Callable
from typing import Any, Final

import attrs
import pluggy

from realtime_core.capabilities import Capabilities
from realtime_core.choices import nearest
from realtime_core.provider import API_VERSION, HookSpecs, Provider
from realtime_core.settings import RealtimeSettings

__all__ = ["Fault", "check_provider", "hook_result"]

_HOOK: Final = "realtime_provider"


class Fault(Exception):
    """What is wrong with a plugin: the rest of a sentence that begins with its name.

    ``core_is_old``: it asks for a newer core, so that it is not the plugin that has to be upgraded.
    """

    def __init__(self, what: str, *, core_is_old: bool = False) -> None:
        super().__init__(what)
        self.core_is_old = core_is_old


def hook_result(plugin: object) -> object:
    """What the one hook of ``plugin`` gives.

    Raises:
        Fault: it has none, or a wrong one.
        Exception: whatever the hook raises.
    """
    plugins = pluggy.PluginManager("realtime_core")
    plugins.add_hookspecs(HookSpecs)
    try:
        plugins.register(plugin)
    except pluggy.PluginValidationError as exc:
        raise Fault(f"has a hook that cannot be used ({exc})") from exc
    strange = [caller.name for caller in plugins.get_hookcallers(plugin) or () if caller.name != _HOOK]
    if strange:
        raise Fault(f"has an unknown hook {strange[0]!r}; there is one, {_HOOK!r}")
    hooks = plugins.hook.realtime_provider.get_hookimpls()
    if not hooks:
        raise Fault(_without_hook(plugin))
    if len(hooks) > 1:
        raise Fault(f"has {len(hooks)} hooks {_HOOK}(), not one")
    if hooks[0].wrapper or hooks[0].hookwrapper:
        raise Fault(f"has a wrapper as its hook {_HOOK}(), not a plain function")
    if inspect.iscoroutinefunction(hooks[0].function):
        raise Fault(f"has a coroutine function as its hook {_HOOK}(), not a plain one")
    return plugins.hook.realtime_provider()


def _without_hook(plugin: object) -> str:
    if callable(getattr(plugin, _HOOK, None)):
        return f"has {_HOOK}(), but not as a hook: decorate it with realtime_core.provider.hookimpl"
    near = nearest(_HOOK, dir(plugin), cutoff=0.8)
    return f"has no hook {_HOOK}()" + (f"; it has {near!r}: misspelt?" if near else "")


_FIELDS: Final[tuple[tuple[str, Callable[[Any], bool], str], ...]] = (
    ("connect", callable, "a coroutine function"),
    ("options", lambda given: isinstance(given, type) and attrs.has(given), "an attrs class"),
    (
        "settings",
        lambda given: isinstance(given, type) and issubclass(given, RealtimeSettings),
        "RealtimeSettings or a class that extends it",
    ),
    ("capabilities", lambda given: isinstance(given, Capabilities), "a Capabilities value"),
    ("capabilities_for", lambda given: given is None or callable(given), "a function or None"),
    ("endpoint", lambda given: given is None or callable(given), "a function or None"),
)


def check_provider(given: object) -> Provider:
    """``given``, if it is a provider of this version of the contract.

    Raises:
        Fault: it is something else, or one of its fields is.
    """
    if not isinstance(given, Provider):
        raise Fault(f"gives {type(given).__name__}, not a Provider")
    version: object = given.api_version
    if type(version) is not int or version != API_VERSION:  # True and 1.0 are equal to 1
        raise Fault(
            f"was written for provider API {version!r}, this realtime-core has {API_VERSION}"
            + ("" if type(version) is int else "; it is a whole number, an int"),
            core_is_old=type(version) is int and version > API_VERSION,
        )
    for name, is_right, takes in _FIELDS:
        value = getattr(given, name)
        if not is_right(value):
            kind = f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
            raise Fault(f"gives a Provider whose {name!r} is {kind}, not {takes}")
    return given
