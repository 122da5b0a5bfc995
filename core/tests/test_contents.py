import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.contents import (
    AudioContent,
    ImageContent,
    Message,
    RateLimit,
    TextContent,
    ToolCall,
    ToolResult,
    Usage,
    hidden,
)
from realtime_core.errors import InvalidSettings

PNG = b"\x89PNG\r\n\x1a\n and so on"
JPEG = b"\xff\xd8\xff and so on"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        ("", "<0 chars>"),
        ("secret", "<6 chars>"),
        (b"secret", "<6 bytes>"),
        ({"a": 1}, "<1 entries>"),
        ([1, 2], "<2 entries>"),
    ],
)
def test_hidden_shows_how_much_never_what(value, shown):
    assert hidden(value) == shown


def test_audio_is_pcm16_24_khz_unless_stated():
    assert AudioContent(b"").format == PCM16_24KHZ


def test_audio_knows_how_long_it_lasts():
    assert AudioContent(bytes(4_800)).duration_ms == 100


def test_audio_decodes_to_samples():
    assert AudioContent(b"\x01\x00\xff\xff").to_ndarray().tolist() == [1, -1]


def test_stereo_audio_decodes_to_one_row_a_frame():
    stereo = AudioContent(b"\x01\x00\x02\x00", AudioFormat("pcm16", 24_000, 2))

    assert stereo.to_ndarray().tolist() == [[1, 2]]


def test_g711_audio_decodes_to_samples():
    assert AudioContent(b"\xff", AudioFormat("g711_ulaw")).to_ndarray().tolist() == [0]


@given(st.binary(min_size=4))
def test_audio_never_shows_its_bytes(data):
    assert repr(AudioContent(data)) == f"AudioContent(data=<{len(data)} bytes>, format={PCM16_24KHZ!r})"


@given(st.text())
def test_text_never_shows_itself(text):
    assert repr(TextContent(text)) == f"TextContent(text=<{len(text)} chars>)"


@given(st.text())
def test_message_never_shows_its_content(text):
    assert repr(Message("user", text)) == f"Message(role='user', content=<{len(text)} chars>)"


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_message_takes_every_role(role):
    assert Message(role, "hi").role == role


def test_message_of_unknown_role_is_refused():
    with pytest.raises(InvalidSettings, match="a role is 'user', 'assistant', 'system', not <5 chars>"):
        Message("robot", "hi")


def test_role_and_content_that_are_swapped_are_not_quoted():
    with pytest.raises(InvalidSettings) as refused:
        Message("secret words", "user")

    assert "secret" not in str(refused.value)


def test_message_is_text():
    with pytest.raises(InvalidSettings, match=r"^'content' takes str, not bytes$"):
        Message("user", b"secret words")


@pytest.mark.parametrize(
    "value",
    [
        AudioContent(b""),
        ImageContent(PNG),
        TextContent(""),
        Message("user", ""),
        ToolCall("call_1", "f", ""),
        ToolResult("call_1", "f", ""),
        RateLimit("tokens"),
        Usage(),
    ],
)
def test_contents_do_not_change(value):
    field = attrs.fields(type(value))[0].name

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, field, None)


@pytest.mark.parametrize(
    "cls",
    [AudioContent, ImageContent, TextContent, Message, ToolCall, ToolResult, RateLimit, Usage],
)
def test_contents_have_slots(cls):
    assert "__slots__" in vars(cls)


def test_rate_limit_knows_only_its_name_unless_told():
    assert RateLimit("tokens") == RateLimit("tokens", None, None, None)


def test_usage_is_zero_unless_told():
    assert set(attrs.asdict(Usage()).values()) == {0}


@pytest.mark.parametrize("data", [bytearray(b"ab"), memoryview(b"ab")])
def test_any_bytes_are_audio_data(data):
    content = AudioContent(data)

    assert (type(content.data), content.data) == (bytes, b"ab")


def test_text_is_no_audio_data():
    with pytest.raises(InvalidSettings, match=r"^the data of AudioContent is bytes, not str$"):
        AudioContent("abc")


def test_a_name_is_an_audio_format():
    assert AudioContent(b"a", "g711_ulaw").format == AudioFormat("g711_ulaw")


def test_a_number_is_no_text():
    with pytest.raises(InvalidSettings, match=r"^'text' takes str, not int$"):
        TextContent(5)


def test_hiding_knows_any_value():
    assert [hidden(value) for value in (None, "ab", b"ab", [1], 5)] == [
        "None",
        "<2 chars>",
        "<2 bytes>",
        "<1 entries>",
        "<int>",
    ]


@pytest.mark.parametrize(("data", "media_type"), [(PNG, "image/png"), (JPEG, "image/jpeg")])
def test_an_image_knows_what_its_bytes_are(data, media_type):
    assert ImageContent(data).media_type == media_type
    assert ImageContent(bytearray(data), media_type) == ImageContent(data)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PN", PNG[:4] + b"other stuff", PNG[:7] + b"?", JPEG[:2] + b"?"]
)
def test_an_image_is_a_png_or_a_jpeg(data):
    with pytest.raises(InvalidSettings, match="an image is a PNG or a JPEG"):
        ImageContent(data)


@pytest.mark.parametrize("media_type", ["image/png", "image/jpg", None, []])
def test_an_image_is_what_it_says_it_is(media_type):
    with pytest.raises(InvalidSettings, match="the media type is 'image/jpeg', which the bytes are"):
        ImageContent(JPEG, media_type)


def test_a_path_is_no_image():
    with pytest.raises(InvalidSettings, match=r"^the data of ImageContent is bytes, not str$"):
        ImageContent("cat.png")


def test_an_image_never_shows_its_bytes():
    assert repr(ImageContent(PNG)) == f"ImageContent(data=<{len(PNG)} bytes>, media_type='image/png')"


@given(st.text())
def test_a_call_and_its_result_never_show_what_they_say(words):
    size = f"<{len(words)} chars>"

    assert repr(ToolCall("c", "f", words)) == f"ToolCall(call_id='c', name='f', arguments={size})"
    assert repr(ToolResult("c", "f", words)) == (
        f"ToolResult(call_id='c', name='f', output={size}, duration_ms=None, is_error=False)"
    )


@pytest.mark.parametrize("cls", [ToolCall, ToolResult])
@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (("", "f", ""), "'call_id' takes a string, not an empty one"),
        ((None, "f", ""), "'call_id' takes a string, not NoneType"),
        (("c", "", ""), "'name' takes a string, not an empty one"),
        (("c", 7, ""), "'name' takes a string, not int"),
        (("c", "f", {"secret": "words"}), "takes str, not dict"),
    ],
)
def test_a_call_and_its_result_have_an_id_a_name_and_text(cls, fields, complaint):
    with pytest.raises(InvalidSettings, match=complaint) as refused:
        cls(*fields)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("duration_ms", ["long", True, -1, math.nan, math.inf])
def test_the_duration_of_a_call_is_a_time(duration_ms):
    with pytest.raises(InvalidSettings, match=r"^'duration_ms' takes milliseconds"):
        ToolResult("c", "f", "", duration_ms)


@pytest.mark.parametrize("duration_ms", [None, 0, 12.5])
def test_the_duration_of_a_call_may_be_unknown(duration_ms):
    assert ToolResult("c", "f", "", duration_ms).duration_ms == duration_ms


def test_the_arguments_of_a_call_are_kept_as_the_model_wrote_them():
    assert ToolCall("c", "f", '{"city": "Par').arguments == '{"city": "Par'
