from realtime_openai_wire.latest import Latest


def test_what_was_noted_is_taken_once():
    latest = Latest(2)
    latest.note("a", 1)

    assert [latest.take(key) for key in (None, "b", "a", "a")] == [None, None, 1, None]


def test_what_was_noted_can_be_looked_at():
    latest = Latest(2)
    latest.note("a", 1)

    assert [latest.get(key) for key in (None, "b", "a", "a")] == [None, None, 1, 1]
    assert ("a" in latest, "b" in latest) == (True, False)


def test_the_oldest_is_forgotten_where_there_is_no_room():
    latest = Latest(2)
    for key in "abc":
        latest.note(key, key)

    assert list(latest) == ["b", "c"]
    assert len(latest) == 2


def test_what_is_noted_again_is_the_latest_and_forgets_nothing():
    latest = Latest(2)
    for number, key in enumerate("aba"):
        latest.note(key, number)

    assert list(latest) == ["b", "a"]
    assert latest.get("a") == 2
