import socket
import ssl

import pytest
from realtime_core.doctor import troubles
from realtime_core.doctor.address import Address
from realtime_core.errors import (
    AuthenticationFailed,
    BrokenPlugin,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    InvalidOptions,
    LostReason,
    ProviderError,
    RateLimited,
    UnknownProvider,
    UnsupportedSetting,
)
from realtime_core.options import missing_option

PLACE = "base_url (ACME_URL)"
WSS = Address("wss", "api.example.com", 443, "/v1")
WS = Address("ws", "api.example.com", 80, "/v1")


def test_an_error_ends_with_its_remedy():
    trouble = troubles.trouble_of(BrokenPlugin("provider 'a' is broken; it says so; try: pip install b"))

    assert (trouble.detail, trouble.remedy) == ("provider 'a' is broken; it says so", "try: pip install b")


def test_a_missing_option_is_given_on_the_command_line():
    trouble = troubles.trouble_of(missing_option("key", "ACME_KEY"))

    assert trouble.detail == "option 'key' is missing"
    assert trouble.remedy == "give --option key=... or set ACME_KEY"


def test_several_missing_options_are_all_told():
    both = InvalidOptions(f"{missing_option('key', 'ACME_KEY')}; {missing_option('region')}")

    trouble = troubles.trouble_of(both)

    assert trouble.detail == "option 'key' is missing; option 'region' is missing"
    assert trouble.remedy == "give --option key=... or set ACME_KEY; give --option region=..."


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (AuthenticationFailed("no"), "check the key"),
        (RateLimited("no"), "try again later"),
        (ConnectionFailed("no", reason=FailedReason.DNS), "the network"),
        (ConnectionLost("no", reason=LostReason.CLOSED), "the network"),
        (UnsupportedSetting("no"), "--option"),
        (ProviderError("no"), "documentation"),
    ],
)
def test_an_error_without_a_remedy_has_the_customary_one(error, remedy):
    assert remedy in troubles.trouble_of(error).remedy


@pytest.mark.parametrize(
    ("error", "is_callers"),
    [(InvalidOptions("no"), True), (UnknownProvider("no"), True), (BrokenPlugin("no"), False)],
)
def test_a_wrong_name_or_option_is_the_callers(error, is_callers):
    assert troubles.trouble_of(error).is_callers is is_callers


def test_the_words_of_a_foreign_exception_are_not_shown():
    trouble = troubles.foreign_trouble(RuntimeError("secret"), "realtime-acme")

    assert "RuntimeError" in trouble.detail
    assert "secret" not in trouble.detail
    assert "realtime-acme" in trouble.remedy


@pytest.mark.parametrize(("credentials", "told"), [("key (ACME_KEY)", "key (ACME_KEY)"), ("", "nothing")])
def test_refused_credentials_are_named_by_where_they_came_from(credentials, told):
    trouble = troubles.authentication_trouble(AuthenticationFailed("HTTP 401; check the key"), credentials)

    assert trouble.remedy == f"check the key; what was sent is {told}"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "spelling"),
        (UnicodeError("label too long"), "spelling"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "name server"),
        (OSError(), "name server"),
    ],
)
def test_a_host_without_an_address_names_what_gave_it(error, remedy):
    trouble = troubles.lookup_trouble("nosuch", PLACE, error)

    assert "nosuch" in trouble.detail
    assert remedy in trouble.remedy
    assert PLACE in trouble.remedy


def test_a_name_server_that_is_silent_is_a_matter_of_the_network():
    assert "network" in troubles.lookup_late("api.example.com").remedy


@pytest.mark.parametrize(
    ("refusals", "detail", "remedy"),
    [
        (
            [ConnectionRefusedError(), TimeoutError()],
            "1.1.1.0 port 443 refuses the connection; 1.1.1.1",
            "port",
        ),
        ([TimeoutError()], "does not answer", "firewall"),
        ([OSError(101, "Network is unreachable")], "cannot be reached (network is unreachable)", "network"),
        ([OSError()], "cannot be reached (oserror)", "network"),
    ],
)
def test_closed_ports_and_silent_hosts_are_told_apart(refusals, detail, remedy):
    told = [(f"1.1.1.{number}", error) for number, error in enumerate(refusals)]

    trouble = troubles.tcp_trouble(WSS, PLACE, told)

    assert detail in trouble.detail
    assert remedy in trouble.remedy
    assert PLACE in trouble.remedy


def test_silence_names_the_address_and_what_gave_it():
    trouble = troubles.silence(WSS, PLACE, "no handshake")

    assert "api.example.com:443" in trouble.detail
    assert "no handshake" in trouble.detail
    assert PLACE in trouble.remedy


