from unittest.mock import ANY

import pytest
from realtime_simulator.expected import Expected, Search, Track, complaint_in

CREATE = {"type": "response.create", "response": {"instructions": "Be brief.", "tools": [{"name": "f"}]}}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"response": {}},
        {"response": {"instructions": "Be brief."}},
        {"response": {"tools": [{}]}},
        {"response": {"tools": ({"name": ANY},)}},
        {"response": ANY},
    ],
)
def test_frame_with_at_least_the_fields_fits(fields):
    assert Expected("response.create", fields).fits(CREATE)


@pytest.mark.parametrize(
    ("fields", "difference"),
    [
        ({"response": {"instructions": "x"}}, "response.instructions is 'Be brief.', not 'x'"),
        ({"response": {"voice": "x"}}, "response.voice is missing"),
        ({"event_id": ANY}, "event_id is missing"),
        ({"response": {"tools": []}}, "response.tools has 1 entry, not 0"),
        ({"response": {"tools": [{}, {}]}}, "response.tools has 1 entry, not 2"),
        ({"response": {"tools": [{"name": "g"}]}}, "response.tools[0].name is 'f', not 'g'"),
        ({"response": {"tools": {}}}, "response.tools is [{'name': 'f'}], not {}"),
        ({"response": {"instructions": {"a": 1}}}, "response.instructions is 'Be brief.', not {'a': 1}"),
        ({"response": {"instructions": ["a"]}}, "response.instructions is 'Be brief.', not ['a']"),
    ],
)
def test_first_field_that_differs_is_told(fields, difference):
    wanted = Expected("response.create", fields)

    assert not wanted.fits(CREATE)
    assert wanted.against(CREATE) == f"response.create: {difference}"


@pytest.mark.parametrize(
    ("frame", "kind"),
    [({"type": "x"}, "x"), ("not json", "(no JSON object)"), ({}, "(no type)"), ({"type": 1}, "(no type)")],
)
def test_frame_of_another_type_does_not_fit(frame, kind):
    wanted = Expected("response.create")

    assert not wanted.fits(frame)
    assert wanted.against(frame) == kind


def test_long_value_is_cut():
    wanted = Expected("input_audio_buffer.append", {"audio": ""})

    assert len(wanted.against({"type": "input_audio_buffer.append", "audio": "A" * 9000})) < 150


def test_expected_frame_is_told_field_by_field():
    wanted = Expected("response.create", {"response": {"tools": [], "metadata": {}, "audio": {"a": 1}}})

    assert str(wanted) == (
        "response.create with response.tools = [], response.metadata = {}, response.audio.a = 1"
    )
    assert str(Expected("response.create")) == "response.create"


def test_search_takes_frames_in_their_order():
    track = Track([{"type": "a", "n": 1}, {"type": "b"}, {"type": "a", "n": 2}])

    found = [Search(track, Expected(kind))() for kind in ("a", "a", "b")]

    assert found == [{"type": "a", "n": 1}, {"type": "a", "n": 2}, None]


def test_search_goes_on_where_it_stopped():
    track = Track([{"type": "a"}])
    search = Search(track, Expected("b"))

    assert search() is None
    track.frames += [{"type": "a"}, {"type": "b"}]
    assert search() == {"type": "b"}
    assert track.passed == 3


def test_account_tells_what_came_since_the_last_expected_frame():
    track = Track([{"type": "old"}, {"type": "a"}, {"type": "a"}, {"type": "b", "n": 1}], passed=1)

    assert track.account(Expected("b", {"n": 2})) == "  a (2 times)\n  b: n is 1, not 2"


def test_account_of_nothing_says_so():
    assert Track().account(Expected("b")) == "  (nothing)"


def test_account_of_very_many_tells_the_last():
    track = Track([{"type": f"kind{number}"} for number in range(30)])

    lines = track.account(Expected("b")).splitlines()

    assert (lines[0], lines[1], len(lines)) == ("  (10 more before)", "  kind10", 21)


def test_account_tells_of_a_frame_that_came_too_early():
    track = Track([{"type": "b"}, {"type": "a"}], passed=2)

    assert track.account(Expected("b")).endswith(
        "before the frame that was expected last: expect them in their order"
    )


def test_account_names_one_that_fits_but_came_late():
    """It came between the failure and its account."""
    assert Track([{"type": "b"}]).account(Expected("b")) == "  b: this one fits"


FAILED = {"status": "failed", "status_details": {"error": {"message": "no reply"}}}


def test_failure_of_a_response_is_told_with_its_status():
    wanted = Expected("response.done", {"response": {"status": "completed"}})

    told = wanted.against({"type": "response.done", "response": FAILED})

    assert told == "response.done: response.status is 'failed', not 'completed' (no reply)"


def test_types_that_have_come_are_known():
    assert Track([{"type": "a"}, {"type": "b"}, {"type": "a"}]).kinds == {"a", "b"}


def test_list_without_entries_is_counted():
    wanted = Expected("a", {"n": [1]})

    assert wanted.against({"type": "a", "n": []}) == "a: n has 0 entries, not 1"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([], ""),
        ([{"type": "session.created"}, "garbage"], ""),
        ([{"type": "response.done", "response": {"status": "completed", "status_details": None}}], ""),
        (
            [{"type": "response.done", "response": FAILED}, {"type": "x"}],
            "the last response that failed: no reply\n",
        ),
        (
            [{"type": "response.done", "response": FAILED}, {"type": "error", "error": {"message": "wrong"}}],
            "the last error that the server sent: wrong\n",
        ),
    ],
)
def test_last_complaint_of_the_server_is_told(sent, told):
    assert complaint_in(sent) == told


def test_frame_is_found_by_one_search_only():
    track = Track()
    first, second = Search(track, Expected("a")), Search(track, Expected("a"))
    assert (first(), second()) == (None, None)

    track.frames += [{"type": "a", "n": 1}]
    found = [first(), second()]
    track.frames += [{"type": "a", "n": 2}]

    assert [*found, first(), second()] == [{"type": "a", "n": 1}, None, {"type": "a", "n": 2}, None]
    assert track.passed == 2


def test_search_neither_finds_nor_moves_back_to_what_was_passed():
    track = Track()
    early = Search(track, Expected("a"))
    assert early() is None
    track.frames += [{"type": "a"}, {"type": "b"}]

    assert Search(track, Expected("b"))() == {"type": "b"}

    assert early() is None
    assert track.passed == 2
