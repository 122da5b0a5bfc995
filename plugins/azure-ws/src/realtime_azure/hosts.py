"""Which hosts are Azure's own, and which have no realtime API for us. Pure; shows no host that it refuses."""

import re
from ipaddress import ip_address
from typing import Final

from realtime_core.errors import InvalidOptions

__all__ = ["SHAPE", "check_host", "is_azure", "is_loopback"]

SHAPE: Final = "https://<resource>.openai.azure.com"
"""What an endpoint looks like."""

_HOST: Final = re.compile(r"[\w-]+(\.[\w-]+)*\.?|[\da-f]*:[\da-f:.]+(%\w+)?")
"""A name, in any script, or the number of a machine."""

_AZURE: Final = re.compile(
    r".+\.(openai|services\.ai|cognitiveservices)\.azure\.[a-z]+|.+\.api\.cognitive\.(microsoft|azure)\.[a-z]+"
)

_PORTAL: Final = f"it is a page of the portal, which shows the endpoint; that looks like {SHAPE}"
_ELSEWHERE: Final = (
    # resources and models have names below ai.azure.com
    (re.compile(r"(oai|ai|(.+\.)?portal|(.+\.)?ml)\.azure\.[a-z]+"), _PORTAL),
    (
        re.compile(r".+\.realtimeapi-preview\.ai\.azure\.[a-z]+"),
        f"it is of a preview, which is not spoken here; the endpoint of the resource looks like {SHAPE}",
    ),
    (
        re.compile(r"api\.openai\.com"),
        f"it is OpenAI's, which the provider openai-ws is for; an endpoint looks like {SHAPE}",
    ),
)


def check_host(host: str) -> None:
    """Refuse what is no host, and hosts that people take for an endpoint.

    Raises:
        InvalidOptions: it is one of these; the message has the remedy.
    """
    if not _HOST.fullmatch(host):
        raise InvalidOptions(f"its host has characters that no host has; an endpoint looks like {SHAPE}")
    for elsewhere, remedy in _ELSEWHERE:
        if elsewhere.fullmatch(host):
            raise InvalidOptions(remedy)


def is_azure(host: str) -> bool:
    """Whether it is Azure's own, of any cloud: its API is at the root, whatever page gave the path."""
    return _AZURE.fullmatch(host) is not None


def is_loopback(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
