import pytest
from realtime_core.masking import as_line, mask_keys, mask_secrets, mask_variables, secrets_in


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


def test_the_secrets_in_headers_are_those_of_their_name():
    headers = [("Authorization", "Bearer abc"), ("api-key", "xyz"), ("Host", "example.org")]

    assert secrets_in(headers) == {"Bearer abc", "abc", "xyz"}


def test_the_words_of_others_are_one_line_without_what_a_terminal_obeys():
    assert as_line(" a\r\nb\x1b[2J\x07c ") == "a b [2J c"
