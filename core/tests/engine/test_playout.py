import math

import numpy as np
import pytest
from realtime_core.audio.sinks import NullSink
from realtime_core.engine.playout import CutItem, Playout
from realtime_core.errors import InvalidSettings


class Player:
    """A sink whose clock the test moves, and that may fail."""

    def __init__(self, played_ms=0.0):
        self.played_ms = played_ms
        self.cleared = 0

    def write(self, pcm):
        """The test says what was played."""

    def clear(self):
        self.cleared += 1


class BrokenPlayer(Player):
    """Its methods raise while ``broken``."""

    broken = False
    _played_ms = 0.0

    @property
    def played_ms(self):
        if self.broken:
            raise OSError("unplugged")
        return self._played_ms

    @played_ms.setter
    def played_ms(self, value):
        self._played_ms = value

    def clear(self):
        if self.broken:
            raise OSError("unplugged")


@pytest.fixture
def reports():
    return []


@pytest.fixture
def playout(clock, reports):
    return Playout(clock, reports.append)


@pytest.fixture
def player(playout):
    sink = Player()
    playout.attach(sink)
    return sink


def _play(playout, audio_ms, *, item="item_1", response="resp_1"):
    playout.received(response, item, audio_ms)
    playout.handed_over(response, item, audio_ms)


def _finish(playout, *, item="item_1", response="resp_1"):
    playout.item_done(item)
    playout.response_done(response)


def _heard(playout):
    return [(item.item_id, item.heard_ms) for item in playout.cut()]


# -- by estimate --------------------------------------------------------------------------------------


def test_nothing_plays_at_first(playout):
    assert (playout.is_playing(), playout.cut()) == (False, ())


def test_an_item_plays_in_real_time_from_when_it_was_handed_over(playout, clock):
    clock.advance(5)
    _play(playout, 1_000)

    clock.advance(0.3)

    assert _heard(playout) == [("item_1", 300)]


def test_items_play_one_after_another(playout, clock):
    _play(playout, 200)
    _play(playout, 1_000, item="item_2")

    clock.advance(0.5)

    assert _heard(playout) == [("item_1", 200), ("item_2", 300)]


def test_never_more_is_heard_than_was_handed_over(playout, clock):
    playout.received("resp_1", "item_1", 1_000)
    playout.handed_over("resp_1", "item_1", 400)

    clock.advance(10)

    assert _heard(playout) == [("item_1", 400)]


def test_audio_that_comes_late_plays_from_then_on(playout, clock):
    _play(playout, 100)
    clock.advance(10)
    _play(playout, 1_000)

    clock.advance(0.2)

    assert _heard(playout) == [("item_1", 300)]


def test_what_waits_to_be_handed_over_is_playing(playout, clock):
    playout.received("resp_1", "item_1", 100)

    clock.advance(10)

    assert (playout.is_playing(), _heard(playout)) == (True, [("item_1", 0)])


def test_it_is_playing_until_all_of_it_is_heard(playout, clock):
    _play(playout, 1_000)

    clock.advance(0.9)
    assert playout.is_playing()

    clock.advance(0.1)
    assert not playout.is_playing()


def test_a_rest_below_a_millisecond_is_none(playout, clock):
    _play(playout, 1_000)

    clock.advance(0.9995)

    assert not playout.is_playing()


def test_the_shortest_audio_is_playing(playout, clock):
    _play(playout, 0.1)

    assert playout.is_playing()

    clock.advance(0.1)
    assert not playout.is_playing()


def test_playing_is_told_by_response(playout, clock):
    _play(playout, 100)
    _play(playout, 100, item="item_2", response="resp_2")

    clock.advance(0.15)

    assert [playout.is_playing(f"resp_{number}") for number in (1, 2, 3)] == [False, True, False]


def test_more_handed_over_than_received_is_not_heard(playout, clock):
    playout.received("resp_1", "item_1", 100)
    playout.handed_over("resp_1", "item_1", 100.4)

    clock.advance(1)

    assert _heard(playout) == [("item_1", 100)]


def test_what_was_never_received_is_not_heard(playout, clock):
    playout.handed_over("resp_1", "item_1", 100)

    clock.advance(1)

    assert playout.cut() == ()


