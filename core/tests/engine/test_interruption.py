import math

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from realtime_core.audio.sinks import Pacer
from realtime_core.capabilities import Capabilities
from realtime_core.clock import VirtualClock
from realtime_core.commands import CancelResponse, DeleteItem, Truncate
from realtime_core.engine.interruption import Interruptions, interrupts
from realtime_core.engine.playout import Playout
from realtime_core.events import RealtimeInterruptionEvent, RealtimeResponseEvent
from realtime_core.settings import TurnDetection
from realtime_core.unset import UNSET


@pytest.fixture
def playout(clock):
    return Playout(clock)


@pytest.fixture
def make(playout):
    return lambda **flags: Interruptions(Capabilities(**flags), playout)


@pytest.fixture
def interruptions(make):
    return make()


def _play(playout, audio_ms, *, item="item_1", response="resp_1"):
    playout.received(response, item, audio_ms)
    playout.handed_over(response, item, audio_ms)


def _finish(playout, *, item="item_1", response="resp_1"):
    playout.item_done(item)
    playout.response_done(response)


def _cancelled(response_id):
    return RealtimeResponseEvent(
        phase="done", status="cancelled", status_reason="turn_detected", response_id=response_id
    )


def _said(commands):
    """Commands without the ids that are new each time."""
    return [
        (type(command).__name__, *attrs.astuple(command, filter=attrs.filters.exclude("command_id")))
        for command in commands
    ]


# -- which settings interrupt -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        (UNSET, True),
        (None, False),
        (TurnDetection(), True),
        (TurnDetection(interrupt_response=True), True),
        (TurnDetection(interrupt_response=False), False),
    ],
    ids=["unset", "off", "the service's own", "on", "not interrupting"],
)
def test_speech_interrupts_unless_the_settings_say_otherwise(detection, expected):
    assert interrupts(detection) is expected


def test_speech_that_does_not_interrupt_changes_nothing(interruptions, playout):
    _play(playout, 1_000)

    assert interruptions.on_speech_started({"resp_1"}, interrupting=False) is None
    assert playout.is_playing()


# -- when there is something to interrupt --------------------------------------------------------------


def test_silence_is_not_interrupted(interruptions):
    signs = [
        interruptions.on_speech_started(()),
        interruptions.on_client(()),
        interruptions.on_service(RealtimeInterruptionEvent(cause="service"), ()),
        interruptions.on_service(_cancelled("resp_1"), ()),
    ]

    assert signs == [None] * 4


def test_unplayed_audio_of_a_response_that_is_done_is_interrupted(interruptions, playout, clock):
    _play(playout, 1_000)
    _finish(playout)
    clock.advance(0.3)

    interruption = interruptions.on_speech_started(())

    assert interruption.event == RealtimeInterruptionEvent(
        cause="speech", response_id="resp_1", item_id="item_1", played_ms=300, estimated=True
    )
    assert interruption.response_ids == ("resp_1",)


def test_a_response_that_has_not_said_anything_yet_is_interrupted(interruptions):
    interruption = interruptions.on_speech_started({"resp_1"})

    assert interruption.event == RealtimeInterruptionEvent(cause="speech", response_id="resp_1")
    assert (interruption.response_ids, interruption.commands, interruption.items) == (("resp_1",), (), ())


def test_a_reply_that_was_heard_to_its_end_is_not_interrupted(interruptions, playout, clock):
    _play(playout, 1_000)
    _finish(playout)
    clock.advance(1)

    assert interruptions.on_speech_started(()) is None


def test_all_that_plays_is_cut(interruptions, playout, clock):
    _play(playout, 1_000)
    _finish(playout)
    _play(playout, 1_000, item="item_2", response="resp_2")
    clock.advance(0.3)

    interruption = interruptions.on_speech_started(["resp_2", "resp_3"])

    assert interruption.response_ids == ("resp_1", "resp_2", "resp_3")
    assert [item.item_id for item in interruption.items] == ["item_1", "item_2"]
    assert not playout.is_playing()


def test_the_event_names_the_item_that_was_being_played(interruptions, playout, clock):
    _play(playout, 100)
    _play(playout, 1_000, item="item_2")
    clock.advance(0.3)

    event = interruptions.on_speech_started(["resp_1"]).event

    assert (event.item_id, event.played_ms) == ("item_2", 200)


