"""The network door: which request gets which answer.

Knows nothing of ports. aiohttp loads with the first request.
"""

import asyncio
import contextlib
import itertools
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs
from realtime_core.clock import current_clock

from realtime_simulator import cors
from realtime_simulator.access import Refused, check_key, is_beta
from realtime_simulator.call_request import call_opening, read_call
from realtime_simulator.calls import Calls
from realtime_simulator.client_secrets import ClientSecret, ClientSecrets
from realtime_simulator.frames import End
from realtime_simulator.http import answer_of, body_of, check_headers, in_a_line, json_answer
from realtime_simulator.link import Link
from realtime_simulator.opening import read_opening
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.refusals import Refusal
from realtime_simulator.side_band import SideBand
from realtime_simulator.surface import check_query, key_at, surface_of
from realtime_simulator.watch import Watch
from realtime_simulator.websocket import INTERNAL_ERROR, WebSocket

if TYPE_CHECKING:
    from aiohttp import web

    Handler = Callable[["Door", web.BaseRequest], Awaitable[web.StreamResponse]]

__all__ = ["Door"]

_log = logging.getLogger("realtime_simulator")

_FOR_PAGES: Final = ("/realtime/calls", "/realtime/client_secrets")
"""The routes that pages in a browser ask for, with those below them."""

