"""From a claim to a provider, or to the words for why there is none.

Other people's code runs here: it may raise anything, and may never come back. So it runs in a daemon thread,
which is waited for only so long. What a thread allows is this, and no more:

- Python cannot stop a thread. One that is given up goes on: it keeps what it holds and uses what it uses
  until it comes back or the process ends. The process can go on meanwhile, and can end.
- Whoever imports a module that it is in the middle of importing waits for it. Everything else, other
  providers too, loads as ever. Asked for again, the same plugin is not begun a second time: the error comes
  at once, or the provider, if it has come back by then.
- Compiled code that waits and keeps Python's global lock stops every thread, and with it the wait that is
  bounded. Only another process is safe from that: `realtime_core.registry.probe`, and so ``realtime
  providers``.
- A plugin is imported in a thread that is not the main one, as `realtime_core.provider` tells its author.
- A package that loads a plugin of its own while it is being imported is the exception: then everything
  happens in the caller's thread, as with any import, and without a bound. Any other module that loads a
  provider while it is imported gets the error after the bound, if the plugin imports that module.
"""

import traceback
from collections.abc import Iterable
from typing import Final

from realtime_core.errors import BrokenPlugin
from realtime_core.masking import as_line, mask_keys, mask_variables
from realtime_core.provider import Provider
from realtime_core.registry.attempts import Attempt, attempt
from realtime_core.registry.checking import Fault, check_provider
from realtime_core.registry.installed import Claim

__all__ = ["LOAD_TIMEOUT_S", "load"]

LOAD_TIMEOUT_S: Final = 10.0
"""How long an import and a hook may take, unless the caller says otherwise."""

_MESSAGE_CHARS: Final = 300


def load(claim: Claim, timeout_s: float = LOAD_TIMEOUT_S) -> Provider:
    """The provider that ``claim`` registers.

    Raises:
        BrokenPlugin: says what is wrong with it, where, and the remedy.
    """
    if not claim.module:
        what = f"cannot be loaded: its entry point {_condensed(repr(claim.entry.value))} names no module"
        raise _broken(claim, what, claim.remedy)
    this = attempt(claim)
    if this.is_of_this_thread and not this.is_over:
        raise _broken(claim, f"loads itself while it is loaded{_place(claim, this.lines())}", claim.remedy)
    if not this.wait(timeout_s):
        raise _broken(claim, _hanging(this, timeout_s), claim.remedy)
    error = this.error
    if error is None:
        try:
            return check_provider(this.given)
        except Fault as exc:
            error = exc
    raise _broken(claim, *_what_and_remedy(claim, error)) from error


def _broken(claim: Claim, what: str, remedy: str) -> BrokenPlugin:
    return BrokenPlugin(f"provider {claim.info.name!r} of {claim} {what}; {remedy}")


def _hanging(this: Attempt, timeout_s: float) -> str:
    return (
        f"did not load within {timeout_s:g} s: its import or its hook has not come back"
        f"{_place(this.claim, this.lines())}. Python cannot stop it, so it goes on in a thread of its own "
        "until it comes back or this process ends; other providers can be used. If it is merely slow, load "
        f"it with realtime_core.registry.load_provider({this.claim.info.name!r}, timeout_s=...) first"
    )


def _what_and_remedy(claim: Claim, exc: BaseException) -> tuple[str, str]:
    if isinstance(exc, Fault):
        return _condensed(str(exc)), _UPGRADE + "realtime-core" if exc.core_is_old else claim.remedy
    frames = reversed([*traceback.walk_tb(exc.__traceback__)])
    lines = ((str(frame.f_globals.get("__name__")), line) for frame, line in frames)
    what = f"cannot be loaded ({type(exc).__name__}: {_words_of(exc)}{_place(claim, lines)})"
    if _is_about_core(exc):
        both = f"{_UPGRADE}realtime-core {claim.info.distribution}"
        return f"{what}: it was written for another version of realtime-core", both
    if isinstance(exc, ModuleNotFoundError) and exc.name == claim.package:
        return f"{what}: its own code is not there", _REINSTALL.format(claim.info.distribution)
    return what, claim.remedy


_UPGRADE: Final = "try: pip install --upgrade "
_REINSTALL: Final = (
    "if it was installed while this program runs, call realtime_core.registry.refresh(); "
    "else try: pip install --force-reinstall {}"
)


def _is_about_core(exc: BaseException) -> bool:
    """Whether the plugin asked for something that this core does not have."""
    if isinstance(exc, ImportError):
        return (exc.name or "").partition(".")[0] == "realtime_core"
    return isinstance(exc, TypeError) and _words_of(exc).startswith("Provider.__init__()")


def _place(claim: Claim, lines: Iterable[tuple[str, int]]) -> str:
    """The first of ``lines`` that is in the plugin's own package."""
    for module, line in lines:
        if module.partition(".")[0] == claim.package:
            return f", at line {line} of {module}"
    return ""


def _words_of(exc: BaseException) -> str:
    try:
        return _condensed(str(exc))
    except Exception:  # noqa: BLE001  # it is other people's
        return "it cannot say what"


def _condensed(text: str) -> str:
    """One line, of a length that people read: what a plugin says, without keys and what a terminal obeys."""
    line = as_line(mask_variables(mask_keys(text)))
    return line if len(line) <= _MESSAGE_CHARS else f"{line[:_MESSAGE_CHARS]}..."
