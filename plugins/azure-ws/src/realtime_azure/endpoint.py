"""Where Azure's realtime API is, from an endpoint as people paste it.

Pure. Knows no credentials; what it raises never shows a value, since any may hold a secret.
"""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote

import attrs
from realtime_core.errors import InvalidOptions
from realtime_openai_wire.options import split_url

__all__ = ["SHAPE", "Endpoint", "read_endpoint"]

SHAPE: Final = "https://<resource>.openai.azure.com"
"""What an endpoint looks like."""

_API: Final = "/openai/v1"
_ROOTED: Final = re.compile(r"\.(openai|services\.ai|cognitiveservices)\.azure\.[a-z]+$")
"""Azure's own hosts, of every cloud: the API is at their root, whatever page of the portal gave the path."""

_ELSEWHERE: Final = {
    "ai.azure.com": "it is a page of the portal, which shows the endpoint",
    "oai.azure.com": "it is a page of the portal, which shows the endpoint",
    "portal.azure.com": "it is a page of the portal, which shows the endpoint",
    "api.openai.com": "it is OpenAI's, which the provider openai-ws is for",
}
_OTHER_PROTOCOL: Final = "/voice-live/"
_PARAMETERS: Final = frozenset({"api-version", "deployment", "model"})
_BARE: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+([:/?]|$)")


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
    not. What stands before ``/openai`` in the path stays, but on hosts that are Azure's own.

    Raises:
        InvalidOptions: it is no URL, not encrypted beyond this machine, of another service, or holds a user,
            a password or parameters that are none of a realtime URL.
    """
    parts = split_url(_with_scheme(value))
    if parts is None or parts.hostname is None:
        raise InvalidOptions(f"an endpoint looks like {SHAPE}")
    if "@" in parts.netloc:
        raise InvalidOptions("an endpoint holds no user or password; give the key as api_key=...")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise InvalidOptions("an endpoint begins with https; http is for this machine only")
    if parts.hostname in _ELSEWHERE:
        raise InvalidOptions(f"{_ELSEWHERE[parts.hostname]}; an endpoint looks like {SHAPE}")
    if parts.path.lower().startswith(_OTHER_PROTOCOL):
        raise InvalidOptions(f"it is VoiceLive's, which is another protocol; an endpoint looks like {SHAPE}")
    query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
    if not query.keys() <= _PARAMETERS or parts.fragment:
        raise InvalidOptions(
            f"an endpoint has no parameters but {', '.join(sorted(_PARAMETERS))}; give the key as api_key=..."
        )
    before, after = _around_api(parts)
    in_path = unquote(after[1]) if after[:1] == ["deployments"] and len(after) > 1 else None
    return Endpoint(
        f"{parts.scheme}://{parts.netloc.lower()}{before}{_API}",
        in_path or query.get("deployment") or query.get("model"),
        query.get("api-version"),
    )


def _with_scheme(value: object) -> object:
    """A bare host, with a dot to tell it from the name of a resource, as ``https``."""
    return f"https://{value.strip()}" if isinstance(value, str) and _BARE.match(value.strip()) else value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _around_api(parts: SplitResult) -> tuple[str, list[str]]:
    """The path before ``/openai``, and the segments after it; of two in a row the first is a gateway's."""
    segments = [segment for segment in parts.path.split("/") if segment]
    names = [segment.lower() for segment in segments]
    at = next(
        (i for i, name in enumerate(names) if name == "openai" and names[i + 1 : i + 2] != ["openai"]),
        len(segments),
    )
    before = [] if _ROOTED.search(parts.hostname or "") else segments[:at]
    return "".join(f"/{segment}" for segment in before), segments[at + 1 :]
