import attrs
import pytest
from realtime_core.config.values import culprit, settings_from_toml
from realtime_core.errors import InvalidSettings
from realtime_core.settings import RealtimeSettings, TurnDetection, merge_settings


def make(values):
    return merge_settings(RealtimeSettings, settings_from_toml(RealtimeSettings, values))


def test_false_is_none_for_what_can_be_switched_off():
    assert settings_from_toml(RealtimeSettings, {"turn_detection": False}) == {"turn_detection": None}


def test_false_is_none_in_nested_settings_too():
    values = settings_from_toml(RealtimeSettings, {"turn_detection": {"idle_timeout_ms": False}})

    assert values == {"turn_detection": {"idle_timeout_ms": None}}


def test_false_is_false_where_it_is_a_truth_value():
    assert settings_from_toml(TurnDetection, {"create_response": False}) == {"create_response": False}


def test_true_is_never_none():
    assert settings_from_toml(RealtimeSettings, {"turn_detection": True}) == {"turn_detection": True}


def test_what_cannot_be_switched_off_keeps_its_false():
    assert settings_from_toml(RealtimeSettings, {"voice": False}) == {"voice": False}


def test_a_mapping_that_goes_to_the_service_as_it_is_is_left_alone():
    values = {"tool_choice": {"flag": False}}

    assert settings_from_toml(RealtimeSettings, values) == values


def test_a_class_with_fields_of_its_own_making_takes_the_values_as_they_are():
    @attrs.frozen(kw_only=True)
    class Plain(RealtimeSettings):
        cache: bool | None = None

    assert settings_from_toml(Plain, {"cache": False, "unknown": 1}) == {"cache": False, "unknown": 1}


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"voice": "marin", "speed": "fast"}, ("speed",)),
        ({"turn_detection": {"type": "server_vad", "threshold": "high"}}, ("turn_detection", "threshold")),
        ({"turn_detection": {"treshold": 1}}, ("turn_detection", "treshold")),
        ({"turn_detection": True, "voice": "marin"}, ("turn_detection",)),
        ({"voice": 1, "speed": "fast"}, ("voice",)),
        ({"voice": "marin"}, ()),
        ({}, ()),
    ],
)
def test_the_culprit_is_the_value_without_which_it_would_not_fail_so(values, path):
    assert culprit(values, make) == path


def test_of_two_culprits_the_one_that_the_error_names_is_meant():
    def refuse_both(values):
        if {"first", "second"} <= values.keys():
            raise InvalidSettings("'second' does not go with the other")

    assert culprit({"first": 1, "second": 2}, refuse_both) == ("second",)


def test_of_two_culprits_that_are_not_named_the_first_is_meant():
    def refuse_both(values):
        if {"first", "second"} <= values.keys():
            raise InvalidSettings("no")

    assert culprit({"first": 1, "second": 2}, refuse_both) == ("first",)


def test_what_is_not_made_of_these_values_has_no_culprit():
    def refuse(_values):
        raise InvalidSettings("no")

    assert culprit({"first": {"inner": 1}}, refuse) == ()
