import pytest
from realtime_openai_wire.names import SendEvents
from realtime_openai_wire.pending import PendingCommands, target_of

UPDATE = SendEvents.SESSION_UPDATE
COMMIT = SendEvents.INPUT_AUDIO_BUFFER_COMMIT
CLEAR = SendEvents.INPUT_AUDIO_BUFFER_CLEAR
ITEM = SendEvents.CONVERSATION_ITEM_CREATE
CREATE = SendEvents.RESPONSE_CREATE
CANCEL = SendEvents.RESPONSE_CANCEL
TRUNCATE = SendEvents.CONVERSATION_ITEM_TRUNCATE
DELETE = SendEvents.CONVERSATION_ITEM_DELETE
RETRIEVE = SendEvents.CONVERSATION_ITEM_RETRIEVE


@pytest.fixture
def pending():
    """Two commands of each kind, an item first: ``item 1``, ``create 1``, … ``retrieve 2``."""
    table = PendingCommands()
    for number in (1, 2):
        table.add(f"item {number}", f"item {number}", ITEM, target=f"I{number}")
        table.add(f"create {number}", f"create {number}", CREATE)
        table.add(f"update {number}", f"update {number}", UPDATE)
        table.add(f"commit {number}", f"commit {number}", COMMIT)
        table.add(f"clear {number}", f"clear {number}", CLEAR)
        table.add(f"cancel {number}", f"cancel {number}", CANCEL, target=f"R{number}")
        table.add(f"truncate {number}", f"truncate {number}", TRUNCATE, target=f"I{number}")
        table.add(f"delete {number}", f"delete {number}", DELETE, target=f"I{number}")
        table.add(f"retrieve {number}", f"retrieve {number}", RETRIEVE, target=f"I{number}")
    return table


@pytest.mark.parametrize("kind", [UPDATE, COMMIT, CLEAR])
def test_an_answer_that_names_nobody_is_for_the_oldest_of_its_kind(pending, kind):
    word = kind.rpartition(".")[2]

    assert [pending.answer_oldest(kind) for _ in range(3)] == [f"{word} 1", f"{word} 2", None]
    assert not pending.has(kind)


@pytest.mark.parametrize("kind", [ITEM, TRUNCATE, DELETE, RETRIEVE])
def test_an_item_answers_the_oldest_command_about_it(pending, kind):
    word = {ITEM: "item"}.get(kind, kind.rpartition(".")[2])
    pending.add("again", "again", kind, target="I2")

    ids = [pending.answer_item(kind, item_id) for item_id in ("I2", "I2", "I2", "theirs", "I1")]

    assert ids == [f"{word} 2", "again", None, None, f"{word} 1"]


def test_an_answer_about_no_item_is_for_the_oldest_of_its_kind(pending):
    assert [pending.answer_item(DELETE, None) for _ in range(3)] == ["delete 1", "delete 2", None]
    assert pending.answer_item(TRUNCATE, None) == "truncate 1"


def test_an_item_without_an_id_may_have_been_added_by_anybody(pending):
    assert pending.answer_item(ITEM, None) is None


def test_a_response_that_names_the_command_is_for_that_one_and_once(pending):
    assert pending.answer_creation("create 2") == "create 2"
    assert pending.answer_creation("create 2") is None
    assert pending.answer_creation("nobody") is None
    assert pending.answer_creation(None) is None


def test_a_response_does_not_answer_a_command_of_another_kind(pending):
    assert pending.answer_creation("commit 1") is None
    assert pending.answer_oldest(COMMIT) == "commit 1"


def test_a_cancelled_response_answers_the_cancellation_that_named_it(pending):
    assert [pending.answer_cancellation("R2") for _ in range(2)] == ["cancel 2", None]


def test_a_cancellation_that_named_none_is_of_whichever_response():
    table = PendingCommands()
    table.add("any", "any", CANCEL)
    table.add("named", "named", CANCEL, target="R1")

    assert [table.answer_cancellation("R1") for _ in range(3)] == ["any", "named", None]


def test_a_cancelled_response_without_an_id_answers_the_oldest_cancellation(pending):
    assert [pending.answer_cancellation(None) for _ in range(3)] == ["cancel 1", "cancel 2", None]


def test_an_error_that_names_its_event_refuses_that_command(pending):
    error = {"event_id": "update 2", "code": "input_audio_buffer_commit_empty"}

    assert pending.answer_error(error) == "update 2"


