import errno
import json
import socket
import ssl

import pytest
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    FailedReason,
    LostReason,
    RateLimited,
)
from realtime_openai_wire.refusals import (
    Checks,
    closed_by_peer,
    closed_by_us,
    not_reached,
    refused,
    refused_call,
    stalled,
)

HOST = "api.example.com:8443"


def body(message="It is so.", code=None, error_type=None):
    return json.dumps({"error": {"message": message, "code": code, "type": error_type}}).encode()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_a_failed_authentication(status):
    error = refused(HOST, status, body())

    assert type(error) is AuthenticationFailed
    assert error.status == status


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, FailedReason.NOT_FOUND),
        (500, FailedReason.UNAVAILABLE),
        (502, FailedReason.UNAVAILABLE),
        (503, FailedReason.UNAVAILABLE),
        (400, FailedReason.REJECTED),
        (409, FailedReason.REJECTED),
        (426, FailedReason.REJECTED),
        (302, FailedReason.REJECTED),
        (200, FailedReason.NOT_WEBSOCKET),
        (204, FailedReason.NOT_WEBSOCKET),
    ],
)
def test_every_other_status_has_its_reason(status, reason):
    error = refused(HOST, status)

    assert type(error) is ConnectionFailed
    assert (error.reason, error.status) == (reason, status)


CHECKS = Checks(place="door", key="the badge", rights="the guest list", model="the room")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (200, "it speaks no WebSocket there; check the door"),
        (302, "it redirects elsewhere; give that door instead"),
        (400, "check the door, the room, headers and query"),
        (401, "check the badge"),
        (403, "check the guest list"),
        (404, "check the door and the room"),
    ],
)
def test_remedies_are_in_the_words_of_the_provider(status, remedy):
    assert str(refused(HOST, status, checks=CHECKS)) == f"{HOST} answered HTTP {status}; {remedy}"


@pytest.mark.parametrize(
    "error", [socket.gaierror(), ssl.SSLError(), ConnectionRefusedError(errno.ECONNREFUSED, "refused")]
)
def test_a_host_out_of_reach_is_to_be_checked_in_the_words_of_the_provider(error):
    assert "check the door" in str(not_reached(HOST, error, CHECKS))


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500])
def test_a_refusal_names_host_status_reason_and_remedy_in_one_line(status):
    message = str(refused(HOST, status, body("It is\nso.")))

    assert message.startswith(f"{HOST} answered HTTP {status}: It is so; ")
    assert not message.endswith("; ")
    assert "\n" not in message


@pytest.mark.parametrize("said", [body("It is zz-98765."), b"It is zz-98765"])
@pytest.mark.parametrize("make", [refused, refused_call])
def test_a_secret_that_the_service_quotes_is_not(make, said):
    assert "It is …; " in str(make(HOST, 401, said, secrets={"zz-98765"}))


def test_a_socks_proxy_without_its_packages_is_told_what_to_install():
    error = ImportError("python-socks is required to use a SOCKS proxy")

    assert str(not_reached(HOST, error)) == (
        f"{HOST} cannot be reached: the environment names a SOCKS proxy, which takes packages of its own; "
        "pip install 'httpx[socks]' 'python-socks[asyncio]'"
    )


def test_a_package_that_is_missing_is_named():
    assert str(not_reached(HOST, ImportError("no", name="acme"))) == (
        f"{HOST} cannot be reached: a package is missing (acme); install it"
    )


def test_too_many_requests_can_be_tried_again():
    error = refused(HOST, 429, body(code="rate_limit_exceeded"))

    assert type(error) is RateLimited
    assert (error.code, error.retryable) == ("rate_limit_exceeded", True)


@pytest.mark.parametrize("where", ["code", "error_type"])
def test_no_quota_cannot(where):
    error = refused(HOST, 429, body(**{where: "insufficient_quota"}))

    assert type(error) is RateLimited
    assert (error.code, error.retryable) == ("insufficient_quota", False)
    assert "billing" in str(error)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (body("No such model."), "No such model."),
        (b'{"message": "No such model."}', "No such model."),
        (b'{"error": "No such model."}', "No such model."),
        (b"No such\r\n model.\n", "No such model."),
    ],
)
def test_the_services_reason_is_read_in_every_shape(said, shown):
    assert f"HTTP 404: {shown.rstrip('.')};" in str(refused(HOST, 404, said))


@pytest.mark.parametrize(
    "said",
    [b"", b"<html>Not found</html>", b"x" * 201, b"[1]", b"{}", b'{"error": {"message": 3}}', b"[" * 9999],
)
def test_a_page_or_nothing_is_no_reason(said):
    assert f"{HOST} answered HTTP 404; " in str(refused(HOST, 404, said))


def test_a_key_in_the_reason_does_not_show():
    message = str(refused(HOST, 401, body("Incorrect API key provided: sk-abcdef123456.")))

    assert "sk-…" in message
    assert "abcdef" not in message


def test_a_short_prompt_in_the_reason_does_not_show():
    said = json.dumps({"error": {"message": "No 'my dog'.", "param": "session.instructions"}}).encode()

    assert "my dog" not in str(refused(HOST, 400, said))


def test_a_service_that_takes_nothing_dropped_the_connection():
    lost = stalled(HOST)

    assert (lost.reason, lost.code, lost.retryable) == (LostReason.DROPPED, 1006, True)
    assert str(lost).startswith(f"{HOST} ")
    assert "; " in str(lost)


