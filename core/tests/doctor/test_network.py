import contextlib

import pytest
import trustme
from realtime_core.doctor import network
from realtime_core.doctor.address import Address, Proxy
from realtime_core.doctor.network import Link, Route, look_up, route_to
from realtime_core.doctor.steps import Trouble, Untold

PLACE = "base_url (ACME_URL)"
OK = b"HTTP/1.1 200 OK\r\n\r\n"
LIMIT_S = 20.0


@pytest.fixture
def linked():
    """Makes a link to a server; closes it at the end."""

    @contextlib.asynccontextmanager
    async def make(port, scheme="ws", host="127.0.0.1", proxy=None, path="/v1"):
        link = Link(Route(Address(scheme, host, port, path), PLACE, proxy))
        try:
            await link.connect(["127.0.0.1"], LIMIT_S)
            yield link
        finally:
            await link.aclose()

    return make


async def test_a_name_is_looked_up():
    assert "127.0.0.1" in await look_up(Address("ws", "localhost", 80), PLACE)


@pytest.mark.parametrize("host", ["nosuch.invalid", "a" * 70 + ".com"])
async def test_a_name_without_an_address_is_told(host):
    with pytest.raises(Trouble) as caught:
        await look_up(Address("ws", host, 80), PLACE)

    assert PLACE in caught.value.remedy


async def test_a_connection_tells_to_which_number_and_which_ones_refused(listening):
    async with listening(OK) as port:
        link = Link(Route(Address("ws", "localhost", port.number), PLACE))

        told = await link.connect(["127.0.0.2", "127.0.0.1"], LIMIT_S)
        await link.aclose()

    assert told == f"127.0.0.1 port {port.number} takes connections; 127.0.0.2 refuses the connection"


async def test_a_closed_port_is_told(closed_port):
    link = Link(Route(Address("ws", "localhost", closed_port), PLACE))

    with pytest.raises(Trouble, match="refuses the connection"):
        await link.connect(["127.0.0.1"], LIMIT_S)

    await link.aclose()


async def test_http_is_asked_for_the_path_alone(listening, linked):
    async with listening(b"HTTP/1.1 401 Unauthorized\r\n\r\n") as port, linked(port.number) as link:
        assert await link.ask() == "answers HTTP 401 to a request without credentials"

    assert port.got.startswith(f"GET /v1 HTTP/1.1\r\nHost: 127.0.0.1:{port.number}\r\n".encode())
    assert b"uthorization" not in port.got


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n", b"HTTP/1.1", b"HTTP/1.1\r\n"])
async def test_what_is_no_http_is_told(listening, linked, said):
    async with listening(said) as port, linked(port.number) as link:
        with pytest.raises(Trouble) as caught:
            await link.ask()

    assert PLACE in caught.value.remedy


@pytest.mark.parametrize("said", [b"", b"x" * 100_000])
async def test_what_does_not_answer_in_a_line_gives_no_verdict(listening, linked, said):
    async with listening(said) as port, linked(port.number) as link:
        with pytest.raises(Untold, match=r"no verdict.* or wss://"):
            await link.ask()


async def test_what_ends_the_connection_under_tls_is_not_told_to_speak_it(listening, linked, certified):
    async with listening(b"", tls=certified()) as port, linked(port.number, "wss") as link:
        await link.encrypt()
        with pytest.raises(Untold) as caught:
            await link.ask()

    assert "wss" not in str(caught.value)


async def test_tls_tells_its_version_and_how_long_the_certificate_is_good(listening, linked, certified):
    async with listening(OK, tls=certified()) as port, linked(port.number, "wss") as link:
        assert (await link.encrypt()).startswith("TLSv1.3, the certificate is good until ")
        assert "HTTP 200" in await link.ask()


