"""A response that was asked for, as whoever asked for it sees it."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from realtime_core.contents import AudioContent, ToolCall
from realtime_core.events import RealtimeResponseEvent

if TYPE_CHECKING:
    from realtime_core.engine.request import ResponseRequest

__all__ = ["ResponseHandle"]


class ResponseHandle:
    """What ``create_response`` returns: ``await handle`` waits for the end of the response.

    Requests that became one, because none of them had overrides, share a response.
    """

    def __init__(self, request: "ResponseRequest") -> None:
        self._request = request

    def __repr__(self) -> str:
        done = self._request.done
        status = done.value.status if done.value is not None else "failed" if done.settled else "open"
        return f"<ResponseHandle {self.response_id} {status}>"

    @property
    def response_id(self) -> str | None:
        """The service's id of it, once it has begun and where the service has ids."""
        event = self._request.created.value
        return None if event is None else event.response_id

    @property
    def text(self) -> str:
        """What it has said so far, spoken or written."""
        return "".join(self._request.text)

    @property
    def audio(self) -> tuple[AudioContent, ...]:
        """What an out-of-band response has spoken so far, in pieces; of any other the events bring it."""
        return tuple(self._request.audio)

    @property
    def function_calls(self) -> tuple[ToolCall, ...]:
        """The calls that an out-of-band response asks for: nobody makes them but you."""
        return tuple(self._request.calls)

    async def created(self) -> RealtimeResponseEvent:
        """Wait until the service has begun it.

        Raises:
            ProviderError: the service refused it.
            CommandTimeout: the service did not answer.
            ConnectionLost, SessionStateError: the session ended first.
        """
        return await self._request.created.wait()

    def __await__(self) -> Generator[Any, None, RealtimeResponseEvent]:
        """Its end: the event ``done``, whose status is completed, cancelled, incomplete or failed. Where the
        service plays it, on a track, that is told when it has been played, or cut off.

        Raises:
            ProviderError, CommandTimeout, ConnectionLost, SessionStateError: as `created`.
        """
        return self._request.done.wait().__await__()

    async def heard(self) -> bool:
        """Wait until it was played, which ends later than the response itself where audio comes faster than
        it is played; False: it was cut off, or is out of band, which nobody plays. Without an
        ``audio_output_callback`` audio begins to play when it is read from ``receive``: somebody has to read
        on meanwhile.

        Raises:
            ProviderError, CommandTimeout, ConnectionLost, SessionStateError: as `created`.
        """
        return await self._request.heard()
