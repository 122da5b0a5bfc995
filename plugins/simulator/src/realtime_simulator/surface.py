"""Whose API a request addresses, OpenAI's or Azure's, and what Azure's wants otherwise: paths, keys, query.

Knows nothing of sockets and of what a route does.
"""

from collections.abc import Mapping
from enum import Enum

from realtime_simulator.access import Headers, Refused, bearer_of, key_of

__all__ = ["Surface", "check_query", "key_at", "surface_of"]


class Surface(Enum):
    """An API, by what its paths begin with; the longest first, since one begins as another does."""

    AZURE = "/openai/v1"
    AZURE_PREVIEW = "/openai"
    OPENAI = "/v1"


def surface_of(path: str) -> tuple[Surface, str]:
    """The API of a path, and the route there, such as ``/realtime``; "" for what is of no API.

    Raises:
        Refused: it is of Azure's preview, which this service does not have.
    """
    surface = next((one for one in Surface if path.startswith(f"{one.value}/")), None)
    if surface is None:
        return Surface.OPENAI, ""
    if surface is Surface.AZURE_PREVIEW:
        message = (
            "Resource not found: this is a path of the preview. The GA endpoint is "
            f"{Surface.AZURE.value}/realtime?model=<deployment>, without api-version."
        )
        raise Refused(404, message, code="404")
    return surface, path.removeprefix(surface.value)


def key_at(surface: Surface, headers: Headers, query: Mapping[str, str], *, header: str = "") -> str:
    """The key of a request; Azure takes its own header too and, from browsers, a parameter.

    ``header``: another one that it may be in, at either.

    Raises:
        Refused: it has none.
    """
    given: list[str | None] = [*headers.getall(header, [])] if header else []
    if surface is Surface.AZURE:
        given += [*headers.getall("api-key", []), bearer_of(headers), query.get("api-key")]
    key = next((one.strip() for one in given if one and one.strip()), None)
    return key_of(headers) if key is None else key


def check_query(surface: Surface, query: Mapping[str, str]) -> None:
    """Let parameters pass that the API knows or, as Azure does with ``deployment``, ignores.

    Raises:
        Refused: an ``api-version``, of any value, which Azure documents to end in 401 at GA.
    """
    if surface is Surface.AZURE and "api-version" in query:
        message = f"The query parameter api-version is not allowed under {surface.value}; leave it out."
        raise Refused(401, message, code="401")
