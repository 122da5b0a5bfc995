import asyncio
import functools

import numpy as np
import pytest
from realtime_core.audio.convert import AudioConverter, to_samples
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.audio.sinks import NullSink
from realtime_core.contents import AudioContent
from realtime_core.engine.output import AudioOutput, is_coroutine_callback
from realtime_core.errors import InvalidSettings
from realtime_core.events import RealtimeAudioEvent
from realtime_core.limits import SessionLimits

PCM8 = AudioFormat("pcm16", 8_000)
ULAW = AudioFormat("g711_ulaw")


def _event(samples, *, item="item_1", fmt=PCM16_24KHZ):
    data = samples if isinstance(samples, bytes) else np.array(samples, dtype="<i2").tobytes()
    return RealtimeAudioEvent(
        service_type="response.output_audio.delta",
        response_id="resp_1",
        item_id=item,
        audio=AudioContent(data, fmt),
    )


def _tone(fmt, frames=2_400):
    pcm = (10_000 * np.sin(np.arange(frames) / 10)).astype("<i2").tobytes()
    return AudioConverter(AudioFormat("pcm16", fmt.rate_hz), fmt).convert(pcm)


def _data(events):
    return b"".join(event.audio.data for event in events)


class Player:
    """A callback that remembers what it got."""

    def __init__(self):
        self.heard = []

    def __call__(self, pcm):
        self.heard.append(pcm.tolist())

    @property
    def samples(self):
        return [sample for chunk in self.heard for sample in chunk]


class AsyncPlayer(Player):
    """One that is called as a coroutine function, and may be held."""

    def __init__(self, *, held=False):
        super().__init__()
        self.gate = asyncio.Event()
        if not held:
            self.gate.set()
        self.cancelled = 0

    async def __call__(self, pcm):
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.heard.append(pcm.tolist())


@pytest.fixture
def reports():
    return []


@pytest.fixture
def make(clock, reports):
    def make_output(target=PCM16_24KHZ, **limits):
        return AudioOutput(
            target,
            limits=SessionLimits(**limits),
            clock=clock,
            report=reports.append,
            handing=lambda: None,
            handed=lambda _: None,
            lost=lambda _: None,
        )

    return make_output


@pytest.fixture
async def serving(make):
    """An output whose ``run`` is running."""
    output = make()
    task = asyncio.create_task(output.run())
    yield output
    task.cancel()
    await asyncio.wait([task])


def _codes(reports):
    return [report.code for report in reports]


# -- which callbacks are coroutine functions ----------------------------------------------------------


async def _coroutine_function(_):
    raise AssertionError("never called")


class _WithMethod:
    async def take(self, _):
        raise AssertionError("never called")


@pytest.mark.parametrize(
    "callback",
    [_coroutine_function, functools.partial(_coroutine_function), _WithMethod().take, AsyncPlayer.__call__],
    ids=["function", "partial", "method", "unbound"],
)
def test_a_coroutine_function_is_known_as_one(callback):
    assert is_coroutine_callback(callback)


async def test_an_object_called_as_a_coroutine_function_is_one():
    assert is_coroutine_callback(AsyncPlayer())


@pytest.mark.parametrize(
    "callback", [print, Player(), functools.partial(print), lambda pcm: _coroutine_function(pcm)]
)
def test_a_plain_callable_is_none(callback):
    assert not is_coroutine_callback(callback)


@pytest.mark.parametrize("callback", [5, "play", None])
def test_what_cannot_be_called_is_refused(make, callback):
    with pytest.raises(
        InvalidSettings,
        match=f"must be callable, or an AudioSink, not {type(callback).__name__}",
    ):
        make().attach(callback)


# -- a plain callback ---------------------------------------------------------------------------------


def test_a_plain_callback_has_had_the_audio_when_deliver_returns(make):
    output, player = make(), Player()
    output.attach(player)

    output.deliver(_event([1, 2]))

    assert player.heard == [[1, 2]]


def test_audio_of_the_sessions_format_is_delivered_as_it_is(make):
    event = _event([1, 2])

    (delivered,) = make().deliver(event)

    assert delivered is event


