"""Where a provider's endpoint is: host, port and path of its URL, and the proxy on the way. Pure."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

__all__ = ["Address", "Proxy", "proxy_of", "read_address"]

_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_PROXIES: Final = {
    "http": ("http", "all"),
    "https": ("https", "all"),
    "ws": ("ws", "socks", "https", "http"),
    "wss": ("wss", "socks", "https"),
}
"""Under which names a proxy is looked for, as HTTP and WebSocket libraries do."""


@attrs.frozen
class Address:
    """Where something listens; ``path`` without the query, which may hold a secret."""

    scheme: str
    host: str
    port: int
    path: str = "/"

    @property
    def authority(self) -> str:
        """Host and port, as a URL has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken from the start."""
        return self.scheme in {"https", "wss"}

    @property
    def is_http(self) -> bool:
        """Whether it begins as HTTP."""
        return self.scheme in _PORTS


@attrs.frozen
class Proxy(Address):
    """A proxy, called ``name`` as in ``NAME_PROXY``.

    ``login`` is what it is told in ``Proxy-Authorization``, if anything.
    """

    name: str = ""
    login: str | None = attrs.field(default=None, repr=False)


def read_address(url: str) -> Address:
    """The address in a URL.

    Raises:
        ValueError: it has no host, or no port where the scheme has none of its own.
    """
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme) if parts.port is None else parts.port
    if not parts.hostname or port is None:
        raise ValueError("no URL with a host and a port")
    return Address(parts.scheme, parts.hostname, port, parts.path or "/")


def proxy_of(address: Address, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy on the way to ``address``, of those that `urllib.request.getproxies` gives.

    Raises:
        ValueError: what is there is no URL.
    """
    for name in _PROXIES.get(address.scheme, ()):
        if name in proxies:
            url = proxies[name] if "://" in proxies[name] else f"http://{proxies[name]}"
            told = read_address(url)
            return Proxy(told.scheme, told.host, told.port, name=name, login=_login(url))
    return None


def _login(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.username is None or parts.password is None:  # libraries send nothing then
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password)}"
    return f"Basic {b64encode(pair.encode()).decode()}"