def test_audio_that_was_dropped_is_not_waited_for(playout, clock):
    playout.received("resp_1", "item_1", 1_000)
    playout.dropped("resp_1", "item_1", 400)
    playout.handed_over("resp_1", "item_1", 600)
    _finish(playout)

    assert playout.remaining_ms("resp_1") == 600
    clock.advance(0.6)
    assert (playout.is_playing(), playout.remaining_ms("resp_1")) == (False, 0)


def test_no_more_is_dropped_than_waits(playout):
    _play(playout, 100)

    playout.dropped("resp_1", "item_1", 50)

    assert playout.is_playing()


def test_dropping_what_is_unknown_is_harmless(playout):
    playout.dropped("resp_1", "item_1", 50)

    assert playout.cut() == ()


# -- by a sink ----------------------------------------------------------------------------------------


def test_heard_is_what_the_sink_has_played(playout, player, clock):
    _play(playout, 1_000)
    clock.advance(10)

    player.played_ms = 250.5

    assert _heard(playout) == [("item_1", 250.5)]


def test_a_sink_plays_items_in_the_order_in_which_they_were_written(playout, player):
    _play(playout, 200)
    _play(playout, 1_000, item="item_2")
    _play(playout, 100)

    player.played_ms = 1_240

    assert _heard(playout) == [("item_1", 240), ("item_2", 1_000)]


def test_what_a_sink_played_before_it_was_attached_does_not_count(playout):
    player = Player(played_ms=5_000)
    playout.attach(player)
    _play(playout, 1_000)

    player.played_ms = 5_100

    assert _heard(playout) == [("item_1", 100)]


def test_what_a_sink_played_of_its_own_does_not_count(playout, player):
    _play(playout, 100)
    player.played_ms = 700
    assert not playout.is_playing()

    _play(playout, 1_000)
    player.played_ms = 900

    assert playout.heard_ms("item_1") == 300


def test_a_cut_clears_the_sink(playout, player):
    _play(playout, 1_000)

    playout.cut()

    assert player.cleared == 1


def test_what_a_sink_did_not_play_does_not_count_after_a_cut(playout, player):
    _play(playout, 1_000)
    player.played_ms = 300
    playout.cut()

    _play(playout, 1_000, item="item_2", response="resp_2")
    player.played_ms = 350

    assert _heard(playout) == [("item_2", 50)]


def test_a_sink_that_begins_again_when_cleared_is_understood(playout, player):
    _play(playout, 1_000)
    player.played_ms = 300
    playout.cut()
    player.played_ms = 0

    _play(playout, 1_000, item="item_2", response="resp_2")
    player.played_ms = 50

    assert _heard(playout) == [("item_2", 50)]


@pytest.mark.parametrize("nonsense", [-5, 0, math.nan, math.inf])
def test_a_sink_that_tells_nonsense_stands_still(playout, player, nonsense):
    _play(playout, 1_000)
    player.played_ms = 300
    playout.is_playing()

    player.played_ms = nonsense

    assert _heard(playout) == [("item_1", 300)]


def test_a_sink_that_counts_whole_milliseconds_gets_to_the_end(playout, player):
    _play(playout, 1_000.7)
    _finish(playout)

    player.played_ms = 1_000

    assert (playout.is_playing(), playout.remaining_ms("resp_1"), playout.cut()) == (False, 0, ())


def test_rests_of_a_resampler_and_of_a_sink_do_not_add_up(playout, player):
    playout.received("resp_1", "item_1", 1_000)
    playout.handed_over("resp_1", "item_1", 999.2)

    player.played_ms = 998.4

    assert not playout.is_playing()


def test_a_sink_that_raises_stands_still_and_is_reported(playout, reports):
    player = BrokenPlayer()
    playout.attach(player)
    _play(playout, 1_000)
    player.played_ms = 300
    playout.is_playing()

    player.broken = True

    assert _heard(playout) == [("item_1", 300)]
    assert {type(report) for report in reports} == {OSError}


