from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator.items import Item, user_audio_item
from realtime_simulator.usage import Tokens, input_tokens, usage
from realtime_simulator.wire_audio import Clip

SECOND = Clip(bytes(48_000), PCM16_24KHZ)


def message(role, *parts):
    return Item({"id": "i", "type": "message", "role": role, "content": list(parts)})


def test_user_audio_costs_a_token_each_100_ms_and_the_assistants_each_50():
    said = message("assistant", {"type": "output_audio", "transcript": ""})
    said.clips[0] = SECOND

    assert input_tokens("", [user_audio_item("u", SECOND)]).audio == 10
    assert input_tokens("", [said]).audio == 20


def test_text_images_and_calls_are_counted():
    items = [
        message(
            "user", {"type": "input_text", "text": "12345"}, {"type": "input_image", "image_url": "data:"}
        ),
        Item({"id": "o", "type": "function_call_output", "call_id": "c", "output": "1234"}),
    ]

    assert input_tokens("1234", items) == Tokens(text=4, image=85)


def test_cached_tokens_are_whole_blocks_of_what_was_there_before():
    assert Tokens(200, 100).cached_of(Tokens(130, 10)) == Tokens(128, 0)
    assert Tokens(60, 100).cached_of(Tokens(500, 500)) == Tokens(0, 64)


def test_usage_adds_up_and_has_the_shape_of_the_captures():
    assert usage(Tokens(119, 13), Tokens(64), Tokens(30, 91)) == {
        "total_tokens": 253,
        "input_tokens": 132,
        "output_tokens": 121,
        "input_token_details": {
            "text_tokens": 119,
            "audio_tokens": 13,
            "image_tokens": 0,
            "cached_tokens": 64,
            "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
    }