def test_the_callback_gets_int16_that_it_cannot_change(make):
    got = []
    output = make()
    output.attach(got.append)

    output.deliver(_event([1, 2]))

    assert (got[0].dtype, got[0].ndim, got[0].flags.writeable) == (np.int16, 1, False)


def test_no_audio_is_no_call(make):
    output, player = make(), Player()
    output.attach(player)

    output.deliver(_event(b""))

    assert player.heard == []


def test_without_a_callback_nobody_hears(make):
    output = make()

    assert not output.has_callback
    assert len(output.deliver(_event([1]))) == 1


def test_the_later_callback_wins(make):
    output, first, second = make(), Player(), Player()
    output.attach(first)
    output.deliver(_event([1]))

    output.attach(second)
    output.deliver(_event([2]))

    assert (first.heard, second.heard) == ([[1]], [[2]])


def test_audio_missed_before_comes_first(make):
    output, player = make(), Player()

    output.attach(player, [_event([1]), _event([2])])
    output.deliver(_event([3]))

    assert player.heard == [[1], [2], [3]]


@pytest.mark.parametrize("error", [ValueError("secret words"), asyncio.CancelledError()])
def test_a_callback_that_raises_is_reported_and_called_again(make, reports, error):
    heard = []

    def callback(pcm):
        heard.append(pcm.tolist())
        raise error

    output = make()
    output.attach(callback)
    output.deliver(_event([1]))
    output.deliver(_event([2]))

    assert heard == [[1], [2]]
    assert [(report.kind, report.code, report.exception, report.fatal) for report in reports] == [
        ("callback", "callback_failed", error, False)
    ]
    assert "secret" not in reports[0].message
    assert output.failures == 2
    assert type(error).__name__ in reports[0].message


def test_a_run_of_failures_is_one_report_and_the_next_run_another(make, reports):
    outcomes = iter([True, True, False, True, True])

    def callback(_):
        if next(outcomes):
            raise ValueError

    output = make()
    output.attach(callback)
    for number in range(5):
        output.deliver(_event([number]))

    assert (_codes(reports), output.failures) == (["callback_failed"] * 2, 4)


@pytest.mark.parametrize(("held_s", "codes"), [(0.021, ["callback_slow"]), (0.02, []), (0.0, [])])
def test_a_callback_that_holds_the_loop_too_long_is_reported(make, reports, clock, held_s, codes):
    output = make(callback_hold_ms=20.001)
    output.attach(lambda _: clock.advance(held_s))

    output.deliver(_event([1]))

    assert _codes(reports) == codes


def test_a_callback_that_holds_the_loop_is_reported_once_and_by_name(make, reports, clock):
    def slow_player(_):
        clock.advance(0.05)

    output = make()
    output.attach(slow_player)
    output.deliver(_event([1]))
    output.deliver(_event([2]))

    assert len(reports) == 1
    assert "slow_player" in reports[0].message
    assert "50 ms" in reports[0].message
    assert reports[0].benign


def test_each_callback_is_reported_for_itself(make, reports, clock):
    output = make()
    output.attach(lambda _: clock.advance(1))
    output.deliver(_event([1]))
    output.attach(lambda _: clock.advance(1))
    output.deliver(_event([2]))

    assert len(reports) == 2


def test_an_object_is_named_by_its_class(make, reports, clock):
    class Slow(Player):
        def __call__(self, _):
            clock.advance(1)

    output = make()
    output.attach(Slow())
    output.deliver(_event([1]))

    assert "'Slow'" in reports[0].message


async def test_a_lambda_around_a_coroutine_function_is_served_as_one(serving, idle, reports):
    player = AsyncPlayer()
    serving.attach(lambda pcm: player(pcm))

    serving.deliver(_event([1]))  # 'was never awaited' would be an error here
    serving.deliver(_event([2]))
    await idle()

    assert (player.samples, reports) == ([1, 2], [])


def test_what_else_a_plain_callable_returns_is_nobodys_business(make, reports):
    output = make()
    output.attach(lambda _: 5)

    output.deliver(_event([1]))

    assert reports == []