CERTIFICATE = ssl.SSLCertVerificationError()
CERTIFICATE.verify_message = "self-signed certificate"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), FailedReason.TIMEOUT),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), FailedReason.TIMEOUT),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), FailedReason.DNS),
        (CERTIFICATE, FailedReason.TLS),
        (ssl.SSLError(1, "wrong version number"), FailedReason.TLS),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), FailedReason.REFUSED),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 111] Connect call failed"),
            FailedReason.REFUSED,
        ),
        (
            OSError("Multiple exceptions: [Errno 111] refused, [Errno 101] unreachable"),
            FailedReason.UNREACHABLE,
        ),
        (OSError(errno.ENETUNREACH, "unreachable"), FailedReason.UNREACHABLE),
        (ConnectionResetError(), FailedReason.UNREACHABLE),
        (OSError("odd"), FailedReason.UNREACHABLE),
        (ValueError("sk-secret123"), FailedReason.UNREACHABLE),
    ],
)
def test_a_host_that_is_not_reached_has_its_reason(error, reason):
    failure = not_reached(HOST, error)

    assert (failure.reason, failure.status) == (reason, None)
    assert str(failure).startswith(f"{HOST} ")
    assert "; " in str(failure)
    assert "secret" not in str(failure)


def test_a_bad_certificate_is_explained():
    assert "self-signed certificate" in str(not_reached(HOST, CERTIFICATE))


@pytest.mark.parametrize(
    ("code", "reason", "retryable"),
    [
        (1000, LostReason.CLOSED, True),
        (1001, LostReason.GOING_AWAY, True),
        (1002, LostReason.PROTOCOL, False),
        (1003, LostReason.PROTOCOL, False),
        (1005, LostReason.DROPPED, True),
        (1006, LostReason.DROPPED, True),
        (1007, LostReason.PROTOCOL, False),
        (1008, LostReason.POLICY, False),
        (1009, LostReason.FRAME_TOO_BIG, True),
        (1011, LostReason.SERVER_ERROR, True),
        (1012, LostReason.GOING_AWAY, True),
        (1013, LostReason.GOING_AWAY, True),
        (3000, LostReason.POLICY, False),
        (3999, LostReason.POLICY, False),
        (4000, LostReason.REJECTED, False),
        (4999, LostReason.REJECTED, False),
    ],
)
def test_every_close_code_has_its_reason(code, reason, retryable):
    lost = closed_by_peer(HOST, code, "because")

    assert (lost.reason, lost.code, lost.retryable) == (reason, code, retryable)
    assert str(lost).startswith(f"{HOST} ")
    assert ": because; " in str(lost)


def test_a_code_the_standard_does_not_know_can_not_be_retried():
    assert closed_by_peer(HOST, 2500).reason is LostReason.REJECTED


def test_the_longest_life_of_a_session_is_its_expiry():
    lost = closed_by_peer(HOST, 1001, "Your session hit the maximum duration of 60 minutes.")

    assert (lost.reason, lost.code, lost.retryable) == (LostReason.EXPIRED, 1001, True)


def test_no_close_frame_is_a_drop():
    lost = closed_by_peer(HOST)

    assert (lost.reason, lost.code) == (LostReason.DROPPED, 1006)
    assert "dropped" in str(lost)


def test_a_key_in_a_close_reason_does_not_show():
    assert "abcdef" not in str(closed_by_peer(HOST, 4000, "bad key sk-abcdef123456"))
    assert "abcdef" not in str(closed_by_us(HOST, 1002, "bad key sk-abcdef123456"))


@pytest.mark.parametrize(
    ("code", "reason", "retryable"),
    [
        (1009, LostReason.FRAME_TOO_BIG, True),
        (1002, LostReason.PROTOCOL, False),
        (1007, LostReason.PROTOCOL, False),
        (4242, LostReason.PROTOCOL, False),
    ],
)
def test_what_our_side_objected_to_has_its_reason(code, reason, retryable):
    lost = closed_by_us(HOST, code, "so it was")

    assert (lost.reason, lost.code, lost.retryable) == (reason, code, retryable)
    assert ": so it was; " in str(lost)


def test_unanswered_pings_are_a_drop():
    lost = closed_by_us(HOST, 1011, "keepalive ping timeout")

    assert (lost.reason, lost.code, lost.retryable) == (LostReason.DROPPED, 1006, True)


def test_a_client_secret_that_expired_is_a_failed_authentication_with_its_own_remedy():
    error = refused("api.example.com", 401, b'{"error": {"message": "Ephemeral token expired"}}')

    assert isinstance(error, AuthenticationFailed)
    assert str(error).endswith("Ephemeral token expired; make a new client secret: this one is too old")


@pytest.mark.parametrize(
    ("secret", "remedy"), [("ek_5555", "make a new client secret"), ("sk-5", "check the API")]
)
def test_a_client_secret_that_expired_in_other_words_is_known_by_the_code(secret, remedy):
    body = b'{"error": {"code": "token_expired", "message": "Your session has expired."}}'

    error = refused("api.example.com", 401, body, secrets=[secret])

    assert isinstance(error, AuthenticationFailed)
    assert remedy in str(error)