def test_without_anybody_to_report_to_a_sink_may_raise_too(clock):
    playout, player = Playout(clock), BrokenPlayer()
    playout.attach(player)
    _play(playout, 1_000)

    player.broken = True

    assert _heard(playout) == [("item_1", 0)]


def test_a_sink_that_never_tells_anything_has_played_nothing(playout, reports):
    player = BrokenPlayer()
    player.broken = True
    playout.attach(player)
    _play(playout, 1_000)

    assert _heard(playout) == [("item_1", 0)]
    assert reports


def test_the_sum_of_what_was_heard_is_what_the_sink_has_played(playout, clock):
    sink = NullSink(clock=clock)
    playout.attach(sink)
    for number in range(3):
        sink.write(np.zeros(2_400, np.int16))
        _play(playout, 100, item=f"item_{number}")

    clock.advance(0.25)

    assert sum(heard_ms for _, heard_ms in _heard(playout)) == sink.played_ms == 250


# -- another player -----------------------------------------------------------------------------------


def test_a_sink_attached_in_mid_session_starts_there(playout, clock):
    _play(playout, 1_000)
    clock.advance(0.2)
    player = Player()

    playout.attach(player)
    _play(playout, 500, item="item_2")
    clock.advance(0.3)
    player.played_ms = 100

    # what the player before was given goes on there
    assert _heard(playout) == [("item_1", 500), ("item_2", 100)]


def test_a_sink_that_still_plays_is_cleared_though_another_has_taken_its_place(playout, player):
    _play(playout, 1_000)
    second = Player()
    playout.attach(second)

    playout.cut()

    assert (player.cleared, second.cleared) == (1, 1)


def test_a_sink_that_has_played_all_is_left_alone_when_another_has_taken_its_place(playout, player):
    _play(playout, 1_000)
    player.played_ms = 1_000
    playout.attach(Player())

    playout.cut()

    assert player.cleared == 0


def test_a_sink_that_comes_back_goes_on(playout, player):
    _play(playout, 1_000)
    playout.attach(Player())
    playout.attach(player)
    _play(playout, 1_000, item="item_2")

    player.played_ms = 1_200

    assert _heard(playout) == [("item_1", 1_000), ("item_2", 200)]


def test_sinks_that_have_played_all_are_forgotten_when_others_take_their_place(playout):
    for number in range(10):
        player = Player()
        playout.attach(player)
        _play(playout, 100, item=f"item_{number}")
        player.played_ms = 100
        playout.is_playing()

    assert len(playout._tracks) == 2  # the last one and the estimate


@pytest.mark.usefixtures("player")
def test_without_a_sink_again_it_is_an_estimate(playout, clock):
    playout.attach(None)
    _play(playout, 1_000)

    clock.advance(0.2)

    assert (_heard(playout), playout.estimates) == ([("item_1", 200)], True)


@pytest.mark.usefixtures("player")
def test_what_a_sink_says_is_no_estimate(playout):
    _play(playout, 1_000)
    playout.received("resp_1", "item_2", 100)

    assert not playout.estimates
    assert [item.estimated for item in playout.cut()] == [False, False]


def test_an_estimate_says_that_it_is_one(playout):
    _play(playout, 1_000)
    playout.received("resp_1", "item_2", 100)

    assert [item.estimated for item in playout.cut()] == [True, True]


# -- by report ----------------------------------------------------------------------------------------


def test_a_report_overrides_the_estimate(playout, clock):
    _play(playout, 1_000)
    clock.advance(0.8)

    playout.report_played("item_1", 250)
    clock.advance(0.1)

    (item,) = playout.cut()
    assert (item.heard_ms, item.estimated) == (250, False)


def test_a_report_overrides_the_sink(playout, player):
    _play(playout, 1_000)
    player.played_ms = 800

    playout.report_played("item_1", 250)

    assert _heard(playout) == [("item_1", 250)]


def test_the_last_report_holds(playout):
    _play(playout, 1_000)

    playout.report_played("item_1", 500)
    playout.report_played("item_1", 250)

    assert _heard(playout) == [("item_1", 250)]