# -- a coroutine function -----------------------------------------------------------------------------


async def test_a_coroutine_function_gets_the_audio_in_order(serving, idle):
    player = AsyncPlayer()
    serving.attach(player)

    for number in range(5):
        serving.deliver(_event([number]))
    await idle()

    assert player.samples == [0, 1, 2, 3, 4]


async def test_a_slow_coroutine_function_delays_nobody(serving, idle):
    player = AsyncPlayer(held=True)
    serving.attach(player)

    delivered = [serving.deliver(_event([number])) for number in range(1_000)]
    await idle()

    assert (len(delivered), player.heard) == (1_000, [])
    player.gate.set()
    await idle()
    assert player.samples == list(range(1_000))


async def test_what_waits_is_counted(serving, idle):
    player = AsyncPlayer(held=True)
    serving.attach(player)
    serving.deliver(_event([1, 2]))
    await idle()

    serving.deliver(_event([3, 4, 5]))

    assert serving.backlog_bytes == 6


async def test_a_coroutine_function_that_raises_is_reported_and_called_again(serving, idle, reports):
    heard = []

    async def callback(pcm):
        heard.append(pcm.tolist())
        raise ValueError

    serving.attach(callback)
    serving.deliver(_event([1]))
    serving.deliver(_event([2]))
    await idle()

    assert (heard, _codes(reports), serving.failures) == ([[1], [2]], ["callback_failed"], 2)


async def test_something_cancelled_inside_the_callback_does_not_end_it(serving, idle, reports):
    player = Player()

    async def callback(pcm):
        player(pcm)
        raise asyncio.CancelledError

    serving.attach(callback)
    serving.deliver(_event([1]))
    serving.deliver(_event([2]))
    await idle()

    assert (player.heard, _codes(reports), serving.failures) == ([[1], [2]], ["callback_failed"], 2)


async def test_the_oldest_audio_leaves_a_full_backlog(make, reports, idle):
    output, player = make(queue_bytes=8), AsyncPlayer()
    output.attach(player)
    for number in range(6):
        output.deliver(_event([number, number]))

    task = asyncio.create_task(output.run())
    await idle()
    task.cancel()
    await asyncio.wait([task])

    assert player.samples == [4, 4, 5, 5]
    assert [(report.code, report.lost_events) for report in reports] == [("callback_overflow", 4)]
    assert reports[0].lost_audio_ms == pytest.approx(4 * 2 / 24)


async def test_each_overflow_is_reported_for_itself(make, reports, idle):
    output, player = make(queue_bytes=2), AsyncPlayer()
    output.attach(player)
    task = asyncio.create_task(output.run())
    for _ in range(2):
        output.deliver(_event([1]))
        output.deliver(_event([2]))
        await idle()
    task.cancel()
    await asyncio.wait([task])

    assert [report.lost_events for report in reports] == [1, 1]


def test_audio_that_will_never_be_heard_is_counted_at_the_end(make):
    output = make()
    output.attach(_coroutine_function)
    output.deliver(_event(bytes(4_800)))

    assert (output.abandon(), output.backlog_bytes, output.abandon()) == (100, 0, 0)


def test_audio_dropped_and_not_yet_reported_is_counted_at_the_end(make):
    output = make(queue_bytes=4_800)
    output.attach(_coroutine_function)
    output.deliver(_event(bytes(4_800)))
    output.deliver(_event(bytes(4_800)))

    assert output.abandon() == 200


async def test_a_callback_that_asks_to_stop_is_not_called_again(make):
    output, heard = make(), []

    async def callback(pcm):
        heard.append(pcm.tolist())
        output.stop()

    output.attach(callback)
    task = asyncio.create_task(output.run())
    output.deliver(_event([1]))
    output.deliver(_event([2]))
    await task

    assert heard == [[1]]


def test_a_plain_callback_is_not_called_after_stop(make):
    output, player = make(), Player()
    output.attach(player)
    output.stop()

    output.deliver(_event([1]))

    assert player.heard == []


async def test_stopping_ends_a_run_that_waits(make, idle):
    output = make()
    task = asyncio.create_task(output.run())
    await idle()

    output.stop()

    await task


