"""What a ``response.create`` asks for, over the session's settings: the response's shape, the brain's turn.

Knows nothing of events.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, get_args

import attrs
from realtime_core.contents import Message

from realtime_simulator.brain import Action, Brain, Result, Turn
from realtime_simulator.frames import Ids
from realtime_simulator.item_schema import resolve
from realtime_simulator.items import Conversation, Item
from realtime_simulator.mcp import approvals
from realtime_simulator.response import ResponseSpec
from realtime_simulator.session import Session
from realtime_simulator.session_defaults import DEFAULT_INSTRUCTIONS
from realtime_simulator.session_rules import refuse_new_voice, refuse_reasoning
from realtime_simulator.session_schema import RESPONSE
from realtime_simulator.usage import Tokens, input_tokens

if TYPE_CHECKING:
    from realtime_simulator.brain import Samples

__all__ = ["Request", "answer_of", "read_request"]


@attrs.frozen(kw_only=True)
class Request:
    """A request for a response; ``context`` None: the conversation is."""

    overrides: dict[str, Any] = attrs.field(factory=dict)
    context: list[Item] | None = None

    @property
    def in_conversation(self) -> bool:
        """Whether its items go to the conversation."""
        return self.overrides.get("conversation") != "none"

    def _setting(self, session: Session, name: str) -> Any:
        given = self.overrides.get(name, session.served[name])
        # as an update that empties them
        return DEFAULT_INSTRUCTIONS if name == "instructions" and not given else given

    def _items(self, conversation: Conversation) -> Iterable[Item]:
        return conversation if self.context is None else self.context

    def spec(self, session: Session, conversation: Conversation, last_read: Tokens) -> ResponseSpec:
        """The shape of the response; ``last_read`` is what the response before it read."""
        output = {**session.served["audio"]["output"], **self.overrides.get("audio", {}).get("output", {})}
        context = tuple(self._items(conversation))
        read = input_tokens(self._setting(session, "instructions"), context)
        answers = approvals(context, _new(context))
        return ResponseSpec(
            conversation=conversation if self.in_conversation else None,
            context=context,
            tools=self._setting(session, "tools"),
            approved=[approval for approval in answers if approval.approve],
            modality=self._setting(session, "output_modalities")[0],
            format=output["format"],
            audio_format=session.spoken_format(output["format"]),
            voice=output["voice"],
            speed=output["speed"],
            max_output_tokens=self._setting(session, "max_output_tokens"),
            metadata=self.overrides.get("metadata"),
            read=read,
            cached=read.cached_of(last_read),
        )

    def turn(self, session: Session, conversation: Conversation, *, number: int) -> Turn:
        """What the brain is asked."""
        items = list(self._items(conversation))
        messages = [item for item in items if item.role is not None]
        new = _new(items)
        said = [item for item in new if item.role == "user"]
        answers = list(approvals(items, new))
        called = {item.call_id: item.fields["name"] for item in items if item.type == "function_call"}
        return Turn(
            text=" ".join(filter(None, (item.text for item in said))),
            audio=_audio_of(said),
            results=(
                *(
                    Result(called.get(item.call_id, ""), item.fields["output"])
                    for item in new
                    if item.type == "function_call_output"
                ),
                *(
                    Result(answer.call.name, answer.call.error or answer.call.output)
                    for answer in answers
                    if answer.approve
                ),
            ),
            declined=tuple(answer.call.name for answer in answers if not answer.approve),
            number=number,
            history=tuple(Message(item.fields["role"], item.text) for item in messages),
            instructions=self._setting(session, "instructions"),
        )


def _new(items: Iterable[Item]) -> list[Item]:
    """What the model has not dealt with.

    That is what came since the last answer that the client put in, and of that, what no response had
    before it: the output of a function may well come while the response that calls it goes on.
    """
    new: list[Item] = []
    for item in items:
        if not item.made and (item.role == "assistant" or item.type == "function_call"):
            new.clear()
        elif not item.answered:
            new.append(item)
    return new


def _audio_of(items: Iterable[Item]) -> "Samples | None":
    clips = [clip for item in items for clip in item.clips.values()]
    if not any(clip.data for clip in clips):
        return None
    # numpy loads with the first audio
    import numpy as np

    return np.concatenate([clip.samples() for clip in clips])


def read_request(given: Any, session: Session, conversation: Conversation, ids: Ids) -> Request:
    """The request that a client made.

    Raises:
        Refusal: it is wrong.
    """
    if given is None:
        return Request()
    overrides = RESPONSE(given, "response")
    refuse_reasoning(session.model, overrides, "response")
    locked = conversation.has_assistant_audio and overrides.get("conversation") != "none"
    output = overrides.get("audio", {}).get("output", {})
    refuse_new_voice(session.voice, output, "response", locked=locked)
    if "input" not in overrides:
        return Request(overrides=overrides)
    context = [
        resolve(value, f"response.input[{index}]", conversation, ids, session.input_format)
        for index, value in enumerate(overrides["input"])
    ]
    return Request(overrides=overrides, context=context)


_ACTIONS: Final = " or ".join(", ".join(action.__name__ for action in get_args(Action)).rsplit(", ", 1))


def answer_of(brain: Brain, turn: Turn) -> Callable[[], Sequence[Action]]:
    """The brain's answer, for when it is wanted.

    Raises:
        TypeError: on the call, the brain did not answer with actions.
    """

    def answer() -> Sequence[Action]:
        given: Any = brain(turn)
        actions = given if isinstance(given, list | tuple) else [given]
        for action in actions:
            if not isinstance(action, Action):
                raise TypeError(f"a brain returns {_ACTIONS}, not {type(action).__name__}")
        return actions

    return answer
