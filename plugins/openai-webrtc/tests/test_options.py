import attrs
import pytest
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from realtime_core.errors import InvalidOptions
from realtime_core.options import build_options
from realtime_openai_webrtc.ice import IceServer
from realtime_openai_webrtc.options import OpenAIWebRTCOptions

KEY = "sk-test-4f9a8b7c6d5e"
SECRET = "ek_4f9a8b7c6d5e"
ENVIRONMENT = {
    "OPENAI_API_KEY": KEY,
    "OPENAI_BASE_URL": "https://example.com/v1/",
    "OPENAI_REALTIME_MODEL": "gpt-x",
    "OPENAI_ORG_ID": "org-1",
    "OPENAI_PROJECT_ID": "proj-1",
}


def build(environ=ENVIRONMENT, **given):
    return build_options(OpenAIWebRTCOptions, given, environ)


def test_the_environment_is_enough():
    options = build()

    assert (options.api_key, options.client_secret) == (KEY, None)
    assert options.base_url == "https://example.com/v1"
    assert (options.model, options.organization, options.project) == ("gpt-x", "org-1", "proj-1")
    assert (options.audio_track, options.ice_servers, options.timeout_s) == (None, (), 10)


def test_without_key_and_secret_both_remedies_are_named():
    with pytest.raises(InvalidOptions, match=r"'api_key' is missing.*OPENAI_API_KEY"):
        build({})


def test_a_client_secret_stands_in_for_the_key_of_the_environment():
    options = build(client_secret=SECRET)

    assert (options.api_key, options.client_secret) == (None, SECRET)


def test_key_and_secret_exclude_each_other():
    with pytest.raises(InvalidOptions, match="not both"):
        build(client_secret=SECRET, api_key=KEY)


def test_servers_are_made_of_text():
    assert build(ice_servers="stun:one.example").ice_servers == (IceServer(("stun:one.example",)),)


def test_the_class_of_a_track_is_told_from_a_track():
    with pytest.raises(InvalidOptions, match="the class AudioStreamTrack: give an instance, or a function"):
        build(audio_track=AudioStreamTrack)


@pytest.mark.parametrize("given", [AudioStreamTrack(), lambda: None])
def test_a_track_or_what_gives_one_is_taken(given):
    assert build(audio_track=given).audio_track is given


@pytest.mark.parametrize("given", ["question.wav", 7, VideoStreamTrack(), object()])
def test_what_is_no_track_is_refused(given):
    with pytest.raises(InvalidOptions, match="'audio_track': it is an aiortc MediaStreamTrack of audio"):
        build(audio_track=given)


@pytest.mark.parametrize(
    "given",
    [
        {"api_key": "s3cret key"},
        {"client_secret": "s3cret key"},
        {"client_secret": 7},
        {"base_url": "https://s3cret@example.com"},
        {"headers": {"X": "s3cret\n"}},
        {"timeout_s": 0},
        {"model": ""},
        {"ice_servers": "s3cret:x"},
    ],
)
def test_a_wrong_value_is_refused_and_never_shown(given):
    with pytest.raises(InvalidOptions) as caught:
        build({}, **{"api_key": KEY, **given})

    assert "s3cret" not in str(caught.value)
    assert next(iter(given)) in str(caught.value)


def test_secrets_are_not_shown():
    options = build(client_secret=SECRET, headers={"X": "s3cret"}, ice_servers=["stun:s3cret.example"])

    assert SECRET not in repr(options)
    assert "s3cret" not in repr(options)
    assert KEY not in repr(build())


def test_options_are_frozen():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        build().model = "x"
