"""The options of the simulator, the same for the provider, the server, the fixture and the command.

Each can be given as the value or as the string of a command line.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, get_args

import attrs
from realtime_core.errors import InvalidOptions
from realtime_core.options import build_options, option

from realtime_simulator.brain import Brain, echo
from realtime_simulator.brains import load_brain
from realtime_simulator.faults import Fault, parse_faults
from realtime_simulator.quirks import QUIRK_NAMES, Quirk
from realtime_simulator.script import Script
from realtime_simulator.script_file import load_script
from realtime_simulator.session_defaults import SessionKind
from realtime_simulator.watch import Watch, as_watch

__all__ = ["RateLimits", "SimulatorOptions", "Transcription", "configure"]

RateLimits = Literal["never", "start", "end"]

Transcription = Literal["beside", "late", "missing", "failed"]

DEFAULT_SPEED: Final = 8.0


def _speed(given: Any) -> float:
    return _number(given, "it is a factor: 1 for real time, 0 for as fast as possible", or_zero=True)


def _seconds(given: Any) -> float:
    return _number(given, "it is a time in seconds, above 0")


def _number(given: Any, words: str, *, or_zero: bool = False) -> float:
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = math.nan
    if 0.0 < number < math.inf or (or_zero and number == 0.0):
        return number
    raise InvalidOptions(words)


def _texts(given: str | Iterable[str]) -> tuple[str, ...]:
    match given:
        case "":
            return ()
        case str():
            return (given,)
        case _:
            return tuple(map(_text, given))


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise InvalidOptions("it is text, and not empty")
    return given


def _one_of(given: Any, choices: Sequence[str]) -> Any:
    if given not in choices:
        raise InvalidOptions(f"{given!r} is none; choose from {', '.join(choices)}")
    return given


def _rate_limits(given: Any) -> Any:
    return _one_of(given, get_args(RateLimits))


def _intent(given: Any) -> Any:
    return _one_of(given, get_args(SessionKind))


def _words(given: str | Iterable[str]) -> list[str]:
    """Words with commas between them, or one by one."""
    return [word.strip() for word in given.split(",")] if isinstance(given, str) else list(given)


def _quirks(given: str | Iterable[str]) -> tuple[Any, ...]:
    return tuple(_one_of(word, QUIRK_NAMES) for word in _words(given) if word)


def _transcription(given: str | Iterable[str]) -> tuple[Any, ...]:
    return tuple(_one_of(word, get_args(Transcription)) for word in _words(given) or [""])


@attrs.frozen
class SimulatorOptions:
    """How the simulated service behaves."""

    brain: Brain | Script = option(default=echo, convert=load_brain)
    """What it says: ``echo``, ``script:FILE``, or a callable from `Turn` to `Say` and other actions."""

    script: Script | None = option(default=None, convert=load_script)
    """A script in place of the brain: the path of its file, or a list of its entries."""

    faults: tuple[Fault, ...] = option(default=(), convert=parse_faults)
    """What goes wrong, such as ``close:1001@7``, several with commas between them."""

    intent: SessionKind = option(default="realtime", convert=_intent)
    """``transcription``: the provider's sessions only write down what is said.

    A server's clients say in the URL what they want."""

    quirks: tuple[Quirk, ...] = option(default=(), convert=_quirks)
    """What it does unlike the service today, such as ``no-call-name``, several with commas between them."""

    speed: float = option(default=DEFAULT_SPEED, convert=_speed)
    """How much faster than real time it speaks; 0: as fast as it is read."""

    transcripts: tuple[str, ...] = option(default=(), convert=_texts)
    """What the user says in each spoken turn of a session, in order."""

    transcription: tuple[Transcription, ...] = option(default=("beside",), convert=_transcription)
    """How the transcription of each spoken turn goes, the last word for all turns to come.

    ``beside`` the response, ``late``: after the next response, ``missing`` or ``failed``. In a transcription
    session, which has no responses, late is beside."""

    voice: str = option(default="marin", convert=_text)
    """The voice that a session has until it is given another; a name only, all sound alike."""

    rate_limits: RateLimits = option(default="never", convert=_rate_limits)
    """Whether ``rate_limits.updated`` comes at the start or the end of a response, or never."""

    mcp_failures: tuple[str, ...] = option(default=(), convert=_texts)
    """The labels of the MCP servers whose tools cannot be listed."""

    key_header: str = option(default="")
    """A header that a client may put its key in, as it is, beside ``Authorization``."""

    own_settings: tuple[str, ...] = option(default=(), convert=_texts)
    """What a session has beyond OpenAI's: names that ``session.update`` may hold, with any value."""

    max_session_s: float = option(default=3600.0, convert=_seconds)
    """How long a session lives before ``session_expired`` and a close with 1001."""

    timeout_s: float = option(default=10.0, convert=_seconds)
    """How long opening a session may take."""

    watch: Watch | None = option(default=None, convert=as_watch)
    """What gets to know the sessions, for a test that steers them; a server without one has its own."""

    def __attrs_post_init__(self) -> None:
        if self.script is not None and self.brain is not echo:
            raise InvalidOptions("options 'script' and 'brain' are two minds: give one")

    def new_brain(self) -> Brain:
        """The brain of one session: a script begins anew in each."""
        brain = self.script or self.brain
        return brain.begin() if isinstance(brain, Script) else brain


def configure(**given: Any) -> SimulatorOptions:
    """Options from keywords, of which None counts as not given; the environment is not asked.

    Raises:
        InvalidOptions: one is unknown or wrong; the message says what is right.
    """
    return build_options(SimulatorOptions, given, {})
