"""Frames that a service should never send."""

import json

from realtime_core.testing.hostile import NO_OBJECTS, cut, twisted


def test_a_short_frame_is_cut_everywhere():
    assert list(cut(b"abc")) == [b"", b"a", b"ab"]


def test_a_long_frame_is_cut_at_some_hundred_places():
    parts = list(cut("x" * 10_000))

    assert 200 < len(parts) < 300


def test_every_value_is_replaced_and_taken_away():
    wrong = {frame for frame in twisted('{"a": [1, {"b": 2}]}') if len(frame) < 1_000}

    assert {'{"a": null}', '{"a": [null, {"b": 2}]}', '{"a": [1, {"b": null}]}', "null"} <= wrong
    assert {"{}", '{"a": [{"b": 2}]}', '{"a": [1]}', '{"a": [1, {}]}'} <= wrong


def test_nesting_is_deeper_than_any_reader_goes():
    assert any(frame.startswith(b"[" * 50_000) for frame in twisted(b"1"))


def test_bytes_stay_bytes_and_text_stays_text():
    assert {type(frame) for frame in twisted(b'{"a": 1}')} == {bytes}
    assert {type(frame) for frame in twisted('{"a": 1}')} == {str}


def test_what_is_no_json_is_left_alone():
    assert list(twisted("{")) == []


def test_what_is_no_object_has_no_field():
    for frame in NO_OBJECTS:
        try:
            assert not isinstance(value := json.loads(frame), dict) or not value
        except (ValueError, RecursionError):
            continue
