"""Tries the way to an address, one layer at a time: name, connection, TLS, HTTP.

Knows nothing of providers. Sends no credentials, but for a proxy's own. What is wrong is a `Trouble`.
"""

import asyncio
import contextlib
import os
import socket
import ssl
from datetime import UTC, datetime
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import attrs

from realtime_core.clock import current_clock, timeout
from realtime_core.doctor.address import Address, Proxy, proxy_of
from realtime_core.doctor.steps import Trouble, Untold
from realtime_core.doctor.troubles import (
    http_trouble,
    lookup_trouble,
    refusal_of,
    tcp_trouble,
    tls_trouble,
    tunnel_trouble,
)
from realtime_core.tools.executor import ToolThreads

__all__ = ["Link", "Route", "look_up", "route_to"]

_HTTP: Final = b"HTTP/"
_LEADS_ON: Final = "200"
_MOST_ADDRESSES: Final = 4
_CLOSE_S: Final = 0.5


@attrs.frozen
class Route:
    """Where to go, which option says so (``place``), and the proxy on the way."""

    address: Address
    place: str
    proxy: Proxy | None = None

    @property
    def target(self) -> Address:
        """Where a connection goes first."""
        return self.proxy or self.address

    @property
    def is_tunnel(self) -> bool:
        """Whether the proxy can be asked to lead on to the address."""
        return self.proxy is not None and self.proxy.scheme == "http"

    @property
    def is_open(self) -> bool:
        """Whether it leads to the address, as far as is known here: there are proxies that speak no HTTP."""
        return self.proxy is None or self.is_tunnel


def route_to(address: Address, place: str) -> Route:
    """The route to ``address``, over the proxy that the environment, or the system, wants.

    Raises:
        Trouble: what it names is no URL.
    """
    if proxy_bypass(f"{address.host}:{address.port}"):
        return Route(address, place)
    try:
        proxy = proxy_of(address, getproxies())
    except ValueError as exc:
        raise Trouble(
            "the proxy that the environment names is no URL",
            "write it as http://host:port in HTTPS_PROXY",
            is_callers=True,
        ) from exc
    return Route(address, place if proxy is None else _place_of(proxy), proxy)


def _place_of(proxy: Proxy) -> str:
    """Who names the proxy, and which one it is."""
    variables = (f"{proxy.name}_proxy", f"{proxy.name}_proxy".upper())
    given = [variable for variable in variables if os.environ.get(variable)]
    return f"{given[0] if given else 'the settings of this system'} (the proxy {proxy.authority})"


async def look_up(address: Address, place: str) -> list[str]:
    """The first numbers of a host. It is asked in a thread, which holds up nobody when it hangs.

    Raises:
        Trouble: it has none.
    """

    def ask() -> list[str]:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))[:_MOST_ADDRESSES]

    try:
        return await ToolThreads().run(ask)
    except (OSError, UnicodeError) as exc:
        raise lookup_trouble(address.host, place, exc) from exc


class Link:
    """A connection along ``route``, grown layer by layer.

    First `connect`; after this you must call `aclose`.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        self._address = route.address
        self._reader: Any = None
        self._writer: Any = None

    async def connect(self, numbers: list[str], limit_s: float) -> str:
        """Connect to the first of ``numbers`` that takes it, within ``limit_s`` seconds for all; tells which.

        Raises:
            Trouble: none does, or the proxy does not lead on.
        """
        target = self._route.target
        refusals: list[tuple[str, OSError]] = []
        for number in numbers:
            try:
                async with timeout(current_clock(), limit_s / len(numbers)):
                    self._reader, self._writer = await asyncio.open_connection(number, target.port)
            except OSError as exc:
                refusals.append((number, exc))
                continue
            if self._route.is_tunnel:
                await self._tunnel(limit_s)
            told = [f"{number} port {target.port} takes connections"]
            return "; ".join(told + [f"{other} {refusal_of(error)}" for other, error in refusals])
        raise tcp_trouble(target, self._route.place, refusals)

    async def encrypt(self) -> str:
        """Speak TLS from here on; tells the version, and how long the certificate is good.

        Raises:
            Trouble: the certificate is not trusted, or there is no TLS.
        """
        try:
            context = ssl.create_default_context()
            await self._writer.start_tls(context, server_hostname=self._address.host)
        except OSError as exc:
            raise tls_trouble(self._address, self._route.place, exc) from exc
        tls = self._writer.get_extra_info("ssl_object")
        until = datetime.fromtimestamp(ssl.cert_time_to_seconds(tls.getpeercert()["notAfter"]), UTC)
        return f"{tls.version()}, the certificate is good until {until:%Y-%m-%d}"

    async def ask(self) -> str:
        """Ask for the path, without credentials; tells the status, which may be any.

        Raises:
            Trouble: that was no HTTP.
            Untold: nothing came.
        """
        host = self._address
        said = await self._ask(
            f"GET {host.path} HTTP/1.1\r\nHost: {host.authority}\r\nUser-Agent: realtime-doctor\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n"
        )
        status = _status(said)
        if not said:
            # a small service may do so to whatever is no upgrade
            or_tls = "" if host.is_encrypted else ", or it speaks TLS, which would be https:// or wss://"
            raise Untold(f"no verdict: it ends the connection where no credentials are sent{or_tls}")
        if not status:
            raise http_trouble(host, self._route.place, said)
        return f"answers HTTP {status} to a request without credentials"

    async def aclose(self) -> None:
        """Let go of the connection. Never raises."""
        if self._writer is None:
            return
        self._writer.close()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(_CLOSE_S):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _tunnel(self, limit_s: float) -> None:
        """Let the proxy lead on to the address."""
        authority = self._address.authority
        login = None if self._route.proxy is None else self._route.proxy.login
        request = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"
        if login is not None:
            request += f"Proxy-Authorization: {login}\r\n"
        status = ""
        with contextlib.suppress(TimeoutError):
            async with timeout(current_clock(), limit_s):
                status = _status(await self._ask(f"{request}\r\n"))
                while status == _LEADS_ON:
                    if not (await self._reader.readline()).strip():
                        return  # the end of the headers
        raise tunnel_trouble(authority, self._route.place, status, has_login=login is not None)

    async def _ask(self, request: str) -> bytes:
        """The first line of the answer, or what came of it."""
        try:
            self._writer.write(request.encode())
            await self._writer.drain()
            return bytes(await self._reader.readline())
        except (OSError, ValueError):  # reset, or no end of the line in 64 kiB
            return b""


def _status(line: bytes) -> str:
    """The status in the first line of an answer; empty if that is no HTTP."""
    words = line.split()
    return words[1].decode(errors="replace") if line.startswith(_HTTP) and len(words) > 1 else ""
