import pytest
from realtime_core.contents import Message, ToolCall, ToolResult
from realtime_core.engine.turns import Turns
from realtime_core.events import RealtimeEvent, RealtimeItemEvent

CALL = ToolCall("c", "get_weather", "{}")
RESULT = ToolResult("c", "get_weather", "sunny")
HI = Message("user", "Hi.")


class Book(Turns):
    def __init__(self):
        self.removed = []
        super().__init__(self.removed.append)

    def tell(self, item_id=None, item=None, command_id=None):
        turn = self.told(RealtimeEvent(item_id=item_id, command_id=command_id), item)
        return self.fill(turn, item)

    def send(self, item, command_id):
        return self.fill(self.sent(item, command_id), item)

    def fill(self, turn, item):
        turn.fill(item)
        self.hold(turn, item)
        return turn


@pytest.fixture
def book():
    return Book()


def test_a_turn_is_known_by_its_item(book):
    turn = book.named("I")

    assert book.get("I") is book.named("I") is book.tell("I") is turn
    assert list(book) == [turn]


def test_what_is_not_known_is_none(book):
    assert book.get("I") is None
    assert book.get(None) is None
    assert book.named(None) is None


def test_turns_without_an_item_have_keys_of_their_own(book):
    assert [book.new().key, book.new("user").key, book.tell().key] == ["local_1", "local_2", "local_3"]


def test_a_new_turn_can_stand_before_another(book):
    answer = book.new("assistant")
    late = book.new("user", before=answer)

    assert list(book) == [late, answer]


@pytest.mark.parametrize("item", [HI, CALL, RESULT], ids=lambda item: type(item).__name__)
def test_what_was_sent_is_known_by_its_command(book, item):
    turn = book.send(item, "cmd_1")

    assert book.tell("I", command_id="cmd_1") is turn
    assert book.get("I") is turn


@pytest.mark.parametrize("item", [CALL, RESULT], ids=lambda item: type(item).__name__)
def test_a_call_and_its_result_are_known_by_the_call(book, item):
    turn = book.tell(None, item)

    assert book.tell("I", item) is turn
    assert book.tell(None, item) is turn


def test_a_call_is_not_its_result(book):
    assert book.tell(None, CALL) is not book.tell(None, RESULT)


def test_a_call_id_that_serves_twice_is_two_calls(book):
    first, second = book.tell("I", CALL), book.tell("J", CALL)

    assert first is not second
    assert book.tell(None, CALL) is second


@pytest.mark.parametrize("item", [HI, CALL], ids=lambda item: type(item).__name__)
def test_two_turns_that_turn_out_to_be_one_become_one(book, item):
    named = book.named("I")
    sent = book.send(item, "cmd_1")

    assert book.tell("I", command_id="cmd_1") is named
    assert list(book) == [named]
    assert book.removed == [sent]
    assert sent.gone
    assert (named.item, named.text) == ((None, "Hi.") if item == HI else (CALL, ""))


def test_a_call_that_became_one_with_another_is_known_by_the_call(book):
    named = book.named("I")
    book.send(CALL, "cmd_1")
    book.tell("I", command_id="cmd_1")

    assert book.tell(None, CALL) is named


@pytest.mark.parametrize("item", [HI, CALL, RESULT], ids=lambda item: type(item).__name__)
def test_what_is_refused_leaves_and_may_come_again(book, item):
    refused = book.send(item, "cmd_1")
    book.refused("cmd_1")
    again = book.send(item, "cmd_2")

    assert book.removed == [refused]
    assert list(book) == [again]


@pytest.mark.parametrize("item", [CALL, RESULT], ids=lambda item: type(item).__name__)
def test_one_of_two_with_the_same_call_leaves(book, item):
    book.tell("I", item)
    second = book.tell("J", item)
    book.delete("I")

    assert book.tell(None, item) is second


def test_what_the_service_has_told_of_is_not_refused(book):
    turn = book.send(CALL, "cmd_1")
    book.tell("I", CALL)
    book.refused("cmd_1")
    book.refused("cmd_2")

    assert list(book) == [turn]


def test_a_deleted_item_leaves_and_what_comes_after_is_late(book):
    turn = book.named("I")
    late = RealtimeEvent(item_id="I")
    before = book.is_late(late)

    assert book.delete("I") is None
    assert (before, book.is_late(late)) == (False, True)
    assert list(book) == []
    assert book.removed == [turn]


def test_an_item_that_nobody_heard_stays(book):
    turn = book.named("I")
    turn.interrupt(0, 1_000)

    assert book.delete("I") is turn
    assert list(book) == [turn]
    assert (turn.local, turn.heard_ms) == (True, 0)


def test_an_item_may_be_deleted_before_it_is_known(book):
    assert book.delete("I") is None
    assert book.is_late(RealtimeItemEvent(phase="done", item_id="I"))


def test_an_item_that_is_added_anew_is_not_late(book):
    book.delete("I")

    assert not book.is_late(RealtimeItemEvent(phase="added", item_id="I"))
    assert not book.is_late(RealtimeItemEvent(phase="done", item_id="I"))


def test_ids_of_deleted_items_are_not_kept_for_ever(book):
    for number in range(257):
        book.delete(str(number))

    assert [book.is_late(RealtimeEvent(item_id=item_id)) for item_id in ("0", "1", "256")] == [
        False,
        True,
        True,
    ]


def test_an_item_that_becomes_known_draws_what_waits_for_it(book):
    sent = book.send(HI, "cmd_1")
    book.new()
    follower = book.named("J")
    book.place(follower, "I")
    book.tell("I", command_id="cmd_1")

    assert list(book)[:2] == [sent, follower]


def test_a_result_that_was_sent_twice_leaves_when_both_are_refused(book):
    turn = book.send(RESULT, "cmd_1")
    assert book.send(RESULT, "cmd_2") is turn

    book.refused("cmd_1")
    assert list(book) == [turn]
    book.refused("cmd_2")

    assert list(book) == []
    assert book.removed == [turn]


def test_a_refusal_of_what_has_become_part_of_another_turn_changes_nothing(book):
    book.send(RESULT, "cmd_1")
    book.send(RESULT, "cmd_2")
    named = book.named("I")
    book.tell("I", RESULT, "cmd_1")

    book.refused("cmd_2")

    assert list(book) == [named]
