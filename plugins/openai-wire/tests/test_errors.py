import pytest
from realtime_openai_wire.errors import ErrorMeaning, meaning_of, tidy_message

FATAL = ["session_expired", "beta_api_shape_disabled"]
NO_CREDIT = ["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"]
NO_ACCESS = ["invalid_api_key", "account_deactivated", "authentication_error"]


@pytest.mark.parametrize("code", [*FATAL, *NO_CREDIT, *NO_ACCESS])
def test_an_error_that_ends_the_session_is_fatal(code):
    assert meaning_of(code).fatal


@pytest.mark.parametrize("code", NO_CREDIT)
def test_missing_credit_is_a_matter_of_quota(code):
    assert meaning_of(code) == ErrorMeaning("quota", fatal=True)


@pytest.mark.parametrize("code", NO_ACCESS)
def test_a_bad_key_is_a_matter_of_auth(code):
    assert meaning_of(code) == ErrorMeaning("auth", fatal=True)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("response_cancel_not_active", "nothing_to_cancel"),
        ("input_audio_buffer_commit_empty", "empty_commit"),
        ("conversation_already_has_active_response", "response_active"),
        ("item_already_truncated", "invalid_request"),
        ("item_truncate_invalid_item_id", "invalid_request"),
    ],
)
def test_a_lost_race_is_benign(code, kind):
    meaning = meaning_of(code, "invalid_request_error")

    assert (meaning.kind, meaning.benign, meaning.fatal) == (kind, True, False)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("rate_limit_exceeded", "rate_limited"),
        ("inference_rate_limit_exceeded", "rate_limited"),
        ("server_error", "server"),
        ("conversation_already_has_active_response", "response_active"),
        ("session_expired", "expired"),
    ],
)
def test_what_may_succeed_later_is_retryable(code, kind):
    assert (meaning_of(code).kind, meaning_of(code).retryable) == (kind, True)


@pytest.mark.parametrize(
    "code",
    [
        "invalid_value",
        "unknown_parameter",
        "missing_required_parameter",
        "invalid_event",
        "cannot_update_voice",
        "item_create_duplicate_item_id",
    ],
)
def test_a_faulty_request_is_neither_retryable_nor_fatal(code):
    assert meaning_of(code) == ErrorMeaning("invalid_request")


@pytest.mark.parametrize(
    ("code", "error_type"), [(None, None), ("never_heard_of", None), ("new", "newer_type")]
)
def test_an_unknown_code_is_mild(code, error_type):
    assert meaning_of(code, error_type) == ErrorMeaning("unknown")


@pytest.mark.parametrize(
    ("error_type", "kind"),
    [
        ("invalid_request_error", "invalid_request"),
        ("insufficient_quota", "quota"),
        ("server_error", "server"),
        ("permission_error", "auth"),
    ],
)
def test_the_type_tells_when_the_code_does_not(error_type, kind):
    assert meaning_of(None, error_type).kind == kind
    assert meaning_of("never_heard_of", error_type).kind == kind


def test_a_refused_permission_does_not_end_the_session():
    assert not meaning_of(None, "permission_error").fatal


@pytest.mark.parametrize("mark", ["'", '"', "`"])
def test_long_quoted_values_show_only_their_length(mark):
    message = f"Invalid value: {mark}{'secret words ' * 10}{mark}. Use {mark}auto{mark}."

    assert tidy_message(message) == f"Invalid value: {mark}<130 chars>{mark}. Use {mark}auto{mark}."


def test_a_quotation_that_never_closes_counts_to_the_end():
    assert tidy_message("Invalid value: 'it's " + "x " * 100) == "Invalid value: '<205 chars>'"


def test_an_apostrophe_is_no_quotation_mark():
    message = (
        "Cannot update a conversation's voice if assistant audio is present, and that's that: the service "
        "doesn't change it."
    )

    assert tidy_message(message) == message


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abc_DEF-123456",
        "sk-abc***********wxyz",
        "ek_68a1b2c3d4e5f6",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_whatever_looks_like_a_key_is_gone(secret):
    for message in (f"Incorrect API key provided: {secret}.", f"({secret})", f"key='{secret}'"):
        tidy = tidy_message(message)
        assert secret[4:] not in tidy
        assert "…" in tidy


def test_a_bearer_token_is_gone_whatever_it_looks_like():
    assert tidy_message("bad header Authorization: Bearer abc.def, sorry") == (
        "bad header Authorization: Bearer … sorry"
    )


@pytest.mark.parametrize(
    "word", ["ask-me", "resp_E6U14YFe7U2EU95eQndMH", "req_0123456789abcdef0123456789abcdef"]
)
def test_ids_and_words_stay(word):
    assert tidy_message(f"see {word} there") == f"see {word} there"


def test_a_message_is_one_line_and_not_long():
    assert tidy_message("a\n  b\r\n\tc") == "a b c"
    assert len(tidy_message("word " * 100_000)) == 400
    assert tidy_message("word " * 100_000).endswith("…")
