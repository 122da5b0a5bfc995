import asyncio
import http
import json
import socket
import ssl

import pytest
import trustme
from openai import AsyncOpenAI
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    FailedReason,
    RateLimited,
)
from realtime_openai_wire.websocket import open_websocket


@pytest.fixture
def refusal(open_pipe, key):
    """The error with which opening a pipe ends."""

    async def run(host, **options):
        with pytest.raises((ConnectionFailed, AuthenticationFailed, RateLimited)) as caught:
            await open_pipe(host, **options)
        assert key not in f"{caught.value} {caught.value!r}"
        assert str(caught.value).startswith(host)
        assert "; " in str(caught.value)
        assert "\n" not in str(caught.value)
        return caught.value

    return run


def answering(status, text, headers=()):
    """A server's answer to the upgrade: an HTTP status instead of a WebSocket."""

    def respond(connection, _request):
        response = connection.respond(http.HTTPStatus(status), text)
        for name, value in headers:
            response.headers[name] = value
        return response

    return respond


async def greet(connection):
    await connection.send("hello")
    await connection.wait_closed()


async def test_the_upgrade_names_model_query_headers_and_key(websocket_server, open_pipe, key):
    seen = []
    async with websocket_server(process_request=lambda _, request: seen.append(request)) as host:
        pipe = await open_pipe(host, model="gpt-test", query={"intent": "x"}, headers={"X-Safety": "id 1"})
        await pipe.aclose()

    (request,) = seen
    assert request.path == "/v1/realtime?model=gpt-test&intent=x"
    assert request.headers["Authorization"] == f"Bearer {key}"
    assert request.headers["X-Safety"] == "id 1"
    assert "OpenAI-Beta" not in request.headers
    assert "Sec-WebSocket-Extensions" not in request.headers


async def test_a_header_that_is_none_takes_away_the_clients_own(websocket_server, open_pipe, key):
    seen = []
    async with websocket_server(process_request=lambda _, request: seen.append(request.headers)) as host:
        pipe = await open_pipe(host, headers={"api-key": key, "Authorization": None})
        await pipe.aclose()

    (headers,) = seen
    assert headers["api-key"] == key
    assert "Authorization" not in headers


async def test_without_a_model_the_url_has_none(websocket_server, open_pipe):
    seen = []
    async with websocket_server(process_request=lambda _, request: seen.append(request.path)) as host:
        pipe = await open_pipe(host, model=None, query={"intent": "transcription"})
        await pipe.aclose()

    assert seen == ["/v1/realtime?intent=transcription"]


async def test_frames_go_both_ways_as_text(websocket_server, open_pipe):
    async def echo(connection):
        async for frame in connection:
            await connection.send(f"{frame}!")

    async with websocket_server(echo) as host:
        pipe = await open_pipe(host)
        await pipe.send('"grüß dich"')

        assert (await pipe.recv()).decode() == '"grüß dich"!'

        await pipe.aclose()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_a_failed_authentication(status, websocket_server, refusal, key):
    said = json.dumps(
        {"error": {"message": f"Incorrect API key provided: {key}.", "code": "invalid_api_key"}}
    )
    async with websocket_server(process_request=answering(status, said)) as host:
        error = await refusal(host)

    assert type(error) is AuthenticationFailed
    assert error.status == status
    assert "Incorrect API key provided: …" in str(error)


@pytest.mark.parametrize("header", ["api-key", "X-Vendor-Token", "Authorization"])
async def test_whatever_key_was_sent_is_not_quoted(header, websocket_server, refusal):
    said = json.dumps({"error": {"message": "Your key zz-98765 is bad."}})
    async with websocket_server(process_request=answering(401, said)) as host:
        error = await refusal(host, headers={header: "Scheme zz-98765"})

    assert "Your key … is bad" in str(error)


