"""What a session sends, on its own: no session, and a service that answers only when told."""

import asyncio

import pytest
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.commands import AppendAudio, ClearAudio, CommitAudio, Raw
from realtime_core.engine.lifecycle import Hooks, Lifecycle
from realtime_core.engine.sender import Sender
from realtime_core.engine.uplink import AudioInput
from realtime_core.errors import CommandTimeout, SessionStateError
from realtime_core.events import RealtimeEvent

PCM8 = AudioFormat("pcm16", 8_000)


@pytest.fixture
def life(service, clock):
    """A lifecycle that is open in its first moment."""

    async def nothing(*_):
        """There is nothing to do."""

    def take(_):
        life.created()
        life.configured()

    life = Lifecycle(
        Hooks(
            connect=lambda: service.connect(None, None),
            take=take,
            prepare=nothing,
            serve=list,
            opened=lambda: None,
            sending=lambda _: None,
            not_sent=lambda _: None,
            finish=lambda _: None,
        ),
        name="scripted",
        clock=clock,
        open_timeout_s=10,
        close_timeout_s=5,
    )
    return life


@pytest.fixture
async def sender(life, service, clock):
    """A sender of an open session, at a service that answers nothing by itself."""
    service.answers.clear()
    await life.open()
    yield Sender(life, AudioInput(PCM16_24KHZ, PCM16_24KHZ), acks=True, clock=clock, timeout_s=3)
    await life.close()


def audio_of(service):
    return [command.data for command in service.connection.of(AppendAudio)]


def kinds(service):
    return [type(command) for command in service.connection.sent]


def answer(sender, command):
    sender.pending.answer(RealtimeEvent(command_id=command.command_id))


async def test_nothing_is_sent_before_the_session_is_open(life, clock):
    sender = Sender(life, AudioInput(PCM16_24KHZ, PCM16_24KHZ), acks=True, clock=clock, timeout_s=3)

    for sending in (sender.append(b"ab"), sender.write(ClearAudio()), sender.commit(), sender.clear()):
        with pytest.raises(SessionStateError, match="not open"):
            await sending


async def test_audio_is_sent_as_it_comes(sender, service):
    await sender.append(b"ab")
    await sender.append(b"")
    await sender.append(b"cdef")

    assert audio_of(service) == [b"ab", b"cdef"]


async def test_much_audio_is_sent_in_pieces(sender, service):
    pcm = bytes(range(256)) * 2048 + b"ab"

    await sender.append(pcm)

    pieces = audio_of(service)
    assert b"".join(pieces) == pcm
    assert [len(piece) for piece in pieces] == [256 * 1024, 256 * 1024, 2]


async def test_what_is_sent_meanwhile_waits_for_the_pieces(sender, service, idle):
    service.send_gate = asyncio.Event()
    much = asyncio.create_task(sender.append(bytes(300 * 1024)))
    await idle()
    little = asyncio.create_task(sender.append(b"ab"))
    await idle()
    raw = asyncio.create_task(sender.write(Raw(service_type="x"), Raw(service_type="y")))
    await idle()
    service.send_gate.set()
    await asyncio.gather(much, little, raw)

    assert kinds(service) == [AppendAudio, AppendAudio, AppendAudio, Raw, Raw]
    assert audio_of(service)[-1] == b"ab"


async def test_a_piece_that_is_no_audio_leaves_the_way_free(sender, service):
    with pytest.raises(ValueError, match="audio is bytes"):
        await sender.append("words")
    await sender.append(b"ab")

    assert audio_of(service) == [b"ab"]


async def test_a_commit_sends_first_what_the_conversion_holds(sender, service, idle):
    sender.audio = AudioInput(PCM8, PCM16_24KHZ)
    await sender.append(bytes(160))
    before = sum(map(len, audio_of(service)))
    committing = asyncio.create_task(sender.commit())
    await idle()
    answer(sender, service.connection.sent[-1])
    await committing

    assert kinds(service)[-1] is CommitAudio
    assert before < sum(map(len, audio_of(service))) == 480


async def test_a_clear_forgets_what_the_conversion_holds(sender, service, idle):
    sender.audio = AudioInput(PCM8, PCM16_24KHZ)
    await sender.append(bytes(160))
    sent = audio_of(service)
    clearing = asyncio.create_task(sender.clear())
    await idle()
    answer(sender, service.connection.sent[-1])
    await clearing
    await sender.flush()

    assert kinds(service)[-1] is ClearAudio
    assert audio_of(service) == sent


async def test_a_command_that_nobody_answers_times_out(sender, clock, idle):
    committing = asyncio.create_task(sender.commit())
    await idle()
    clock.advance(3)

    with pytest.raises(CommandTimeout, match="no answer to CommitAudio within 3 s"):
        await committing


async def test_where_nothing_is_answered_a_command_is_done_once_written(life, service, clock):
    service.answers.clear()
    await life.open()
    sender = Sender(life, AudioInput(PCM16_24KHZ, PCM16_24KHZ), acks=False, clock=clock, timeout_s=3)

    await sender.commit()

    assert kinds(service) == [CommitAudio]
    await life.close()


async def test_what_waits_for_paced_audio_is_timed_from_when_it_is_written(life, service, clock, idle):
    service.answers.clear()
    await life.open()
    sender = Sender(
        life, AudioInput(PCM16_24KHZ, PCM16_24KHZ), acks=True, clock=clock, timeout_s=3, paced=True
    )
    service.send_gate = asyncio.Event()
    committing = asyncio.create_task(sender.commit())
    await idle()
    clock.advance(60)
    await idle()
    assert not committing.done()

    service.send_gate.set()
    await idle()
    clock.advance(3)

    with pytest.raises(CommandTimeout):
        await committing
    await life.close()
