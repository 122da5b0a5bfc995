import pytest
from realtime_simulator.refusals import Refusal, invalid_value, missing, quoted, unknown_parameter, wrong_type


def test_body_has_the_five_keys_of_the_service():
    refusal = Refusal("No.", code="invalid_value", param="session.type")

    assert refusal.body("event_mine") == {
        "type": "invalid_request_error",
        "code": "invalid_value",
        "message": "No.",
        "param": "session.type",
        "event_id": "event_mine",
    }


def test_unknown_parameter_names_the_path():
    refusal = unknown_parameter("session.tools[2].meta")

    assert (refusal.code, refusal.param) == ("unknown_parameter", "session.tools[2].meta")
    assert str(refusal) == "Unknown parameter: 'session.tools[2].meta'."


def test_missing_parameter_names_the_path():
    refusal = missing("session.type")

    assert (refusal.code, refusal.param) == ("missing_required_parameter", "session.type")


def test_invalid_value_lists_what_is_supported():
    refusal = invalid_value("type", "scooby.dooby.doo", ["a", "b", "c"])

    assert str(refusal) == "Invalid value: 'scooby.dooby.doo'. Supported values are: 'a', 'b', and 'c'."
    assert (refusal.code, refusal.param) == ("invalid_value", "type")


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "'a'"), (["a", "b"], "'a' and 'b'"), (["a", "b", "c"], "'a', 'b', and 'c'")]
)
def test_choices_are_listed_as_the_service_lists_them(names, text):
    assert quoted(names) == text


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "an integer"),
        (1.5, "a decimal"),
        ("pcm16", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_wrong_type_names_the_json_type_that_came(value, name):
    refusal = wrong_type("session.audio", "an X", value)

    assert str(refusal) == f"Invalid type for 'session.audio': expected an X, but got {name} instead."
    assert refusal.code == "invalid_type"


def test_error_quotes_a_client_at_a_bounded_length():
    assert len(str(invalid_value("type", "x" * 10_000, ["a"]))) < 300
    assert len(str(unknown_parameter("x" * 10_000))) < 300
