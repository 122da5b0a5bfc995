import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.audio.formats import AudioFormat
from realtime_core.errors import InvalidSettings, UnsupportedSetting
from realtime_core.settings import (
    InputAudioTranscription,
    RealtimeSettings,
    TurnDetection,
    merge_settings,
    set_fields,
    setting,
)
from realtime_core.unset import UNSET, UnsetType

SETTINGS = [field.name for field in attrs.fields(RealtimeSettings)]
NULLABLE = ["input_audio_transcription", "input_audio_noise_reduction", "turn_detection"]
NEVER_NONE = sorted(set(SETTINGS) - set(NULLABLE))


@attrs.frozen(kw_only=True)
class VendorSettings(RealtimeSettings):
    cache: bool | UnsetType = setting(bool)
    mood: str | UnsetType = setting(str, choices=("calm", "wild"))
    motto: str | UnsetType | None = setting(str, None, words=True)


@attrs.frozen(kw_only=True)
class Lookalike:
    type: str = "semantic_vad"
    eagerness: str | UnsetType = UNSET


# -- unset, None, a value ----------------------------------------------------------------------------


def test_nothing_is_set_unless_told():
    assert set_fields(RealtimeSettings()) == {}


@pytest.mark.parametrize("name", NULLABLE)
def test_none_is_a_value_of_its_own(name):
    assert set_fields(RealtimeSettings(**{name: None})) == {name: None}


@pytest.mark.parametrize("name", NEVER_NONE)
def test_none_is_refused_where_nothing_can_be_switched_off(name):
    with pytest.raises(InvalidSettings, match=name):
        RealtimeSettings(**{name: None})


@pytest.mark.parametrize("name", SETTINGS)
def test_unset_may_be_said(name):
    assert set_fields(RealtimeSettings(**{name: UNSET})) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "gpt-realtime-2099"),
        ("voice", "a voice of tomorrow"),
        ("output_modalities", ("audio",)),
        ("output_modalities", ["text"]),
        ("speed", 1),
        ("speed", 1.5),
        ("max_output_tokens", 100),
        ("max_output_tokens", "inf"),
        ("tool_choice", "auto"),
        ("tool_choice", {"type": "function", "name": "f"}),
        ("input_audio_noise_reduction", "near_field"),
        ("input_audio_noise_reduction", {"type": "near_field"}),
        ("turn_detection", TurnDetection(type="semantic_vad")),
    ],
)
def test_a_value_is_passed_through(name, value):
    assert getattr(RealtimeSettings(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model", 5, "setting 'model' takes str, not int"),
        ("output_modalities", "audio", "setting 'output_modalities' takes tuple or list, not str"),
        ("speed", "1", "setting 'speed' takes int or float, not str"),
        ("speed", True, "setting 'speed' takes int or float, not bool"),
        ("max_output_tokens", True, "setting 'max_output_tokens' takes int or str, not bool"),
        (
            "input_audio_noise_reduction",
            5,
            "setting 'input_audio_noise_reduction' takes str or Mapping or None, not int",
        ),
        ("turn_detection", "server_vad", "takes TurnDetection or a mapping or None, not str"),
        ("input_audio_format", "mp3", "no audio format 'mp3'"),
        ("output_audio_format", 24_000, "no audio format int"),
    ],
)
def test_a_wrong_type_is_refused_by_name(name, value, message):
    with pytest.raises(InvalidSettings, match=message):
        RealtimeSettings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", True),
        ("silence_duration_ms", True),
        ("prefix_padding_ms", 1.5),
        ("create_response", 1),
        ("interrupt_response", "yes"),
        ("type", 5),
        ("type", None),
    ],
)
def test_a_wrong_value_inside_turn_detection_is_refused_by_name(name, value):
    with pytest.raises(InvalidSettings, match=f"setting '{name}' takes"):
        TurnDetection(**{name: value})


def test_a_closed_list_of_words_names_its_choices():
    with pytest.raises(InvalidSettings, match="setting 'mood' takes 'calm' or 'wild', not 'sad'"):
        VendorSettings(mood="sad")


def test_a_word_of_a_closed_list_is_taken():
    assert VendorSettings(mood="wild").mood == "wild"


def test_a_bool_is_taken_where_one_is_meant():
    assert VendorSettings(cache=False).cache is False


# -- nested ------------------------------------------------------------------------------------------


def test_nested_settings_may_be_a_mapping():
    settings = RealtimeSettings(turn_detection={"type": "server_vad", "silence_duration_ms": 500})

    assert settings.turn_detection == TurnDetection(type="server_vad", silence_duration_ms=500)


def test_nested_settings_may_be_of_another_class():
    settings = RealtimeSettings(turn_detection=Lookalike(eagerness="high"))

    assert settings.turn_detection == TurnDetection(type="semantic_vad", eagerness="high")


def test_misspelt_key_of_a_mapping_is_refused_with_a_hint():
    with pytest.raises(
        UnsupportedSetting, match=r"TurnDetection has no setting 'treshold'; did you mean 'threshold'\?"
    ):
        RealtimeSettings(turn_detection={"treshold": 0.5})