def test_a_report_cannot_be_more_than_was_handed_over(playout):
    playout.received("resp_1", "item_1", 1_000)
    playout.handed_over("resp_1", "item_1", 400)

    playout.report_played("item_1", 57_340)

    assert _heard(playout) == [("item_1", 400)]


def test_a_report_of_all_ends_the_playing(playout):
    _play(playout, 1_000.4)
    _finish(playout)

    playout.report_played("item_1", 1_000)

    assert (playout.is_playing(), playout.remaining_ms("resp_1"), playout.cut()) == (False, 0, ())


def test_a_player_that_is_slower_than_the_estimate_is_believed(playout, clock):
    _play(playout, 1_000)
    _finish(playout)
    _play(playout, 100, item="item_2", response="resp_2")
    clock.advance(1)
    assert not playout.is_playing("resp_1")

    playout.report_played("item_1", 700)

    assert (playout.is_playing("resp_1"), playout.remaining_ms("resp_1")) == (True, 300)
    assert _heard(playout)[0] == ("item_1", 700)


def test_a_report_on_an_item_that_was_over_makes_it_play_again(playout, clock):
    _play(playout, 1_000)
    _finish(playout)
    clock.advance(1)
    _play(playout, 100, item="item_2", response="resp_2")

    playout.report_played("item_1", 700)

    assert _heard(playout) == [("item_1", 700), ("item_2", 0)]


def test_a_player_that_is_quicker_than_the_estimate_is_believed(playout):
    _play(playout, 1_000)
    _finish(playout)

    playout.report_played("item_1", 900)

    assert playout.remaining_ms("resp_1") == 100


def test_a_report_that_nothing_follows_does_not_keep_an_item_playing_for_ever(playout, clock):
    _play(playout, 1_000)
    _finish(playout)
    playout.report_played("item_1", 900)

    clock.advance(0.05)
    assert playout.is_playing()
    clock.advance(0.05)

    assert (playout.is_playing(), playout.heard_ms("item_1")) == (False, 1_000)


def test_a_report_on_an_item_of_which_more_will_come_holds(playout, clock):
    _play(playout, 1_000)
    playout.report_played("item_1", 900)

    clock.advance(60)

    assert _heard(playout) == [("item_1", 900)]


def test_a_report_on_an_item_that_was_cut_changes_nothing(playout):
    _play(playout, 1_000)
    playout.cut()

    playout.report_played("item_1", 500)

    assert (playout.is_playing(), playout.heard_ms("item_1")) == (False, 0)


def test_a_report_on_an_item_of_before_a_cut_changes_nothing(playout, clock):
    _play(playout, 1_000)
    playout.item_done("item_1")
    clock.advance(1)
    playout.cut()

    playout.report_played("item_1", 500)

    assert (playout.is_playing(), playout.heard_ms("item_1")) == (False, 1_000)


def test_a_report_on_an_unknown_item_changes_nothing(playout):
    playout.report_played("item_1", 500)

    assert playout.heard_ms("item_1") is None


@pytest.mark.parametrize("ms", [-1, math.nan, math.inf])
def test_a_report_that_is_no_time_is_refused(playout, ms):
    with pytest.raises(InvalidSettings, match="report_played takes milliseconds"):
        playout.report_played("item_1", ms)


# -- until when ---------------------------------------------------------------------------------------


def test_how_long_it_takes_is_unknown_until_the_response_is_done(playout):
    _play(playout, 1_000)

    assert playout.remaining_ms("resp_1") is None


def test_how_long_it_takes_is_unknown_while_audio_waits(playout):
    _play(playout, 1_000)
    playout.received("resp_1", "item_1", 200)
    playout.response_done("resp_1")

    assert playout.remaining_ms("resp_1") is None


def test_how_long_it_takes_is_unknown_while_the_shortest_audio_waits(playout):
    playout.received("resp_1", "item_1", 0.5)
    playout.response_done("resp_1")

    assert (playout.remaining_ms("resp_1"), playout.is_playing()) == (None, True)


def test_a_response_takes_until_its_last_item_is_heard(playout, clock):
    _play(playout, 1_000)
    _play(playout, 500, item="item_2")
    playout.response_done("resp_1")
    _play(playout, 500, item="item_3", response="resp_2")
    playout.response_done("resp_2")

    clock.advance(0.2)

    assert [playout.remaining_ms(f"resp_{number}") for number in (1, 2)] == [1_300, 1_800]


