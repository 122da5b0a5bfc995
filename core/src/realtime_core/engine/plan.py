"""What is decided about a session before it is opened."""

from collections.abc import Mapping
from typing import Any, Self

import attrs

from realtime_core.audio.sinks import AudioSink
from realtime_core.budget import Budget
from realtime_core.callbacks import AudioCallback
from realtime_core.candidate import Candidate
from realtime_core.contents import ConversationItem, ImageContent, Role, ToolDefinition
from realtime_core.errors import UnsupportedCommand
from realtime_core.limits import SessionLimits
from realtime_core.observers.loading import Observer
from realtime_core.provider import Provider
from realtime_core.settings import RealtimeSettings
from realtime_core.tools.failures import ErrorHook
from realtime_core.tools.tool import Tool

__all__ = ["GivenTools", "SessionPlan", "definitions"]

GivenTools = tuple[Tool | Mapping[str, Any], ...]
"""Functions of the application, and tools of the service's own in its own words."""


@attrs.frozen(kw_only=True)
class SessionPlan:
    """The decisions of a client, and of whoever asked it for a session.

    Raises:
        UnsupportedCommand: the provider cannot do some of it.
    """

    provider: Provider
    name: str
    profile: str | None = None
    options: Any = attrs.field(repr=False)
    settings: RealtimeSettings
    history: tuple[ConversationItem, ...] = attrs.field(default=(), repr=False)
    tools: GivenTools = ()
    auto_invoke: bool = True
    tool_error: ErrorHook | None = None
    create_response: bool = False
    audio_output_callback: AudioCallback | AudioSink | None = None
    limits: SessionLimits = attrs.field(factory=SessionLimits)
    budget: Budget | None = None
    observers: tuple[Observer, ...] = ()

    @classmethod
    def of(cls, candidate: Candidate, settings: RealtimeSettings, **decided: Any) -> Self:
        """The plan of a session with ``candidate``; ``decided``: all else."""
        return cls(
            provider=candidate.provider,
            name=candidate.name,
            profile=candidate.profile,
            options=candidate.options,
            settings=settings,
            **decided,
        )

    def __attrs_post_init__(self) -> None:
        if self.create_response:
            self.check_responses()
        capabilities = self.provider.capabilities
        if self.history and capabilities.history == "none":
            raise UnsupportedCommand(f"{self.name} takes no history; tell it in the instructions")
        if any(isinstance(item, ImageContent) for item in self.history):
            self.check_images("leave them out of the history")

    def check_responses(self) -> None:
        """Raises `UnsupportedCommand` where a response cannot be asked for."""
        capabilities = self.provider.capabilities
        if not (capabilities.turns and capabilities.client_responses):
            raise UnsupportedCommand(f"{self.name} answers by itself; a response cannot be asked for")

    def check_images(self, remedy: str) -> None:
        """Raises `UnsupportedCommand`, with the ``remedy``, where the model sees none."""
        if not self.provider.capabilities.images:
            raise UnsupportedCommand(f"{self.name} takes no images; {remedy}")

    def check_audio(self) -> None:
        """Raises `UnsupportedCommand` where nothing is heard."""
        if not self.provider.capabilities.input_formats:
            raise UnsupportedCommand(f"{self.name} takes no audio; write it with send_text")

    def check_text(self, role: Role) -> None:
        """Raises `UnsupportedCommand` where nothing is read, or, in an open session, nothing of that role."""
        capabilities = self.provider.capabilities
        if not capabilities.text:
            raise UnsupportedCommand(f"{self.name} takes no text; say it with send_audio")
        if role != "user" and capabilities.history != "any_time":
            raise UnsupportedCommand(
                f"{self.name} takes no words of the {role} in an open session; give them as history"
            )


def definitions(tools: GivenTools) -> tuple[ToolDefinition | Mapping[str, Any], ...]:
    """What the service is told of them."""
    return tuple(tool.definition if isinstance(tool, Tool) else tool for tool in tools)