def test_the_event_names_the_last_item_where_all_was_heard_and_more_would_have_come(
    interruptions, playout, clock
):
    _play(playout, 100)
    _play(playout, 100, item="item_2")
    clock.advance(1)

    event = interruptions.on_speech_started(["resp_1"]).event

    assert (event.item_id, event.played_ms) == ("item_2", 100)


def test_what_a_sink_says_is_no_estimate(interruptions, playout, clock):
    playout.attach(Pacer(clock))

    assert interruptions.on_speech_started(["resp_1"]).event.estimated is False


def test_what_is_reported_is_no_estimate(interruptions, playout):
    _play(playout, 1_000)
    playout.report_played("item_1", 250)

    event = interruptions.on_speech_started(()).event

    assert (event.played_ms, event.estimated) == (250, False)


# -- once ---------------------------------------------------------------------------------------------


def test_one_interruption_for_all_its_signs(interruptions, playout):
    _play(playout, 1_000)

    signs = [
        interruptions.on_speech_started(["resp_1"]),
        interruptions.on_speech_started(["resp_1"]),
        interruptions.on_service(_cancelled("resp_1"), ["resp_1"]),
        interruptions.on_service(RealtimeInterruptionEvent(cause="service", response_id="resp_1"), ()),
        interruptions.on_service(RealtimeInterruptionEvent(cause="service"), ()),
        interruptions.on_client(()),
    ]

    assert [sign is not None for sign in signs] == [True, False, False, False, False, False]


def test_the_next_response_can_be_interrupted_while_the_last_has_not_ended(interruptions, playout):
    _play(playout, 1_000)
    interruptions.on_speech_started(["resp_1"])
    _play(playout, 1_000, item="item_2", response="resp_2")

    interruption = interruptions.on_speech_started(["resp_1", "resp_2"])

    assert interruption.response_ids == ("resp_2",)


def test_a_late_end_of_a_cut_response_does_not_hit_the_next(interruptions, playout):
    _play(playout, 1_000)
    interruptions.on_client(["resp_1"])
    _play(playout, 1_000, item="item_2", response="resp_2")

    assert interruptions.on_service(_cancelled("resp_1"), ["resp_1", "resp_2"]) is None
    assert playout.is_playing("resp_2")


# -- what the service says ----------------------------------------------------------------------------


def test_a_response_that_the_service_cancelled_without_a_sign_is_an_interruption(
    interruptions, playout, clock
):
    _play(playout, 1_000)
    clock.advance(0.4)

    interruption = interruptions.on_service(_cancelled("resp_1"), ["resp_1"])

    assert interruption.event == RealtimeInterruptionEvent(
        cause="service", response_id="resp_1", item_id="item_1", played_ms=400
    )
    assert _said(interruption.commands) == [("Truncate", "item_1", 400)]


def test_a_response_cancelled_before_it_said_anything_is_named(interruptions):
    interruption = interruptions.on_service(_cancelled("resp_1"), ["resp_1", "resp_2"])

    assert interruption.event == RealtimeInterruptionEvent(cause="service", response_id="resp_1")


def test_a_response_that_is_done_and_plays_on_can_be_cancelled(interruptions, playout):
    _play(playout, 1_000)

    assert interruptions.on_service(_cancelled("resp_1"), ()) is not None


def test_the_end_of_an_unknown_response_does_not_hit_another(interruptions, playout):
    _play(playout, 1_000)

    assert interruptions.on_service(_cancelled("resp_0"), ["resp_1"]) is None
    assert playout.is_playing()


def test_the_services_own_event_keeps_what_it_says(interruptions, playout, clock):
    _play(playout, 1_000)
    clock.advance(0.4)
    frame = {"interrupted": True}

    interruption = interruptions.on_service(
        RealtimeInterruptionEvent(cause="speech", service_type="interrupted", service_event=frame), ["resp_1"]
    )

    event = interruption.event
    assert (event.cause, event.service_type, event.item_id, event.played_ms) == (
        "speech",
        "interrupted",
        "item_1",
        400,
    )
    assert event.service_event is frame