async def test_cancelling_reaches_the_callback(make, idle):
    output, player = make(), AsyncPlayer(held=True)
    output.attach(player)
    output.deliver(_event([1]))
    task = asyncio.create_task(output.run())
    await idle()

    task.cancel()
    await asyncio.wait([task])

    assert (task.cancelled(), player.cancelled) == (True, 1)


async def test_missed_audio_reaches_a_coroutine_function_first(serving, idle):
    player = AsyncPlayer()

    serving.attach(player, [_event([1])])
    serving.deliver(_event([2]))
    await idle()

    assert player.heard == [[1], [2]]


async def test_a_plain_callback_in_the_place_of_a_coroutine_function_gets_its_backlog_first(serving, idle):
    held, player = AsyncPlayer(held=True), Player()
    serving.attach(held)
    for number in range(3):
        serving.deliver(_event([number]))
    await idle()

    serving.attach(player)
    serving.deliver(_event([3]))
    held.gate.set()
    await idle()

    assert (held.heard, player.heard) == ([[0]], [[1], [2], [3]])
    assert serving.backlog_bytes == 0


async def test_a_coroutine_function_in_the_place_of_another_gets_the_rest(serving, idle):
    held, player = AsyncPlayer(held=True), AsyncPlayer()
    serving.attach(held)
    for number in range(3):
        serving.deliver(_event([number]))
    await idle()

    serving.attach(player)
    held.gate.set()
    await idle()

    assert (held.heard, player.heard) == ([[0]], [[1], [2]])


# -- conversion ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("native", [PCM8, ULAW, AudioFormat("pcm16", 48_000, 2)], ids=str)
def test_audio_is_delivered_in_the_sessions_format(make, native):
    output, player = make(), Player()
    output.attach(player)
    whole = AudioConverter(native, PCM16_24KHZ)
    expected = whole.convert(_tone(native)) + whole.flush()

    events = output.deliver(_event(_tone(native), fmt=native)) + output.finish()

    assert {event.audio.format for event in events} == {PCM16_24KHZ}
    assert _data(events) == expected
    assert player.samples == to_samples(expected, PCM16_24KHZ).tolist()


def test_a_converted_event_keeps_everything_else(make):
    event = _event(_tone(ULAW), fmt=ULAW)

    (delivered,) = make(PCM8).deliver(event)

    assert (delivered.service_type, delivered.response_id, delivered.item_id) == (
        event.service_type,
        "resp_1",
        "item_1",
    )


def test_the_end_of_a_response_gives_what_was_held_back(make):
    output = make(PCM8)
    output.deliver(_event(_tone(PCM16_24KHZ)))

    (rest,) = output.finish()

    assert (rest.service_type, rest.response_id, rest.item_id) == (None, "resp_1", "item_1")
    assert output.finish() == ()


def test_nothing_held_back_is_no_event(make):
    output = make(PCM8)
    output.deliver(_event(_tone(ULAW), fmt=ULAW))

    assert output.finish() == ()


def test_the_rest_of_an_item_comes_before_the_next_item(make):
    output, player = make(PCM8), Player()
    output.attach(player)
    output.deliver(_event(_tone(PCM16_24KHZ), item="item_1"))

    events = output.deliver(_event(_tone(PCM16_24KHZ), item="item_2"))

    assert [event.item_id for event in events] == ["item_1", "item_2"]
    assert len(player.heard) == 3


def test_the_rest_of_a_format_comes_before_the_next_format(make):
    output = make(PCM8)
    output.deliver(_event(_tone(PCM16_24KHZ)))

    events = output.deliver(_event(_tone(ULAW), fmt=ULAW))

    assert len(events) == 2
    assert {event.audio.format for event in events} == {PCM8}


def test_an_odd_byte_waits_for_the_next_piece(make):
    output, player = make(), Player()
    output.attach(player)

    events = [output.deliver(_event(piece)) for piece in (b"\x01", b"\x00\x02", b"\x00")]

    assert [_data(delivered) for delivered in events] == [b"", b"\x01\x00", b"\x02\x00"]
    assert player.heard == [[1], [2]]


