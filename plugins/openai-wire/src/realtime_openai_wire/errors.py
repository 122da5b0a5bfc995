"""What the service's error codes mean, and what of its messages may be shown.

The default is the mild one: an unknown code is an error that the session survives.
"""

import re
from typing import Final

import attrs
from realtime_core.events import ErrorKind
from realtime_core.masking import as_line, mask_keys

__all__ = [
    "NEW_SECRET",
    "ErrorMeaning",
    "error_message",
    "is_about_truncation",
    "is_expired_secret",
    "meaning_of",
    "tidy_message",
]


@attrs.frozen
class ErrorMeaning:
    """How to take an error.

    ``retryable``: the same may succeed later; ``fatal``: the session is over and another one ends
    the same way or begins empty; ``benign``: nothing was lost.
    """

    kind: ErrorKind
    retryable: bool = False
    fatal: bool = False
    benign: bool = False


_AUTH: Final = ErrorMeaning("auth", fatal=True)
_QUOTA: Final = ErrorMeaning("quota", fatal=True)
_RATE_LIMITED: Final = ErrorMeaning("rate_limited", retryable=True)
_SERVER: Final = ErrorMeaning("server", retryable=True)
_INVALID: Final = ErrorMeaning("invalid_request")
_TOO_LATE: Final = ErrorMeaning("invalid_request", benign=True)
_UNKNOWN: Final = ErrorMeaning("unknown")

_BY_CODE: Final = {
    "conversation_already_has_active_response": ErrorMeaning("response_active", retryable=True),
    "response_cancel_not_active": ErrorMeaning("nothing_to_cancel", benign=True),
    "input_audio_buffer_commit_empty": ErrorMeaning("empty_commit", benign=True),
    "item_truncate_invalid_item_id": _TOO_LATE,
    "item_already_truncated": _TOO_LATE,
    "item_create_duplicate_item_id": _INVALID,
    "item_retrieve_invalid_item_id": _INVALID,
    "item_delete_invalid_item_id": _TOO_LATE,
    "invalid_value": _INVALID,
    "unknown_parameter": _INVALID,
    "missing_required_parameter": _INVALID,
    "invalid_event": _INVALID,
    "cannot_update_voice": _INVALID,
    "beta_api_shape_disabled": ErrorMeaning("invalid_request", fatal=True),
    "session_expired": ErrorMeaning("expired", retryable=True, fatal=True),
    "inference_rate_limit_exceeded": _RATE_LIMITED,
    "rate_limit_exceeded": _RATE_LIMITED,
    "insufficient_quota": _QUOTA,
    "credit_balance_exhausted": _QUOTA,
    "billing_hard_limit_reached": _QUOTA,
    "invalid_api_key": _AUTH,
    "account_deactivated": _AUTH,
    "authentication_error": _AUTH,
    "token_expired": _AUTH,
    "server_error": _SERVER,
    # types only: too broad to end a session
    "rate_limit_error": _RATE_LIMITED,
    "permission_error": ErrorMeaning("auth"),
    "invalid_request_error": _INVALID,
}


_NOTHING_TO_TRUNCATE: Final = re.compile(
    r"Only model output audio messages can be truncated|Audio content of \d+ ?ms is already shorter than"
)
"""What the service says of a truncation, with no code or one that says nothing."""


def is_about_truncation(message: str | None) -> bool:
    """Whether an error says that there was nothing to truncate, which only its message tells."""
    return message is not None and _NOTHING_TO_TRUNCATE.search(message) is not None


_EXPIRED_SECRET: Final = "ephemeral token expired"  # noqa: S105  # words
"""What the service says of a client secret whose time is over."""


def is_expired_secret(message: str) -> bool:
    """Whether an error says that a client secret is too old, which only its message is known to tell."""
    return _EXPIRED_SECRET in message.lower()


def meaning_of(code: str | None, error_type: str | None = None, message: str | None = None) -> ErrorMeaning:
    """What an error means, by its code, else by its type: services put either word in either field.

    A truncation that had nothing to truncate, and a client secret that has expired, are known by the
    ``message`` only.
    """
    if is_about_truncation(message):
        return _TOO_LATE
    if message is not None and is_expired_secret(message):
        return _AUTH
    for word in (code, error_type):
        if word in _BY_CODE:
            return _BY_CODE[word]
    return _UNKNOWN


NEW_SECRET: Final = "make a new client secret: this one is too old"  # noqa: S105  # words
"""What helps against one that has expired."""

_LONGEST_QUOTE: Final = 32
_LONGEST_NAME: Final = 64
_LONGEST_MESSAGE: Final = 400
_READ_AT_MOST: Final = 10 * _LONGEST_MESSAGE

# an apostrophe inside a word neither opens nor closes a quotation
_QUOTED: Final = re.compile(
    r"(?<!\w)(['\"`])(?P<plain>(?:(?!\1(?!\w)).)*)(?:\1|$)|[“„«](?P<curly>[^”“»]*)(?:[”“»]|$)", re.DOTALL
)
_PARAMETER: Final = re.compile(r"\w+(?:\[\d+\])*(?:\.\w+(?:\[\d+\])*)+")
_HOLDS_WORDS: Final = re.compile(
    # "session.audio.input" is where the settings of a microphone stand
    r"(?:^|\.)(?:instructions|prompt|content|text|transcript|tools|keywords|arguments|output|metadata|input)"
    r"(?<!audio\.input)(?<!audio\.output)(?:[.\[]|$)"
)

_REMEDIES: Final[dict[ErrorKind, tuple[str, str]]] = {
    "auth": ("check", "check the API key, its account and what it may use"),
    "quota": ("billing", "check the plan and its billing"),
    "rate_limited": ("try again", "try again later"),
    "expired": ("new session", "open a new session"),
}
"""What helps against an error, and the word by which the service's own message says so already."""


def error_message(message: str, kind: ErrorKind, param: str | None = None) -> str:
    """What an error event says: the service's message, tidied, and the remedy where one is obvious."""
    tidy = tidy_message(message, param)
    if is_expired_secret(message):
        return f"{tidy}; {NEW_SECRET}"
    word, remedy = _REMEDIES.get(kind, ("", ""))
    return tidy if word in tidy.lower() else "; ".join(part for part in (tidy, remedy) if part)


def tidy_message(message: str, param: str | None = None) -> str:
    """A message of the service without what must not reach a log: in one line, at most 400 characters.

    Quoted values of more than 32 characters, which may be a user's own words, become their length, but
    for the name of a parameter; where ``param``, the parameter that the service objects to, holds
    words (instructions, content, tools), every quoted value does. Whatever looks like a key becomes
    an ellipsis.
    """
    holds_words = param is not None and _HOLDS_WORDS.search(param) is not None

    def shorten(quoted: re.Match[str]) -> str:
        content = quoted["plain"] if quoted["curly"] is None else quoted["curly"]
        is_name = _PARAMETER.fullmatch(content) is not None and len(content) <= _LONGEST_NAME
        harmless = content == param if holds_words else len(content) <= _LONGEST_QUOTE
        if harmless or (is_name and not holds_words):
            return quoted[0]
        mark = quoted[1] or '"'
        return f"{mark}<{len(content)} chars>{mark}"

    tidy = as_line(mask_keys(_QUOTED.sub(shorten, message[:_READ_AT_MOST])))
    return tidy if len(tidy) <= _LONGEST_MESSAGE else tidy[: _LONGEST_MESSAGE - 1] + "…"
