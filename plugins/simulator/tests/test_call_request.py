import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_simulator.access import Refused
from realtime_simulator.call_request import CallRequest, call_opening, read_call
from realtime_simulator.client_secrets import ClientSecrets
from realtime_simulator.offer import Offer

SDP = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendrecv\r\n"
OFFER = Offer(SDP, has_channel=False)
NOW_S = 1_800_000_000.0


def form(boundary="frontier", **fields):
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return f"multipart/form-data; boundary={boundary}", ("".join(parts) + f"--{boundary}--\r\n").encode()


@pytest.fixture
def secrets():
    return ClientSecrets(voice="marin")


@pytest.fixture
def opening(secrets):
    def make(session=None, *, query=None, secret=None, now_s=NOW_S):
        return call_opening(CallRequest(OFFER, session), query or {}, secrets, secret, epoch_s=now_s)

    return make


@pytest.fixture
def secret(secrets):
    return lambda **session: secrets.create(json.dumps({"session": session}).encode(), epoch_s=NOW_S)


def test_bare_offer_is_read_as_it_is():
    assert read_call("application/sdp", SDP.encode()) == CallRequest(OFFER)
    assert read_call("Application/SDP; charset=utf-8", SDP.encode()).offer == OFFER


def test_form_holds_an_offer_and_a_session():
    session = {"type": "realtime", "instructions": "Sag grüß Gott,\r\n\r\n--dann nichts."}
    request = read_call(*form(sdp=SDP, session=json.dumps(session, ensure_ascii=False)))

    assert request == CallRequest(OFFER, session)


def test_form_needs_no_session():
    assert read_call(*form(sdp=SDP)) == CallRequest(OFFER)


def test_field_without_a_name_does_not_count():
    kind, body = form(sdp=SDP)

    assert read_call(kind, b"--frontier\r\nX: y\r\n\r\nz\r\n" + body) == CallRequest(OFFER)


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("application/json", b"{}", 400, "unsupported_content_type"),
        ("", b"", 400, "unsupported_content_type"),
        ("application/sdp", b"\xff", 400, "invalid_value"),
        ("application/sdp", b"", 400, "invalid_offer"),
        (*form(session="{}"), 400, "missing_required_parameter"),
        ("multipart/form-data", b"", 400, "missing_required_parameter"),
        (*form(sdp=SDP, session="{"), 400, "invalid_value"),
        (*form(sdp="hello"), 400, "invalid_offer"),
    ],
)
def test_wrong_body_is_refused(kind, body, status, code):
    with pytest.raises(Refused) as refused:
        read_call(kind, body)

    assert (refused.value.status, refused.value.code) == (status, code)


@given(st.binary(), st.text())
def test_no_body_breaks_the_reader(body, kind):
    for content_type in (f"multipart/form-data; boundary={kind}", "multipart/form-data; boundary=b", kind):
        with pytest.raises(Refused):
            read_call(content_type, b"--b\r\n" + body)


def test_session_of_the_body_is_the_defaults_after_it(opening):
    opened = opening({"type": "realtime", "model": "m", "instructions": "Be brief."})

    assert (opened.model, opened.kind, opened.on_tracks) == ("m", "realtime", True)
    assert opened.session["instructions"] == "Be brief."
    assert opened.session["audio"]["output"]["voice"] == "marin"


def test_model_may_stand_in_the_query(opening):
    assert opening(query={"model": "m"}).model == "m"
    assert opening({"type": "realtime"}, query={"model": "m"}).model == "m"
    assert opening({"type": "realtime", "model": "n"}, query={"model": "m"}).model == "n"


@pytest.mark.parametrize("session", [None, {"type": "realtime"}])
def test_key_of_the_account_needs_a_model(opening, session):
    with pytest.raises(Refused, match="model") as refused:
        opening(session)

    assert (refused.value.status, refused.value.code) == (400, "missing_model")


def test_session_that_only_listens_needs_none(opening):
    opened = opening({"type": "transcription"}, query={"model": "m"})

    assert (opened.model, opened.kind) == ("", "transcription")


def test_secret_brings_its_session(opening, secret):
    opened = opening(secret=secret(type="realtime", model="m", instructions="Be brief."))

    assert (opened.model, opened.session["instructions"]) == ("m", "Be brief.")


def test_secret_for_listening_brings_its_session(opening, secret):
    assert opening(secret=secret(type="transcription")).kind == "transcription"


def test_body_changes_the_session_of_a_secret(opening, secret):
    made = secret(type="realtime", model="m", instructions="Be brief.")
    opened = opening({"type": "realtime", "audio": {"output": {"voice": "ash"}}}, secret=made)

    assert (opened.model, opened.session["instructions"]) == ("m", "Be brief.")
    assert opened.session["audio"]["output"]["voice"] == "ash"
    assert made.session["audio"]["output"]["voice"] == "marin"
    assert opening({"type": "realtime", "model": "n"}, secret=made).model == "n"


def test_body_of_another_type_takes_the_place_of_that_of_the_secret(opening, secret):
    assert (
        opening({"type": "transcription"}, secret=secret(type="realtime", model="m")).kind == "transcription"
    )


def test_expired_secret_is_refused(opening, secret):
    with pytest.raises(Refused, match="Ephemeral token expired") as refused:
        opening(secret=secret(type="realtime", model="m"), now_s=NOW_S + 601)

    assert (refused.value.status, refused.value.code) == (401, "token_expired")


@pytest.mark.parametrize("session", [[], {}, {"type": "realtime", "model": "m", "nonsense": 1}])
def test_wrong_session_is_refused_as_an_update_is(opening, session):
    with pytest.raises(Refused) as refused:
        opening(session)

    assert refused.value.status == 400
