"""One response that somebody asked for: the command, what has come of it, and what it has said.

Knows nothing of the slot that decides when it is sent.
"""

from collections.abc import Awaitable, Callable

from realtime_core.commands import CreateResponse
from realtime_core.contents import AudioContent, ToolCall
from realtime_core.engine.outcome import Outcome
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
)

__all__ = ["ResponseRequest"]


class ResponseRequest:
    """What is known of it. ``heard`` waits until the response of an id was played; whether to its end.

    ``covered`` is asked when the service begins a response by itself: whether that one makes this request
    needless. ``retried``: it was refused and sent again; ``unwanted``: it is to be cancelled once it begins,
    or else ends with that event; ``was_cut``: nobody will hear it to its end.
    """

    def __init__(
        self,
        command: CreateResponse,
        heard: Callable[[str | None], Awaitable[bool]],
        *,
        covered: Callable[[], bool] | None = None,
        is_plain: bool | None = None,
    ) -> None:
        self.command = command
        self.is_plain = (
            not command.overrides and command.conversation == "auto" if is_plain is None else is_plain
        )
        """Whether another one like it would bring nothing new."""
        self.covered = covered
        self.retried = False
        self.unwanted: RealtimeResponseEvent | None = None
        self.was_cut = False
        self._began = False
        self.created: Outcome[RealtimeResponseEvent] = Outcome()
        self.done: Outcome[RealtimeResponseEvent] = Outcome()
        self.text: list[str] = []
        self.audio: list[AudioContent] = []
        self.calls: list[ToolCall] = []
        self._heard = heard

    @property
    def out_of_band(self) -> bool:
        """Whether it stays out of the conversation."""
        return self.command.conversation == "none"

    def begin(self, event: RealtimeResponseEvent) -> None:
        """The service has begun its response."""
        self._began = True
        self.created.set(event)

    def take(self, event: RealtimeEvent) -> None:
        """Its response brings something."""
        match event:
            case RealtimeTextEvent(text=text):
                self.text.append(text.text)
            case RealtimeAudioEvent(audio=audio) if self.out_of_band:
                self.audio.append(audio)
            case RealtimeFunctionCallEvent(function_call=call) if self.out_of_band:
                self.calls.append(call)

    def end(self, event: RealtimeResponseEvent) -> None:
        """Its response is done."""
        self.created.set(event)
        self.done.set(event)

    def fail(self, error: BaseException) -> None:
        """There will be no response."""
        self.created.fail(error)
        self.done.fail(error)

    async def heard(self) -> bool:
        """Whether it was played to its end, once that is known."""
        done = await self.done.wait()
        played = self._began and not self.out_of_band and not self.was_cut
        return played and await self._heard(done.response_id)
