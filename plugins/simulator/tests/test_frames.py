import re

from realtime_simulator.frames import Frames, Ids


def test_ids_have_the_services_prefix_and_21_characters():
    assert re.fullmatch(r"item_[0-9a-zA-Z]{21}", Ids().new("item"))


def test_ids_are_never_used_twice():
    first, second = Ids(), Ids()

    made = [ids.new("event") for _ in range(100) for ids in (first, second)]

    assert len(set(made)) == 200


def test_every_frame_has_an_event_id_of_its_own():
    frames = Frames(Ids())

    one, two = frames("input_audio_buffer.cleared"), frames("input_audio_buffer.cleared", x=1)

    assert one["event_id"] != two["event_id"]
    assert list(two) == ["type", "event_id", "x"]