def certificate_error(code, message="it is so."):
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (10, "clock"),
        (62, PLACE),
        (64, PLACE),
        (18, "SSL_CERT_FILE"),
        (20, "SSL_CERT_FILE"),
        (23, "whoever runs"),
    ],
)
def test_each_reason_against_a_certificate_has_its_remedy(code, remedy):
    trouble = troubles.tls_trouble(WSS, PLACE, certificate_error(code))

    assert trouble.detail == "the certificate of api.example.com is not trusted: it is so"
    assert remedy in trouble.remedy


def test_a_port_without_tls_is_told():
    wrong = ssl.SSLError(1, "no")
    wrong.reason = "WRONG_VERSION_NUMBER"

    assert "(wrong version number)" in troubles.tls_trouble(WSS, PLACE, wrong).detail
    assert "(no reason given)" in troubles.tls_trouble(WSS, PLACE, ssl.SSLError()).detail


def test_a_handshake_that_is_cut_off_is_told():
    assert "in the middle" in troubles.tls_trouble(WSS, PLACE, ConnectionResetError()).detail


@pytest.mark.parametrize(
    ("address", "said", "detail", "remedy"),
    [
        (WS, b"\x15\x03\x03", "speaks TLS", "https://"),
        (WS, b"SSH-2.0\r\n", "answers, but not as HTTP", PLACE),
    ],
)
def test_what_is_no_http_is_told(address, said, detail, remedy):
    trouble = troubles.http_trouble(address, PLACE, said)

    assert detail in trouble.detail
    assert remedy in trouble.remedy


@pytest.mark.parametrize(
    ("is_connected", "is_created", "detail"),
    [
        (True, True, "made a session, and has not said"),
        (True, False, "let us in, and made no session"),
        (False, False, "does not answer"),
    ],
)
def test_a_session_that_does_not_come_is_told_by_how_far_it_came(is_connected, is_created, detail):
    trouble = troubles.no_session(8.2, is_connected=is_connected, is_created=is_created)

    assert detail in trouble.detail
    assert "8 s" in trouble.detail


@pytest.mark.parametrize(("error", "end"), [("", "in 8 s"), ("it broke", "in 8 s: it broke")])
def test_a_session_that_says_nothing_tells_its_last_error(error, end):
    assert troubles.no_words(8.0, error).detail.endswith(end)


@pytest.mark.parametrize(
    ("status", "reasons", "detail"),
    [
        ("completed", [None, ""], "has no audio"),
        ("failed", ["server_error", "It broke."], "(failed: server_error: It broke.)"),
        ("failed", ["same", "same"], "(failed: same)"),
        (None, [None, ""], "(nobody says why)"),
    ],
)
def test_a_response_without_audio_tells_how_it_ended(status, reasons, detail):
    assert detail in troubles.wordless(status, *reasons).detail


@pytest.mark.parametrize(
    ("status", "has_login", "detail", "remedy"),
    [
        ("403", False, "it answers HTTP 403", "NO_PROXY and what the proxy allows"),
        ("", True, "it does not answer as an HTTP proxy does", "NO_PROXY"),
        ("407", True, "it answers HTTP 407", "check the user and the password in "),
        ("407", False, "it answers HTTP 407", "write http://user:password@host:port in "),
    ],
)
def test_a_proxy_that_leads_nowhere_is_told_with_who_names_it(status, has_login, detail, remedy):
    place = "HTTP_PROXY (the proxy proxy:3128)"
    trouble = troubles.tunnel_trouble("api:80", place, status, has_login=has_login)

    assert trouble.detail == f"the proxy does not lead to api:80: {detail}"
    assert remedy in trouble.remedy
    assert place in trouble.remedy


def test_a_place_where_nothing_is_is_told_with_who_says_so():
    error = ConnectionFailed("HTTP 404; check the URL", reason=FailedReason.NOT_FOUND)

    trouble = troubles.opening_trouble(error, WSS, PLACE, hurried=True)

    assert trouble.detail == "HTTP 404"
    assert trouble.remedy == f"check the URL; it was looked for at wss://api.example.com:443/v1, of {PLACE}"


@pytest.mark.parametrize(
    ("reason", "address"), [(FailedReason.NOT_FOUND, None), (FailedReason.UNAVAILABLE, WSS)]
)
def test_another_failure_has_its_own_remedy(reason, address):
    error = ConnectionFailed("no; do this", reason=reason)

    assert troubles.opening_trouble(error, address, PLACE, hurried=True).remedy == "do this"


@pytest.mark.parametrize(("hurried", "remedy"), [(True, "try again later; if"), (False, "give --option tim")])
def test_more_time_is_no_remedy_where_the_examination_has_none(hurried, remedy):
    error = ConnectionFailed("no answer in time; give timeout_s=...", reason=FailedReason.TIMEOUT)

    assert troubles.opening_trouble(error, WSS, PLACE, hurried=hurried).remedy.startswith(remedy)
