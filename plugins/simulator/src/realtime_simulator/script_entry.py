"""One entry of a script as a user writes it: a table with a trigger and actions, made into a `Reply`.

Knows nothing of files.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from realtime_core.choices import did_you_mean
from realtime_core.errors import InvalidOptions

from realtime_simulator.brain import Action, Call, Fail, Say, Wait
from realtime_simulator.script import (
    AfterSpeech,
    InOrder,
    Match,
    Otherwise,
    Reply,
    ResultOf,
    Trigger,
    When,
    blanks_of,
)

__all__ = ["KEYS", "reply_of"]


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise InvalidOptions("it is text")
    return given


def _name(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise InvalidOptions("it is the name of a function")
    return given


def _ms(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < math.inf:
        raise InvalidOptions("it is a number of milliseconds, 0 or more")
    return float(given)


def _pattern(given: Any) -> re.Pattern[str]:
    try:
        return re.compile(_text(given), re.IGNORECASE)
    except re.error as exc:
        raise InvalidOptions(f"it is no regular expression: {exc}") from exc


def _otherwise(given: Any) -> Trigger:
    if given is not True:
        raise InvalidOptions("it is true, or left out")
    return Otherwise()


def _calls(given: Any) -> list[Action]:
    return [_call(one) for one in (given if isinstance(given, list | tuple) else [given])]


def _call(given: Any) -> Call:
    if not isinstance(given, Mapping):
        return Call(_name(given))
    _check_keys(given, ("name", "arguments"))
    arguments = given.get("arguments", {})
    if not isinstance(arguments, str | Mapping):
        raise InvalidOptions("its 'arguments' are a table, or text that is sent as it is")
    try:
        return Call(_name(given.get("name")), arguments)
    except TypeError as exc:
        raise InvalidOptions(f"its 'arguments' cannot be written as JSON: {exc}") from exc


def _fail(given: Any) -> Fail:
    if not isinstance(given, Mapping):
        return Fail(_text(given))
    _check_keys(given, ("code", "message"))
    return Fail(**{key: _text(value) for key, value in given.items()})


_TRIGGERS: Final[dict[str, Callable[[Any], Trigger]]] = {
    "result_of": lambda given: ResultOf(_name(given)),
    "when": lambda given: When(_text(given)),
    "match": lambda given: Match(_pattern(given)),
    "after_speech_ms": lambda given: AfterSpeech(_ms(given)),
    "otherwise": _otherwise,
}

_ACTIONS: Final[dict[str, Callable[[Any], Sequence[Action]]]] = {
    "wait_ms": lambda given: [Wait(_ms(given))],
    "say": lambda given: [Say(_text(given))],
    "call": _calls,
    "fail": lambda given: [_fail(given)],
}
"""In the order in which an entry does them."""

KEYS: Final = (*_TRIGGERS, *_ACTIONS, "do")


def reply_of(entry: Any) -> Reply:
    """The reply that ``entry`` describes.

    Raises:
        InvalidOptions: it describes none; the message names the key and what is right.
    """
    if not isinstance(entry, Mapping):
        raise InvalidOptions(f"an entry is a table of {_listed(KEYS)}")
    _check_keys(entry, KEYS)
    reply = Reply(tuple(_done(entry)), _trigger(entry))
    _check_blanks(reply)
    return reply


def _trigger(entry: Mapping[str, Any]) -> Trigger:
    given = [key for key in _TRIGGERS if key in entry]
    if len(given) > 1:
        raise InvalidOptions(f"{_listed(given)} are too much for one entry: make an entry of each")
    return _made(_TRIGGERS, given[0], entry) if given else InOrder()


def _done(entry: Mapping[str, Any]) -> Iterable[Action]:
    given = [key for key in _ACTIONS if key in entry]
    if "do" not in entry:
        if not given:
            raise InvalidOptions(f"it does nothing: give it one of {_listed((*_ACTIONS, 'do'))}")
        return [action for key in given for action in _made(_ACTIONS, key, entry)]
    if given:
        raise InvalidOptions(f"'do' is all that happens: move {_listed(given)} into it")
    return [action for step in _steps(entry["do"]) for key in step for action in _made(_ACTIONS, key, step)]


def _steps(given: Any) -> Iterator[Mapping[str, Any]]:
    steps = given if isinstance(given, list | tuple) else [given]
    for number, step in enumerate(steps, 1):
        if not isinstance(step, Mapping) or len(step) != 1 or not step.keys() <= _ACTIONS.keys():
            raise InvalidOptions(f"'do': step {number} is a table with one of {_listed(_ACTIONS)}")
        yield step


def _made(makers: Mapping[str, Callable[[Any], Any]], key: str, entry: Mapping[str, Any]) -> Any:
    try:
        return makers[key](entry[key])
    except InvalidOptions as exc:
        raise InvalidOptions(f"{key!r}: {exc}") from exc


def _check_keys(given: Mapping[Any, Any], known: Sequence[str]) -> None:
    for key in given:
        if key not in known:
            raise InvalidOptions(f"no key {key!r}; {did_you_mean(str(key), known)}")


def _check_blanks(reply: Reply) -> None:
    """A blank that nothing fills is a slip of the pen; but for those of a pattern, other braces are words."""
    if not isinstance(reply.trigger, Match):
        unfilled = [blank for action in reply.do for blank in blanks_of(action)]
        for blank in unfilled:
            if blank.isdigit():
                raise InvalidOptions(f"a group of 'match' fills {{{blank}}}, and there is no 'match'")
            if blank == "output" and isinstance(reply.trigger, When | AfterSpeech):
                raise InvalidOptions("'result_of' fills {output}: put it in place of the other trigger")
    if isinstance(reply.trigger, Match):
        names = reply.trigger.names
        for action in reply.do:
            for blank in blanks_of(action):
                if blank not in names:
                    filled = _listed("{" + name + "}" for name in names)
                    raise InvalidOptions(f"'match' has no group {blank!r}; it fills {filled}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
