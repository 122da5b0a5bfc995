"""What to say to those who ask for something by the name that it has in semantic-kernel. Pure.

Knows nothing of what asks: options, settings and an update of them share the table.
"""

from collections.abc import Collection, Mapping
from typing import Final

from realtime_core.choices import did_you_mean

__all__ = ["remedy"]

_RENAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "ad_token": ("credential",),
    "ad_token_provider": ("credential",),
    "ai_model_id": ("model", "deployment"),
    "client": ("openai_client",),
    "default_headers": ("headers",),
    "deployment_name": ("deployment",),
    "org_id": ("organization",),
}
"""What is called otherwise here, where there is one of those names."""

_FUNCTIONS: Final = "give functions to a session, as tools=[...]"
_ELSEWHERE: Final[Mapping[str, str]] = {
    "chat_history": "give it to a session, as history=...",
    "create_response": "ask by session.create_response(), or open a session by client(create_response=True)",
    "env_file_path": "load_client(profile) reads a file .env",
    "function_choice_behavior": f"{_FUNCTIONS}; see also the setting 'tool_choice'",
    "kernel": _FUNCTIONS,
    "plugins": _FUNCTIONS,
    "service_id": "a client needs none",
}
"""What is said in another place."""


def remedy(name: str, choices: Collection[str]) -> str:
    """For the end of a message about a ``name`` that is not among ``choices``: how it is said here,
    else the nearest of them, or all.
    """
    for here in _RENAMED.get(name, ()):
        if here in choices:
            return f"it is called {here!r}"
    return _ELSEWHERE.get(name) or did_you_mean(name, choices)
