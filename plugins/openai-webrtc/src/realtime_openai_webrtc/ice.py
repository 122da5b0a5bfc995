"""Servers that help to find a path for the media, as an option says them. Pure; knows no ``aiortc``."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
from realtime_core.errors import InvalidOptions

__all__ = ["IceServer", "as_ice_servers"]

# what aiortc makes something of: it passes over all others without a word
_URL: Final = re.compile(
    r"stun:[^?:\s]+(:\d{1,5})?"
    r"|turn:[^?:\s]+(:\d{1,5})?(\?transport=(udp|tcp))?"
    r"|turns:[^?:\s]+(:\d{1,5})?(\?transport=tcp)?"
)
_KEYS: Final = {"urls", "username", "credential"}


@attrs.frozen
class IceServer:
    """One STUN or TURN server, with the words of a browser's ``RTCIceServer``.

    Raises:
        InvalidOptions: it is a TURN server without the right to use it.
    """

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if any(url.startswith("turn") for url in self.urls) and not (self.username and self.credential):
            raise InvalidOptions("a TURN server needs username and credential: give a mapping")


def as_ice_servers(value: Any) -> tuple[IceServer, ...]:
    """Servers from URLs, one string of them with commas between, or mappings as in a browser.

    Raises:
        InvalidOptions: one of them is none.
    """
    if isinstance(value, str):
        value = [url.strip() for url in value.split(",")]
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise InvalidOptions("ICE servers are a list of URLs, or of mappings with urls, username, credential")
    return tuple(map(_server, value))


def _server(value: Any) -> IceServer:
    match value:
        case IceServer():
            return value
        case str():
            return IceServer(_urls([value]))
        case Mapping() if value.keys() <= _KEYS and "urls" in value:
            urls = value["urls"]
            return IceServer(
                _urls([urls] if isinstance(urls, str) else urls),
                _text(value.get("username")),
                _text(value.get("credential")),
            )
        case _:
            raise InvalidOptions("an ICE server is a URL, or a mapping with urls, username, credential")


def _urls(values: Any) -> tuple[str, ...]:
    # a URL may hold a secret, so it is not shown
    if (
        not isinstance(values, list | tuple)
        or not values
        or not all(isinstance(url, str) and _URL.fullmatch(url) for url in values)
    ):
        raise InvalidOptions(
            "the URL of an ICE server looks like stun:host:3478 or turn:host:3478?transport=udp"
        )
    return tuple(values)


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidOptions("username and credential of an ICE server are strings")
    return value
