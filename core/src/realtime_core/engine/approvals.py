"""Calls that wait for a person: who is asked, and what was said.

A decision is bound to the request it answers, with its exact arguments. Knows nothing of how calls are made.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Final

import attrs

from realtime_core.clock import Clock, timeout
from realtime_core.contents import ApprovalRequest
from realtime_core.errors import InvalidSettings, SessionStateError
from realtime_core.events import RealtimeApprovalEvent, RealtimeEvent, RealtimeFunctionCallEvent
from realtime_core.tools.failures import approval_timed_out, cancelled, denied
from realtime_core.tools.tool import Tool

__all__ = ["Approvals"]

_numbers = count(1)
_MOST_OF_SERVERS: Final = 256


@attrs.frozen
class _Waiting:
    request: ApprovalRequest
    call_id: str
    verdict: "asyncio.Future[None]"


class Approvals:
    """The open requests of one session.

    Args:
        report: gives the application an event.
        run: runs a function that may block, off the event loop.
    """

    def __init__(
        self,
        report: Callable[[RealtimeEvent], None],
        run: Callable[[Callable[[], Any]], Awaitable[Any]],
        clock: Clock,
    ) -> None:
        self._report = report
        self._run = run
        self._clock = clock
        self._waiting: dict[str, _Waiting] = {}
        # requests of the service's own tool servers, which it keeps itself
        self._of_servers: dict[str, ApprovalRequest] = {}

    async def ask(self, tool: Tool, event: RealtimeFunctionCallEvent) -> None:
        """Return when the call may be made.

        Raises:
            ToolError: it may not; the text is for the model.
        """
        call = event.function_call
        request = ApprovalRequest(f"approval_{next(_numbers)}", call.name, call.arguments)
        try:
            async with timeout(self._clock, tool.approval_timeout_s):
                if callable(tool.approve):
                    await self._ask_function(tool.approve, request)
                else:
                    await self._ask_person(request, event)
        except TimeoutError as exc:
            raise approval_timed_out(call.name, tool.approval_timeout_s) from exc

    def note(self, request: ApprovalRequest) -> None:
        """One of the service's own tool servers waits for a person."""
        if len(self._of_servers) >= _MOST_OF_SERVERS:
            del self._of_servers[next(iter(self._of_servers))]
        self._of_servers[request.approval_id] = request

    def decide(self, request: ApprovalRequest, *, approve: bool, reason: str = "") -> bool:
        """A person has decided. Whether the service is to be told.

        Raises:
            SessionStateError: nobody waits for that, or the request was another.
            InvalidSettings: it is no request.
        """
        if not isinstance(request, ApprovalRequest):
            raise InvalidSettings(
                f"a decision is about the request of an event, event.request, not {type(request).__name__}"
            )
        if self._of_servers.get(request.approval_id) == request:
            del self._of_servers[request.approval_id]
            return True
        waiting = self._waiting.get(request.approval_id)
        if waiting is None or waiting.request != request or waiting.verdict.done():
            raise SessionStateError(
                f"no call of {request.name!r} waits for this decision: it was decided, it timed out, or the "
                "request is not the one that the event brought"
            )
        if approve:
            waiting.verdict.set_result(None)
        else:
            waiting.verdict.set_exception(denied(request.name, reason))
        return False

    def withdraw(self, call_id: str) -> None:
        """The result of a call is not wanted any more."""
        for waiting in self._waiting.values():
            if waiting.call_id == call_id and not waiting.verdict.done():
                waiting.verdict.set_exception(cancelled(waiting.request.name))

    async def _ask_function(self, decide: Callable[[ApprovalRequest], Any], request: ApprovalRequest) -> None:
        approved = await self._run(lambda: decide(request))
        if inspect.isawaitable(approved):
            approved = await approved
        if approved is not True:
            raise denied(request.name)

    async def _ask_person(self, request: ApprovalRequest, event: RealtimeFunctionCallEvent) -> None:
        verdict: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[request.approval_id] = _Waiting(request, event.function_call.call_id, verdict)
        self._report(
            RealtimeApprovalEvent(response_id=event.response_id, item_id=event.item_id, request=request)
        )
        try:
            await verdict
        finally:
            del self._waiting[request.approval_id]
