"""Calls of the model, made: each once, off the reader, and each with exactly one result.

Knows nothing of wires. Arguments, results and threads are `realtime_core.tools`'; when the model is to go on
is the ledger's. What a call needs of the session comes as `Host`.
"""

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from realtime_core.clock import Clock, timeout
from realtime_core.commands import AddItem
from realtime_core.contents import ToolResult
from realtime_core.engine.approvals import Approvals
from realtime_core.engine.calls import CallLedger
from realtime_core.engine.plan import GivenTools
from realtime_core.errors import RealtimeError, SessionStateError
from realtime_core.events import (
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
)
from realtime_core.tools.call import ActiveCall
from realtime_core.tools.executor import ToolThreads
from realtime_core.tools.failures import ErrorHook, cancelled, error_text, timed_out, unknown_tool
from realtime_core.tools.results import result_text
from realtime_core.tools.tool import Tool
from realtime_core.turnstile import Turnstile

__all__ = ["Host", "Toolbox"]


@attrs.frozen(kw_only=True)
class Host:
    """What the session does for its tools."""

    session: object
    """What a tool gets that asks for its `RealtimeSession`."""
    spawn: Callable[..., "asyncio.Task[None] | None"]
    """As `Lifecycle.spawn`."""
    order: Turnstile
    """Who goes through may send."""
    send: Callable[[AddItem], Awaitable[None]]
    """Write an item, under ``order``."""
    report: Callable[[RealtimeEvent], None]
    """Give the application an event."""
    go_on: Callable[[Callable[[], bool]], None]
    """All calls of a response have their results: ask for the next, unless the service begins one by itself
    when what is given says that it has them all."""
    progress: Callable[[str], None]
    """Have something said if nothing else is being said."""
    tell: Callable[[str], None]
    """Let the model know something, without having it said."""