def test_a_response_without_audio_takes_no_time(playout):
    playout.response_done("resp_1")

    assert playout.remaining_ms("resp_1") == 0


def test_a_response_that_was_cut_takes_no_time(playout):
    _play(playout, 1_000)
    playout.cut()
    playout.response_done("resp_1")

    assert playout.remaining_ms("resp_1") == 0


def test_a_response_that_was_heard_takes_no_time(playout, clock):
    _play(playout, 1_000)
    clock.advance(2)
    playout.response_done("resp_1")

    assert playout.remaining_ms("resp_1") == 0


def test_how_long_it_takes_by_a_sink(playout, player):
    _play(playout, 1_000)
    playout.response_done("resp_1")

    player.played_ms = 300

    assert playout.remaining_ms("resp_1") == 700


# -- cutting ------------------------------------------------------------------------------------------


def test_a_cut_tells_of_each_item_that_is_not_over(playout, clock):
    _play(playout, 100)
    playout.item_done("item_1")
    _play(playout, 1_000, item="item_2")
    playout.item_done("item_2")
    playout.received("resp_1", "item_3", 50)
    clock.advance(0.2)

    assert playout.cut() == tuple(
        CutItem(
            item_id=item_id,
            response_id="resp_1",
            received_ms=received_ms,
            heard_ms=heard_ms,
            complete=complete,
            estimated=True,
        )
        for item_id, received_ms, heard_ms, complete in [
            ("item_2", 1_000, 100, True),
            ("item_3", 50, 0, False),
        ]
    )


def test_a_cut_tells_of_an_item_of_which_more_would_have_come(playout, clock):
    _play(playout, 100)
    clock.advance(1)

    assert (playout.is_playing(), _heard(playout)) == (False, [("item_1", 100)])


def test_after_a_cut_nothing_plays(playout):
    _play(playout, 1_000)

    playout.cut()

    assert (playout.is_playing(), playout.cut()) == (False, ())


def test_a_cut_item_gets_no_audio_again(playout, clock):
    _play(playout, 1_000)
    clock.advance(0.1)
    playout.cut()

    _play(playout, 1_000)
    _play(playout, 1_000)
    clock.advance(10)

    assert (playout.is_playing(), playout.cut(), playout.heard_ms("item_1")) == (False, (), 100)


def test_the_end_of_a_cut_item_changes_nothing(playout):
    _play(playout, 1_000)
    playout.cut()

    _finish(playout)

    assert playout.cut() == ()


def test_what_comes_after_a_cut_plays_at_once(playout, clock):
    _play(playout, 10_000)
    playout.cut()

    _play(playout, 1_000, item="item_2", response="resp_2")
    clock.advance(0.2)

    assert _heard(playout) == [("item_2", 200)]


# -- without ids --------------------------------------------------------------------------------------


def test_without_item_ids_a_response_is_one_item(playout, clock):
    _play(playout, 100, item=None)
    _play(playout, 100, item=None)
    _play(playout, 100, item=None, response="resp_2")
    clock.advance(0.25)

    assert [(item.response_id, item.heard_ms) for item in playout.cut()] == [("resp_1", 200), ("resp_2", 50)]


def test_without_any_ids_a_turn_is_one_item(playout, clock):
    _play(playout, 100, item=None, response=None)
    _play(playout, 100, item=None, response=None)
    playout.response_done(None)
    _play(playout, 100, item=None, response=None)
    clock.advance(0.15)

    assert [(item.received_ms, item.heard_ms) for item in playout.cut()] == [(200, 150), (100, 0)]


def test_without_any_ids_what_waits_is_of_the_first_turn(playout, clock):
    for _ in range(2):
        playout.received(None, None, 100)
        playout.response_done(None)
    for _ in range(3):
        playout.handed_over(None, None, 50)
    clock.advance(0.12)

    assert [(item.received_ms, item.heard_ms) for item in playout.cut()] == [(100, 20)]


