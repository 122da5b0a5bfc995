import pytest
from realtime_core import RateLimit, Usage
from realtime_openai_wire.fields import (
    identifier,
    integer,
    mapping,
    number,
    objects,
    rate_limits,
    status_reason,
    text,
    usage,
)

NOT_TEXT = [None, 1, 1.5, True, [], {}]


@pytest.mark.parametrize("value", NOT_TEXT)
def test_a_field_that_is_no_text_reads_as_absent(value):
    assert text({"a": value}, "a") is None


def test_a_field_of_the_right_type_reads_as_it_is():
    frame = {"text": "", "integer": 0, "number": 1.5, "mapping": {"a": 1}}

    assert text(frame, "text") == ""
    assert integer(frame, "integer") == 0
    assert number(frame, "number") == 1.5
    assert number(frame, "integer") == 0
    assert mapping(frame, "mapping") == {"a": 1}


@pytest.mark.parametrize("value", [None, "1", 1.5, True, [], {}])
def test_a_field_that_is_no_whole_number_reads_as_absent(value):
    assert integer({"a": value}, "a") is None


@pytest.mark.parametrize("value", [None, "1", False, [], {}])
def test_a_field_that_is_no_number_reads_as_absent(value):
    assert number({"a": value}, "a") is None


@pytest.mark.parametrize("value", [None, "1", 1, True, [], ["a"]])
def test_a_field_that_is_no_object_reads_as_empty(value):
    assert mapping({"a": value}, "a") == {}


def test_usage_is_read_per_modality():
    response = {
        "usage": {
            "total_tokens": 253,
            "input_tokens": 132,
            "output_tokens": 121,
            "input_token_details": {
                "text_tokens": 119,
                "audio_tokens": 13,
                "image_tokens": 7,
                "cached_tokens": 64,
                "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
        }
    }

    assert usage(response) == Usage(
        total_tokens=253,
        input_tokens=132,
        output_tokens=121,
        input_text_tokens=119,
        input_audio_tokens=13,
        input_image_tokens=7,
        cached_tokens=64,
        cached_text_tokens=64,
        output_text_tokens=30,
        output_audio_tokens=91,
    )


@pytest.mark.parametrize("value", [None, 3, "many", []])
def test_no_usage_is_none(value):
    assert usage({"usage": value}) is None
    assert usage({}) is None


def test_odd_usage_counts_as_nothing():
    assert usage({"usage": {"total_tokens": "9", "input_token_details": [], "output_tokens": 4}}) == Usage(
        output_tokens=4
    )


def test_rate_limits_are_read_row_by_row():
    frame = {
        "rate_limits": [
            {"name": "requests", "limit": 1000, "remaining": 999, "reset_seconds": 0.06},
            {"name": "tokens", "limit": "many"},
        ]
    }

    assert rate_limits(frame) == (
        RateLimit("requests", limit=1000, remaining=999, reset_s=0.06),
        RateLimit("tokens"),
    )


@pytest.mark.parametrize("value", [None, {}, "tokens", [], [None, 1, {}, {"name": 3}]])
def test_odd_rate_limits_are_left_out(value):
    assert rate_limits({"rate_limits": value}) == ()


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        (None, None),
        ("it broke, Bearer abc", "it broke, Bearer …"),
        ({"type": "cancelled", "reason": "turn_detected"}, "turn_detected"),
        (
            {"type": "failed", "error": {"type": "server_error", "code": "rate_limit_exceeded"}},
            "rate_limit_exceeded",
        ),
        ({"type": "failed", "error": {"type": "server_error", "code": None}}, "server_error"),
        ({"type": "incomplete", "reason": "content_filter", "error": {"code": "x"}}, "content_filter"),
        ({"type": "failed", "error": "oh"}, None),
        ([1], None),
    ],
)
def test_the_reason_of_a_status_is_read_in_every_shape(details, reason):
    assert status_reason({"status_details": details}) == reason


@pytest.mark.parametrize("value", [*NOT_TEXT, "", "x" * 257])
def test_an_id_is_a_short_string(value):
    assert identifier({"a": value}, "a") is None
    assert identifier({"a": "x" * 256}, "a") == "x" * 256


@pytest.mark.parametrize("value", [10**400, -(10**400), 2**53 + 1])
def test_a_number_that_arithmetic_cannot_take_reads_as_absent(value):
    assert integer({"a": value}, "a") is None
    assert number({"a": value}, "a") is None


def test_the_largest_numbers_read_as_they_are():
    assert integer({"a": 2**53}, "a") == number({"a": 2**53}, "a") == 2**53
    assert number({"a": 1e308}, "a") is None


def test_only_the_objects_of_a_list_are_read():
    assert objects({"a": [{"b": 1}, None, "c", [], {}]}, "a") == [{"b": 1}, {}]
    assert [objects({"a": value}, "a") for value in (None, {}, "b", 5)] == [[], [], [], []]