# -- what the service is told -------------------------------------------------------------------------


def test_the_users_speech_cancels_nothing_the_service_does_that_itself(interruptions):
    assert interruptions.on_speech_started(["resp_1"]).commands == ()


def test_the_client_cancels_what_is_active_by_its_id_first(interruptions, playout, clock):
    _play(playout, 1_000)
    clock.advance(0.25)

    commands = interruptions.on_client(["resp_1", "resp_2"]).commands

    assert _said(commands) == [
        ("CancelResponse", "resp_1"),
        ("CancelResponse", "resp_2"),
        ("Truncate", "item_1", 250),
    ]


def test_the_client_does_not_cancel_what_is_done(interruptions, playout):
    _play(playout, 1_000)
    _finish(playout)

    assert not any(isinstance(each, CancelResponse) for each in interruptions.on_client(()).commands)


def test_the_client_does_not_cancel_what_was_cut_before(interruptions, playout):
    interruptions.on_speech_started(["resp_1"])
    _play(playout, 1_000, item="item_2", response="resp_2")

    commands = interruptions.on_client(["resp_1", "resp_2"]).commands

    assert _said(commands) == [("CancelResponse", "resp_2"), ("DeleteItem", "item_2")]


def test_what_cannot_be_cancelled_is_only_silenced(make, playout):
    interruptions = make(cancel=False, truncate="none")
    _play(playout, 1_000)

    interruption = interruptions.on_client(["resp_1"])

    assert (interruption.commands, playout.is_playing()) == ((), False)
    assert interruptions.withholds("resp_1")


def test_an_item_of_which_nothing_was_heard_is_deleted(interruptions, playout):
    _play(playout, 1_000)

    assert _said(interruptions.on_speech_started(["resp_1"]).commands) == [("DeleteItem", "item_1")]


def test_less_than_a_millisecond_is_nothing(interruptions, playout, clock):
    _play(playout, 1_000)
    clock.advance(0.0009)

    assert _said(interruptions.on_speech_started(["resp_1"]).commands) == [("DeleteItem", "item_1")]


def test_an_item_is_truncated_to_the_whole_milliseconds_that_were_heard(interruptions, playout, clock):
    _play(playout, 1_000)
    clock.advance(0.4567)

    (command,) = interruptions.on_speech_started(["resp_1"]).commands

    assert (command.item_id, command.keep_ms, type(command.keep_ms)) == ("item_1", 456, int)


@pytest.mark.parametrize("ms", [57, 290, 1_001, 4_035])
def test_a_whole_millisecond_is_not_lost_to_floats(interruptions, playout, clock, ms):
    _play(playout, 10_000)
    for _ in range(ms):
        clock.advance(0.001)

    (command,) = interruptions.on_speech_started(["resp_1"]).commands

    assert command.keep_ms == ms


def test_an_item_that_was_heard_to_its_end_is_left(interruptions, playout, clock):
    _play(playout, 100)
    playout.item_done("item_1")
    _play(playout, 1_000, item="item_2")
    clock.advance(0.3)

    assert _said(interruptions.on_speech_started(["resp_1"]).commands) == [("Truncate", "item_2", 200)]


def test_an_item_of_which_more_would_have_come_is_truncated_to_what_has(interruptions, playout, clock):
    _play(playout, 100.9)
    clock.advance(5)

    assert _said(interruptions.on_speech_started(["resp_1"]).commands) == [("Truncate", "item_1", 100)]


def test_only_what_was_handed_over_counts_as_heard(interruptions, playout, clock):
    playout.received("resp_1", "item_1", 9_250)
    playout.handed_over("resp_1", "item_1", 400)
    clock.advance(60)

    assert _said(interruptions.on_speech_started(()).commands) == [("Truncate", "item_1", 400)]


def test_each_item_is_corrected_for_itself(interruptions, playout, clock):
    _play(playout, 500)
    _play(playout, 500, item="item_2")
    _play(playout, 500, item="item_3")
    clock.advance(0.6)

    assert _said(interruptions.on_speech_started(["resp_1"]).commands) == [
        ("Truncate", "item_1", 500),
        ("Truncate", "item_2", 100),
        ("DeleteItem", "item_3"),
    ]