class Toolbox:
    """The tools of one session and their calls.

    Args:
        tools: `replace` changes them. Calls of what is given as a mapping are the application's to answer.
        auto_invoke: whether calls are made here; else, and where there are no tools, the application
            answers them.
        concurrency: how many calls run at once; further ones wait.
        timeout_s: how long a call may run, where its tool does not say.
        error_hook: may change what the model is told of a failure.
        acks: whether the service says that it has a result.
    """

    def __init__(
        self,
        tools: GivenTools,
        host: Host,
        *,
        auto_invoke: bool,
        concurrency: int,
        timeout_s: float,
        error_hook: ErrorHook | None,
        acks: bool,
        clock: Clock,
    ) -> None:
        self._tools: dict[str, Tool] = {}
        self._others: set[object] = set()
        self._had_tools = False
        self.replace(tools)
        self._host = host
        self._auto_invoke = auto_invoke
        self._timeout_s = timeout_s
        self._error_hook = error_hook
        self._acks = acks
        self._clock = clock
        self._places = asyncio.Semaphore(concurrency)
        self._threads = ToolThreads(limit=concurrency, stuck_limit=concurrency)
        self._ledger = CallLedger()
        self._open: dict[str, _Running] = {}
        self._unconfirmed: set[str] = set()
        self.approvals = Approvals(host.report, self._threads.run, clock)

    @property
    def abandoned(self) -> int:
        """Calls whose thread was given up."""
        return self._threads.abandoned

    def replace(self, tools: GivenTools) -> None:
        """Calls from now on are of these."""
        self._tools = {tool.name: tool for tool in tools if isinstance(tool, Tool)}
        self._others = {tool.get("name") for tool in tools if not isinstance(tool, Tool)}
        self._had_tools = self._had_tools or bool(self._tools)

    # -- events ----------------------------------------------------------------------------------

    def take(self, event: RealtimeFunctionCallEvent) -> None:
        """The model wants a call: make it, if it is new."""
        call = event.function_call
        made_here = self._auto_invoke and self._had_tools and call.name not in self._others
        if not self._ledger.begin(event.response_id, call.call_id, goes_on=made_here):
            return
        active = ActiveCall(call, self._progress())
        self._open[call.call_id] = running = _Running(event, active, made_here)
        if made_here:
            self._host.spawn(self._answer(running), f"tool {call.name}")

    def cancel(self, call_id: str) -> None:
        """The service wants no result of a call any more. What it does is not undone, and not stopped."""
        running = self._open.pop(call_id, None)
        if running is not None:
            running.active._cancel()  # noqa: SLF001  # for whoever runs the call
            self.approvals.withdraw(call_id)
            self._answered(running, told=False)

    def confirmed(self, command_id: str) -> None:
        """The service has an item."""
        self._unconfirmed.discard(command_id)

    def response_done(self, response_id: str | None) -> None:
        """A response has ended: no more calls of it."""
        if self._ledger.response_done(response_id):
            self._go_on()

    # -- results of the application --------------------------------------------------------------

    async def send_result(self, result: ToolResult) -> None:
        """Send what the application says came of a call.

        Raises:
            SessionStateError: the call has its result, or a tool is making it.
            RealtimeError: it could not be sent.
        """
        running = self._open.get(result.call_id)
        if running is not None and running.made_here:
            raise SessionStateError(
                f"the session answers call {result.call_id!r} itself; auto_invoke=False leaves that to you"
            )
        if running is None and self._ledger.knows(result.call_id):
            raise SessionStateError(f"call {result.call_id!r} has its result; a call has one")
        # taken out before it is written: a second result must not slip in meanwhile
        self._open.pop(result.call_id, None)
        try:
            async with self._host.order:
                await self._send(result)
        except BaseException:
            if running is not None:
                self._open[result.call_id] = running
            raise
        if running is not None:
            self._answered(running, told=True)

    # -- one call --------------------------------------------------------------------------------

    async def _answer(self, running: "_Running") -> None:
        call = running.event.function_call
        started_s = self._clock.now_s()
        is_error = False
        try:
            output = result_text(await self._make(running))
        except Exception as exc:  # noqa: BLE001  # whatever a tool raises, the model is told
            is_error, output = True, error_text(call, exc, self._error_hook)
        duration_ms = (self._clock.now_s() - started_s) * 1000
        result = ToolResult(call.call_id, call.name, output, duration_ms=duration_ms, is_error=is_error)
        sent = await self._delivered(running, result)
        if self._open.get(call.call_id) is running:
            del self._open[call.call_id]
        self._report(running, result, sent=sent)
        self._answered(running, told=sent)

    def abandon(self) -> None:
        """The session is over: what came of the calls that run will never be known to the model."""
        for running in [running for running in self._open.values() if running.made_here]:
            call = running.event.function_call
            text = str(cancelled(call.name))
            result = ToolResult(call.call_id, call.name, text, is_error=True)
            self._report(running, result, sent=False)
        self._open.clear()

    def _report(self, running: "_Running", result: ToolResult, *, sent: bool) -> None:
        response_id = running.event.response_id
        self._host.report(
            RealtimeFunctionResultEvent(response_id=response_id, function_result=result, sent=sent)
        )

    async def _delivered(self, running: "_Running", result: ToolResult) -> bool:
        try:
            async with self._host.order:
                if running.active.cancelled:  # it may have been only while this waited for its turn
                    return False
                await self._send(result)
        except RealtimeError as exc:
            self._host.report(
                RealtimeErrorEvent(
                    kind="invalid_request",
                    code="result_not_sent",
                    message=f"the result of {result.name!r} was not sent: {exc}",
                )
            )
            return False
        return True

    async def _send(self, result: ToolResult) -> None:
        command = AddItem(item=result)
        if self._acks:
            self._unconfirmed.add(command.command_id)
        try:
            await self._host.send(command)
        except RealtimeError:
            self._unconfirmed.discard(command.command_id)
            raise

    def _answered(self, running: "_Running", *, told: bool) -> None:
        event = running.event
        if self._ledger.answered(event.response_id, event.function_call.call_id, told=told):
            self._go_on()

    def _go_on(self) -> None:
        self._host.go_on(lambda: self._acks and not self._unconfirmed)

    async def _make(self, running: "_Running") -> Any:
        """What the tool returns.

        Raises:
            Exception: what it raises, or what stands in its way.
        """
        call = running.event.function_call
        tool = self._tools.get(call.name)
        if tool is None:
            raise unknown_tool(call.name, self._tools)
        make = tool.bind(running.active, self._host.session)
        if tool.approve is not False:
            await self._approve(tool, running.event)
        async with self._places:
            if running.active.cancelled:
                raise cancelled(tool.name)  # before it had begun
            return await self._run(tool, make)

    async def _approve(self, tool: Tool, event: RealtimeFunctionCallEvent) -> None:
        if tool.approve is True:
            waits = f"The function {tool.name!r} is not called before a person has approved it."
            self._host.tell(waits)
            self._host.progress(waits)
        await self.approvals.ask(tool, event)

    async def _run(self, tool: Tool, make: Callable[[], Any]) -> Any:
        """Run it in a task of its own, which nobody waits for once its time is over."""
        timeout_s = self._timeout_s if tool.timeout_s is None else tool.timeout_s
        outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        task = self._host.spawn(self._work(tool, make, outcome), f"running {tool.name}")
        if task is None:
            raise asyncio.CancelledError
        try:
            async with timeout(self._clock, timeout_s):
                return await outcome
        except TimeoutError as exc:
            if outcome.done() and not outcome.cancelled() and outcome.exception() is exc:
                raise  # of the tool itself
            task.cancel()
            raise timed_out(tool.name, timeout_s) from exc

    async def _work(self, tool: Tool, make: Callable[[], Any], outcome: "asyncio.Future[Any]") -> None:
        try:
            value = make() if tool.is_async else await self._threads.run(make)
            if inspect.isawaitable(value):
                value = await value
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            _settle(outcome, cancelled(tool.name))  # something within the tool was, not we
        except (KeyboardInterrupt, GeneratorExit):
            raise  # of the program, not of the tool
        except BaseException as exc:  # noqa: BLE001  # told to the model
            _settle(outcome, exc if isinstance(exc, Exception) else RuntimeError(type(exc).__name__))
        else:
            if not outcome.done():
                outcome.set_result(value)

    def _progress(self) -> Callable[[str], None]:
        """`Host.progress` for any thread."""
        loop = asyncio.get_running_loop()

        def progress(text: str) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
                loop.call_soon_threadsafe(self._host.progress, text)

        return progress


def _settle(outcome: "asyncio.Future[Any]", exc: BaseException) -> None:
    if not outcome.done():
        outcome.set_exception(exc)


@attrs.define(eq=False)
class _Running:
    event: RealtimeFunctionCallEvent
    active: ActiveCall
    made_here: bool
