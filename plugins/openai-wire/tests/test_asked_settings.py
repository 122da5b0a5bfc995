import pytest
from realtime_openai_wire.asked_settings import AskedSettings


def session(**output):
    """A session object that says something of the assistant's audio."""
    return {"type": "realtime", "audio": {"output": output}}


@pytest.fixture
def asked():
    """What a session was asked to be: nothing so far."""
    return AskedSettings()


def test_what_is_reported_otherwise_is_named_by_its_setting(asked):
    asked.note(
        "cmd_1", {**session(voice="marin", speed=1.2), "instructions": "Sing.", "tools": [{"name": "f"}]}
    )

    names = asked.differences("cmd_1", {**session(voice="alloy", speed=1.2), "instructions": "", "tools": []})

    assert names == ("instructions", "voice", "tools")


@pytest.mark.parametrize(
    "reported", [{}, {"audio": None}, {"audio": {"output": []}}, {"voice": "alloy"}, session()]
)
def test_what_is_not_reported_is_not_otherwise(asked, reported):
    asked.note("cmd_1", session(voice="marin"))

    assert asked.differences("cmd_1", reported) == ()


def test_what_nobody_asked_for_may_be_anything(asked):
    asked.note("cmd_1", session(voice="marin"))

    assert asked.differences("cmd_1", {**session(voice="marin", speed=1.5), "instructions": "Mine."}) == ()


def test_a_difference_is_told_once(asked):
    asked.note("cmd_1", session(voice="marin"))
    asked.note("cmd_2", session(speed=1.2))
    report = session(voice="alloy", speed=1.2)

    assert [asked.differences(name, report) for name in ("cmd_1", "cmd_2", None)] == [("voice",), (), ()]


def test_a_difference_is_told_again_when_the_setting_was_asked_for_again(asked):
    told = []
    for name in ("cmd_1", "cmd_2"):
        asked.note(name, session(voice="marin"))
        told.append(asked.differences(name, session(voice="alloy")))

    assert told == [("voice",), ("voice",)]


def test_a_difference_that_was_mended_is_told_when_it_comes_back(asked):
    asked.note("cmd_1", session(voice="marin"))

    told = [asked.differences("cmd_1", session(voice=voice)) for voice in ("alloy", "marin", "alloy")]

    assert told == [("voice",), (), ("voice",)]


def test_what_a_later_update_changes_unasked_is_a_difference(asked):
    asked.note("cmd_1", session(voice="marin"))
    asked.note("cmd_2", session(speed=1.2))

    assert asked.differences("cmd_1", session(voice="marin", speed=1.0)) == ()
    assert asked.differences("cmd_2", session(voice="alloy", speed=1.2)) == ("voice",)


def test_what_the_service_changes_by_itself_is_a_difference(asked):
    asked.note("cmd_1", session(voice="marin"))
    asked.differences("cmd_1", session(voice="marin"))

    assert asked.differences(None, session(voice="alloy")) == ("voice",)


def test_the_latest_that_was_asked_for_counts(asked):
    for name, voice in (("cmd_1", "marin"), ("cmd_2", "cedar")):
        asked.note(name, session(voice=voice))

    told = [
        asked.differences(*answer)
        for answer in (("cmd_1", session(voice="marin")), ("cmd_2", session(voice="cedar")))
    ]

    assert told == [(), ()]


def test_what_is_not_answered_yet_is_not_compared(asked):
    asked.note("cmd_1", session(voice="marin"))
    asked.differences("cmd_1", session(voice="marin"))
    asked.note("cmd_2", session(voice="cedar"))

    assert asked.differences(None, session(voice="cedar")) == ()
    assert asked.differences(None, session(voice="marin")) == ()


def test_what_was_refused_is_not_in_force(asked):
    for name, voice in (("cmd_1", "marin"), ("cmd_2", "cedar")):
        asked.note(name, session(voice=voice))
    asked.refuse("cmd_2")
    asked.refuse("cmd_3")
    asked.refuse(None)

    assert asked.differences("cmd_1", session(voice="marin")) == ()
    assert asked.differences(None, session(voice="cedar")) == ("voice",)


def test_what_was_never_answered_may_be_in_force_or_not(asked):
    for name, output in (
        ("cmd_1", {"voice": "marin"}),
        ("cmd_2", {"voice": "cedar"}),
        ("cmd_3", {"speed": 1.2}),
    ):
        asked.note(name, session(**output))
    asked.differences("cmd_1", session(voice="marin"))

    assert asked.differences("cmd_3", session(voice="cedar", speed=1.2)) == ()
    assert asked.differences(None, session(voice="marin", speed=1.2)) == ()


def test_what_is_remembered_is_bounded(asked):
    asked.note("cmd_0", session(voice="marin"))
    asked.differences("cmd_0", session(voice="alloy"))
    for number in range(1, 1000):
        asked.note(f"cmd_{number}", session(voice="cedar"))

    assert len(asked) <= 64 + 2
    assert asked.differences("cmd_1", session(voice="cedar")) == ()
    assert asked.differences("cmd_999", session(voice="alloy")) == ("voice",)


def test_a_report_that_is_nested_too_deeply_tells_nothing(asked):
    deep = {}
    for _ in range(100_000):
        deep = {"a": deep}
    asked.note("cmd_1", {"prompt": {"id": "pmpt_1", "variables": deep}})

    assert asked.differences("cmd_1", {"prompt": {"id": "pmpt_1", "variables": deep}}) == ()
