import attrs
import pytest
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.errors import InvalidSettings


def test_default_formats_are_those_of_every_session():
    capabilities = Capabilities()

    assert capabilities.input_formats == capabilities.output_formats == (PCM16_24KHZ,)


def test_default_provider_answers_and_has_turns():
    capabilities = Capabilities()

    assert (capabilities.turns, capabilities.acks) == (True, True)


def test_no_provider_takes_images_unless_told():
    assert not Capabilities().images


def test_no_setting_is_live_unless_told():
    assert Capabilities().live_settings == frozenset()


def test_capabilities_do_not_change():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Capabilities().turns = False


def test_default_provider_is_told_what_was_heard_and_when_to_go_on():
    capabilities = Capabilities()

    assert (capabilities.ids, capabilities.client_responses, capabilities.cancel) == (True, True, True)
    assert (capabilities.auto_continue, capabilities.truncate) == (False, "client")
    assert capabilities.history == "any_time"


def test_what_is_given_as_another_collection_is_taken():
    given = Capabilities(live_settings={"voice"}, input_formats=[PCM16_24KHZ], output_formats=[])

    assert given == Capabilities(
        live_settings=frozenset({"voice"}), input_formats=(PCM16_24KHZ,), output_formats=()
    )
    assert hash(given)


def test_formats_may_be_named():
    given = Capabilities(input_formats=("g711_ulaw",), output_formats=["pcm16", AudioFormat("pcm16", 8_000)])

    assert given.input_formats == (AudioFormat("g711_ulaw"),)
    assert given.output_formats == (PCM16_24KHZ, AudioFormat("pcm16", 8_000))


def test_what_names_no_format_is_refused():
    with pytest.raises(InvalidSettings, match=r"^no audio format 'ulaw'; choose 'pcm16', 'g711_ulaw', "):
        Capabilities(input_formats=("ulaw",))


@pytest.mark.parametrize("name", ["truncate", "history"])
def test_who_truncates_and_when_history_comes_are_words_of_a_list(name):
    with pytest.raises(InvalidSettings, match=f"^'{name}' takes .* or 'none', not 'nobody'$"):
        Capabilities(**{name: "nobody"})


def test_one_format_is_no_sequence():
    with pytest.raises(TypeError, match=r"^formats are a sequence, preferred first, not the string 'pcm16'$"):
        Capabilities(output_formats="pcm16")


def test_one_name_is_no_set_of_names():
    with pytest.raises(TypeError, match=r"^live_settings takes a set of names, not the string 'voice'$"):
        Capabilities(live_settings="voice")