def test_an_odd_byte_does_not_run_into_the_next_item(make):
    output, player = make(), Player()
    output.attach(player)
    output.deliver(_event(b"\x07", item="item_1"))

    output.deliver(_event([1], item="item_2"))

    assert player.heard == [[1]]


def test_an_odd_byte_does_not_run_into_the_next_response(make):
    output, player = make(), Player()
    output.attach(player)
    output.deliver(_event(b"\x07"))
    output.finish()

    output.deliver(_event([1]))

    assert player.heard == [[1]]


def test_a_new_format_of_the_session_holds_from_the_next_piece(make):
    output = make(PCM8)
    output.deliver(_event(_tone(PCM16_24KHZ)))

    output.retarget(ULAW)
    events = output.deliver(_event(_tone(PCM16_24KHZ))) + output.finish()

    assert {event.audio.format for event in events} == {ULAW}
    assert len(_data(events)) == 800


@pytest.mark.parametrize("target", [PCM16_24KHZ, ULAW], ids=str)
def test_the_callback_always_gets_one_dimension(make, target):
    got = []
    output = make(target)
    output.attach(got.append)

    output.deliver(_event(_tone(target), fmt=target))

    assert {pcm.ndim for pcm in got} == {1}


# -- sinks -------------------------------------------------------------------------------------------


class Speaker:
    """A sink of a fixed rate that logs."""

    played_ms = 0.0

    def __init__(self, rate_hz, log=None):
        self.rate_hz = rate_hz
        self.log = [] if log is None else log

    def write(self, pcm):
        self.log.append(pcm.tolist())

    def clear(self):
        """Nothing is kept."""


def test_a_sink_of_another_rate_is_refused_with_the_one_to_make(make):
    output = make()

    with pytest.raises(
        InvalidSettings,
        match="the sink Speaker plays 8000 Hz, and the session gives 24000 Hz; make one with rate_hz=24000",
    ):
        output.attach(Speaker(8_000))
    assert not output.has_callback


def test_before_a_sink_is_given_a_piece_that_is_told(clock, reports):
    log = []
    output = AudioOutput(
        PCM16_24KHZ,
        limits=SessionLimits(),
        clock=clock,
        report=reports.append,
        handing=lambda: log.append("handing"),
        handed=lambda event: log.append(event.item_id),
        lost=lambda _: None,
    )
    output.attach(Speaker(24_000, log))

    output.deliver(_event([1, 2]))

    assert log == ["handing", [1, 2], "item_1"]


# -- what is unwanted ----------------------------------------------------------------------------------


async def test_unwanted_audio_in_the_backlog_is_forgotten_and_counted(make):
    output = make()
    player = AsyncPlayer()
    output.attach(player)
    output.deliver(_event([0] * 240, item="unwanted"))
    output.deliver(_event([7], item="wanted"))

    assert output.discard(lambda event: event.item_id == "unwanted") == 10

    assert output.backlog_bytes == 2
    serving = asyncio.create_task(output.run())
    await asyncio.sleep(0)
    output.stop()
    await serving
    assert player.heard == [[7]]


@pytest.mark.parametrize(("unwanted", "has_rest"), [("item_1", False), ("item_2", True)])
def test_what_the_converter_holds_of_unwanted_audio_is_forgotten_too(make, unwanted, has_rest):
    output = make(PCM8)
    output.deliver(_event(_tone(PCM16_24KHZ)))

    output.discard(lambda event: event.item_id == unwanted)

    assert bool(output.finish()) is has_rest


# -- the end of the program ----------------------------------------------------------------------------


def test_a_coroutine_function_that_ends_the_program_ends_it(make, reports):
    async def leave(_):
        raise SystemExit(3)

    async def program():
        output = make()
        output.attach(leave)
        output.deliver(_event([1]))
        await output.run()

    with pytest.raises(SystemExit):
        asyncio.run(program())
    assert reports == []


def test_a_class_is_no_callback(make):
    with pytest.raises(InvalidSettings, match=r"is the class NullSink; make one: NullSink\(\)"):
        make().attach(NullSink)
