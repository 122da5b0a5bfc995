"""Where Azure's realtime API is, from an endpoint as people paste it.

Pure. Knows no credentials; what it raises never shows a value, since any may hold a secret.
"""

import re
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote

import attrs
from realtime_core.errors import InvalidOptions
from realtime_openai_wire.options import split_url

from realtime_azure.hosts import SHAPE, check_host, is_azure, is_loopback

__all__ = ["Endpoint", "read_endpoint"]

_API: Final = ("openai", "v1")
_OTHER_PROTOCOL: Final = "/voice-live/"
_PARAMETERS: Final = frozenset({"api-version", "deployment", "model"})
_BARE: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+([:/?]|$)")
_PLACEHOLDER: Final = re.compile(r"<[^<>]*>|\{[^{}]*\}|%3c.*%3e|%7b.*%7d", re.IGNORECASE)


@attrs.frozen
class Endpoint:
    """A resource, and the deployment that its URL named."""

    base_url: str
    """Where the GA API is; without a slash at its end."""

    deployment: str | None = None
    """From a target URI: ``/deployments/<name>/``, ``?deployment=`` or ``?model=``, in this order."""

    api_version: str | None = None
    """What the URL asked for, which is no part of `base_url`: the GA API has no versions."""


def read_endpoint(value: object) -> Endpoint:
    """The GA API of a resource, custom domain or gateway.

    Taken are the endpoint alone, a base URL, and the target URI of any of its APIs, ``https://`` left out or
    not. What stands before ``/openai`` in the path stays, but for ``/api/projects/<name>`` of Foundry; on
    hosts that are Azure's own nothing does. On other hosts a path without ``/openai`` that ends in ``/v1`` is
    the API, and one that ends in ``/realtime`` its WebSocket: a gateway has it where it likes.

    Raises:
        InvalidOptions: it is no URL, has a placeholder, is not encrypted beyond this machine, of another
            service, or holds a user, a password or parameters that are none of a realtime URL.
    """
    if isinstance(value, str) and _PLACEHOLDER.search(value):
        raise InvalidOptions("it has a placeholder in it, such as <resource>; put the name there")
    parts = split_url(_with_scheme(value))
    if parts is None or parts.hostname is None:
        raise InvalidOptions(f"an endpoint looks like {SHAPE}")
    if "@" in parts.netloc:
        raise InvalidOptions("an endpoint holds no user or password; give the key as api_key=...")
    check_host(parts.hostname)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InvalidOptions("an endpoint begins with https; http is for this machine only")
    if parts.path.lower().startswith(_OTHER_PROTOCOL):
        raise InvalidOptions(f"it is VoiceLive's, which is another protocol; an endpoint looks like {SHAPE}")
    query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
    if not query.keys() <= _PARAMETERS or parts.fragment:
        raise InvalidOptions(
            f"an endpoint has no parameters but {', '.join(sorted(_PARAMETERS))}; give the key as api_key=..."
        )
    base, in_path = _read_path(parts)
    return Endpoint(
        "/".join((f"{parts.scheme}://{parts.netloc.lower()}", *base)),
        in_path or query.get("deployment") or query.get("model"),
        query.get("api-version"),
    )


def _with_scheme(value: object) -> object:
    """A bare host, with a dot to tell it from the name of a resource, as ``https``."""
    return f"https://{value.strip()}" if isinstance(value, str) and _BARE.match(value.strip()) else value


def _read_path(parts: SplitResult) -> tuple[tuple[str, ...], str | None]:
    """The path of the API, and the deployment that the path names."""
    path = _without_project(tuple(segment for segment in parts.path.split("/") if segment))
    names = [segment.lower() for segment in path]
    base, rest = _beyond_azure(path), path[:0]
    if "openai" in names:
        # of two in a row the first is a gateway's
        at = next(
            i for i, name in enumerate(names) if name == "openai" and names[i + 1 : i + 2] != ["openai"]
        )
        base, rest = path[:at] + _API, path[at + 1 :]
    elif "deployments" in names:
        at = names.index("deployments")
        base, rest = path[:at] + _API, path[at:]
    deployment = unquote(rest[1]) if len(rest) > 1 and rest[0].lower() == "deployments" else None
    return _API if is_azure(parts.hostname or "") else base, deployment


def _without_project(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path without ``/api/projects/<name>``: a project of Foundry has other APIs there."""
    names = [segment.lower() for segment in path]
    for at in range(len(names)):
        if names[at : at + 2] == ["api", "projects"]:
            return path[:at] + path[at + 3 :]
    return path


def _beyond_azure(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of the API where ``/openai`` is not in what was pasted."""
    match [segment.lower() for segment in path]:
        case [*_, "realtime", "calls" | "client_secrets"]:
            return path[:-2]
        case [*_, "realtime"]:
            return path[:-1]
        case [*_, "v1"]:
            return path
        case _:
            return path + _API
