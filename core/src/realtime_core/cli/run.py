"""Runs ``realtime converse``: checks the files, opens the session, leads the conversation.

Knows nothing of click.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import Any, Final

import attrs

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.audio.wav import WavWriter, check_writable, read_wav
from realtime_core.cli.approval import Approver
from realtime_core.cli.conversation import Conversation
from realtime_core.cli.presenter import Presenter, choose_presenter
from realtime_core.cli.program import Failed, complain
from realtime_core.cli.tools import load_tools
from realtime_core.cli.turns import Input, Play, Say, Turn
from realtime_core.client import RealtimeClient
from realtime_core.config.loading import profile_client
from realtime_core.engine.plan import GivenTools
from realtime_core.errors import CallerError, UnsupportedSetting
from realtime_core.registry import load_provider
from realtime_core.session import RealtimeSession
from realtime_core.settings import InputAudioTranscription, RealtimeSettings, TurnDetection
from realtime_core.unset import UNSET

__all__ = ["Plan", "run"]

# Ends the user's turn; OpenAI's own default of 200 ms cuts sentences in two.
_SILENCE_MS: Final = 500


@attrs.frozen(kw_only=True)
class Plan:
    """What the command line asks for.

    ``provider`` is None where there is a ``profile``. ``inputs`` are pairs: ``say`` and a text, ``wav`` and
    a path; ``tools`` are ``module:function``.
    """

    provider: str | None
    profile: str | None
    config: str | None
    inputs: Sequence[tuple[str, str]]
    tools: Sequence[str]
    out: str | None
    options: Mapping[str, Any] = attrs.field(repr=False)
    settings: Mapping[str, Any]
    vad: bool
    as_json: bool


def run(plan: Plan) -> None:
    """Lead the conversation to its end.

    Raises:
        CallerError: the plan cannot be; nothing was sent.
        Failed: a response failed, or what was said cannot be written.
        RealtimeError: whatever else stood in the way.
    """
    tools = load_tools(plan.tools)
    inputs = [_input(kind, value) for kind, value in plan.inputs]
    if plan.out is not None:
        check_writable(plan.out)
    with choose_presenter(as_json=plan.as_json) as presenter:
        turns = asyncio.run(_converse(plan, inputs or [None], tools, presenter))
    failed = [str(turn.number) for turn in turns if turn.status == "failed"]
    if failed:
        raise Failed(f"the response failed in turn {', '.join(failed)}")


def _input(kind: str, value: str) -> Input:
    return Say(value) if kind == "say" else Play(value, read_wav(value))


async def _converse(
    plan: Plan, inputs: Sequence[Input], tools: GivenTools, presenter: Presenter
) -> Sequence[Turn]:
    client = _client(plan)
    async with AsyncExitStack() as ending:
        with _fallbacks_are_told_here():
            session = await _open_session(client, plan, tools)
        ending.push_async_exit(session)
        for attempt in session.failed_attempts:
            complain(f"{attempt}; now with {session.provider}")
        conversation = Conversation(
            session, presenter, calls_are_made=bool(tools), objection=Approver().objection
        )
        try:
            with ExitStack() as stack:
                writer = None if plan.out is None else stack.enter_context(_open(plan.out, session))
                await conversation.run(inputs, None if writer is None else writer.write)
        except CallerError as exc:
            raise Failed(str(exc)) from exc  # a full disk, say: the command line was right
        finally:
            presenter.summarise(conversation.turns)
    return conversation.turns


@contextmanager
def _fallbacks_are_told_here() -> Iterator[None]:
    """With the reason, and not in the log, too."""
    log = logging.getLogger("realtime_core.fallback")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _client(plan: Plan) -> RealtimeClient:
    # not create_client or load_client: an option may be called like a parameter of theirs
    if plan.profile is not None:
        return profile_client(plan.profile, plan.config, options=plan.options)
    assert plan.provider is not None  # the command line has one of them
    return RealtimeClient(load_provider(plan.provider), name=plan.provider, options=plan.options)


async def _open_session(client: RealtimeClient, plan: Plan, tools: GivenTools) -> RealtimeSession:
    """An open session; what nobody asked for, and the service has no setting for, is left out."""
    asked = {**_detection(client.settings, vad=plan.vad), **plan.settings}
    wished = _wishes(client, vad=plan.vad)
    while True:
        session = client({**wished, **asked}, tools=tools)
        try:
            await session.create_session()
        except UnsupportedSetting:
            if not wished.keys() - asked.keys():
                raise
            wished.popitem()
        else:
            return session


def _open(path: str, session: RealtimeSession) -> WavWriter:
    fmt = session.settings.output_audio_format
    return WavWriter(path, fmt if isinstance(fmt, AudioFormat) else PCM16_24KHZ)


def _detection(own: RealtimeSettings, *, vad: bool) -> dict[str, Any]:
    if not vad or own.turn_detection:
        return {}
    return {"turn_detection": TurnDetection(silence_duration_ms=_SILENCE_MS, create_response=True)}


def _wishes(client: RealtimeClient, *, vad: bool) -> dict[str, Any]:
    """Settings that serve a conversation from here, the most needed first."""
    wished: dict[str, Any] = {}
    if not vad and client.capabilities.turns and client.capabilities.client_responses:
        wished["turn_detection"] = None  # whatever a profile says: turns end where their input does
    if client.settings.input_audio_transcription is UNSET:
        wished["input_audio_transcription"] = InputAudioTranscription()
    return wished