def test_unknown_key_of_a_mapping_is_refused_with_the_choices():
    with pytest.raises(UnsupportedSetting, match="no setting 'zzz'; choose from model, language, prompt"):
        RealtimeSettings(input_audio_transcription={"zzz": 1})


def test_turn_detection_is_server_vad_unless_told():
    assert set_fields(TurnDetection()) == {"type": "server_vad"}


@pytest.mark.parametrize("name", ["pcm16", "g711_ulaw", "g711_alaw"])
def test_an_audio_format_may_be_its_name(name):
    assert RealtimeSettings(input_audio_format=name).input_audio_format == AudioFormat(name)


# -- people's words ----------------------------------------------------------------------------------


@given(st.text("ЖЩФЯ", min_size=1))
def test_words_never_show_in_a_repr(words):
    shown = repr(VendorSettings(instructions=words, motto=words, input_audio_transcription={"prompt": words}))

    assert not set("ЖЩФЯ") & set(shown)


def test_a_repr_tells_unset_none_and_a_value_apart():
    assert [repr(VendorSettings(motto=motto)).split("motto=")[1] for motto in (UNSET, None, "abc")] == [
        "UNSET)",
        "None)",
        "<3 chars>)",
    ]


# -- merging -----------------------------------------------------------------------------------------


def test_a_later_layer_wins():
    merged = merge_settings(RealtimeSettings, {"voice": "a", "speed": 1}, {"voice": "b"})

    assert set_fields(merged) == {"voice": "b", "speed": 1}


@pytest.mark.parametrize("layer", [RealtimeSettings(), {"voice": UNSET}, {}, None])
def test_what_a_layer_does_not_set_shows_through(layer):
    assert merge_settings(RealtimeSettings, {"voice": "a"}, layer).voice == "a"


def test_none_wins_over_a_value_below():
    merged = merge_settings(RealtimeSettings, {"turn_detection": {}}, {"turn_detection": None})

    assert merged.turn_detection is None


def test_a_nested_value_is_replaced_whole():
    merged = merge_settings(
        RealtimeSettings,
        RealtimeSettings(turn_detection=TurnDetection(threshold=0.5)),
        {"turn_detection": {"silence_duration_ms": 100}},
    )

    assert merged.turn_detection == TurnDetection(silence_duration_ms=100)


def test_no_layer_is_nothing_set():
    assert merge_settings(RealtimeSettings) == RealtimeSettings()


def test_a_neutral_value_becomes_the_vendors_class():
    assert merge_settings(VendorSettings, RealtimeSettings(voice="a")) == VendorSettings(voice="a")


def test_a_vendors_value_becomes_the_neutral_class_as_far_as_it_is_set():
    assert merge_settings(RealtimeSettings, VendorSettings(voice="a")) == RealtimeSettings(voice="a")


def test_a_set_field_that_the_class_lacks_is_refused():
    with pytest.raises(UnsupportedSetting, match="RealtimeSettings has no setting 'cache'"):
        merge_settings(RealtimeSettings, VendorSettings(cache=True))


def test_a_misspelt_keyword_is_refused_with_a_hint():
    with pytest.raises(UnsupportedSetting, match=r"'instuctions'; did you mean 'instructions'\?"):
        merge_settings(RealtimeSettings, {"instuctions": "x"})


def test_a_wrong_value_in_a_layer_is_refused():
    with pytest.raises(InvalidSettings, match="setting 'voice' takes str, not int"):
        merge_settings(RealtimeSettings, {"voice": 5})


@pytest.mark.parametrize("layer", ["pcm16", 5, [("voice", "a")], Lookalike()])
def test_what_is_no_settings_is_refused(layer):
    with pytest.raises(InvalidSettings, match=f"not {type(layer).__name__}"):
        merge_settings(RealtimeSettings, layer)


scalars = st.fixed_dictionaries(
    {},
    optional={
        "model": st.text("abc", min_size=1),
        "voice": st.text(),
        "speed": st.floats(allow_nan=False),
        "turn_detection": st.none() | st.builds(TurnDetection, threshold=st.integers()),
        "input_audio_transcription": st.none() | st.builds(InputAudioTranscription, model=st.text()),
    },
)


@given(st.lists(scalars, max_size=4))
def test_merging_is_a_dict_update_of_what_is_set(layers):
    expected = {name: value for layer in layers for name, value in layer.items()}

    assert set_fields(merge_settings(RealtimeSettings, *layers)) == expected


@given(scalars, scalars, scalars)
def test_merging_in_steps_is_merging_at_once(first, second, third):
    at_once = merge_settings(RealtimeSettings, first, second, third)

    in_steps = merge_settings(RealtimeSettings, merge_settings(RealtimeSettings, first, second), third)

    assert in_steps == at_once


@pytest.mark.parametrize("model", ["", "  "])
def test_a_blank_model_is_refused_by_name(model):
    with pytest.raises(InvalidSettings, match="setting 'model' is blank; leave it out"):
        RealtimeSettings(model=model)


def test_other_settings_may_be_blank():
    assert RealtimeSettings(instructions="").instructions == ""
