import pytest
from realtime_openai_wire.errors import (
    ErrorMeaning,
    error_message,
    is_about_truncation,
    meaning_of,
    tidy_message,
)

FATAL = ["session_expired", "beta_api_shape_disabled"]
NO_CREDIT = ["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"]
NO_ACCESS = ["invalid_api_key", "account_deactivated", "authentication_error", "token_expired"]


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
        ("item_already_truncated", "invalid_request"),
        ("item_truncate_invalid_item_id", "invalid_request"),
        ("item_delete_invalid_item_id", "invalid_request"),
    ],
)
def test_a_lost_race_is_benign(code, kind):
    meaning = meaning_of(code, "invalid_request_error")

    assert (meaning.kind, meaning.benign, meaning.fatal) == (kind, True, False)


def test_a_client_secret_that_expired_is_known_by_the_message_alone():
    meaning = meaning_of("invalid_request_error", "invalid_request_error", "Ephemeral token expired")

    assert meaning == ErrorMeaning("auth", fatal=True)


def test_a_client_secret_that_expired_is_to_be_replaced():
    assert error_message("Ephemeral token expired", "auth").endswith(
        "; make a new client secret: this one is too old"
    )


TOO_LATE = [
    (None, "Only model output audio messages can be truncated"),
    ("invalid_value", "Audio content of 9250ms is already shorter than 57340ms"),
]


@pytest.mark.parametrize(("code", "message"), TOO_LATE)
def test_a_truncation_of_what_is_not_there_is_a_lost_race(code, message):
    meaning = meaning_of(code, "invalid_request_error", message)

    assert is_about_truncation(message)
    assert (meaning.kind, meaning.benign, meaning.fatal) == ("invalid_request", True, False)


@pytest.mark.parametrize("message", [None, "", "Audio content is missing.", "Invalid value: 'audio_end_ms'."])
def test_another_error_is_not_about_truncation(message):
    assert not is_about_truncation(message)
    assert not meaning_of("invalid_value", "invalid_request_error", message).benign


def test_a_response_that_was_asked_for_in_vain_is_lost():
    assert not meaning_of("conversation_already_has_active_response").benign


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
        "item_retrieve_invalid_item_id",
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


@pytest.mark.parametrize(
    "param",
    [
        "session.instructions",
        "response.instructions",
        "session.prompt",
        "session.audio.input.transcription.prompt",
        "session.audio.input.transcription.keywords[0]",
        "session.tools[0].description",
        "item.content[0].text",
        "item.output",
        "response.input",
        "response.input[0].content",
        "response.metadata.topic",
        "instructions",
        "tools",
    ],
)
def test_what_a_parameter_of_words_quotes_does_not_show_however_short(param):
    said = f"Invalid '{param}': 'my dog' and “hunter2” and \"x\"."

    assert tidy_message(said, param) == f"Invalid '{param}': '<6 chars>' and \"<7 chars>\" and \"<1 chars>\"."


@pytest.mark.parametrize(
    "param",
    [None, "session.voice", "session.audio.input.format", "session.audio.output.voice", "session.type"],
)
def test_what_another_parameter_quotes_shows_when_it_is_short(param):
    assert tidy_message("Use 'marin' or “cedar”.", param) == "Use 'marin' or “cedar”."


def test_the_name_of_a_parameter_is_no_ones_words():
    message = "Unknown parameter: 'session.audio.input.turn_detection.silence_ms[0].x'."

    assert tidy_message(message, "session.audio.input.turn_detection") == message
    assert tidy_message(f"No '{'a.' * 40}b'.") == "No '<81 chars>'."


def test_a_quotation_of_33_characters_is_hidden():
    assert tidy_message(f"No '{'x ' * 16}' or '{'x ' * 16}x'.") == f"No '{'x ' * 16}' or '<33 chars>'."


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("auth", "check the API key"),
        ("quota", "check the plan and its billing"),
        ("rate_limited", "try again later"),
        ("expired", "open a new session"),
    ],
)
def test_an_error_with_an_obvious_remedy_names_it(kind, remedy):
    assert error_message("It is so.", kind).startswith(f"It is so.; {remedy}")
    assert error_message("", kind).startswith(remedy)


def test_a_remedy_that_the_service_names_is_not_said_twice():
    assert error_message("Please try again in 6 s.", "rate_limited") == "Please try again in 6 s."


def test_an_error_without_one_says_what_the_service_said():
    assert error_message("It is 'so'.", "invalid_request", "session.prompt") == "It is '<2 chars>'."


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


def test_a_message_has_nothing_that_a_terminal_obeys():
    assert tidy_message("bad\x1b[31m key\x07\x9b\u202e!") == "bad [31m key !"
