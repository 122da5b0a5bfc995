import re

import attrs
import pytest
from realtime_core.elsewhere import remedy
from realtime_core.errors import InvalidOptions, UnsupportedSetting
from realtime_core.options import build_options, option
from realtime_core.settings import RealtimeSettings, merge_settings


@attrs.frozen
class Options:
    model: str = option(default="m")
    headers: str = option(default="h")


@pytest.mark.parametrize(
    ("name", "choices", "told"),
    [
        ("ai_model_id", ["model"], "it is called 'model'"),
        ("ai_model_id", ["endpoint", "deployment"], "it is called 'deployment'"),
        ("org_id", ["organization"], "it is called 'organization'"),
        ("org_id", ["script"], "choose from script"),
        ("ad_token", ["credential", "api_key"], "it is called 'credential'"),
        ("plugins", ["model"], "give functions to a session, as tools=[...]"),
        ("kernel", [], "give functions to a session, as tools=[...]"),
        ("chat_history", [], "give it to a session, as history=..."),
        ("service_id", ["voice"], "a client needs none"),
        ("voise", ["voice"], "did you mean 'voice'?"),
    ],
)
def test_a_name_of_semantic_kernel_is_met_with_where_it_is_said_here(name, choices, told):
    assert remedy(name, choices) == told


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("default_headers", "it is called 'headers'"),
        ("plugins", "give functions to a session, as tools=[...]"),
        ("modle", "did you mean 'model'?"),
    ],
)
def test_options_tell_it(name, hint):
    with pytest.raises(InvalidOptions, match=f"no option '{name}'; {re.escape(hint)}$"):
        build_options(Options, {name: "x"}, {})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("plugins", "give functions to a session, as tools=[...]"),
        (
            "function_choice_behavior",
            "give functions to a session, as tools=[...]; see also the setting",
        ),
        ("create_response", "ask by session.create_response()"),
        ("ai_model_id", "it is called 'model'"),
    ],
)
def test_settings_tell_it(name, hint):
    with pytest.raises(UnsupportedSetting, match=f"has no setting '{name}'; {re.escape(hint)}"):
        merge_settings(RealtimeSettings, {name: []})
