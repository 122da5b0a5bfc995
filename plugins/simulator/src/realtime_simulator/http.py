"""What a door reads of any request and writes in any answer, and what the HTTP server logs.

Knows no routes. aiohttp loads with the first request.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from realtime_simulator.access import Refused

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["answer_of", "body_of", "check_headers", "http_log", "in_a_line", "json_answer"]

_LONGEST: Final = 200


class WithoutDetails(logging.Filter):
    """Keeps what aiohttp says of a broken request, and drops the error, which quotes its headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with the name of its error."""
        error = record.exc_info and record.exc_info[0]
        if error:
            record.msg = f"{record.msg} ({error.__name__})"
        record.exc_info = record.exc_text = None
        return True


http_log = logging.getLogger("realtime_simulator.http")
"""What the HTTP server logs with."""

http_log.addFilter(WithoutDetails())


async def body_of(request: "web.BaseRequest") -> bytes:
    """The whole body.

    Raises:
        Refused: it is too large, or not what its encoding says.
    """
    from aiohttp import web

    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as exc:
        raise Refused(413, "The body of the request is too large.", code=None) from exc
    except web.RequestPayloadError as exc:
        raise Refused(400, "The body of the request could not be decoded.", code=None) from exc


def check_headers(request: "web.BaseRequest") -> None:
    """Refuse bytes that are no text, which aiohttp hands on as half characters that nobody can send back.

    Raises:
        Refused: there are some.
    """
    try:
        "".join((request.path_qs, *request.headers, *request.headers.values())).encode()
    except UnicodeEncodeError as exc:
        raise Refused(400, "The request holds bytes that are no UTF-8.", code=None) from exc


def in_a_line(text: str) -> str:
    """What a client sent, for a log: without line breaks, and not too long."""
    return repr(text[:_LONGEST])[1:-1]


def json_answer(body: Any, *, status: int = 200) -> "web.StreamResponse":
    """An answer in JSON."""
    return answer_of(status, msgspec.json.encode(body), {"Content-Type": "application/json"})


def answer_of(
    status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> "web.StreamResponse":
    """Any answer."""
    from aiohttp import web

    return web.Response(status=status, body=body, headers=headers)
