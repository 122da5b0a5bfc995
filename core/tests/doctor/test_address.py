from base64 import b64decode

import pytest
from realtime_core.doctor.address import Address, proxy_of, read_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "wss://api.example.com/v1/realtime?key=secret",
            Address("wss", "api.example.com", 443, "/v1/realtime"),
        ),
        ("ws://localhost", Address("ws", "localhost", 80, "/")),
        ("https://api.example.com:8443", Address("https", "api.example.com", 8443, "/")),
        ("ws://host:0", Address("ws", "host", 0, "/")),
        ("http://[::1]:8000/a", Address("http", "::1", 8000, "/a")),
        ("tcp://host:7", Address("tcp", "host", 7, "/")),
    ],
)
def test_address_is_read_from_a_url_without_its_query(url, address):
    assert read_address(url) == address


@pytest.mark.parametrize("url", ["", "wss:///v1", "tcp://host", "api.example.com", "http://host:port"])
def test_what_has_no_host_or_no_port_is_no_address(url):
    with pytest.raises(ValueError, match=r"no URL|port"):
        read_address(url)


def test_authority_is_written_as_in_a_url():
    assert Address("ws", "::1", 80).authority == "[::1]:80"
    assert Address("ws", "a.b", 80).authority == "a.b:80"


@pytest.mark.parametrize(
    ("scheme", "is_encrypted", "is_http"),
    [
        ("wss", True, True),
        ("https", True, True),
        ("ws", False, True),
        ("http", False, True),
        ("tcp", False, False),
    ],
)
def test_scheme_tells_what_is_spoken(scheme, is_encrypted, is_http):
    address = Address(scheme, "a", 1)

    assert (address.is_encrypted, address.is_http) == (is_encrypted, is_http)


PROXY = Address("http", "proxy", 3128)


@pytest.mark.parametrize(
    ("scheme", "proxies", "proxy"),
    [
        ("wss", {"https": "http://user:pass@proxy:3128"}, PROXY),
        ("wss", {"https": "proxy:3128"}, PROXY),
        ("wss", {"http": "http://proxy:3128"}, None),
        (
            "wss",
            {"socks": "socks5://proxy:1080", "https": "http://proxy:3128"},
            Address("socks5", "proxy", 1080),
        ),
        ("ws", {"http": "http://proxy:3128"}, PROXY),
        ("https", {"all": "http://proxy:3128"}, PROXY),
        ("http", {"https": "http://proxy:3128"}, None),
        ("tcp", {"all": "http://proxy:3128"}, None),
        ("wss", {}, None),
    ],
)
def test_proxy_is_found_as_libraries_find_it(scheme, proxies, proxy):
    found = proxy_of(Address(scheme, "api", 443), proxies)

    assert found is None if proxy is None else attrs_of(found) == attrs_of(proxy)


def attrs_of(address):
    return address.scheme, address.host, address.port


def test_a_proxy_that_is_no_url_is_told():
    with pytest.raises(ValueError, match="no URL"):
        proxy_of(Address("wss", "api", 443), {"https": "http://"})


def test_a_proxy_has_the_name_under_which_it_is_found():
    assert proxy_of(Address("ws", "api", 80), {"http": "proxy:3128", "all": "other:1"}).name == "http"


@pytest.mark.parametrize(
    ("user", "login"), [("", None), ("me@", None), ("me:p%40ss@", "me:p@ss"), ("me:@", "me:"), (":x@", ":x")]
)
def test_user_and_password_of_a_proxy_are_its_login_and_not_shown(user, login):
    proxy = proxy_of(Address("ws", "api", 80), {"http": f"http://{user}proxy:3128"})

    told = None if proxy.login is None else b64decode(proxy.login.removeprefix("Basic ")).decode()
    assert told == login
    assert proxy.login is None or proxy.login not in repr(proxy)