def test_without_any_ids_what_is_handed_over_is_of_somebody(playout):
    playout.handed_over(None, None, 50)
    playout.dropped(None, None, 50)

    assert playout.cut() == ()


def test_without_any_ids_a_cut_ends_the_turn(playout, clock):
    _play(playout, 1_000, item=None, response=None)
    playout.cut()

    _play(playout, 1_000, item=None, response=None)
    clock.advance(0.1)

    assert [(item.item_id, item.heard_ms) for item in playout.cut()] == [(None, 100)]


def test_without_any_ids_the_turns_that_are_done_are_waited_for(playout, clock):
    _play(playout, 1_000, item=None, response=None)
    playout.response_done(None)
    _play(playout, 1_000, item=None, response=None)

    clock.advance(0.4)
    assert playout.remaining_ms(None) == 600

    clock.advance(0.6)
    assert playout.remaining_ms(None) == 0


# -- what is remembered -------------------------------------------------------------------------------


def test_audio_of_an_item_that_was_over_is_of_that_item(playout, clock):
    _play(playout, 100)
    _finish(playout)
    clock.advance(1)
    _play(playout, 1, item="item_2", response="resp_2")

    _play(playout, 100)
    clock.advance(0.051)

    (_, item) = playout.cut()
    assert (item.received_ms, item.heard_ms, item.complete) == (200, 150, True)


def test_a_new_item_of_a_response_that_is_done_is_complete(playout, clock):
    playout.response_done("resp_1")

    _play(playout, 100)
    clock.advance(1)

    assert playout.cut() == ()


def test_the_last_items_are_remembered(playout, clock):
    for number in range(100):
        _play(playout, 100, item=f"item_{number}", response=f"resp_{number}")
        _finish(playout, item=f"item_{number}", response=f"resp_{number}")
        clock.advance(1)
    playout.cut()

    remembered = [playout.heard_ms(f"item_{number}") for number in range(100)]
    assert remembered == [None] * 36 + [100] * 64


def test_items_that_nobody_ends_are_forgotten_when_heard(playout, clock):
    for number in range(1_000):
        _play(playout, 100, item=f"item_{number}", response=None)
        clock.advance(1)

    assert len(playout.cut()) <= 65


def test_items_that_are_not_heard_are_not_forgotten(playout):
    for number in range(200):
        _play(playout, 100, item=f"item_{number}", response="resp_1")

    assert len(playout.cut()) == 200


def test_sink_that_plays_within_write_has_all_of_it_heard(clock):
    class Instant:
        played_ms = 40.0

        def write(self, pcm):
            self.played_ms += len(pcm) / 24

        def clear(self): ...

    sink, playout = Instant(), Playout(clock)
    playout.attach(sink)
    for _ in range(2):
        playout.received("r", "i", 100)
        playout.handing_over()
        sink.write([0] * 2_400)
        playout.handed_over("r", "i", 100)

    assert playout.heard_ms("i") == 200


def test_a_response_is_known_while_something_of_it_may_be_heard(playout, clock):
    _play(playout, 100)
    assert (playout.knows("resp_1"), playout.knows("resp_2")) == (True, False)

    _finish(playout)
    clock.advance(0.2)
    playout.cut()

    assert not playout.knows("resp_1")


# -- what the service plays itself --------------------------------------------------------------------


def test_what_the_service_plays_is_playing_before_anything_of_it_has_come(playout):
    playout.playback_started("resp_1")

    assert playout.is_playing()
    assert playout.is_playing("resp_1")
    assert not playout.is_playing("resp_2")
    assert playout.knows("resp_1")
    assert playout.served == ("resp_1",)


def test_what_the_service_plays_goes_on_when_the_response_is_done(playout):
    playout.playback_started("resp_1")
    playout.response_done("resp_1")
    playout.received("resp_1", "item_1", 20)
    playout.handed_over("resp_1", "item_1", 20)
    playout.item_done("item_1")

    assert playout.remaining_ms("resp_1") is None
    (cut,) = playout.cut()
    assert not cut.complete


