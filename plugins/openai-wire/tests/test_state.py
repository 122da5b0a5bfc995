import pytest
from realtime_openai_wire.state import AudioParts


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
