import pytest
from realtime_core import AudioFormat
from realtime_openai_wire.state import AskedFormats, AudioParts


def test_the_audio_of_an_item_is_its_first_content_unless_told():
    assert AudioParts().index_of("i1") == 0


@pytest.mark.parametrize("first", [0, 2])
def test_the_first_content_that_is_audio_counts(first):
    parts = AudioParts()
    for index in (first, 3):
        parts.note("i1", index)

    assert parts.index_of("i1") == first


@pytest.mark.parametrize(("item_id", "index"), [(None, 1), ("i1", None), ("i1", -1)])
def test_what_says_nothing_new_is_not_remembered(item_id, index):
    parts = AudioParts()
    parts.note(item_id, index)

    assert len(parts) == 0


def test_items_are_remembered_within_bounds():
    parts = AudioParts()
    for number in range(1000):
        parts.note(f"i{number}", 1)

    assert len(parts) == 64
    assert (parts.index_of("i0"), parts.index_of("i999")) == (0, 1)


def test_what_a_command_asked_for_is_taken_once():
    asked = AskedFormats()
    asked.note("cmd_1", AudioFormat("g711_ulaw"))

    taken = [asked.take(command_id) for command_id in (None, "cmd_2", "cmd_1", "cmd_1")]

    assert taken == [None, None, AudioFormat("g711_ulaw"), None]


def test_formats_asked_for_are_remembered_within_bounds():
    asked = AskedFormats()
    for number in range(1000):
        asked.note(f"cmd_{number}", AudioFormat("g711_ulaw"))

    assert len(asked) == 64
    assert (asked.take("cmd_0"), asked.take("cmd_999")) == (None, AudioFormat("g711_ulaw"))
