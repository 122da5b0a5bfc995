"""A call as HTTP knows it: placed with an offer, answered, hung up. Through the ``openai`` package.

That is loaded by whoever made the client. Knows nothing of media.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from realtime_core.errors import RealtimeError
from realtime_core.masking import secrets_in
from realtime_openai_wire.refusals import not_reached, refused_call

from realtime_openai_webrtc.answer import Answer, read_answer
from realtime_openai_webrtc.ends import bad_answer

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["Call"]

_HANG_UP_TIMEOUT_S: Final = 2.0
_LATE_ANSWER_S: Final = 1.0


class Call:
    """One call, placed through ``client``, which it owns: after this you must call `aclose`.

    ``host`` is named in errors; ``headers`` go with every request.
    """

    def __init__(self, client: "AsyncOpenAI", *, host: str, headers: Mapping[str, str]) -> None:
        self._client = client
        self._host = host
        self._headers = dict(headers)
        self._id: str | None = None
        self._placing: asyncio.Task[str] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def place(self, offer: str, session: Mapping[str, Any] | None) -> Answer:
        """Send the offer, with the configuration of the session unless the client secret has it.

        Raises:
            AuthenticationFailed, RateLimited, ConnectionFailed, ProviderError: the call was refused.
        """
        # a call that is accepted when nobody waits any more is to be hung up, too
        self._placing = asyncio.create_task(self._post(offer, session))
        try:
            text = await asyncio.shield(self._placing)
        except Exception as exc:
            raise _refusal(self._host, exc) from exc
        try:
            return read_answer(text)
        except ValueError as exc:
            raise bad_answer(self._host, str(exc)) from exc

    def ended(self) -> None:
        """The service has no such call any more: there is nothing to hang up."""
        self._id = None

    async def aclose(self) -> None:
        """Hang up and let go of the client, within a few seconds. Never raises; may be called twice."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _post(self, offer: str, session: Mapping[str, Any] | None) -> str:
        """The text of the answer."""
        from openai import HttpxBinaryResponseContent

        # realtime.calls.create, in the form that the service wants: before openai 3.5 that wrote JSON
        body: dict[str, Any]
        if session is None:
            content_type, body = "application/sdp", {"content": offer.encode()}
        else:
            # as files, of which older versions of openai log no more than that they are some
            parts = {
                "sdp": (None, BytesIO(offer.encode()), "application/sdp"),
                "session": (None, BytesIO(json.dumps(session).encode()), "application/json"),
            }
            content_type, body = "multipart/form-data", {"body": {}, "files": parts}
        headers = {**self._headers, "Accept": "application/sdp", "Content-Type": content_type}
        response: HttpxBinaryResponseContent = await self._client.post(
            "/realtime/calls", cast_to=HttpxBinaryResponseContent, options={"headers": headers}, **body
        )
        self._id = _id_in(response.response.headers.get("location", ""))
        text: str = response.text
        return text

    async def _close(self) -> None:
        if self._placing is not None:
            # what became of it was told to whoever waited; after this it is cancelled
            await asyncio.wait([self._placing], timeout=_LATE_ANSWER_S)
            self._placing.cancel()
            await asyncio.gather(self._placing, return_exceptions=True)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_HANG_UP_TIMEOUT_S):
                if self._id is not None:
                    await self._client.realtime.calls.hangup(self._id, extra_headers=self._headers)
        with contextlib.suppress(Exception):
            await self._client.close()


def _id_in(location: str) -> str | None:
    """The last part of its path; a service that gives none hangs up by itself."""
    call_id = location.partition("?")[0].rstrip("/").rpartition("/")[2]
    return call_id if call_id not in {"", "calls"} else None


def _refusal(host: str, exc: Exception) -> RealtimeError:
    from openai import APIStatusError

    if isinstance(exc, APIStatusError):
        sent = secrets_in(exc.request.headers.items())
        return refused_call(host, exc.status_code, exc.response.content, secrets=sent)
    return not_reached(host, _root_of(exc))


def _root_of(error: Exception) -> Exception:
    """What lies below the exceptions of HTTP libraries: an error of the operating system, if there is one."""
    found = error
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ExceptionGroup):
            seen = seen.exceptions[0]
        if isinstance(seen, OSError):
            found = seen
        seen = seen.__cause__ or seen.__context__
    return found