@pytest.mark.parametrize("event_id", ["somebody else's", 7, ["update 1"]])
def test_an_error_that_names_another_event_refuses_none_of_ours(pending, event_id):
    assert pending.answer_error({"event_id": event_id, "code": "server_error"}) is None
    assert len(pending) == 18


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("input_audio_buffer_commit_empty", "commit 1"),
        ("conversation_already_has_active_response", "create 1"),
        ("cannot_update_voice", "update 1"),
        ("item_create_duplicate_item_id", "item 1"),
        ("item_retrieve_invalid_item_id", "retrieve 1"),
        ("item_delete_invalid_item_id", "delete 1"),
        ("item_truncate_invalid_item_id", "truncate 1"),
        ("item_already_truncated", "truncate 1"),
        ("response_cancel_not_active", "cancel 1"),
    ],
)
def test_without_an_event_the_code_tells_the_kind_and_the_oldest_is_meant(pending, code, refused):
    assert pending.answer_error({"event_id": None, "code": code}) == refused


def test_a_code_that_tells_a_kind_nobody_waits_for_refuses_none():
    table = PendingCommands()
    table.add("update 1", "update 1", UPDATE)

    assert table.answer_error({"code": "input_audio_buffer_commit_empty"}) is None


@pytest.mark.parametrize(
    ("param", "refused"),
    [
        ("session.type", "update 1"),
        ("session", "update 1"),
        ("response.audio.output", "create 1"),
        ("item.content", "item 1"),
        ("previous_item_id", "item 1"),
        ("audio_end_ms", "truncate 1"),
        ("content_index", "truncate 1"),
        ("item_id", "truncate 1"),
        ("response_id", "cancel 1"),
        (None, "item 1"),
        (5, "item 1"),
    ],
)
def test_then_the_parameter_tells_the_kind_else_the_oldest_of_all_is_meant(pending, param, refused):
    assert pending.answer_error({"code": "unknown_parameter", "param": param}) == refused


def test_an_item_that_is_not_there_is_of_whichever_command_named_one():
    table = PendingCommands()
    table.add("update", "update", UPDATE)
    table.add("delete", "delete", DELETE, target="I1")
    table.add("truncate", "truncate", TRUNCATE, target="I1")

    table.add("retrieve", "retrieve", RETRIEVE, target="I1")

    refused = [table.answer_error({"param": "item_id"}) for _ in range(4)]

    assert refused == ["delete", "truncate", "retrieve", None]


@pytest.mark.parametrize(
    "param",
    [
        "type",
        "audio",
        "session.type",
        "item.content",
        "previous_item_id",
        "item_id",
        "content_index",
        "audio_end_ms",
        "response.audio",
        "response_id",
    ],
)
def test_a_parameter_of_a_kind_nobody_waits_for_refuses_none(param):
    table = PendingCommands()
    table.add("clear", "clear", CLEAR)

    assert table.answer_error({"type": "invalid_request_error", "param": param}) is None
    assert len(table) == 1


def test_the_parameter_of_an_unknown_frame_or_of_audio_means_such_a_one(pending):
    pending.add("telepathy", "telepathy", "telepathy")
    pending.add("append", "append", SendEvents.INPUT_AUDIO_BUFFER_APPEND)

    assert [pending.answer_error({"param": "type"}) for _ in range(2)] == ["telepathy", None]
    assert [pending.answer_error({"param": "audio"}) for _ in range(2)] == ["append", None]


@pytest.mark.parametrize("param", ["session.voice", "item.content", None])
def test_the_code_tells_more_than_the_parameter(pending, param):
    error = {"code": "input_audio_buffer_commit_empty", "param": param}

    assert pending.answer_error(error) == "commit 1"


@pytest.mark.parametrize(
    "error",
    [
        {"type": "server_error"},
        {"type": "server_error", "code": "never_heard_of"},
        {"code": "server_error"},
        {"code": "rate_limit_exceeded"},
        {"code": "session_expired"},
        {"code": "insufficient_quota"},
        {"code": "invalid_api_key"},
    ],
)
def test_a_services_own_trouble_refuses_none(pending, error):
    assert pending.answer_error({"event_id": None, "param": None, **error}) is None
    assert len(pending) == 18


@pytest.mark.parametrize("error", [{}, {"type": "invalid_request_error"}, {"code": "never_heard_of"}])
def test_an_error_about_a_request_that_tells_nothing_more_means_the_oldest(pending, error):
    assert pending.answer_error(error) == "item 1"


@pytest.mark.parametrize("event_id", [None, ""])
def test_an_empty_event_id_of_an_error_names_none(pending, event_id):
    error = {"event_id": event_id, "code": "input_audio_buffer_commit_empty"}

    assert pending.answer_error(error) == "commit 1"