def test_an_item_without_audio_is_left(interruptions, playout):
    playout.received("resp_1", "item_1", 0)

    assert interruptions.on_speech_started(["resp_1"]).commands == ()


@pytest.mark.parametrize("truncate", ["server", "none"])
def test_where_it_is_not_for_the_client_to_say_nothing_is_corrected(make, playout, truncate):
    interruptions = make(truncate=truncate)
    _play(playout, 1_000)

    assert interruptions.on_speech_started(["resp_1"]).commands == ()


def test_what_has_no_id_cannot_be_corrected(make, playout, clock):
    interruptions = make(ids=False)
    _play(playout, 1_000, item=None, response=None)
    clock.advance(0.1)

    interruption = interruptions.on_client([None])

    assert _said(interruption.commands) == [("CancelResponse", None)]
    assert (interruption.response_ids, interruption.event.played_ms) == ((None,), 100)


# -- pains --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reported_ms", [9_250, 9_251, 57_340])
def test_pain_truncate_longer_than_the_audio(interruptions, playout, reported_ms):
    # "Audio content of 9250ms is already shorter than 57340ms"
    _play(playout, 9_250.4)
    playout.report_played("item_1", reported_ms)

    assert _said(interruptions.on_speech_started(["resp_1"]).commands) == [("Truncate", "item_1", 9_250)]


def test_pain_truncate_by_a_clock_that_ran_on_between_items(interruptions, playout, clock):
    _play(playout, 500)
    playout.item_done("item_1")
    clock.advance(60)
    _play(playout, 500, item="item_2")
    clock.advance(0.1)

    assert _said(interruptions.on_speech_started(["resp_1"]).commands) == [("Truncate", "item_2", 100)]


@pytest.mark.parametrize("response_id", ["resp_2", None])
@pytest.mark.parametrize("ids", [True, False])
def test_pain_bot_mute_after_an_interruption(make, playout, ids, response_id):
    interruptions = make(ids=ids)
    active = ["resp_1" if ids else None]
    _play(playout, 1_000, item="item_1" if ids else None, response=active[0])
    interruptions.on_speech_started(active)

    interruptions.response_done(active[0])
    interruptions.response_created(response_id)
    _play(playout, 1_000, item="item_2" if ids else None, response=response_id)

    assert not interruptions.withholds(response_id, "item_2" if ids else None)
    assert playout.is_playing(response_id)


def test_pain_bot_mute_because_a_turn_that_was_all_there_never_ends_again(make, playout):
    interruptions = make(ids=False)
    _play(playout, 1_000, item=None, response=None)
    playout.response_done(None)

    interruptions.on_speech_started(())

    assert not interruptions.withholds(None)


def test_pain_bot_mute_because_the_end_of_a_turn_was_never_told(make, playout):
    interruptions = make(ids=False)
    _play(playout, 1_000, item=None, response=None)
    interruptions.on_speech_started([None])
    assert interruptions.withholds(None)

    interruptions.response_created(None)

    assert not interruptions.withholds(None)


def test_pain_bot_mute_without_turns(make, playout):
    interruptions = make(ids=False, turns=False)
    _play(playout, 1_000, item=None, response=None)

    interruptions.on_speech_started(())

    assert not interruptions.withholds(None)


# -- what comes late ----------------------------------------------------------------------------------


def test_nothing_is_withheld_before_anything_was_cut(interruptions):
    assert not interruptions.cut


def test_late_audio_of_a_cut_response_is_withheld(interruptions):
    interruptions.on_speech_started(["resp_1"])

    assert interruptions.cut
    assert [interruptions.withholds(f"resp_{number}", "item_1") for number in (1, 2)] == [True, False]


def test_late_audio_is_withheld_after_the_end_of_the_response_too(interruptions):
    interruptions.on_speech_started(["resp_1"])
    interruptions.response_done("resp_1")

    assert interruptions.withholds("resp_1", "item_1")


def test_late_audio_that_names_its_item_only_is_withheld(interruptions, playout):
    _play(playout, 1_000, response=None)
    interruptions.on_speech_started(())

    assert [interruptions.withholds(None, f"item_{number}") for number in (1, 2)] == [True, False]


