import asyncio
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import AudioContent, TextContent
from realtime_core.engine.queue import EventQueue, wire_size
from realtime_core.errors import SessionStateError
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

OVERHEAD = wire_size(RealtimeEvent())
AUDIO = OVERHEAD + 480  # of 10 ms


def _audio(name, *, ms=10):
    return RealtimeAudioEvent(item_id=name, audio=AudioContent(bytes(ms * 48)))


def _text(name, text="hello"):
    return RealtimeTextEvent(item_id=name, text=TextContent(text))


def _kept(name):
    return RealtimeEvent(item_id=name)


def _now(coroutine):
    """The result of a coroutine that has no reason to wait."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def _drain(queue):
    return [_now(queue.get()) for _ in range(len(queue))]


def _names(events):
    return [event.item_id or event.kind for event in events]


# -- the model ---------------------------------------------------------------------------------------


class NaiveQueue:
    """The rules of the queue, written for the reader: a list, searched from the front."""

    def __init__(self, limit):
        self.limit = limit
        self.entries = []

    @property
    def bytes(self):
        return sum(entry["size"] for entry in self.entries)

    def put(self, event, kind):
        self.entries.append({"event": event, "kind": kind, "size": wire_size(event), "lost": (0, 0, 0)})
        while self.bytes > self.limit:
            leaving = [entry for entry in self.entries if entry["kind"] == "heard"] or [
                entry for entry in self.entries if entry["kind"] == "delta"
            ]
            if not leaving:
                return False
            self._drop(leaving[0])
        return True

    def _drop(self, entry):
        event = entry["event"]
        audio_ms = event.audio.duration_ms if isinstance(event, RealtimeAudioEvent) else 0
        chars = len(event.text.text) if isinstance(event, RealtimeTextEvent) else 0
        entry.update(event=None, kind="gap", size=0, lost=(1, audio_ms, chars))

    def hear(self):
        heard = [
            entry
            for entry in self.entries
            if entry["kind"] == "delta" and isinstance(entry["event"], RealtimeAudioEvent)
        ]
        for entry in heard:
            entry["kind"] = "heard"
        return [entry["event"] for entry in heard]

    def get(self):
        entry = self.entries.pop(0)
        while entry["kind"] == "gap" and self.entries and self.entries[0]["kind"] == "gap":
            later = self.entries.pop(0)
            entry["lost"] = tuple(map(sum, zip(entry["lost"], later["lost"], strict=True)))
        return entry["event"] or entry["lost"]


def _as_model(event):
    if isinstance(event, RealtimeErrorEvent) and event.kind == "overflow":
        return (event.lost_events, event.lost_audio_ms, event.lost_text_chars)
    return event


class QueueAgainstModel(RuleBasedStateMachine):
    LIMIT = 6_000

    def __init__(self):
        super().__init__()
        self.queue = EventQueue(self.LIMIT)
        self.model = NaiveQueue(self.LIMIT)
        self.put_count = 0
        self.got_count = 0
        self.lost_count = 0

    def _put(self, event, kind):
        self.put_count += 1
        assert self.queue.put(event, heard=kind == "heard") is self.model.put(event, kind)

    @rule(ms=st.integers(0, 40))
    def put_audio(self, ms):
        self._put(_audio(f"a{self.put_count}", ms=ms), "delta")

    @rule(ms=st.integers(0, 40))
    def put_heard_audio(self, ms):
        self._put(_audio(f"h{self.put_count}", ms=ms), "heard")

    @rule(text=st.text(max_size=20))
    def put_text(self, text):
        self._put(_text(f"t{self.put_count}", text), "delta")

    @rule(size=st.integers(0, 600))
    def put_kept(self, size):
        event = RealtimeSpeechEvent(
            item_id=f"k{self.put_count}", phase="started", service_event={"x": "x" * size}
        )
        self._put(event, "kept")

    @rule()
    def attach_a_callback(self):
        assert list(self.queue.unheard_audio()) == self.model.hear()

    @precondition(lambda self: self.model.entries)
    @rule()
    def get(self):
        expected = self.model.get()
        given_event = _as_model(_now(self.queue.get()))
        assert given_event == expected
        self.lost_count += expected[0] if isinstance(expected, tuple) else 0
        self.got_count += not isinstance(expected, tuple)

    @invariant()
    def bytes_are_those_of_the_model(self):
        assert self.queue.bytes == self.model.bytes

    @invariant()
    def the_bound_holds_as_long_as_something_may_leave(self):
        may_leave = any(entry["kind"] in ("heard", "delta") for entry in self.model.entries)
        assert self.queue.bytes <= self.LIMIT or not may_leave

    def teardown(self):
        while self.model.entries:
            self.get()
        assert len(self.queue) == 0
        assert self.got_count + self.lost_count == self.put_count
        assert self.queue.dropped_events == self.lost_count


QueueAgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestQueueAgainstModel = QueueAgainstModel.TestCase


@given(st.lists(st.sampled_from(["audio", "heard", "text", "kept"]), max_size=300))
@settings(max_examples=60, deadline=None)
def test_every_run_of_gaps_is_one_overflow_event(kinds):
    queue = EventQueue(3_000)
    make = {"audio": _audio, "heard": _audio, "text": _text, "kept": _kept}
    for number, kind in enumerate(kinds):
        queue.put(make[kind](str(number)), heard=kind == "heard")

    shown = ["gap" if isinstance(event, RealtimeErrorEvent) else "event" for event in _drain_all(queue)]

    assert ("gap", "gap") not in set(pairwise(shown))


def _drain_all(queue):
    queue.end()
    return list(iter(lambda: _now(queue.get()), None))


# -- clause by clause --------------------------------------------------------------------------------


def test_events_come_in_the_order_of_putting():
    queue = EventQueue(10_000)
    for name in "abc":
        queue.put(_kept(name))

    assert _names(_drain(queue)) == ["a", "b", "c"]


def test_put_says_that_there_was_room():
    assert EventQueue(10_000).put(_kept("a")) is True


def test_heard_audio_leaves_before_older_deltas():
    queue = EventQueue(OVERHEAD + 5 + 2 * AUDIO)
    queue.put(_text("t"))
    queue.put(_audio("a"), heard=False)
    queue.put(_audio("h"), heard=True)

    queue.put(_audio("b"), heard=False)

    assert _names(_drain_all(queue)) == ["t", "a", "overflow", "b"]


def test_the_oldest_heard_audio_leaves_first():
    queue = EventQueue(2 * AUDIO)
    for name in "abc":
        queue.put(_audio(name), heard=True)

    assert _names(_drain_all(queue)) == ["overflow", "b", "c"]


def test_the_oldest_delta_leaves_first_when_nothing_was_heard():
    queue = EventQueue(2 * AUDIO)
    for name in "abc":
        queue.put(_audio(name))

    assert _names(_drain_all(queue)) == ["overflow", "b", "c"]


def test_a_gap_says_what_was_lost():
    queue = EventQueue(3 * OVERHEAD)
    queue.put(_text("t", "hello"))
    queue.put(_audio("a", ms=5))
    queue.put(_kept("k"))
    queue.put(_kept("l"))
    queue.put(_kept("m"))

    gap = _now(queue.get())

    assert (gap.kind, gap.lost_events, gap.lost_audio_ms, gap.lost_text_chars) == ("overflow", 2, 5, 5)
    assert (gap.code, gap.service_type) == ("queue_overflow", None)


def test_each_gap_stands_in_its_place():
    queue = EventQueue(3 * OVERHEAD)
    for event in (_text("a"), _kept("k"), _text("b"), _kept("l"), _kept("m")):
        queue.put(event)

    assert _names(_drain_all(queue)) == ["overflow", "k", "overflow", "l", "m"]


@pytest.mark.parametrize(
    "event",
    [
        RealtimeEvent(item_id="x"),
        RealtimeSessionEvent(item_id="x", phase="updated"),
        RealtimeSpeechEvent(item_id="x", phase="started"),
        RealtimeResponseEvent(item_id="x", phase="done"),
        RealtimeTranscriptEvent(item_id="x", role="user", text="hi", final=True),
        RealtimeErrorEvent(item_id="x", kind="server"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_is_no_delta_never_leaves(event):
    queue = EventQueue(1)

    fits = queue.put(event)

    assert (fits, _now(queue.get())) == (False, event)


def test_room_is_made_until_only_kept_events_are_left():
    queue = EventQueue(OVERHEAD)
    queue.put(_text("t"))
    queue.put(_kept("k"))

    fits = queue.put(_kept("l"))

    assert (fits, _names(_drain_all(queue))) == (False, ["overflow", "k", "l"])


def test_a_delta_larger_than_the_queue_leaves_at_once():
    queue = EventQueue(100)

    fits = queue.put(_audio("a", ms=1_000))

    assert (fits, _now(queue.get()).lost_audio_ms) == (True, 1_000)


def test_thousands_of_gaps_between_kept_events_take_no_more_room_than_those():
    queue = EventQueue(3 * OVERHEAD + 10)
    queue.put(_kept("k"))
    for _ in range(5_000):
        queue.put(_text("t"))

    assert len(queue) < 200
    assert [getattr(event, "lost_events", 0) for event in _drain_all(queue)] == [0, 4_998, 0, 0]


def test_counters_tell_what_was_dropped():
    queue = EventQueue(1)
    queue.put(_text("t", "hello"))
    queue.put(_audio("a", ms=20))

    assert (queue.dropped_events, queue.dropped_audio_ms, queue.dropped_text_chars) == (2, 20, 5)


def test_unheard_audio_is_given_once():
    queue = EventQueue(100_000)
    queue.put(_audio("a"))
    queue.put(_text("t"))
    queue.put(_audio("h"), heard=True)
    queue.put(_audio("b"))

    assert [_names(queue.unheard_audio()) for _ in range(2)] == [["a", "b"], []]


def test_audio_that_was_heard_late_leaves_first_too():
    queue = EventQueue(OVERHEAD + 5 + AUDIO)
    queue.put(_text("t"))
    queue.put(_audio("a"))
    list(queue.unheard_audio())

    queue.put(_kept("k"))

    assert _names(_drain_all(queue)) == ["t", "overflow", "k"]


# -- waiting -----------------------------------------------------------------------------------------


async def test_get_waits_for_an_event(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()

    queue.put(_kept("a"))

    assert (await getting).item_id == "a"


async def test_cancelling_get_loses_nothing(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()
    getting.cancel()
    await asyncio.wait([getting])

    queue.put(_kept("a"))

    assert (await queue.get()).item_id == "a"


async def test_cancelling_get_at_the_moment_of_putting_loses_nothing(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()
    queue.put(_kept("a"))
    getting.cancel()
    await asyncio.wait([getting])

    assert getting.cancelled()
    assert (await queue.get()).item_id == "a"


async def test_a_second_waiting_task_is_refused(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()

    with pytest.raises(SessionStateError, match="another task is already waiting"):
        await queue.get()

    queue.put(_kept("a"))
    assert (await getting).item_id == "a"


async def test_a_task_that_is_overtaken_waits_on(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()
    queue.put(_kept("a"))

    overtaken = await queue.get()
    queue.put(_kept("b"))

    assert (overtaken.item_id, (await getting).item_id) == ("a", "b")


async def test_two_events_wake_one_waiter_once(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()
    queue.put(_kept("a"))
    queue.put(_kept("b"))

    assert _names([await getting, await queue.get()]) == ["a", "b"]


async def test_the_end_wakes_who_waits(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()

    queue.end()

    assert await getting is None


async def test_the_end_at_the_moment_of_putting_wakes_once(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()
    queue.put(_kept("a"))
    queue.end()

    assert ((await getting).item_id, await queue.get()) == ("a", None)


def test_what_is_there_comes_before_the_end():
    queue = EventQueue(10_000)
    queue.put(_kept("a"))
    queue.end()

    assert (_now(queue.get()).item_id, _now(queue.get()), _now(queue.get())) == ("a", None, None)


# -- sizes -------------------------------------------------------------------------------------------


def test_an_event_without_a_frame_has_its_overhead():
    assert wire_size(RealtimeSessionEvent(phase="closed")) == OVERHEAD > 0


def test_the_text_of_a_frame_counts_at_any_depth():
    frame = {"a": "12345", "b": {"c": ["1", {"d": "23"}], "e": 5}, "f": None}

    # 8 letters, 6 keys of one letter, and 8 bytes for each of 15 values, keys and containers
    assert wire_size(RealtimeEvent(service_event=frame)) == OVERHEAD + 8 + 6 + 15 * 8


@pytest.mark.parametrize(
    "event",
    [
        RealtimeTextEvent(text=TextContent("x" * 10_000)),
        RealtimeTranscriptEvent(role="user", text="x" * 10_000, final=True),
        RealtimeEvent(service_event={"x" * 10_000: 1}),
        RealtimeEvent(service_event={"x": [0] * 10_000}),
        RealtimeEvent(service_event=MappingProxyType({"x": "x" * 10_000})),
        RealtimeEvent(service_event={"x": b"x" * 10_000}),
    ],
)
def test_nothing_large_goes_uncounted(event):
    assert wire_size(event) >= 10_000


def test_a_very_deep_frame_is_counted_without_recursion():
    frame = {"x": "1"}
    for _ in range(5_000):
        frame = {"x": frame}

    assert wire_size(RealtimeEvent(service_event=frame)) > OVERHEAD + 5_000


def test_audio_without_a_frame_counts_its_bytes():
    audio = AudioContent(bytes(10_000), AudioFormat("g711_ulaw"))

    assert wire_size(RealtimeAudioEvent(audio=audio)) == OVERHEAD + 10_000


def test_audio_on_the_wire_counts_as_it_was_written():
    event = RealtimeAudioEvent(audio=AudioContent(bytes(300)), service_event={"delta": "x" * 400})

    assert wire_size(event) == OVERHEAD + 400


# -- what an interruption does -----------------------------------------------------------------------


def test_what_is_put_first_comes_before_all_that_waits_and_never_leaves():
    queue = EventQueue(OVERHEAD)
    queue.put(_text("a", ""))
    queue.put_first(_kept("first"))

    queue.put(_kept("b"))

    assert _names(_drain_all(queue)) == ["first", "overflow", "b"]


async def test_what_is_put_first_wakes_who_waits(idle):
    queue = EventQueue(10_000)
    getting = asyncio.create_task(queue.get())
    await idle()

    queue.put_first(_kept("first"))

    assert (await getting).item_id == "first"


def test_discarding_counts_the_audio_that_nobody_had_and_keeps_the_rest():
    queue = EventQueue(10_000)
    queue.put(_audio("unwanted", ms=10))
    queue.put(_audio("unwanted", ms=20), heard=True)
    queue.put(_text("unwanted"))
    queue.put(_audio("wanted"))

    discarded_ms = queue.discard_audio(lambda event: event.item_id == "unwanted")

    assert discarded_ms == 10
    assert queue.bytes == AUDIO + OVERHEAD + len("hello")
    assert [type(event) for event in _drain_all(queue)] == [RealtimeTextEvent, RealtimeAudioEvent]


def test_audio_that_stays_after_discarding_still_makes_room_and_is_heard_late():
    queue = EventQueue(3 * AUDIO)
    for name in ("unwanted", "a", "b"):
        queue.put(_audio(name))
    queue.discard_audio(lambda event: event.item_id == "unwanted")

    assert _names(queue.unheard_audio()) == ["a", "b"]
    queue.put(_audio("c"))
    queue.put(_audio("d"))
    assert _names(_drain_all(queue)) == ["overflow", "b", "c", "d"]


def test_discarding_nothing_changes_nothing():
    queue = EventQueue(10_000)
    queue.put(_audio("a"))

    assert (queue.discard_audio(lambda _: False), _names(_drain_all(queue))) == (0, ["a"])
