"""Plugins are imported in threads of their own, each by one at a time, and waited for with a bound.

Knows nothing of what a plugin has to be. `realtime_core.registry.loading` tells what the bound can do.
"""

import sys
import threading
import time
from collections.abc import Iterator
from typing import Final

from realtime_core.registry.checking import hook_result
from realtime_core.registry.installed import Claim

__all__ = ["Attempt", "attempt"]


class Attempt:
    """One import of a plugin and one call of its hook, under way or over.

    ``given`` is what the hook gave; ``error`` what was raised instead.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.given: object = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self.run, name=f"loading {claim.info.name}", daemon=True)
        self._begun_s = time.monotonic()
        self._over = threading.Event()

    def start(self) -> None:
        """Run it in its own thread."""
        try:
            self._thread.start()
        except RuntimeError as exc:  # there are too many, or the interpreter shuts down
            self.error = exc
            self._over.set()

    def run(self) -> None:
        """Run it in this one."""
        try:
            self.given = hook_result(self.claim.entry.load())
        except BaseException as exc:  # noqa: BLE001  # SystemExit, too: a plugin does not end the program
            self.error = exc
        finally:
            self._over.set()

    @property
    def is_of_this_thread(self) -> bool:
        """Whether the caller is what it runs."""
        return self._thread is threading.current_thread()

    @property
    def is_over(self) -> bool:
        """Whether it has come back."""
        return self._over.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is over, or that long since it was begun; whether it is over."""
        return self._over.wait(max(0.0, self._begun_s + timeout_s - time.monotonic()))

    def lines(self) -> Iterator[tuple[str, int]]:
        """Where its thread is: modules and lines, innermost first."""
        # documented, in spite of its name, for finding out where threads hang
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001
        while frame is not None:
            yield str(frame.f_globals.get("__name__")), frame.f_lineno
            frame = frame.f_back


_under_way: Final[dict[str, Attempt]] = {}
"""Those that may not be over, by entry point."""

_lock: Final = threading.Lock()


def attempt(claim: Claim) -> Attempt:
    """Begin to load what ``claim`` registers; or what has begun and is not over.

    It is over when this returns if the plugin's package is being imported already. The caller may be the
    one who does: another thread would wait for that import, and the caller for the thread.
    """
    with _lock:
        for key in [key for key, one in _under_way.items() if one.is_over]:
            del _under_way[key]
        known = _under_way.get(claim.entry.value)
        if known is not None:
            return known
        new = Attempt(claim)
        is_given_up = any(one.claim.package == claim.package for one in _under_way.values())
        if is_given_up or not _is_being_imported(claim.module):
            _under_way[claim.entry.value] = new
            new.start()
            return new
    new.run()
    if isinstance(new.error, KeyboardInterrupt):  # of the caller's own thread
        raise new.error
    return new


def _is_being_imported(module: str) -> bool:
    """Whether an import of ``module``, or of a package that it is in, has begun and not ended."""
    parts = module.split(".")
    names = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    specs = (getattr(sys.modules.get(name), "__spec__", None) for name in names)
    # what importlib itself asks; where it is not told, there is no import under way
    return any(getattr(spec, "_initializing", False) for spec in specs)