async def test_too_many_requests_are_rate_limited(websocket_server, refusal):
    said = json.dumps({"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}})
    async with websocket_server(process_request=answering(429, said)) as host:
        error = await refusal(host)

    assert type(error) is RateLimited
    assert (error.code, error.retryable) == ("rate_limit_exceeded", True)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, FailedReason.NOT_FOUND),
        (500, FailedReason.UNAVAILABLE),
        (503, FailedReason.UNAVAILABLE),
        (400, FailedReason.REJECTED),
        (302, FailedReason.REJECTED),
    ],
)
async def test_another_status_is_a_failed_connection_with_its_reason(
    status, reason, websocket_server, refusal
):
    async with websocket_server(process_request=answering(status, "because of that")) as host:
        error = await refusal(host)

    assert type(error) is ConnectionFailed
    assert (error.reason, error.status) == (reason, status)
    assert "because of that" in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_and_nobody_else_gets_the_key(status, websocket_server, refusal):
    seen = []
    async with websocket_server(process_request=lambda _, request: seen.append(request)) as elsewhere:
        location = ("Location", f"ws://{elsewhere}/v1/realtime")
        async with websocket_server(process_request=answering(status, "over there", [location])) as host:
            error = await refusal(host)

    assert seen == []
    assert (error.reason, error.status) == (FailedReason.REJECTED, status)
    assert "redirects" in str(error)


async def test_a_plain_http_server_is_no_websocket(tcp_server, refusal):
    async def plain(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()

    async with tcp_server(plain) as host:
        error = await refusal(host)

    assert (error.reason, error.status) == (FailedReason.NOT_WEBSOCKET, 200)


@pytest.mark.parametrize("greeting", [b"220 mail.example.com ESMTP\r\n", b""])
async def test_something_that_speaks_no_http_is_no_websocket(greeting, tcp_server, refusal):
    async def other(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(greeting)
        await writer.drain()

    async with tcp_server(other) as host:
        error = await refusal(host)

    assert error.reason is FailedReason.NOT_WEBSOCKET


async def test_an_upgrade_that_is_none_is_no_websocket(tcp_server, refusal):
    async def wrong_key(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        await writer.drain()

    async with tcp_server(wrong_key) as host:
        error = await refusal(host)

    assert error.reason is FailedReason.NOT_WEBSOCKET


async def test_a_closed_port_refuses(refusal):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"

        error = await refusal(host)

    assert error.reason is FailedReason.REFUSED


async def test_a_name_without_an_address_is_a_matter_of_dns(refusal):
    assert (await refusal("nonexistent.invalid")).reason is FailedReason.DNS


async def test_a_server_that_never_answers_times_out(tcp_server, refusal):
    done = asyncio.Event()

    async def silent(_reader, _writer):
        await done.wait()

    async with tcp_server(silent) as host:
        error = await refusal(host, timeout_s=0.05)
        done.set()

    assert error.reason is FailedReason.TIMEOUT


async def test_a_certificate_that_is_not_trusted_is_a_matter_of_tls(websocket_server, refusal):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with websocket_server(ssl=context) as host:
        error = await refusal(host, scheme="https")

    assert error.reason is FailedReason.TLS
    assert "certificate" in str(error)


async def test_a_trusted_certificate_opens_a_secure_connection(
    tmp_path, monkeypatch, websocket_server, open_pipe
):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with websocket_server(greet, ssl=context) as host:
        pipe = await open_pipe(host, scheme="https")

        assert await pipe.recv() == b"hello"

        await pipe.aclose()


async def test_a_server_without_tls_is_a_matter_of_tls(tcp_server, refusal):
    async def plain(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with tcp_server(plain) as host:
        error = await refusal(host, scheme="https")

    assert error.reason is FailedReason.TLS


async def test_a_broken_proxy_is_a_matter_of_the_network(monkeypatch, tcp_server, refusal):
    async def proxy(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        await writer.drain()

    async with tcp_server(proxy) as address:
        monkeypatch.setenv("https_proxy", f"http://{address}")
        error = await refusal("api.example.com", scheme="https")

    assert error.reason is FailedReason.UNREACHABLE
    assert "proxy" in str(error).lower()


async def test_an_error_of_ours_from_a_key_function_passes_as_it_is():
    async def no_key():
        raise AuthenticationFailed("the vault is closed")

    client = AsyncOpenAI(api_key=no_key, base_url="http://127.0.0.1:1/v1")

    with pytest.raises(AuthenticationFailed, match="the vault is closed"):
        await open_websocket(client, model="m", query={}, headers={}, timeout_s=1)


async def test_cancelling_the_open_leaves_no_socket(tcp_server, open_pipe):
    asked, closed = asyncio.Event(), asyncio.Event()

    async def silent(reader, _writer):
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        closed.set()

    async with tcp_server(silent) as host:
        opening = asyncio.create_task(open_pipe(host))
        await asked.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        async with asyncio.timeout(5):
            await closed.wait()
