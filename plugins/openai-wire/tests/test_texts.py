import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_openai_wire.texts import GivenTexts

TEXT, SPEECH = "response.output_text", "response.output_audio_transcript"
PART = ("i1", 0, TEXT)
NO_INDEX = ("i1", None, TEXT)
NO_ITEM = (None, 0, TEXT)
NAMELESS = (None, None, TEXT)

every_name = pytest.mark.parametrize("name", [PART, NO_INDEX, NO_ITEM, NAMELESS])
other_name = pytest.mark.parametrize("other", [PART, NO_INDEX, NO_ITEM, NAMELESS])


def given_texts(*pieces, part=PART):
    texts = GivenTexts()
    for piece in pieces:
        texts.add(part, piece)
    return texts


def test_a_piece_of_a_part_that_has_ended_is_not_given_out():
    texts = given_texts("Hello")
    texts.finish(PART, "Hello")

    assert not texts.add(PART, "lo")
    assert texts.add(("i1", 1, TEXT), "And")
    assert texts.add(NAMELESS, "And")  # it may be of another


def test_once_too_much_was_said_every_piece_is_given_out():
    texts = given_texts("Hello")
    texts.forget()

    assert texts.add(PART, "lo")


@every_name
@other_name
def test_a_part_is_the_same_under_less_of_its_name(name, other):
    texts = given_texts("Hel", part=name)
    texts.add(other, "l")

    assert texts.finish(other, "Hello") == ("Hello", "o")
    assert texts.show(PART, "Hello") == texts.show(PART, "Hello", listed=True) == ""


@every_name
@other_name
def test_a_text_that_only_its_end_brings_is_given_out_once(name, other):
    texts = GivenTexts()

    assert texts.finish(name, "Hello") == ("Hello", "Hello")
    assert texts.finish(other, "Hello") == ("Hello", "")
    assert texts.show(other, "Hello") == ""


@every_name
def test_a_text_that_only_its_part_or_item_or_response_shows_is_given_out_once(name):
    texts = GivenTexts()

    assert texts.show(name, "Hello") == "Hello"
    assert [texts.show(PART, "Hello", listed=listed) for listed in (False, True)] == ["", ""]


@pytest.mark.parametrize("name", [NO_INDEX, NO_ITEM, NAMELESS])
def test_two_texts_of_parts_without_names_are_both_given_out(name):
    texts = GivenTexts()

    assert [texts.finish(name, whole)[1] for whole in ("One", "Two", "One")] == ["One", "Two", ""]
    assert [texts.show(PART, "One"), texts.show(("i1", 1, TEXT), "Two", listed=True)] == ["", ""]


@pytest.mark.parametrize("name", [NO_INDEX, NO_ITEM, NAMELESS])
@pytest.mark.parametrize("told", [True, False])
def test_a_part_without_a_name_is_over_when_it_is_done(name, told):
    texts = GivenTexts()
    wholes = []
    for piece in ("One", "Two"):
        texts.add(name, piece)
        wholes.append(texts.finish(name, piece if told else None))

    assert wholes == [("One", ""), ("Two", "")]


def test_a_part_with_its_name_is_over_when_its_whole_is_told():
    texts = given_texts("Hel")

    assert texts.finish(PART, None) == ("Hel", "")
    assert texts.show(PART, "Hello") == "lo"
    assert texts.finish(PART, "Hello, you") == ("Hello, you", "")


def test_without_any_piece_there_is_no_whole():
    assert GivenTexts().finish(PART, None) == ("", "")


@pytest.mark.parametrize(
    ("piece", "whole", "rest"),
    [
        (" Hello", "Hello, my friend", ", my friend"),
        ("Hello", " Hello, my friend", ", my friend"),
        ("Hello\n", "Hello, my friend", ", my friend"),
        ("Hello ", "Hello my friend", "my friend"),
        (" Hello ", "Hello", ""),
        ("Hello", "Hello\n", "\n"),
        ("\n", "Hello", "Hello"),
        ("Helau", "Hello", ""),
        ("Hello", "Hel", ""),
        ("", "", ""),
    ],
)
def test_the_rest_is_what_follows_outer_blanks_aside(piece, whole, rest):
    assert given_texts(piece).finish(PART, whole) == (whole, rest)
    assert given_texts(piece, part=NAMELESS).finish(PART, whole) == (whole, rest)
    assert given_texts(piece, part=NAMELESS).show(PART, whole, listed=True) == rest


def test_parts_of_two_kinds_do_not_mix():
    texts = given_texts("Hel")
    texts.add(("i1", 0, SPEECH), "Ser")

    assert texts.finish(PART, "Hello") == ("Hello", "lo")
    assert texts.finish(("i1", 0, SPEECH), "Servus") == ("Servus", "vus")
    assert texts.finish(("i2", None, TEXT), "Servus") == ("Servus", "Servus")