def test_without_ids_all_is_withheld_until_the_turn_ends(make, playout):
    interruptions = make(ids=False)
    _play(playout, 1_000, item=None, response=None)
    interruptions.on_speech_started([None])
    assert interruptions.withholds(None)

    interruptions.response_done(None)

    assert not interruptions.withholds(None)


def test_without_ids_those_of_the_provider_are_not_relied_on(make, playout):
    interruptions = make(ids=False)
    _play(playout, 1_000, item=None, response="turn_1")
    interruptions.on_speech_started(["turn_1"])

    assert interruptions.withholds("turn_2", "item_9")
    assert interruptions.on_service(_cancelled("turn_1"), ["turn_1"]) is None
    assert interruptions.on_service(_cancelled("turn_9"), ["turn_1"]) is None
    interruptions.response_done("turn_1")
    assert not interruptions.withholds("turn_2", "item_9")


def test_without_ids_a_sign_of_the_service_is_of_what_plays(make, playout):
    interruptions = make(ids=False)
    _play(playout, 1_000, item=None, response="turn_1")

    assert interruptions.on_service(_cancelled("turn_9"), ["turn_1"]).response_ids == ("turn_1",)


def test_the_last_cut_responses_are_remembered(interruptions):
    for number in range(100):
        interruptions.on_speech_started([f"resp_{number}"])
        interruptions.response_done(f"resp_{number}")

    assert [interruptions.withholds(f"resp_{number}") for number in range(100)] == [False] * 36 + [True] * 64


# -- whatever happens, in any order -------------------------------------------------------------------

_audio_ms = st.one_of(st.integers(0, 500), st.floats(0, 500))