@pytest.mark.parametrize("event_id", ["mine", "", None])
def test_event_ids_that_clash_replace_nothing(event_id):
    table = PendingCommands()
    for number in range(3):
        table.add(event_id, f"update {number}", UPDATE)

    assert [table.answer_oldest(UPDATE) for _ in range(4)] == ["update 0", "update 1", "update 2", None]


def test_of_commands_with_one_event_id_an_error_means_the_oldest():
    table = PendingCommands()
    table.add("mine", "commit", COMMIT)
    table.add("mine", "update", UPDATE)

    assert [table.answer_error({"event_id": "mine"}) for _ in range(3)] == ["commit", "update", None]


def test_a_response_names_the_command_and_not_its_event_id():
    table = PendingCommands()
    table.add("mine", "create", CREATE)

    assert [table.answer_creation(name) for name in ("mine", "create")] == [None, "create"]


@pytest.mark.parametrize("kind", [CREATE, ITEM, DELETE])
def test_an_error_that_names_nobody_means_none_that_had_its_time(clock, kind):
    table = PendingCommands()
    table.add("stale", "stale", kind, target="I1")
    clock.advance(5)
    table.add("update", "update", UPDATE)

    assert [table.answer_error({"code": "invalid_value"}) for _ in range(3)] == ["update", "stale", None]


@pytest.mark.parametrize(
    "error", [{"code": "conversation_already_has_active_response"}, {"param": "response"}]
)
def test_nor_one_of_the_kind_that_is_told(clock, error):
    table = PendingCommands()
    table.add("stale", "stale", CREATE)
    clock.advance(5)
    table.add("fresh", "fresh", CREATE)

    assert [table.answer_error(error) for _ in range(2)] == ["fresh", "stale"]


def test_an_error_that_names_nobody_means_what_is_in_doubt_last():
    table = PendingCommands()
    for number in (1, 2):
        table.add(f"create {number}", f"create {number}", CREATE)
    table.add("update", "update", UPDATE)
    table.doubt(CREATE)

    assert [table.answer_error({}) for _ in range(3)] == ["create 2", "update", "create 1"]


def test_each_doubt_is_about_one_command_and_there_may_be_none():
    table = PendingCommands()
    for number in (1, 2):
        table.add(f"create {number}", f"create {number}", CREATE)
    for _ in range(3):
        table.doubt(CREATE)
    table.add("update", "update", UPDATE)

    assert table.answer_error({}) == "update"
    assert table.answer_creation("create 2") == "create 2"


def test_an_error_without_any_command_refuses_none():
    assert PendingCommands().answer_error({"code": "server_error"}) is None


@pytest.mark.usefixtures("clock")
def test_the_table_is_bounded_and_forgets_the_oldest():
    table = PendingCommands()
    for number in range(5000):
        table.add(f"{number}", f"{number}", COMMIT)

    assert len(table) == 1024
    assert table.answer_oldest(COMMIT) == "3976"


@pytest.mark.parametrize(
    "kind", [UPDATE, COMMIT, CLEAR, CANCEL, SendEvents.INPUT_AUDIO_BUFFER_APPEND, "telepathy"]
)
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


@pytest.mark.parametrize("kind", [ITEM, TRUNCATE, DELETE, RETRIEVE])
def test_a_command_whose_answer_names_its_item_is_never_too_late(clock, kind):
    table = PendingCommands()
    table.add("first", "first", kind, target="I1")
    clock.advance(60)
    table.add("next", "next", kind, target="I2")

    assert table.answer_item(kind, "I1") == "first"


def test_a_response_that_names_its_command_is_never_too_late(clock):
    table = PendingCommands()
    table.add("first", "first", CREATE)
    clock.advance(60)
    table.add("next", "next", CREATE)

    assert table.answer_creation("first") == "first"


@pytest.mark.parametrize(
    ("frame", "target"),
    [
        ({"item": {"id": "I1"}, "previous_item_id": "I0"}, "I1"),
        ({"item_id": "I1", "content_index": 0}, "I1"),
        ({"response_id": "R1"}, "R1"),
        ({"item": {}, "item_id": 7}, None),
        ({}, None),
    ],
)
def test_a_frame_is_about_what_it_makes_or_names(frame, target):
    assert target_of(frame) == target


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


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (None, "Only model output audio messages can be truncated"),
        ("invalid_value", "Audio content of 9250ms is already shorter than 57340ms"),
    ],
)
def test_a_truncation_that_had_nothing_to_truncate_is_told_by_the_words(pending, code, message):
    error = {
        "type": "invalid_request_error",
        "code": code,
        "message": message,
        "param": None,
        "event_id": None,
    }

    assert [pending.answer_error(error) for _ in range(3)] == ["truncate 1", "truncate 2", None]