def test_of_two_parts_without_an_index_the_one_that_fits_is_meant():
    texts = given_texts("One")
    texts.add(("i1", 1, TEXT), "Two")

    assert [texts.finish(NO_INDEX, whole)[1] for whole in ("Two!", "One!")] == ["!", "!"]


def test_a_piece_without_an_index_that_may_be_of_two_parts_is_a_third():
    texts = given_texts("One")
    texts.add(("i1", 1, TEXT), "Two")
    texts.add(NO_INDEX, "Three")

    assert texts.finish(PART, "One") == ("One", "")
    assert texts.finish(NO_INDEX, None) == ("Two", "")
    assert texts.finish(NO_INDEX, "Three") == ("Three", "")


def test_a_whole_that_comes_again_does_not_end_another_part():
    texts = given_texts("One", part=NAMELESS)
    texts.finish(NAMELESS, "One")
    texts.add(NAMELESS, "Tw")

    assert [texts.finish(NAMELESS, whole)[1] for whole in ("One", "Two")] == ["", "o"]


def test_in_a_list_a_text_at_another_position_or_of_another_type_is_the_same():
    begun, ended = given_texts("Hel", part=("i1", 1, SPEECH)), given_texts("Hello", part=("i1", 1, SPEECH))
    ended.finish(("i1", 1, SPEECH), "Hello")

    assert begun.show(PART, "Hello", listed=True) == "lo"
    assert ended.show(PART, "Hello", listed=True) == ""
    assert ended.show(PART, "Look:", listed=True) == "Look:"
    assert ended.show(("i2", 0, TEXT), "Hello", listed=True) == "Hello"


def test_where_texts_had_no_names_what_is_shown_by_name_may_be_one_of_them():
    texts = GivenTexts()
    texts.finish(NAMELESS, "Hello")

    assert texts.show(PART, "Hello.") == ""


def test_a_part_that_ended_without_its_name_has_no_rest_once_it_has_it():
    texts = GivenTexts()
    texts.finish((PART[0], None, TEXT), "Hello")

    assert [texts.finish(PART, whole) for whole in ("Hello", "Bye")] == [("Hello", ""), ("Bye", "")]


def test_when_all_is_over_nothing_has_a_rest():
    texts = given_texts("Hel")
    texts.close()

    assert (texts.finish(PART, "Hello"), texts.cost) == (("Hello", ""), 0)
    assert texts.has_ended("Hel")
    assert not texts.has_ended("Hello")


def test_what_was_forgotten_has_no_rest():
    texts = given_texts("Hel")
    texts.forget()
    texts.add(PART, "lo")

    assert texts.finish(PART, "Hello, you") == ("Hello, you", "")
    assert texts.show(PART, "Hello, you") == ""
    assert (texts.finish(PART, None), texts.cost) == (("", ""), 0)


def test_parts_that_never_end_are_remembered_within_bounds():
    texts = GivenTexts()
    for number in range(10_000):
        texts.add((f"i{number}", 0, TEXT), "Hel")

    assert texts.cost == 64 * (len("Hel") + 64)
    assert texts.finish(("i9999", 0, TEXT), "Hello") == ("Hello", "lo")
    assert texts.finish(("i9900", 0, TEXT), "Hello") == ("Hello", "")


def test_parts_that_ended_are_remembered_within_bounds():
    texts = GivenTexts()
    for number in range(10_000):
        texts.finish(NAMELESS, f"{number}")

    assert len(texts._ended) == 256
    assert texts.finish(NAMELESS, "9999") == ("9999", "")


parts = st.tuples(
    st.sampled_from(["i1", "i2", None]), st.sampled_from([0, 1, None]), st.sampled_from([TEXT, SPEECH])
)
words = st.sampled_from(["", " ", "One", "Two", "One Two"])


@given(st.lists(st.tuples(st.sampled_from(["add", "finish", "show", "list"]), parts, words), max_size=30))
def test_whatever_comes_a_part_that_ended_by_name_has_no_rest_again(steps):
    texts, ended = GivenTexts(), set()
    for step, part, whole in steps:
        if step == "add":
            texts.add(part, whole)
            continue
        if step == "finish":
            rest = texts.finish(part, whole)[1]
        else:
            rest = texts.show(part, whole, listed=step == "list")
        assert whole.endswith(rest)
        assert not (rest and part in ended)
        if step == "finish" and None not in part:
            ended.add(part)
    texts.close()
    assert texts.cost == 0
