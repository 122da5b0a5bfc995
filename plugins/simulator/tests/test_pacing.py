from realtime_simulator.frames import Step
from realtime_simulator.pacing import Pacer


def steps(name, *durations_ms):
    return iter([Step({"type": f"{name}{number}"}, ms) for number, ms in enumerate(durations_ms)])


def due(pacer, now_s):
    return [frame["type"] for frame in iter(lambda: pacer.next(now_s), None)]


def test_speed_is_speech_per_time():
    pacer = Pacer(8.0)
    pacer.add(steps("a", 800, 800, 800), now_s=0.0)

    assert due(pacer, 0.0) == ["a0"]
    assert pacer.due_s == 0.1
    assert due(pacer, 0.09) == []
    assert due(pacer, 0.1) == ["a1"]


def test_late_reader_catches_up():
    pacer = Pacer(1.0)
    pacer.add(steps("a", 100, 100, 100, 100), now_s=0.0)

    assert due(pacer, 0.25) == ["a0", "a1", "a2"]


def test_at_speed_zero_everything_is_due_at_once():
    pacer = Pacer(0)
    pacer.add(steps("a", 10_000, 10_000), now_s=5.0)

    assert due(pacer, 5.0) == ["a0", "a1"]


def test_streams_take_turns_when_both_are_due():
    pacer = Pacer(0)
    pacer.add(steps("a", 1, 1, 1), now_s=0.0)
    pacer.add(steps("b", 1), now_s=0.0)

    assert due(pacer, 0.0) == ["a0", "b0", "a1", "a2"]


def test_earliest_comes_first():
    pacer = Pacer(1.0)
    pacer.add(steps("a", 1000), now_s=2.0)
    pacer.add(steps("b", 1000), now_s=1.0)

    assert due(pacer, 3.0) == ["b0", "a0"]


def test_nothing_is_due_without_streams():
    assert (Pacer(1.0).due_s, Pacer(1.0).next(9.9)) == (None, None)


def test_drained_stream_is_over():
    pacer = Pacer(1.0)
    stream = pacer.add(steps("a", 1000, 1000), now_s=0.0)
    other = pacer.add(steps("b", 0), now_s=0.0)

    assert [frame["type"] for frame in pacer.drain(stream)] == ["a0", "a1"]
    assert due(pacer, 0.0) == ["b0"]
    assert other.due_s == 0.0


def test_pauses_last_as_long_at_any_speed_and_give_no_event():
    pacer = Pacer(0)
    pacer.add(iter([Step(None, wait_ms=500), Step({"type": "a"})]), now_s=1.0)

    assert due(pacer, 1.0) == []
    assert pacer.due_s == 1.5
    assert due(pacer, 1.5) == ["a"]


def test_draining_skips_the_pauses():
    pacer = Pacer(1.0)
    stream = pacer.add(iter([Step(None, wait_ms=500), Step({"type": "a"})]), now_s=1.0)

    assert pacer.drain(stream) == [{"type": "a"}]


def answering(pacer, name, *durations_ms):
    return pacer.add(steps(name, *durations_ms), now_s=0.0, can_wait=True)


def test_held_stream_that_can_wait_is_not_due():
    pacer = Pacer(0)
    answering(pacer, "a", 1)
    pacer.add(steps("b", 1), now_s=0.0)

    pacer.hold()

    assert due(pacer, 9.0) == ["b0"]
    assert pacer.due_s is None


def test_released_stream_goes_on():
    pacer = Pacer(0)
    pacer.hold()
    answering(pacer, "a", 1, 1)

    pacer.release()

    assert due(pacer, 9.0) == ["a0", "a1"]


def test_stream_that_is_released_until_an_event_is_held_after_it():
    pacer = Pacer(0)
    pacer.hold()
    answering(pacer, "a", 1, 1, 1)

    pacer.release("a1", "a2")
    first = due(pacer, 9.0)
    pacer.release()

    assert (first, due(pacer, 9.0)) == (["a0", "a1"], ["a2"])


def test_event_that_a_drained_stream_gives_is_the_one_that_was_waited_for():
    pacer = Pacer(0)
    stream = answering(pacer, "a", 1)
    pacer.release("a0")

    pacer.drain(stream)
    answering(pacer, "b", 1)

    assert due(pacer, 9.0) == []
