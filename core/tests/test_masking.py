import pytest
from realtime_core.masking import mask_keys


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Incorrect API key provided: sk-proj-abc**def.", "Incorrect API key provided: sk-…"),
        ("ek_0123abc", "ek_…"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("token eyJhbGciOiJIUzI1.eyJzdWIi.x-y_z", "token …"),
        ("key 0123456789abcdef0123456789abcdef!", "key …!"),
        ("no key at all, only task-force words", "no key at all, only task-force words"),
        ("item_0123456789abcdef0123456789abcdef", "item_0123456789abcdef0123456789abcdef"),
    ],
)
def test_what_looks_like_a_key_becomes_an_ellipsis(text, masked):
    assert mask_keys(text) == masked