async def test_a_certificate_of_an_unknown_authority_is_told(
    listening, linked, certified, monkeypatch, tmp_path
):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    context = certified()
    monkeypatch.setenv("SSL_CERT_FILE", str(other))

    async with listening(OK, tls=context) as port, linked(port.number, "wss") as link:
        with pytest.raises(Trouble, match="not trusted") as caught:
            await link.encrypt()

    assert "SSL_CERT_FILE" in caught.value.remedy


async def test_a_certificate_of_another_host_is_told(listening, linked, certified):
    tls = certified("other.example.com")

    async with listening(OK, tls=tls) as port, linked(port.number, "wss", "localhost") as link:
        with pytest.raises(Trouble, match="not trusted") as caught:
            await link.encrypt()

    assert "is for another" in caught.value.remedy


async def test_a_port_without_tls_is_told(listening, linked):
    async with listening(b"HTTP/1.1 400 Bad\r\n\r\n", when=b"") as port, linked(port.number, "wss") as link:
        with pytest.raises(Trouble, match=r"does not speak TLS|in the middle"):
            await link.encrypt()


def through(port, login=None):
    return Proxy("http", "127.0.0.1", port, name="https", login=login)


async def test_a_proxy_leads_on(listening, linked):
    said = b"HTTP/1.1 200 OK\r\nX: y\r\n\r\nHTTP/1.1 426 Upgrade\r\n"
    async with listening(said) as port, linked(1, host="api", proxy=through(port.number)) as link:
        assert "HTTP 426" in await link.ask()

    assert port.got.startswith(b"CONNECT api:1 HTTP/1.1\r\nHost: api:1\r\n")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", "HTTP 407"),
        (b"hello\r\n", "does not answer as"),
        (b"", "does not answer as"),
    ],
)
async def test_a_proxy_that_does_not_lead_on_is_told(listening, said, told):
    async with listening(said) as port:
        link = Link(Route(Address("ws", "api", 1), PLACE, through(port.number)))
        with pytest.raises(Trouble, match=told) as caught:
            await link.connect(["127.0.0.1"], LIMIT_S)
        await link.aclose()

    assert PLACE in caught.value.remedy


async def test_a_proxy_is_told_the_user_and_password_of_its_url(listening):
    async with listening(OK) as port:
        link = Link(Route(Address("ws", "api", 1), PLACE, through(port.number, "Basic bWU6eA==")))
        await link.connect(["127.0.0.1"], LIMIT_S)
        await link.aclose()

    head = b"CONNECT api:1 HTTP/1.1\r\nHost: api:1\r\n"
    assert bytes(port.got) == head + b"Proxy-Authorization: Basic bWU6eA==\r\n\r\n"


ADDRESS = Address("wss", "api.example.com", 443)


def test_a_route_is_direct_unless_the_environment_names_a_proxy():
    route = route_to(ADDRESS, PLACE)

    assert (route.target, route.place, route.proxy) == (ADDRESS, PLACE, None)


def test_a_route_leads_over_the_proxy_of_the_environment(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy:3128")

    route = route_to(ADDRESS, PLACE)

    assert (route.target.host, route.target.port) == ("proxy", 3128)


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY"])
def test_a_proxy_is_told_with_who_names_it(monkeypatch, variable):
    monkeypatch.setenv(variable, "http://me:secret@proxy:3128")

    assert route_to(ADDRESS, PLACE).place == f"{variable} (the proxy proxy:3128)"


def test_a_proxy_of_the_system_is_told_as_such(monkeypatch):
    monkeypatch.setattr(network, "getproxies", lambda: {"https": "http://proxy:3128"})

    assert route_to(ADDRESS, PLACE).place == "the settings of this system (the proxy proxy:3128)"


def test_a_host_that_wants_no_proxy_has_none(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "example.com")

    assert route_to(ADDRESS, PLACE).proxy is None


def test_a_proxy_that_is_no_url_is_the_callers(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://")

    with pytest.raises(Trouble, match="no URL") as caught:
        route_to(ADDRESS, PLACE)

    assert caught.value.is_callers
