import json

import pytest
from openai.types.realtime import ClientSecretCreateResponse, RealtimeSessionCreateResponse
from realtime_simulator.client_secrets import ClientSecrets
from realtime_simulator.refusals import Refusal
from realtime_simulator.session_defaults import DEFAULT_MODEL

NOW_S = 1_800_000_000.5


@pytest.fixture
def secrets():
    return ClientSecrets(voice="marin")


@pytest.fixture
def create(secrets):
    return lambda **body: secrets.create(json.dumps(body).encode(), epoch_s=NOW_S)


def realtime(**session):
    return {"type": "realtime", **session}


def test_secret_lives_ten_minutes_unless_asked_otherwise(create):
    assert create().expires_at == 1_800_000_600
    assert create(expires_after={"anchor": "created_at", "seconds": 10}).expires_at == 1_800_000_010
    assert create(expires_after={"seconds": 7200}).expires_at == 1_800_007_200


def test_nothing_need_be_asked(secrets):
    session = secrets.create(b"", epoch_s=NOW_S).session

    assert (session["type"], session["model"], session["expires_at"]) == ("realtime", DEFAULT_MODEL, 0)


def test_session_is_the_defaults_after_what_was_asked(create):
    session = create(session=realtime(model="m", instructions="Be brief.", tools=[])).session

    assert (session["model"], session["instructions"], session["tool_choice"]) == ("m", "Be brief.", "auto")
    assert session["audio"]["output"]["voice"] == "marin"


def test_session_may_only_listen(create):
    session = create(session={"type": "transcription", "audio": {"input": {"turn_detection": None}}}).session

    assert (session["type"], session["audio"]["input"]["turn_detection"]) == ("transcription", None)


def test_secrets_and_sessions_are_never_the_same(create):
    one, two = create(), create()

    assert one.value != two.value
    assert one.session["id"] != two.session["id"]
    assert one.value.startswith("ek_")


def test_secret_is_found_by_its_value(secrets, create):
    secret = create()

    assert secrets.get(secret.value) is secret
    assert secret.value in secrets
    assert secrets.get("ek_other") is None


def test_secret_does_not_show_in_its_repr(create):
    secret = create(session=realtime(instructions="hush"))

    assert secret.value not in repr(secret)
    assert "hush" not in repr(secret)


@pytest.mark.parametrize("session", [None, {"type": "realtime"}, {"type": "transcription"}])
def test_answer_is_what_the_openai_package_expects(create, session):
    if "client_secret" in RealtimeSessionCreateResponse.model_fields:
        pytest.skip("this version of the openai package has the secret of the beta inside the session")
    answer = create(**({} if session is None else {"session": session})).answer()

    ClientSecretCreateResponse.model_validate(answer, strict=True)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"expires_after": {"seconds": 9}}, "integer_below_min_value", "expires_after.seconds"),
        ({"expires_after": {"seconds": 7201}}, "integer_above_max_value", "expires_after.seconds"),
        ({"expires_after": {"seconds": "60"}}, "invalid_type", "expires_after.seconds"),
        ({"expires_after": {"anchor": "now"}}, "invalid_value", "expires_after.anchor"),
        ({"expires_after": {"minutes": 1}}, "unknown_parameter", "expires_after.minutes"),
        ({"model": "m"}, "unknown_parameter", "model"),
        ({"session": {}}, "missing_required_parameter", "session.type"),
        ({"session": []}, "invalid_type", "session"),
        ({"session": {"type": "realtime", "colour": "red"}}, "unknown_parameter", "session.colour"),
        ({"session": {"type": "transcription", "model": "m"}}, "unknown_parameter", "session.model"),
        ({"session": {"type": "realtime", "model": ""}}, "empty_string", "session.model"),
        ({"session": {"type": "realtime", "model": 7}}, "invalid_type", "session.model"),
    ],
)
def test_wrong_request_is_refused_by_its_path(create, body, code, param):
    with pytest.raises(Refusal) as caught:
        create(**body)

    assert (caught.value.code, caught.value.param) == (code, param)


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_body_that_is_not_json_is_refused(secrets, body):
    with pytest.raises(Refusal, match="could not parse"):
        secrets.create(body, epoch_s=NOW_S)


def test_body_that_is_no_object_is_refused(secrets):
    with pytest.raises(Refusal, match="expected an object"):
        secrets.create(b"[]", epoch_s=NOW_S)
