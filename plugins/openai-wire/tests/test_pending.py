import pytest
from realtime_openai_wire.names import SendEvents
from realtime_openai_wire.pending import PendingCommands

UPDATE = SendEvents.SESSION_UPDATE
COMMIT = SendEvents.INPUT_AUDIO_BUFFER_COMMIT
CLEAR = SendEvents.INPUT_AUDIO_BUFFER_CLEAR
ITEM = SendEvents.CONVERSATION_ITEM_CREATE
CREATE = SendEvents.RESPONSE_CREATE


@pytest.fixture
def pending():
    """Two commands of each kind, an item first: ``item 1``, ``create 1``, … ``clear 2``."""
    table = PendingCommands()
    for number in (1, 2):
        table.add(f"item {number}", f"item {number}", ITEM, item_id=f"I{number}")
        table.add(f"create {number}", f"create {number}", CREATE)
        table.add(f"update {number}", f"update {number}", UPDATE)
        table.add(f"commit {number}", f"commit {number}", COMMIT)
        table.add(f"clear {number}", f"clear {number}", CLEAR)
    return table


@pytest.mark.parametrize("kind", [UPDATE, COMMIT, CLEAR])
def test_an_answer_that_names_nobody_is_for_the_oldest_of_its_kind(pending, kind):
    word = kind.rpartition(".")[2]

    assert [pending.answer_oldest(kind) for _ in range(3)] == [f"{word} 1", f"{word} 2", None]
    assert not pending.has(kind)


def test_an_item_answers_the_command_that_chose_its_id(pending):
    assert pending.answer_item("I2") == "item 2"
    assert pending.answer_item("I2") is None
    assert pending.answer_item("theirs") is None
    assert pending.answer_item(None) is None
    assert pending.answer_item("I1") == "item 1"


def test_an_answer_that_names_the_command_is_for_that_one_and_once(pending):
    assert pending.answer("create 2") == "create 2"
    assert pending.answer("create 2") is None
    assert pending.answer("nobody") is None
    assert pending.answer(None) is None


def test_an_error_that_names_its_event_refuses_that_command(pending):
    error = {"event_id": "update 2", "code": "input_audio_buffer_commit_empty"}

    assert pending.answer_error(error) == "update 2"


@pytest.mark.parametrize("event_id", ["somebody else's", 7, ["update 1"]])
def test_an_error_that_names_another_event_refuses_none_of_ours(pending, event_id):
    assert pending.answer_error({"event_id": event_id, "code": "server_error"}) is None
    assert len(pending) == 10


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("input_audio_buffer_commit_empty", "commit 1"),
        ("conversation_already_has_active_response", "create 1"),
        ("cannot_update_voice", "update 1"),
        ("item_create_duplicate_item_id", "item 1"),
    ],
)
def test_without_an_event_the_code_tells_the_kind_and_the_oldest_is_meant(pending, code, refused):
    assert pending.answer_error({"event_id": None, "code": code}) == refused


def test_a_code_that_tells_a_kind_nobody_waits_for_refuses_none():
    table = PendingCommands()
    table.add("update 1", "update 1", UPDATE)

    assert table.answer_error({"code": "input_audio_buffer_commit_empty"}) is None


@pytest.mark.parametrize("code", ["response_cancel_not_active", "item_already_truncated"])
def test_a_code_for_frames_outside_the_table_refuses_none(pending, code):
    assert pending.answer_error({"code": code}) is None
    assert len(pending) == 10


@pytest.mark.parametrize(
    ("param", "refused"),
    [
        ("session.type", "update 1"),
        ("session", "update 1"),
        ("response.audio.output", "create 1"),
        ("item.content", "item 1"),
        ("type", "item 1"),
        (None, "item 1"),
        (5, "item 1"),
    ],
)
def test_then_the_parameter_tells_the_kind_else_the_oldest_of_all_is_meant(pending, param, refused):
    assert pending.answer_error({"code": "unknown_parameter", "param": param}) == refused


def test_a_parameter_of_a_kind_nobody_waits_for_means_the_oldest_of_all():
    table = PendingCommands()
    table.add("create 1", "create 1", CREATE)

    assert table.answer_error({"param": "session.type"}) == "create 1"


def test_an_error_without_any_command_refuses_none():
    assert PendingCommands().answer_error({"code": "server_error"}) is None


def test_the_table_is_bounded_and_forgets_the_oldest():
    table = PendingCommands()
    for number in range(5000):
        table.add(f"{number}", f"{number}", COMMIT)

    assert len(table) == 1024
    assert table.answer_oldest(COMMIT) == "3976"


@pytest.mark.parametrize("kind", [UPDATE, COMMIT, CLEAR])
def test_a_command_never_answered_is_forgotten_for_the_next_of_its_kind(clock, kind):
    table = PendingCommands()
    table.add("never answered", "never answered", kind)
    table.add("other", "other", CREATE)
    clock.advance(5)
    table.add("next", "next", kind)

    assert [table.answer_oldest(kind) for _ in range(2)] == ["next", None]
    assert len(table) == 1


@pytest.mark.parametrize("kind", [UPDATE, COMMIT, CLEAR])
def test_a_command_whose_answer_is_not_late_yet_is_not_forgotten(clock, kind):
    table = PendingCommands()
    table.add("first", "first", kind)
    clock.advance(4.9)
    table.add("next", "next", kind)

    assert [table.answer_oldest(kind) for _ in range(2)] == ["first", "next"]


@pytest.mark.parametrize("kind", [ITEM, CREATE])
def test_a_command_whose_answer_names_it_is_never_too_late(clock, kind):
    table = PendingCommands()
    table.add("first", "first", kind, item_id="I1")
    clock.advance(60)
    table.add("next", "next", kind, item_id="I2")

    assert table.answer("first") == "first"


def test_how_long_an_answer_may_yet_take_counts_from_the_latest(clock):
    table = PendingCommands()
    none = table.left_s(UPDATE)
    table.add("first", "first", UPDATE)
    clock.advance(2)
    table.add("second", "second", UPDATE)
    clock.advance(1)

    assert (none, table.left_s(UPDATE)) == (0, 4)


def test_what_is_not_sent_yet_is_answered_by_an_error_only(clock):
    table = PendingCommands()
    table.add("setup", "setup", UPDATE, sent=False)
    clock.advance(60)
    table.add("raw", "raw", UPDATE)

    assert [table.answer_oldest(UPDATE) for _ in range(2)] == ["raw", None]
    assert table.left_s(UPDATE) == 5
    assert table.answer_error({"param": "session.voice"}) == "setup"


def test_what_is_sent_later_counts_from_then_and_behind_what_was_sent_before(clock):
    table = PendingCommands()
    table.add("setup", "setup", UPDATE, sent=False)
    table.add("raw", "raw", UPDATE)
    clock.advance(4)
    table.mark_sent("setup")
    table.mark_sent("refused meanwhile")
    clock.advance(1)

    assert table.left_s(UPDATE) == 4
    assert [table.answer_oldest(UPDATE) for _ in range(2)] == ["raw", "setup"]