_CALL_ID: Final = re.compile(r"(?<=^/realtime/calls)/[^/]+/")


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
        self._calls = Calls(watch, self._numbers)
        self._open: set[WebSocket] = set()
        self._closing = asyncio.Event()

    async def answer(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """Answer any request; that for a session when the session is over."""
        answer = await self._answer(request)
        if _is_for_pages(request.path):
            for name, value in cors.allowing().items():
                answer.headers.setdefault(name, value)
        return answer

    async def _answer(self, request: "web.BaseRequest") -> "web.StreamResponse":
        path = in_a_line(request.path)
        try:
            check_headers(request)
            methods = self._methods(request.method, path)
            if request.method == "OPTIONS":
                return answer_of(204, headers=cors.preflight(request.headers, methods))
            return await methods[request.method](self, request)
        except Refused as refused:
            why = f" ({refused.code})" if refused.code else ""
            _log.info("refused %s: HTTP %d%s", path, refused.status, why)
            return json_answer(refused.body(), status=refused.status)
        except ConnectionError:
            _log.info("refused %s: its client has gone", path)
            # nobody hears it
            return json_answer({}, status=400)

    async def hang_up(self, end: End) -> None:
        """End all sessions."""
        self._closing.set()
        # with their side-bands
        await self._calls.aclose(end)
        await asyncio.gather(*(socket.hang_up(end) for socket in self._open))

    def _methods(self, method: str, path: str) -> "Mapping[str, Handler]":
        """The handlers of a path, one for ``method`` among them, unless that is a page's preflight."""
        _, route = surface_of(path)
        methods = self._ROUTES.get(_CALL_ID.sub("/{id}/", route))
        if methods is None:
            raise Refused(404, f"Invalid URL ({method} {path})", code=None)
        if method not in methods and not (method == "OPTIONS" and _is_for_pages(path)):
            hint = "HINT: Perhaps you meant to use a different HTTP method?"
            raise Refused(405, f"Not allowed to {method} on {path} ({hint})", code="method_not_supported")
        return methods

    def _key_of(self, request: "web.BaseRequest") -> str:
        """The key, unless the query alone makes a refusal.

        Raises:
            Refused: there is none, or the API wants another query.
        """
        surface, _ = surface_of(request.path)
        check_query(surface, request.query)
        return key_at(surface, request.headers, request.query, header=self._options.key_header)

    def _secret_of(self, request: "web.BaseRequest") -> ClientSecret | None:
        """The client secret that a request comes with; None: it has a key of the account.

        Raises:
            Refused: it has no good one of either.
        """
        key = self._key_of(request)
        secret = self._secrets.get(key)
        if secret is None:
            check_key(key, self._api_key)
        return secret

    async def _session(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """One session, or a side-band of a call, from the upgrade to its end."""
        secret = self._secret_of(request)
        if "call_id" in request.query:
            return await self._join(request)
        opening = read_opening(
            request.query, secret, epoch_s=current_clock().epoch_s(), beta=is_beta(request.headers)
        )
        options = await self._met()
        socket = WebSocket(request)
        await socket.open()
        number = next(self._numbers)
        name = f"session {number}"
        model = in_a_line(opening.model)
        _log.info("%s: opened, %s", name, f"model {model}" if model else opening.kind)
        return await self._carry(
            socket, Link(options, opening, watch=self._watch, name=name, number=number), name
        )

    async def _join(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """A side-band of a call, for as long as either lives."""
        call = self._calls.get(request.query["call_id"])
        socket = WebSocket(request)
        await socket.open()
        name = f"a side-band of {call.name}"
        _log.info("%s: opened", name)
        return await self._carry(socket, call.join(), name)

    async def _met(self) -> SimulatorOptions:
        """What a test has planned for the one who comes now: the options of the session.

        Raises:
            Refused: it is refused.
        """
        if self._watch is None:
            return self._options
        meeting = self._watch.reception.meet()
        if meeting.is_ignored:
            await self._closing.wait()
            raise Refused(503, "The server is shutting down.", code=None)
        if meeting.status is not None:
            raise Refused.of_plan(meeting.status)
        return attrs.evolve(self._options, faults=(*self._options.faults, *meeting.faults))

    async def _carry(self, socket: WebSocket, session: Link | SideBand, name: str) -> "web.StreamResponse":
        self._open.add(socket)
        try:
            code = await socket.carry(session)
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
        key = self._key_of(request)
        if key in self._secrets:
            raise Refused.of_wrong_key(key)
        check_key(key, self._api_key)
        try:
            secret = self._secrets.create(await body_of(request), epoch_s=current_clock().epoch_s())
        except Refusal as refusal:
            raise Refused(400, str(refusal), code=refusal.code, param=refusal.param) from refusal
        _log.info("client secret made, until %d", secret.expires_at)
        return json_answer(secret.answer())

    async def _create_call(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """A call: the answer to an offer."""
        secret = self._secret_of(request)
        asked = read_call(request.headers.get("Content-Type", ""), await body_of(request))
        opening = call_opening(asked, request.query, self._secrets, secret, epoch_s=current_clock().epoch_s())
        is_filtered = request.query.get("webrtcfilter") == "on"
        options = await self._met()
        call_id, answer = await self._calls.open(asked.offer, opening, options, is_filtered=is_filtered)
        kind = "text/plain" if "plain-sdp" in self._options.quirks else "application/sdp"
        headers = {"Content-Type": kind, "Location": f"{request.path}/{call_id}"}
        return answer_of(201, answer.encode(), headers)

    async def _hang_up_call(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """The end of a call, as its client wants."""
        self._secret_of(request)
        *_, call_id, _ = request.path.split("/")
        try:
            call = self._calls.get(call_id)
        except Refused as refused:
            if not self._calls.has_ended(call_id):
                raise
            # both sides may hang up at once: that is nobody's mistake, which the log would tell
            return json_answer(refused.body(), status=refused.status)
        await self._calls.hang_up(call)
        return answer_of(200)

    _ROUTES: ClassVar[dict[str, dict[str, Any]]] = {
        "/realtime": {"GET": _session},
        "/realtime/calls": {"POST": _create_call},
        "/realtime/calls/{id}/hangup": {"POST": _hang_up_call},
        "/realtime/client_secrets": {"POST": _create_secret},
    }
    """The handlers, by route, which is the path below that of an API, and method."""


def _is_for_pages(path: str) -> bool:
    with contextlib.suppress(Refused):
        return surface_of(path)[1].startswith(_FOR_PAGES)
    return False
