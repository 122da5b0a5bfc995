"""Settings in force and on their way, on their own: what is sent is only noted."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.engine.configuration import Change, Configuration, audio_input
from realtime_core.engine.plan import SessionPlan
from realtime_core.errors import ConnectionLost, LostReason, UnsupportedSetting
from realtime_core.events import RealtimeSessionEvent
from realtime_core.settings import RealtimeSettings, TurnDetection, set_fields
from realtime_core.unset import UNSET

PCM16K = AudioFormat("pcm16", 16_000)
ULAW = AudioFormat("g711_ulaw")


class Notes:
    """A sender and a lifecycle in one: notes what is sent, flushed and asked."""

    def __init__(self, audio):
        self.audio = audio
        self.order = asyncio.Lock()
        self.log = []
        self.error = None

    @asynccontextmanager
    async def asking(self, command):
        yield command

    async def flush(self):
        self.log.append("flush")

    async def send(self, command):
        if self.error is not None:
            raise self.error
        self.log.append(command)


@pytest.fixture
def make(service):
    def configuration(**capabilities):
        settings = RealtimeSettings(voice="a")
        live = frozenset({"voice", "speed", "input_audio_format"})
        provider = service.provider(**{"live_settings": live, **capabilities})
        notes = Notes(audio_input(settings, provider))
        plan = SessionPlan(provider=provider, name="scripted", options=None, settings=settings)
        return Configuration(plan, sender=notes, life=notes), notes

    return configuration


def test_the_users_audio_goes_in_a_format_that_the_service_takes(service):
    settings = RealtimeSettings(input_audio_format=PCM16K)

    assert audio_input(settings, service.provider()).native == PCM16_24KHZ
    assert audio_input(settings, service.provider(input_formats=(ULAW, PCM16K))).native == PCM16K


def _told(input_format, **said):
    return RealtimeSessionEvent(phase="updated", input_format=input_format, **said)


@pytest.mark.parametrize("reported", [None, TurnDetection(interrupt_response=False)])
def test_turn_detection_is_what_the_service_reports(make, reported):
    configuration, _ = make()
    assert configuration.turn_detection is UNSET

    configuration.follow(_told(None, turn_detection=reported))
    assert configuration.turn_detection == reported

    configuration.follow(_told(None))
    assert configuration.turn_detection is UNSET


async def test_only_what_changes_is_sent(make):
    configuration, notes = make()

    assert await configuration.update(Change(RealtimeSettings(speed=2))) is None

    (update,) = notes.log
    assert set_fields(update.settings) == {"speed": 2}


async def test_no_change_sends_nothing(make):
    configuration, notes = make()

    assert await configuration.update(Change(RealtimeSettings())) is None
    assert notes.log == []


async def test_what_cannot_change_is_refused_by_name_unless_it_is_as_it_was(make):
    configuration, notes = make(live_settings=frozenset())

    with pytest.raises(UnsupportedSetting, match="scripted cannot change 'speed', 'voice' in an open"):
        await configuration.update(Change(RealtimeSettings(voice="b", speed=2)))
    await configuration.update(Change(RealtimeSettings(voice="a")))

    assert len(notes.log) == 1


async def test_a_change_holds_once_it_is_accepted(make):
    configuration, notes = make()
    await configuration.update(Change(RealtimeSettings(voice="b")))
    (update,) = notes.log

    assert configuration.settings.voice == "a"
    assert configuration.accepted(update.command_id) == Change(RealtimeSettings(voice="b"))
    assert configuration.settings.voice == "b"
    assert configuration.accepted(update.command_id) is None


@pytest.mark.parametrize("command_id", [None, "somebody_elses"])
def test_the_answer_to_another_command_changes_nothing(make, command_id):
    configuration, _ = make()

    assert configuration.accepted(command_id) is None
    configuration.refused(command_id)
    assert configuration.settings.voice == "a"


async def test_where_nothing_is_answered_a_change_holds_once_written(make):
    configuration, _ = make(acks=False)

    assert await configuration.update(Change(RealtimeSettings(voice="b"))) == Change(
        RealtimeSettings(voice="b")
    )
    assert configuration.settings.voice == "b"


async def test_a_new_input_format_holds_for_the_audio_after_it(make):
    configuration, notes = make(input_formats=(PCM16_24KHZ, ULAW))

    await configuration.update(Change(RealtimeSettings(input_audio_format=ULAW)))

    assert notes.log[0] == "flush"
    assert notes.audio.native == ULAW


async def test_a_refused_input_format_is_taken_back(make):
    configuration, notes = make(input_formats=(PCM16_24KHZ, ULAW))
    await configuration.update(Change(RealtimeSettings(input_audio_format=ULAW)))

    configuration.refused(notes.log[-1].command_id)

    assert notes.audio.native == PCM16_24KHZ
    assert configuration.settings.input_audio_format is RealtimeSettings().input_audio_format


async def test_a_refused_voice_leaves_the_audio_alone(make):
    configuration, notes = make()
    await configuration.update(Change(RealtimeSettings(voice="b")))
    audio = notes.audio

    configuration.refused(notes.log[-1].command_id)

    assert notes.audio is audio
    assert configuration.settings.voice == "a"


async def test_a_change_that_was_never_written_is_taken_back(make):
    configuration, notes = make(input_formats=(PCM16_24KHZ, ULAW))
    notes.error = ConnectionLost("the link has gone", reason=LostReason.DROPPED, code=None)

    with pytest.raises(ConnectionLost):
        await configuration.update(Change(RealtimeSettings(input_audio_format=ULAW)))

    assert notes.audio.native == PCM16_24KHZ
    configuration.follow(_told(ULAW))
    assert notes.audio.native == ULAW


async def test_the_services_word_on_its_input_format_is_followed_unless_a_change_is_on_its_way(make):
    configuration, notes = make(input_formats=(PCM16_24KHZ, ULAW))
    first = notes.audio
    configuration.follow(_told(None))
    configuration.follow(_told(PCM16_24KHZ))
    assert notes.audio is first

    configuration.follow(_told(ULAW))
    assert notes.audio.native == ULAW

    await configuration.update(Change(RealtimeSettings(speed=2)))
    configuration.follow(_told(PCM16_24KHZ))
    assert notes.audio.native == ULAW


async def test_tools_are_sent_as_the_service_is_told_of_them(make):
    configuration, notes = make(live_settings=frozenset({"tools"}))
    remote = {"type": "mcp", "server_label": "docs"}

    await configuration.update(Change(RealtimeSettings(), tools=(remote,)))

    (update,) = notes.log
    assert update.tools == (remote,)
    assert set_fields(update.settings) == {}
    assert configuration.accepted(update.command_id).tools == (remote,)


async def test_tools_that_cannot_change_are_refused_by_name(make):
    configuration, notes = make(live_settings=frozenset())

    with pytest.raises(UnsupportedSetting, match="'tools'"):
        await configuration.update(Change(RealtimeSettings(), tools=()))
    assert notes.log == []


async def test_change_of_one_that_waits_no_longer_is_in_force_when_it_is_accepted(make):
    configuration, notes = make()
    written = asyncio.Event()

    async def send(update):
        notes.log.append(update)
        written.set()
        await asyncio.Event().wait()

    notes.send = send
    task = asyncio.create_task(configuration.update(Change(RealtimeSettings(voice="b"))))
    await written.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert configuration.accepted(notes.log[0].command_id) == Change(RealtimeSettings(voice="b"))
    assert configuration.settings.voice == "b"
