import pytest
from realtime_core.captions import Caption
from realtime_core.contents import ImageContent, Message, ToolCall
from realtime_core.conversation import ConversationEntry
from realtime_core.engine.turn import Turn

CALL = ToolCall("c", "get_weather", "{}")


def _assistant(*pieces):
    turn = Turn("item_1", "item_1", "assistant")
    for piece in pieces:
        turn.add_piece(piece)
    return turn


def test_pieces_make_the_words():
    assert _assistant("It is", " sunny.").text == "It is sunny."


def test_a_finished_part_takes_the_place_of_its_pieces():
    turn = _assistant("It is", " sunny")
    turn.end_part("It is sunny.")

    assert turn.text == "It is sunny."


def test_parts_are_a_line_each():
    turn = _assistant("One.")
    turn.end_part("One.")
    turn.add_piece("Two.")
    unfinished = turn.text
    turn.end_part("Two.")

    assert unfinished == turn.text == "One.\nTwo."


def test_a_part_may_begin_before_the_end_of_the_one_before_it_is_told():
    turn = _assistant("One.", "Two")
    turn.end_part("One.")
    turn.add_piece(".")

    assert turn.text == "One.\nTwo."


@pytest.mark.parametrize("again", ["It is sunny.", "It's sunny."])
def test_a_part_that_ends_twice_is_corrected(again):
    turn = _assistant("It is sunny.")
    turn.end_part("It is sunny.")
    turn.end_part(again)

    assert turn.text == again


def test_an_empty_part_takes_the_pieces_away():
    turn = _assistant("It is")
    turn.end_part("")

    assert turn.text == ""


def test_a_whole_replaces_everything():
    turn = _assistant("One.")
    turn.end_part("One.")
    turn.add_piece("Two.")
    turn.replace("Three.")

    assert turn.text == "Three."


def test_whether_a_finished_text_was_told_is_known():
    turn = _assistant("One.")
    before = turn.has_whole
    turn.end_part("One.")

    assert (before, turn.has_whole) == (False, True)


@pytest.mark.parametrize(
    ("told", "heard_ms", "audio_ms"),
    [
        ([(500, 1_000)], 500, 1_000),
        ([(500, 1_000), (400, None)], 400, 1_000),
        ([(500, 1_000), (None, None)], 500, 1_000),
        ([(-1, None)], 0, None),
    ],
)
def test_what_was_heard_is_what_was_told_last(told, heard_ms, audio_ms):
    turn = _assistant("One.")
    for heard in told:
        turn.interrupt(*heard)

    assert (turn.interrupted, turn.heard_ms, turn.audio_ms) == (True, heard_ms, audio_ms)


def test_what_is_not_known_is_no_entry_and_no_caption():
    turn = Turn("item_1", "item_1")

    assert turn.entry() is None
    assert turn.caption() is None


def test_an_entry_is_made_once_until_something_changes():
    turn = _assistant("It is")
    first = turn.entry()
    same = turn.entry()
    turn.add_piece(" sunny.")
    turn.changed()

    assert same is first == ConversationEntry(Message("assistant", "It is"), item_id="item_1", final=False)
    assert turn.entry().text == "It is sunny."


def test_a_call_is_an_entry_and_no_caption():
    turn = Turn("item_1", "item_1")
    turn.item = CALL
    turn.final = True

    assert turn.entry() == ConversationEntry(CALL, item_id="item_1")
    assert turn.caption() is None


def test_nobody_speaks_the_words_of_the_system():
    assert Turn("item_1", "item_1", "system").caption() is None


def test_a_caption_shows_what_was_heard():
    turn = _assistant("It is sunny in Rome today.")
    turn.interrupt(500, 1_000)

    assert turn.caption() == Caption(
        key="item_1", role="assistant", text="It is sunny", interrupted=True, item_id="item_1"
    )


def test_a_turn_that_is_gone_has_an_empty_final_caption():
    turn = _assistant("It is")
    turn.gone = True

    assert turn.caption() == Caption(key="item_1", role="assistant", text="", final=True, item_id="item_1")


@pytest.mark.parametrize(
    ("said", "item", "text"),
    [
        ("", Message("assistant", "It is sunny."), "It is sunny."),
        ("It is", Message("assistant", "It is sunny."), "It is sunny."),
        ("It is sunny.", Message("assistant", "It is"), "It is sunny."),
        ("It is sunny.", None, "It is sunny."),
    ],
)
def test_an_item_brings_what_is_missing_and_takes_nothing_away(said, item, text):
    turn = _assistant(said)
    turn.fill(item)

    assert (turn.text, turn.final) == (text, True)


@pytest.mark.parametrize(
    ("role", "item", "done", "final"),
    [
        ("user", None, True, False),  # its transcript is still to come
        ("user", Message("user", "Hi."), False, True),
        ("assistant", None, False, False),
        ("assistant", Message("assistant", "Hi."), False, False),
        ("assistant", Message("assistant", "Hi."), True, True),
        (None, CALL, False, True),
        (None, None, True, True),
    ],
)
def test_a_turn_is_final_when_nothing_else_can_come(role, item, done, final):
    turn = Turn("item_1", "item_1", role)
    turn.fill(item, done=done)

    assert turn.final is final


def test_a_turn_holds_the_first_that_is_not_a_message():
    turn = Turn("item_1", "item_1")
    turn.fill(CALL)
    turn.fill(ToolCall("c", "other", "{}"))

    assert turn.item == CALL


def test_an_image_that_the_user_shows_is_an_image():
    image = ImageContent(b"\x89PNG\r\n\x1a\n and so on")
    turn = Turn("item_1", "item_1", "user")
    turn.fill(image)

    assert turn.entry().item == image
    assert turn.caption() is None


@pytest.mark.parametrize(("said", "text"), [("", "Hi."), ("Hello.", "Hello.")])
def test_a_turn_absorbs_what_the_same_one_holds(said, text):
    turn, other = _assistant(said), Turn("local_1", role="user")
    other.fill(Message("user", "Hi."))
    turn.absorb(other)

    assert (turn.role, turn.text, turn.final) == ("assistant", text, True)
