from hypothesis import given
from hypothesis import strategies as st
from realtime_core.engine.turn import Turn
from realtime_core.engine.turn_order import TurnOrder


def _turn(item_id):
    return Turn(str(item_id), item_id)


def _order(*turns):
    order = TurnOrder()
    for turn in turns:
        order.append(turn)
    return order


def _add(order, item_id, previous):
    turn = _turn(item_id)
    order.append(turn)
    order.place(turn, previous)
    return turn


def _keys(order):
    return [turn.key for turn in order]


def test_turns_stand_in_order_of_arrival():
    assert _keys(_order(_turn("a"), _turn(None), _turn("b"))) == ["a", "None", "b"]


def test_a_turn_can_stand_before_another():
    late, answer = _turn("late"), _turn("answer")
    order = _order(_turn("a"), answer)
    order.append(late, before=answer)

    assert _keys(order) == ["a", "late", "answer"]


def test_a_turn_stands_directly_behind_the_one_that_is_named():
    order = TurnOrder()
    _add(order, "a", None)
    _add(order, "b", "a")
    _add(order, "c", "a")

    assert _keys(order) == ["a", "c", "b"]


def test_no_name_means_the_end():
    order = _order(_turn("a"), _turn("b"))
    order.place(next(iter(order)), None)

    assert _keys(order) == ["b", "a"]


def test_a_place_is_told_once():
    order = TurnOrder()
    _add(order, "a", None)
    turn = _add(order, "b", "a")
    _add(order, "c", "b")
    order.place(turn, None)

    assert _keys(order) == ["a", "b", "c"]


def test_what_comes_before_the_one_it_follows_waits_at_the_end():
    order = TurnOrder()
    _add(order, "c", "b")
    before = [*_keys(order)]
    _add(order, "a", None)
    _add(order, "b", "a")

    assert before == ["c"]
    assert _keys(order) == ["a", "b", "c"]


def test_what_follows_a_turn_moves_with_it():
    late = _turn("b")
    order = _order(_turn("a"), _turn("x"), late)
    _add(order, "c", "b")
    order.place(late, "a")

    assert _keys(order) == ["a", "b", "c", "x"]


def test_an_item_that_becomes_known_draws_those_that_wait_for_it():
    nameless = _turn(None)
    order = _order(nameless, _turn("x"))
    _add(order, "b", "a")
    nameless.item_id = "a"
    order.know(nameless)

    assert _keys(order) == ["None", "b", "x"]


def test_what_the_service_has_not_stays_behind_what_it_follows():
    local = _turn("local")
    local.local = True
    order = _order(_turn("a"), local)
    _add(order, "b", "a")

    assert _keys(order) == ["a", "local", "b"]


def test_a_turn_that_waits_can_leave():
    order = TurnOrder()
    gone = _add(order, "b", "a")
    order.remove(gone)
    _add(order, "a", None)

    assert _keys(order) == ["a"]


def test_a_turn_leaves():
    first = _turn("a")
    order = _order(first, _turn("b"))
    order.remove(first)

    assert _keys(order) == ["b"]
    assert [turn.key for turn in reversed(order)] == ["b"]


def test_a_service_that_contradicts_itself_loses_no_turn():
    order = TurnOrder()
    itself = _turn("a")
    order.append(itself)
    order.place(itself, "a")
    one, other = _turn("b"), _turn("c")
    order.append(one)
    order.append(other)
    order.place(other, "b")
    order.place(one, "c")

    assert sorted(_keys(order)) == ["a", "b", "c"]


def test_no_more_than_64_turns_wait():
    order = TurnOrder()
    for number in range(65):
        _add(order, number + 100, "a")
    _add(order, "a", None)

    assert _keys(order)[:3] == ["164", "a", "163"]


@given(st.permutations([str(number) for number in range(12)]))
def test_the_order_of_arrival_does_not_matter(arrival):
    order = TurnOrder()
    for item_id in arrival:
        _add(order, item_id, str(int(item_id) - 1) if int(item_id) else None)

    assert _keys(order) == [str(number) for number in range(12)]
