"""Clauses of settings: those of the set-up, and those of an open session."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from realtime_core.commands import UpdateSession
from realtime_core.errors import InvalidSettings, UnsupportedCommand, UnsupportedSetting
from realtime_core.events import RealtimeErrorEvent
from realtime_core.settings import InputAudioTranscription, RealtimeSettings, TurnDetection, set_fields
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.heard import Heard
from realtime_core.testing.line import Line
from realtime_core.testing.stage import A_TOOL, Stage
from realtime_core.testing.suite import clause

__all__ = ["ConfiguringClauses"]

_SAMPLES: Final[tuple[tuple[str, Any], ...]] = (
    ("model", "a-model"),
    ("instructions", "Speak like a pirate."),
    ("instructions", ""),
    ("voice", "a-voice"),
    ("output_modalities", ("audio",)),
    ("speed", 1.1),
    ("input_audio_transcription", InputAudioTranscription(language="en")),
    ("input_audio_transcription", None),
    ("input_audio_noise_reduction", "near_field"),
    ("input_audio_noise_reduction", None),
    ("turn_detection", TurnDetection(silence_duration_ms=650)),
    ("turn_detection", TurnDetection(create_response=False)),
    ("turn_detection", None),
    ("tool_choice", "none"),
    ("max_output_tokens", 512),
)
"""Values for each neutral setting but the formats, which are always set."""

_REFUSALS: Final = (UnsupportedSetting, InvalidSettings)


class ConfiguringClauses:
    """What becomes of settings."""

    @clause(
        waits=12,
        do="check set_fields(setup.settings) in connect, before any I/O; raise UnsupportedSetting by name; "
        "what is None is set, too",
    )
    async def test_setting_is_honoured_or_refused(self, stage: Stage) -> None:
        """A setting reaches the service as it is, be it None, or raises UnsupportedSetting or InvalidSettings
        before all I/O.
        """
        neutral = attrs.fields_dict(RealtimeSettings)
        given = [(name, value) for name, value in stage.subject.settings.items() if name in neutral]
        for name, value in (*_SAMPLES, *given):
            await _honoured_or_refused(stage, name, value)

    @clause(do="send the settings that your class adds, too; give Subject(settings=...) a value for each")
    async def test_own_setting_is_honoured_or_refused(self, stage: Stage) -> None:
        """A setting that only the provider's own class has reaches the service as it is, or is refused."""
        neutral = attrs.fields_dict(RealtimeSettings)
        own = [name for name in attrs.fields_dict(stage.provider.settings) if name not in neutral]
        if not own:
            raise NotApplicable("the settings class adds no setting to RealtimeSettings")
        for name, value in stage.subject.settings.items():
            if name in own:
                await _honoured_or_refused(stage, name, value)
        if missing := [name for name in own if name not in stage.subject.settings]:
            raise NotApplicable(f"Subject(settings=...) has no value for {', '.join(missing)}")

    @clause(do="send nothing for a setting that is unset: leave it out")
    async def test_unset_setting_is_not_sent(self, stage: Stage) -> None:
        """What is unset is not sent, so that the service's own default holds."""
        line = await stage.connect()
        await line.heard(lambda heard: bool(heard.of("setup")), "set-up")
        names = dict.fromkeys(name for name, _ in _SAMPLES if name != "model")  # a service may need one
        told = [name for name in names if stage.double.heard.settings.get(name) not in (None, ())]
        if told:
            broken(f"nothing was set, and the service heard {', '.join(told)}")

    @clause(
        needs=("live",),
        waits=12,
        do="write UpdateSession with all that is set, and answer it with 'updated' and its command_id",
    )
    async def test_live_setting_reaches_the_service(self, stage: Stage) -> None:
        """A change of each live setting reaches the service, and is confirmed where commands are answered."""
        line = await stage.connect()
        for name, change, expected in _changes(stage, live=True):
            try:
                await line.send(change)
            except InvalidSettings:  # not that value
                continue
            except UnsupportedSetting as exc:
                broken(f"{name!r} is among the live_settings, and was refused: {exc}")
            await line.heard(_sets(name, expected), f"change of the live setting {name!r}")
            await _confirmed(stage, line, change)

    @clause(do="raise UnsupportedSetting in send for each setting that live_settings does not name")
    async def test_setting_that_is_not_live_is_refused(self, stage: Stage) -> None:
        """A change of a setting that is not live raises UnsupportedSetting or UnsupportedCommand, or is
        answered by an error event; it is never ignored.
        """
        line = await stage.connect()
        for name, change, _ in _changes(stage, live=False):
            updates = len(stage.double.heard.of("update"))
            try:
                await line.send(change)
            except (UnsupportedCommand, *_REFUSALS):
                await line.quiet()
                if len(stage.double.heard.of("update")) != updates:
                    broken(f"a change of {name!r} was refused, and the service heard an update")
                continue
            await line.until(
                lambda event: isinstance(event, RealtimeErrorEvent),
                f"an error event for a change of {name!r}, which is not live",
            )


