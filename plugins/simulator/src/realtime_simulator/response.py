"""The making of one response: a stream of events that can be stopped at any of them.

Its first event is ``response.created``, its last ``response.done``, exactly once; between them are the
items of `realtime_simulator.output`. Knows nothing of time, sockets or why it is stopped.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import attrs
from realtime_core.audio.formats import AudioFormat

from realtime_simulator.brain import Action, Call, Fail, Filter, McpCall, Pieces, Say, Wait
from realtime_simulator.deltas import AudioDelta, WordDelta, pieced
from realtime_simulator.frames import Frame, Frames, Ids, Step
from realtime_simulator.items import Conversation, Item
from realtime_simulator.mcp import Approval, needs_approval
from realtime_simulator.mcp_output import approval_request, mcp_call
from realtime_simulator.output import Output, function_call, message, planned
from realtime_simulator.progress import Progress, Status
from realtime_simulator.usage import Tokens, usage

__all__ = ["Response", "ResponseSpec"]


@attrs.frozen(kw_only=True)
class ResponseSpec:
    """What a response is asked to be: the session's settings under those of ``response.create``."""

    conversation: Conversation | None
    """Where its items go; None: nowhere, it is out of band."""

    context: Sequence[Item] = ()
    """What the model has before it."""

    tools: Sequence[dict[str, Any]] = ()
    approved: Sequence[Approval] = ()
    """Calls that are made before anything else, because the client has approved them."""

    modality: Literal["text", "audio"]
    format: dict[str, Any]
    audio_format: AudioFormat
    """The format of its audio deltas."""

    voice: Any
    speed: float
    max_output_tokens: int | Literal["inf"]
    metadata: dict[str, str] | None
    read: Tokens
    cached: Tokens


class Response:
    """One response, from ``response.created`` to ``response.done``."""

    def __init__(
        self, frames: Frames, ids: Ids, spec: ResponseSpec, answer: Callable[[], Sequence[Action]]
    ) -> None:
        self.id = ids.new("resp")
        self.spec = spec
        self._frames = frames
        self._answer = answer
        self._progress = Progress(spec.max_output_tokens)
        self._output = Output(self.id, spec.conversation, spec.context, self._progress, frames, ids)

    @property
    def status(self) -> Status:
        """Its status."""
        return self._progress.status

    @property
    def playback_ms(self) -> float:
        """How long what it has said so far takes to play."""
        return sum(clip.ms for item in self._output.items for clip in item.clips.values())

    def created(self) -> Frame:
        """Its first event."""
        return self._frames("response.created", response=self._wire(usage=None))

    def stop(self, status: Status, **details: Any) -> None:
        """End it early, unless it is ending: what is left of `steps` only closes what is open."""
        self._progress.stop(status, **details)

    def steps(self) -> Iterator[Step]:
        """All its other events."""
        yield from self._approved()
        if self._progress.going:
            yield from self._answered()
        self._progress.complete()
        used = usage(self.spec.read, self.spec.cached, self._progress.made)
        yield Step(self._frames("response.done", response=self._wire(usage=used)))

    def _approved(self) -> Iterator[Step]:
        """The calls that the client has approved."""
        for approval in self.spec.approved:
            if self._progress.going:
                yield from mcp_call(self._output, approval.call, approval_request_id=approval.request_id)

    def _answered(self) -> Iterator[Step]:
        """What the brain wants to be done."""
        actions = self._actions()
        for action, following in itertools.zip_longest(actions, actions[1:]):
            if self._progress.going:
                yield from self._steps_of(action, cut=isinstance(following, Filter))

    def _actions(self) -> Sequence[Action]:
        """What the brain wants to be done; the response fails if it has no answer."""
        try:
            return self._answer()
        except Exception as exc:  # noqa: BLE001  # a brain is the user's code: its failure is the model's
            self._fail(exc)
            return ()

    def _steps_of(self, action: Action, *, cut: bool) -> Iterator[Step]:
        """The steps of one action; ``cut``: the filter is next."""
        match action:
            case Say():
                yield from self._message(action, cut=cut)
            case Pieces(pieces=pieces):
                audio_format = None if self.spec.modality == "text" else self.spec.audio_format
                yield from message(self._output, pieced(pieces, audio_format), self.spec.modality)
            case Call():
                yield from function_call(self._output, action)
            case McpCall() if needs_approval(action, self.spec.tools):
                yield from approval_request(self._output, action)
            case McpCall():
                yield from mcp_call(self._output, action)
            case Wait(ms=ms):
                yield Step(None, wait_ms=ms)
            case Filter():
                self._filter()
            case _:
                error = {"type": _error_type(action), "code": action.code, "message": action.message}
                self.stop("failed", error=error)

    def _message(self, say: Say, *, cut: bool) -> Iterator[Step]:
        spec = self.spec
        try:
            plan = planned(say, spec.modality, spec.audio_format, spec.speed)
        except Exception as exc:  # noqa: BLE001  # the audio of a Say is the user's too
            self._fail(exc)
            return
        yield from message(self._output, self._filtered(plan) if cut else plan, spec.modality)

    def _filtered(self, plan: Iterator[WordDelta | AudioDelta]) -> Iterator[WordDelta | AudioDelta]:
        """The whole plan, cut off before the message can be completed."""
        yield from plan
        self._filter()

    def _filter(self) -> None:
        self.stop("incomplete", reason="content_filter")

    def _fail(self, exc: Exception) -> None:
        # words that no frame can hold would break the session
        words = str(exc).encode(errors="backslashreplace").decode()
        message = f"The model failed to answer: {type(exc).__name__}: {words}"
        self.stop("failed", error={"type": "server_error", "code": "server_error", "message": message})

    def _wire(self, *, usage: dict[str, Any] | None) -> dict[str, Any]:
        spec = self.spec
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self.status,
            "status_details": self._progress.details,
            "output": self._output.wire(),
            "conversation_id": None if spec.conversation is None else spec.conversation.id,
            "output_modalities": [spec.modality],
            "max_output_tokens": spec.max_output_tokens,
            "audio": {"output": {"format": spec.format, "voice": spec.voice}},
            "usage": usage,
            "metadata": spec.metadata,
        }


def _error_type(fail: Fail) -> str:
    return "server_error" if fail.code == "server_error" else "invalid_request_error"
