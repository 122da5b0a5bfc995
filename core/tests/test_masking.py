import pytest
from realtime_core.masking import mask_keys, mask_secrets, mask_variables


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


def test_a_secret_becomes_an_ellipsis_the_longest_first():
    assert mask_secrets("is zz-key-1 or zz-key", ["zz-key", "zz-key-1"]) == "is … or …"


def test_a_secret_that_is_a_word_of_every_day_is_left():
    assert mask_secrets("abcd and abc", ["abc", ""]) == "abcd and abc"


@pytest.mark.parametrize("name", ["ACME_API_KEY", "acme_token", "ACME_CLIENT_SECRET", "ACME_PASSWORD"])
def test_the_value_of_a_variable_that_is_named_as_a_secret_becomes_an_ellipsis(name):
    assert mask_variables("bad zz-SECRET-1!", {name: "zz-SECRET-1", "HOME": "bad"}) == "bad …!"


def test_a_short_value_of_a_variable_is_left():
    assert mask_variables("it is true", {"USE_KEYRING": "true"}) == "it is true"


def test_the_variables_are_those_of_the_process(monkeypatch):
    monkeypatch.setenv("ACME_API_KEY", "zz-SECRET-1")

    assert mask_variables("bad zz-SECRET-1") == "bad …"
