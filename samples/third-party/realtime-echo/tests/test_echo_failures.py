"""What keeps ``echo-ws`` from connecting has its own error."""

import asyncio
from http import HTTPStatus

import pytest
from realtime_core import (
    AuthenticationFailed,
    ConnectionFailed,
    FailedReason,
    InvalidOptions,
    RateLimited,
    create_client,
)
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response


def connect(status: HTTPStatus) -> None:
    """Open a session with a server that answers the upgrade with ``status``, and is asked once."""
    asked = 0

    def refuse(connection: ServerConnection, _: Request) -> Response:
        nonlocal asked
        asked += 1
        response = connection.respond(status, "")
        response.headers["Location"] = "/elsewhere"
        return response

    async def nobody(_: ServerConnection) -> None:
        raise AssertionError("the upgrade was refused")

    async def run() -> None:
        async with serve(nobody, "127.0.0.1", 0, process_request=refuse) as server:
            port = server.sockets[0].getsockname()[1]
            async with create_client("echo-ws", url=f"ws://127.0.0.1:{port}", api_key="a-key")():
                pass

    try:
        asyncio.run(run())
    finally:
        assert asked == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (HTTPStatus.FOUND, FailedReason.REJECTED),
        (HTTPStatus.BAD_REQUEST, FailedReason.REJECTED),
        (HTTPStatus.NOT_FOUND, FailedReason.NOT_FOUND),
        (HTTPStatus.OK, FailedReason.NOT_WEBSOCKET),
        (HTTPStatus.BAD_GATEWAY, FailedReason.UNAVAILABLE),
    ],
)
def test_status_has_its_reason(status: HTTPStatus, reason: FailedReason) -> None:
    with pytest.raises(ConnectionFailed) as told:
        connect(status)

    assert (told.value.reason, told.value.status) == (reason, status)


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
def test_refused_key_is_a_failed_authentication(status: HTTPStatus) -> None:
    with pytest.raises(AuthenticationFailed, match="ECHO_API_KEY"):
        connect(status)


def test_too_many_requests_are_a_limit() -> None:
    with pytest.raises(RateLimited):
        connect(HTTPStatus.TOO_MANY_REQUESTS)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "ws://", "ws://user:secret@host", "ws://host:0", "ws://host:99999"]
)
def test_url_is_one_of_a_websocket(url: str) -> None:
    with pytest.raises(InvalidOptions, match="'url'") as told:
        create_client("echo-ws", url=url)

    assert "secret" not in str(told.value)
