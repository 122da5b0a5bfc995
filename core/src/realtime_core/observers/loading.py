"""From what an application gives, or a distribution registers, to observers that can be called.

Knows nothing of threads or sessions. An observer that cannot be meant raises where it is given; one that
is installed and broken is reported in the log, with its distribution and the remedy, and left out.
"""

import functools
import inspect
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import pluggy

from realtime_core.errors import InvalidSettings
from realtime_core.observers.hooks import ENTRY_POINT_GROUP, PROJECT, ObserverSpecs

if TYPE_CHECKING:
    from importlib import metadata

__all__ = ["Observer", "given_observers", "installed_observers"]

_log = logging.getLogger("realtime_core")

_HOOKS: Final = frozenset(name for name in vars(ObserverSpecs) if name.startswith("realtime_"))


class Observer:
    """One observer, guarded: it may raise, and only that is told, once.

    Args:
        plugin: a module or an object with hooks.
        name: for messages.

    Raises:
        InvalidSettings: its hooks are wrong, or it has none.
    """

    def __init__(self, plugin: object, name: str) -> None:
        self.name = name
        self.failures = 0
        self._plugins = pluggy.PluginManager(PROJECT)
        self._plugins.add_hookspecs(ObserverSpecs)
        try:
            self._plugins.register(plugin, name=name)
        except Exception as exc:  # looking at other people's objects may raise anything
            told = isinstance(exc, pluggy.PluginValidationError)
            why = " ".join(str(exc).split()) if told else type(exc).__name__
            raise InvalidSettings(f"observer {name} cannot be used: {why}") from exc
        self.hooks = frozenset(self._checked_hooks(plugin))
        """The names of the hooks that it has."""

    def call(self, hook: str, arguments: dict[str, Any]) -> None:
        """Call ``hook``; what it raises goes no further, nor does what it says reach the log."""
        try:
            getattr(self._plugins.hook, hook)(**arguments)
        except BaseException as exc:  # noqa: BLE001  # the thread it runs on is that of all observers
            self.failures += 1
            if self.failures == 1:
                _log.warning(
                    "observer %s raised %s in %s; it is called again, and this is not logged again",
                    self.name,
                    type(exc).__name__,
                    hook,
                )

    def _checked_hooks(self, plugin: object) -> Iterable[str]:
        if isinstance(plugin, type):
            raise InvalidSettings(f"observer {self.name} is a class; give an instance of it")
        # not pluggy's check_pending: its message quotes the observer, and with it what it holds
        registered = self._plugins.get_hookcallers(plugin)
        callers = [] if registered is None else registered  # None is registered nowhere
        for caller in callers:
            if caller.name not in _HOOKS:
                raise InvalidSettings(f"observer {self.name} has an unknown hook {caller.name!r}; {_CHOICES}")
            if any(inspect.iscoroutinefunction(hook.function) for hook in caller.get_hookimpls()):
                raise InvalidSettings(
                    f"hook {caller.name!r} of observer {self.name} is a coroutine function; "
                    "hooks run on a thread without an event loop: make it a plain function"
                )
        names = {caller.name for caller in callers}
        unmarked = sorted(name for name in _HOOKS - names if callable(getattr(plugin, name, None)))
        if unmarked:
            raise InvalidSettings(
                f"{unmarked[0]!r} of observer {self.name} is not marked as a hook; "
                "decorate it with realtime_core.observers.hookimpl"
            )
        if not names:
            raise InvalidSettings(f"observer {self.name} has no hook; {_CHOICES}")
        return names


_CHOICES: Final = f"there are {', '.join(sorted(_HOOKS))}"


def given_observers(plugins: Iterable[object]) -> tuple[Observer, ...]:
    """The observers that an application gives.

    Raises:
        InvalidSettings: one of them cannot be used; says which and why.
    """
    if isinstance(plugins, str) or not hasattr(plugins, "__iter__"):
        raise InvalidSettings(f"observers takes a sequence of observers, not {type(plugins).__name__}")
    return tuple(Observer(plugin, _name_of(plugin)) for plugin in plugins)


@functools.cache
def installed_observers() -> tuple[Observer, ...]:
    """The observers of all installed distributions: looked for once in the life of a process."""
    # brings much, for which `import realtime_core` need not wait
    from importlib import metadata

    entries = sorted(
        metadata.entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: (entry.name, entry.value)
    )
    found = (_load(entry) for entry in entries)
    return tuple(observer for observer in found if observer is not None)


def _load(entry: "metadata.EntryPoint") -> Observer | None:
    dist: Any = entry.dist
    distribution, version = (
        (dist.name, dist.version) if dist is not None else ("an unknown distribution", "?")
    )
    name = f"{entry.name!r} of {distribution} {version}"
    try:
        return Observer(entry.load(), name)
    except InvalidSettings as exc:
        why = str(exc)
    except Exception as exc:  # noqa: BLE001  # other people's code runs here, and may raise anything
        why = f"observer {name} cannot be loaded ({type(exc).__name__}: {exc})"
    _log.warning(
        "%s; sessions go on without it; try: pip install --upgrade %s, or pip uninstall it",
        why,
        distribution,
    )
    return None


def _name_of(plugin: object) -> str:
    # a module has a name of its own, and so has a class that was meant to be an instance
    return repr(getattr(plugin, "__name__", type(plugin).__name__))
