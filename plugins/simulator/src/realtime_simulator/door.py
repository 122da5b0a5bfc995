"""The network door: which request gets which answer.

Knows nothing of ports. aiohttp loads with the first request.
"""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from realtime_core.clock import current_clock

from realtime_simulator.access import Refused, check_key, is_beta
from realtime_simulator.client_secrets import ClientSecrets
from realtime_simulator.frames import End
from realtime_simulator.link import Link
from realtime_simulator.opening import read_opening
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.refusals import Refusal
from realtime_simulator.surface import check_query, key_at, surface_of
from realtime_simulator.watch import Watch
from realtime_simulator.websocket import INTERNAL_ERROR, WebSocket

if TYPE_CHECKING:
    from aiohttp import web

    Handler = Callable[["Door", web.BaseRequest], Awaitable[web.StreamResponse]]

__all__ = ["Door", "http_log"]

_log = logging.getLogger("realtime_simulator")

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


class Door:
    """Answers requests, and opens sessions.

    Args:
        options: how the simulated service behaves.
        api_key: the only key that is good; None: any key is, but there must be one.
        watch: what gets to know the sessions.
    """

    def __init__(self, options: SimulatorOptions, *, api_key: str | None, watch: Watch | None) -> None:
        self._options = options
        self._api_key = api_key
        self._watch = watch
        self._secrets = ClientSecrets(voice=options.voice)
        self._numbers = itertools.count(1)
        self._open: set[WebSocket] = set()

    async def answer(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """Answer any request; that for a session when the session is over."""
        path = _in_a_line(request.path)
        try:
            _check_headers(request)
            return await self._handler(request.method, path)(self, request)
        except Refused as refused:
            why = f" ({refused.code})" if refused.code else ""
            _log.info("refused %s: HTTP %d%s", path, refused.status, why)
            return _json(refused.body(), status=refused.status)
        except ConnectionError:
            _log.info("refused %s: its client has gone", path)
            # nobody hears it
            return _json({}, status=400)

    async def hang_up(self, end: End) -> None:
        """End all sessions."""
        await asyncio.gather(*(socket.hang_up(end) for socket in self._open))

    def _handler(self, method: str, path: str) -> "Handler":
        _, route = surface_of(path)
        methods = self._ROUTES.get(route)
        if methods is None:
            raise Refused(404, f"Invalid URL ({method} {path})", code=None)
        if method not in methods:
            hint = "HINT: Perhaps you meant to use a different HTTP method?"
            raise Refused(405, f"Not allowed to {method} on {path} ({hint})", code="method_not_supported")
        handler: Handler = methods[method]
        return handler

    async def _session(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """One session, from the upgrade to its end."""
        key = _key_of(request)
        secret = self._secrets.get(key)
        if secret is None:
            check_key(key, self._api_key)
        opening = read_opening(
            request.query, secret, epoch_s=current_clock().epoch_s(), beta=is_beta(request.headers)
        )
        socket = WebSocket(request)
        await socket.open()
        number = next(self._numbers)
        name = f"session {number}"
        model = _in_a_line(opening.model)
        _log.info("%s: opened, %s", name, f"model {model}" if model else opening.kind)
        self._open.add(socket)
        try:
            code = await socket.carry(
                Link(self._options, opening, watch=self._watch, name=name, number=number)
            )
        # the fault of one session, whatever it is; the others go on
        except Exception:  # noqa: BLE001
            _log.exception("%s: failed", name)
            code = INTERNAL_ERROR
        finally:
            self._open.remove(socket)
        _log.info("%s: closed (%s)", name, code)
        return socket.response

    async def _create_secret(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """A client secret, for whoever has a key of the account."""
        key = _key_of(request)
        if key in self._secrets:
            raise Refused.of_wrong_key(key)
        check_key(key, self._api_key)
        try:
            secret = self._secrets.create(await _body_of(request), epoch_s=current_clock().epoch_s())
        except Refusal as refusal:
            raise Refused(400, str(refusal), code=refusal.code, param=refusal.param) from refusal
        _log.info("client secret made, until %d", secret.expires_at)
        return _json(secret.answer())

    _ROUTES: ClassVar[dict[str, dict[str, Any]]] = {
        "/realtime": {"GET": _session},
        "/realtime/client_secrets": {"POST": _create_secret},
    }
    """The handlers, by route, which is the path below that of an API, and method."""


def _key_of(request: "web.BaseRequest") -> str:
    """The key, unless the query alone makes a refusal.

    Raises:
        Refused: there is none, or the API wants another query.
    """
    surface, _ = surface_of(request.path)
    check_query(surface, request.query)
    return key_at(surface, request.headers, request.query)


async def _body_of(request: "web.BaseRequest") -> bytes:
    from aiohttp import web

    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as exc:
        raise Refused(413, "The body of the request is too large.", code=None) from exc
    except web.RequestPayloadError as exc:
        raise Refused(400, "The body of the request could not be decoded.", code=None) from exc


def _check_headers(request: "web.BaseRequest") -> None:
    """Refuse bytes that are no text, which aiohttp hands on as half characters that nobody can send back.

    Raises:
        Refused: there are some.
    """
    try:
        "".join((request.path_qs, *request.headers, *request.headers.values())).encode()
    except UnicodeEncodeError as exc:
        raise Refused(400, "The request holds bytes that are no UTF-8.", code=None) from exc


def _in_a_line(text: str) -> str:
    """What a client sent, for a log: without line breaks, and not too long."""
    return repr(text[:_LONGEST])[1:-1]


def _json(body: Any, *, status: int = 200) -> "web.StreamResponse":
    from aiohttp import web

    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")