class Conversation(RuleBasedStateMachine):
    """A session in small: responses that speak, a player that plays, and signs of interruption."""

    def __init__(self):
        super().__init__()
        self.clock = VirtualClock()
        self.sink = Pacer(self.clock)  # what a NullSink is inside, in milliseconds
        self.has_sink = False
        self.playout = Playout(self.clock)
        self.interruptions = Interruptions(Capabilities(), self.playout)
        self.active = []
        self.items = {}  # of the responses that are active: their last item
        self.responses = 0
        self.received = {}
        self.handed = {}
        self.waiting = []
        self.interrupted = set()
        self.heard = {}
        self.reported = False

    @precondition(lambda self: not self.received)
    @rule()
    def attach(self):
        self.playout.attach(self.sink)
        self.has_sink = True

    @rule()
    def respond(self):
        self.responses += 1
        self.active.append(f"resp_{self.responses}")
        self.items[self.active[-1]] = f"item_{self.responses}_0"

    @precondition(lambda self: self.active)
    @rule(data=st.data(), audio_ms=_audio_ms, late=st.booleans())
    def speak(self, data, audio_ms, late):
        known = list(self.items) if late else self.active
        response_id = data.draw(st.sampled_from(known))
        item_id = self.items[response_id]
        if self.interruptions.cut and self.interruptions.withholds(response_id, item_id):
            return
        assert response_id not in self.interrupted
        self.playout.received(response_id, item_id, audio_ms)
        self.received[item_id] = self.received.get(item_id, 0) + audio_ms
        self.waiting.append((response_id, item_id, audio_ms))

    @precondition(lambda self: self.waiting)
    @rule(count=st.integers(1, 5))
    def hand_over(self, count):
        for response_id, item_id, audio_ms in self.waiting[:count]:
            if self.has_sink:
                self.sink.add(audio_ms)
            self.playout.handed_over(response_id, item_id, audio_ms)
            self.handed[item_id] = self.handed.get(item_id, 0) + audio_ms
        del self.waiting[:count]

    @precondition(lambda self: self.active)
    @rule(data=st.data())
    def next_item(self, data):
        response_id = data.draw(st.sampled_from(self.active))
        self.playout.item_done(self.items[response_id])
        stem, number = self.items[response_id].rsplit("_", 1)
        self.items[response_id] = f"{stem}_{int(number) + 1}"

    @rule(wait_s=st.floats(0, 1))
    def wait(self, wait_s):
        self.clock.advance(wait_s)

    @precondition(lambda self: self.handed)
    @rule(data=st.data(), ms=_audio_ms)
    def report(self, data, ms):
        self.playout.report_played(data.draw(st.sampled_from(sorted(self.handed))), ms)
        self.reported = True

    @precondition(lambda self: self.active)
    @rule(data=st.data(), cancelled=st.booleans())
    def end(self, data, cancelled):
        response_id = data.draw(st.sampled_from(self.active))
        if cancelled:
            self.take(self.interruptions.on_service(_cancelled(response_id), self.active), ())
        self.active.remove(response_id)
        self.playout.response_done(response_id)
        self.interruptions.response_done(response_id)

    @rule()
    def speech(self):
        self.take(self.interruptions.on_speech_started(self.active), ())

    @rule()
    def client(self):
        self.take(self.interruptions.on_client(self.active), self.active)

    @rule()
    def service(self):
        self.take(self.interruptions.on_service(RealtimeInterruptionEvent(cause="service"), self.active), ())

    def take(self, interruption, cancellable):
        if interruption is None:
            return
        assert interruption.response_ids
        assert not self.interrupted & set(interruption.response_ids)
        cancels = [each for each in interruption.commands if isinstance(each, CancelResponse)]
        assert [each.response_id for each in cancels] == [
            each for each in cancellable if each not in self.interrupted
        ]
        self.interrupted.update(interruption.response_ids)
        assert self.interrupted.issuperset(self.active)
        self.waiting.clear()
        for command in interruption.commands[len(cancels) :]:
            received_ms = self.received[command.item_id]
            if isinstance(command, Truncate):
                assert isinstance(command.keep_ms, int)
                assert 0 < command.keep_ms <= received_ms
            else:
                assert isinstance(command, DeleteItem)
                assert received_ms > 0
        for item in interruption.items:
            assert 0 <= item.heard_ms <= item.received_ms == pytest.approx(self.received[item.item_id])

    def look(self):
        for item_id in self.received:
            heard_ms = self.playout.heard_ms(item_id)
            if heard_ms is not None:  # not long ago
                self.heard[item_id] = heard_ms

    @invariant()
    def each_item_is_heard_at_most_as_far_as_it_was_handed_over(self):
        self.look()
        for item_id, received_ms in self.received.items():
            handed_ms = self.handed.get(item_id, 0)
            assert 0 <= self.heard[item_id] <= handed_ms + 1e-6
            assert handed_ms <= received_ms + 1e-6

    @invariant()
    def all_that_the_sink_played_was_heard_of_some_item(self):
        if self.has_sink and not self.reported:
            self.look()
            # each stretch may lack what floats lack
            assert sum(self.heard.values()) == pytest.approx(self.sink.played_ms, abs=0.01)

    @invariant()
    def what_was_cut_does_not_play(self):
        assert not any(self.playout.is_playing(response_id) for response_id in self.interrupted)

    @invariant()
    def what_remains_of_a_response_that_is_done_ends(self):
        for response_id in set(self.items) - set(self.active):
            remaining_ms = self.playout.remaining_ms(response_id)
            if remaining_ms is not None:
                assert 0 <= remaining_ms < math.inf
                assert bool(remaining_ms) == self.playout.is_playing(response_id)


Conversation.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyConversation = Conversation.TestCase


# -- what the service plays itself --------------------------------------------------------------------


def test_what_the_service_plays_is_cancelled_although_it_is_done(make, playout):
    interruptions = make(paced=True, truncate="server")
    playout.playback_started("resp_1")
    playout.response_done("resp_1")

    interruption = interruptions.on_client([])

    assert interruption.response_ids == ("resp_1",)
    assert _said(interruption.commands) == [("CancelResponse", "resp_1")]
    assert interruptions.withholds("resp_1")


def test_what_the_service_plays_is_interrupted_once(make, playout):
    interruptions = make(paced=True, truncate="server")
    playout.playback_started("resp_1")
    playout.response_done("resp_1")
    told = RealtimeInterruptionEvent(cause="service", response_id="resp_1")

    assert interruptions.on_speech_started([]).event.response_id == "resp_1"
    assert interruptions.on_service(told, []) is None