def _sets(name: str, value: Any) -> Callable[[Heard], bool]:
    if name == "tools":
        return lambda heard: heard.has_tools(value)
    return lambda heard: _is(heard.settings.get(name), value)


async def _confirmed(stage: Stage, line: Line, change: UpdateSession) -> None:
    """The service, which has heard it, says so; it may refuse the value."""
    if stage.capabilities.acks:
        event = await line.until(lambda event: event.command_id == change.command_id, "its answer")
        if getattr(event, "phase", None) != "updated" and not isinstance(event, RealtimeErrorEvent):
            broken(f"it was answered by {type(event).__name__}")


def _changes(stage: Stage, *, live: bool) -> Iterator[tuple[str, UpdateSession, Any]]:
    """A change of each setting that is live, or is not: its name, the command, and what is heard of it."""
    names = stage.capabilities.live_settings
    samples = {**dict(reversed(_SAMPLES)), **stage.subject.settings}
    for name, value in samples.items():
        if (name in names) is live:
            try:
                settings = stage.settings(**{name: value})
            except _REFUSALS:  # the settings class has no such field, or takes another value
                continue
            yield name, UpdateSession(settings=settings), value
    if ("tools" in names) is live:
        yield "tools", UpdateSession(settings=stage.settings(), tools=(A_TOOL,)), (A_TOOL,)


async def _honoured_or_refused(stage: Stage, name: str, value: Any) -> None:
    heard = stage.double.heard
    made, noted = heard.connections, len(heard.of("setup"))
    try:
        line = await stage.begin_connect(stage.setup(**{name: value}))
    except _REFUSALS as exc:
        if heard.connections != made:
            broken(f"setting {name!r} was refused only after a connection was made")
        if name not in str(exc):
            broken(f"{type(exc).__name__} does not name the setting {name!r}: {exc}")
        return
    setups = heard.of("setup")
    while len(setups) <= noted:
        await line.frame("the service's answer to the set-up")
        setups = heard.of("setup")
    told: Mapping[str, Any] = setups[-1]
    if name not in told:
        broken(f"setting {name!r} was {value!r}, and the service heard {', '.join(told) or 'none'}")
    if not _is(told[name], value):
        broken(f"setting {name!r} was {value!r}, and the service heard {told[name]!r}")
    await line.aclose()


def _is(told: Any, value: Any) -> bool:
    """Whether what the service heard is that value; of a nested one, whether what is set is among it."""
    match value:
        case InputAudioTranscription() | TurnDetection():
            fields = attrs.fields_dict(type(value))
            wanted = {name: set_ for name, set_ in set_fields(value).items() if set_ != fields[name].default}
            return isinstance(told, Mapping) and wanted.items() <= dict(told).items()
        case tuple() | list():
            return isinstance(told, tuple | list) and list(told) == list(value)
        case _:
            return bool(told == value)