def test_what_the_service_has_played_is_complete(playout, clock):
    playout.playback_started("resp_1")
    playout.received("resp_1", "item_1", 20)
    playout.handed_over("resp_1", "item_1", 20)
    playout.response_done("resp_1")
    playout.playback_stopped("resp_1")

    clock.advance(0.02)

    assert playout.remaining_ms("resp_1") == 0
    assert not playout.is_playing()
    assert playout.cut() == ()


def test_what_the_service_has_played_before_the_response_is_done_may_go_on(playout):
    playout.playback_started("resp_1")
    playout.received("resp_1", "item_1", 20)
    playout.playback_stopped("resp_1")

    assert playout.remaining_ms("resp_1") is None
    (cut,) = playout.cut()
    assert not cut.complete


def test_what_is_cut_is_played_by_nobody(playout):
    playout.playback_started("resp_1")
    playout.cut()

    assert not playout.is_playing()
    assert playout.served == ()


def test_the_service_plays_one_response_at_a_time(playout, clock):
    for response in ("resp_1", "resp_2"):
        playout.playback_started(response)
        playout.received(response, f"item_{response}", 20)
        playout.handed_over(response, f"item_{response}", 20)
        playout.response_done(response)
    clock.advance(1)

    assert playout.served == ("resp_2",)
    assert playout.remaining_ms("resp_1") == 0


def test_what_the_service_has_played_was_heard_whatever_else_still_comes(playout):
    playout.playback_started("resp_1")
    playout.received("resp_1", "item_1", 20)
    playout.response_done("resp_1")
    playout.playback_stopped("resp_1")
    playout.received("resp_1", "item_1", 20)
    playout.received("resp_1", "item_2", 20)
    playout.handed_over("resp_1", "item_2", 10)

    assert playout.has_ended("resp_1")
    assert not playout.has_ended("resp_2")
    assert not playout.is_playing()
    assert playout.remaining_ms("resp_1") == 0


def test_a_sink_knows_better_than_the_service_what_was_heard(playout):
    player = Player()
    playout.attach(player)
    playout.playback_started("resp_1")
    playout.received("resp_1", "item_1", 20)
    playout.handed_over("resp_1", "item_1", 20)
    playout.response_done("resp_1")
    playout.playback_stopped("resp_1")
    assert playout.is_playing()

    player.played_ms = 20.0

    assert not playout.is_playing()


def test_what_the_application_reports_is_better_than_what_the_service_knows(playout, clock):
    playout.playback_started("resp_1")
    playout.received("resp_1", "item_1", 100)
    playout.handed_over("resp_1", "item_1", 100)
    playout.report_played("item_1", 20)
    playout.response_done("resp_1")
    playout.playback_stopped("resp_1")
    assert playout.is_playing()

    clock.advance(0.08)

    assert not playout.is_playing()


def test_what_the_service_plays_again_has_not_ended(playout):
    playout.playback_started("resp_1")
    playout.received("resp_1", "item_1", 20)
    playout.playback_stopped("resp_1")
    playout.playback_started("resp_1")

    assert not playout.has_ended("resp_1")
    assert playout.is_playing("resp_1")


def test_what_the_service_is_about_to_play_is_playing_for_as_long_as_it_may_take_to_begin(playout, clock):
    playout.playback_expected("resp_1")
    playout.response_done("resp_1")
    assert playout.is_playing("resp_1")
    assert playout.knows("resp_1")
    assert playout.remaining_ms("resp_1") is None

    clock.advance(2)

    assert not playout.is_playing()
    assert playout.remaining_ms("resp_1") == 0


def test_what_the_service_plays_or_has_played_is_not_about_to_be(playout):
    playout.playback_started("resp_1")
    playout.playback_expected("resp_1")
    playout.playback_stopped("resp_1")
    playout.playback_expected("resp_1")
    playout.response_done("resp_1")

    assert not playout.is_playing()


def test_what_has_begun_is_no_more_about_to(playout):
    playout.playback_expected("resp_1")
    playout.playback_started("resp_1")

    assert playout.served == ("resp_1",)


def test_what_is_about_to_be_played_is_cut_like_the_rest(playout):
    playout.playback_expected("resp_1")
    playout.cut()

    assert not playout.is_playing()
