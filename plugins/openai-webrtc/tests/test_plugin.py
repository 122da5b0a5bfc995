import asyncio
import json
import subprocess
import sys

import pytest
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack
from realtime_core import RealtimeErrorEvent, ToolDefinition, create_client
from realtime_core.commands import AppendAudio, ClearAudio, CommitAudio, Raw
from realtime_core.errors import (
    AuthenticationFailed,
    CallerError,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    InvalidOptions,
    LostReason,
    ProviderError,
    RateLimited,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.events import RealtimeSessionEvent
from realtime_core.provider import API_VERSION
from realtime_core.registry import load_provider
from realtime_openai_webrtc.options import OpenAIWebRTCOptions
from realtime_openai_webrtc.plugin import connect, realtime_provider
from realtime_openai_webrtc.tracks import FileTrack
from realtime_openai_wire import WEBRTC_CAPABILITIES, OpenAIRealtimeExecutionSettings
from realtime_openai_wire.rtc import PacedTrack

KEY = "sk-test-4f9a8b7c6d5e"
ODD = b"v=0\r\nm=audio 9 X 96\r\na=rtpmap:96 opus/48000/2\r\na=fingerprint:x\r\nm=application 9 X\r\n"
SECRET = "ek_4f9a8b7c6d5e"
REFUSED = b'{"error": {"code": "c1", "type": "invalid_request_error", "message": "No such voice."}}'


async def opened(options, setup):
    """A connection whose session is configured."""
    connection = await connect(options, setup)
    for phase in ("created", "updated"):
        (event,) = await connection.receive()
        assert (type(event), event.phase) == (RealtimeSessionEvent, phase)
    return connection


async def until_lost(connection):
    while True:
        try:
            await connection.receive()
        except ConnectionLost as exc:
            return exc


def test_the_entry_point_gives_the_provider():
    provider = load_provider("openai-webrtc")

    assert provider == realtime_provider()
    assert provider.api_version == API_VERSION
    assert provider.settings is OpenAIRealtimeExecutionSettings
    assert provider.options is OpenAIWebRTCOptions
    assert provider.capabilities is WEBRTC_CAPABILITIES


def test_loading_it_loads_neither_aiortc_nor_openai():
    show = (
        "import sys, realtime_openai_webrtc; from realtime_core.registry import load_provider;"
        "load_provider('openai-webrtc');"
        "print(sorted({'aiortc', 'av', 'numpy', 'openai', 'websockets'} & sys.modules.keys()))"
    )

    # its own interpreter: this one has them loaded
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"


async def test_whole_configuration_goes_with_the_call_and_again_over_the_channel(service, options, setup):
    given = {
        "voice": "marin",
        "turn_detection": None,
        "tools": (ToolDefinition("find", "Finds.", {"type": "object"}),),
    }
    async with service() as running:
        connection = await opened(options(base_url=running.base_url), setup(**given))
        await connection.aclose()

    (content_type, session) = running.requests[0].parts["session"]
    expected = {
        "type": "realtime",
        "audio": {"input": {"turn_detection": None}, "output": {"voice": "marin"}},
        "tools": [
            {"type": "function", "name": "find", "description": "Finds.", "parameters": {"type": "object"}}
        ],
    }
    assert running.requests[0].parts["sdp"][0] == "application/sdp"
    assert content_type == "application/json"
    assert json.loads(session) == {**expected, "model": "gpt-realtime-2.1"}
    assert [frame["session"] for frame in running.received] == [expected]


@pytest.mark.parametrize(
    ("option", "setting", "model"),
    [
        ({"model": "of-option"}, {}, "of-option"),
        ({"model": "of-option"}, {"model": "of-setting"}, "of-setting"),
    ],
)
async def test_the_models_setting_wins_over_the_option(service, options, setup, option, setting, model):
    async with service() as running:
        await (await connect(options(base_url=running.base_url, **option), setup(**setting))).aclose()

    assert json.loads(running.requests[0].parts["session"][1])["model"] == model


async def test_the_requests_carry_who_asks(service, options, setup):
    async with service() as running:
        given = options(
            base_url=running.base_url, organization="org-1", project="proj-1", headers={"X-Safety": "id"}
        )
        await (await connect(given, setup())).aclose()

    call, hang_up = running.requests
    assert call.line == "POST /v1/realtime/calls HTTP/1.1"
    assert hang_up.line == "POST /v1/realtime/calls/rtc_1/hangup HTTP/1.1"
    for request in (call, hang_up):
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["openai-organization"] == "org-1"
        assert request.headers["openai-project"] == "proj-1"
        assert request.headers["x-safety"] == "id"


async def test_with_a_client_secret_only_the_offer_goes_with_the_call(service, options, setup):
    async with service() as running:
        given = options(base_url=running.base_url, client_secret=lambda: SECRET)
        await (await opened(given, setup(voice="marin"))).aclose()

    assert running.requests[0].headers["content-type"] == "application/sdp"
    assert running.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert running.requests[0].body.startswith(b"v=0")
    assert running.received[0]["session"]["audio"] == {"output": {"voice": "marin"}}


@pytest.mark.parametrize(
    ("given", "settings", "name"),
    [({"client_secret": SECRET}, {"model": "other"}, "model")],
)
async def test_a_setting_that_cannot_be_honoured_is_named_before_anything_is_sent(
    service, options, setup, given, settings, name
):
    async with service() as running:
        with pytest.raises(UnsupportedSetting, match=name):
            await connect(options(base_url=running.base_url, **given), setup(**settings))

    assert running.requests == []


@pytest.mark.parametrize("option", ["api_key", "client_secret"])
async def test_what_gives_no_key_is_named(options, setup, option):
    def broken():
        raise RuntimeError(KEY)

    with pytest.raises(AuthenticationFailed, match=f"given as {option}") as caught:
        await connect(options(**{option: broken}), setup())

    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "error", "match"),
    [
        (401, REFUSED, AuthenticationFailed, "check the API key"),
        (403, REFUSED, AuthenticationFailed, "403"),
        (404, REFUSED, ConnectionFailed, "check the base URL and the model"),
        (429, REFUSED, RateLimited, "try again later"),
        (400, REFUSED, ProviderError, "No such voice; check the settings"),
        (400, b"?", ConnectionFailed, "400"),
        (307, b"", ConnectionFailed, "redirects elsewhere"),
        (503, b"", ConnectionFailed, "in trouble"),
        (201, b"no sdp", ConnectionFailed, "it is no SDP"),
        (201, ODD, ConnectionFailed, "cannot be read"),
    ],
)
async def test_a_refused_call_is_a_typed_error(service, options, setup, status, body, error, match):
    headers = {"Location": "https://elsewhere.example/v1/realtime/calls"}
    async with service(status=status, body=body, headers=headers) as running:
        with pytest.raises(error, match=match) as caught:
            await connect(options(base_url=running.base_url), setup())

    assert running.base_url.split("/")[2] in str(caught.value)
    assert KEY not in str(caught.value)


async def test_whatever_key_was_sent_is_not_quoted(service, options, setup):
    body = b'{"error": {"message": "Your key zz-98765 is bad."}}'
    async with service(status=401, body=body) as running:
        with pytest.raises(AuthenticationFailed, match="Your key … is bad"):
            await connect(options(base_url=running.base_url, api_key="zz-98765"), setup())


async def test_a_refusal_of_the_settings_has_the_services_code(service, options, setup):
    async with service(status=400, body=REFUSED) as running:
        with pytest.raises(ProviderError) as caught:
            await connect(options(base_url=running.base_url), setup())

    assert (caught.value.code, caught.value.retryable) == ("c1", False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])  # the latter may have two addresses
async def test_nothing_listens(options, setup, free_port, host):
    with pytest.raises(ConnectionFailed, match=f"{host}:{free_port} refused") as caught:
        await connect(options(base_url=f"http://{host}:{free_port}/v1"), setup())

    assert caught.value.reason is FailedReason.REFUSED


async def test_a_name_without_an_address(options, setup):
    with pytest.raises(ConnectionFailed, match=r"nowhere\.invalid") as caught:
        await connect(options(base_url="http://nowhere.invalid/v1"), setup())

    assert caught.value.reason in {FailedReason.DNS, FailedReason.UNREACHABLE}


async def silent(reader, writer):
    await reader.read()
    writer.close()


async def test_no_answer_in_time(options, setup):
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionFailed, match="gave no answer in time") as caught:
            await connect(options(base_url=f"http://127.0.0.1:{port}/v1", timeout_s=2.0), setup())

    assert caught.value.reason is FailedReason.TIMEOUT


async def test_a_call_in_progress_hears_and_is_heard(service, options, setup, tone, frequency_hz):
    async with service() as running:
        connection = await opened(options(base_url=running.base_url), setup())
        await connection.send(AppendAudio(data=tone(440).read(48_000)))
        await connection.send(CommitAudio())
        heard = bytes(running.heard)
        running.send(type="output_audio_buffer.started", response_id="resp_1")
        spoken = b""
        while len(spoken) < 48_000 * 4:
            events = await connection.receive()
            spoken += b"".join(event.audio.data for event in events if hasattr(event, "audio"))
        stats = connection.media_stats
        await connection.aclose()

    assert frequency_hz(heard, 48_000, 2) == pytest.approx(440, abs=1)
    assert frequency_hz(spoken, 48_000, 2) == pytest.approx(660, abs=1)
    assert running.received[-1]["type"] == "input_audio_buffer.commit"
    assert stats.packets_received > 50
    assert (stats.packets_lost, stats.lost_audio_ms) == (0, 0)


async def test_what_is_cleared_is_not_heard(service, options, setup, tone):
    async with service() as running:
        connection = await opened(options(base_url=running.base_url), setup())
        await connection.send(AppendAudio(data=tone(440).read(24_000 * 60)))
        await connection.send(ClearAudio())
        await connection.send(CommitAudio())
        await running.until(lambda: running.received[-1]["type"] == "input_audio_buffer.commit")
        await connection.aclose()

    assert len(running.heard) < 48_000 * 4 * 10


async def test_a_track_of_the_applications_own_is_heard_and_nothing_can_be_sent_beside_it(
    service, options, setup, tone, frequency_hz
):
    track = PacedTrack(tone(550).read)
    async with service() as running:
        manual = setup(turn_detection=None)
        connection = await opened(options(base_url=running.base_url, audio_track=track), manual)
        with pytest.raises(UnsupportedCommand, match="audio_track"):
            await connection.send(AppendAudio(data=bytes(480)))
        await connection.send(CommitAudio())
        await running.until(lambda: len(running.heard) > 48_000 * 4)
        await connection.aclose()

    assert frequency_hz(bytes(running.heard), 48_000, 2) == pytest.approx(550, abs=2)
    assert track.readyState == "ended"


class Failing(AudioStreamTrack):
    """A track that gives nothing."""

    async def recv(self):
        raise LookupError("words of the user")


async def test_a_track_that_fails_is_told_as_an_event_without_its_words(service):
    async with service() as running:
        client = create_client(
            "openai-webrtc", api_key=KEY, base_url=running.base_url, audio_track=lambda: Failing()
        )
        async with client() as session:
            async for event in session.receive():
                if isinstance(event, RealtimeErrorEvent):
                    break
            await running.until(lambda: len(running.heard) > 48_000)

    assert (event.kind, event.code, event.fatal) == ("callback", "audio_track_failed", False)
    assert "LookupError" in event.message
    assert "words" not in event.message
    assert isinstance(event.exception, LookupError)
    assert not any(running.heard)


async def test_a_function_gives_a_track_for_each_session(service, options, setup, tone):
    given = []

    def give():
        given.append(PacedTrack(tone(440).read))
        return given[-1]

    async with service() as running:
        for _ in range(2):
            await (await connect(options(base_url=running.base_url, audio_track=give), setup())).aclose()

    assert [track.readyState for track in given] == ["ended", "ended"]


async def test_a_track_that_was_made_for_a_failed_call_is_stopped(service, options, setup):
    given = []

    def give():
        given.append(AudioStreamTrack())
        return given[-1]

    async with service(status=401) as running:
        with pytest.raises(AuthenticationFailed):
            await connect(options(base_url=running.base_url, audio_track=give), setup())

    assert given[0].readyState == "ended"


async def test_a_given_track_survives_a_failed_call_and_serves_one_session(service, options, setup):
    track = AudioStreamTrack()
    async with service(status=401) as running:
        with pytest.raises(AuthenticationFailed):
            await connect(options(base_url=running.base_url, audio_track=track), setup())
        assert track.readyState == "live"

        running.status = 201
        await (await connect(options(base_url=running.base_url, audio_track=track), setup())).aclose()
        with pytest.raises(InvalidOptions, match="a track serves one session"):
            await connect(options(base_url=running.base_url, audio_track=track), setup())


async def test_a_given_track_is_not_heard_by_two_sessions(service, options, setup):
    track = AudioStreamTrack()
    async with service() as running:
        first = await connect(options(base_url=running.base_url, audio_track=track), setup())
        with pytest.raises(InvalidOptions, match="in use or has ended: a track serves one session"):
            await connect(options(base_url=running.base_url, audio_track=track), setup())
        assert track.readyState == "live"
        await first.aclose()


def broken():
    raise RuntimeError("words of the user")


@pytest.mark.parametrize("give", [lambda: None, VideoStreamTrack, lambda: "track", broken])
async def test_a_function_that_gives_no_track_is_named(service, options, setup, give):
    async with service() as running:
        with pytest.raises(InvalidOptions, match="audio_track gave no") as caught:
            await connect(options(base_url=running.base_url, audio_track=lambda: give()), setup())

    assert "words" not in str(caught.value)


async def test_a_file_that_is_not_there_is_told_as_it_is(service, options, setup, tmp_path):
    async with service() as running:
        with pytest.raises(InvalidOptions, match="cannot be read"):
            await connect(
                options(base_url=running.base_url, audio_track=lambda: FileTrack(tmp_path / "none.wav")),
                setup(),
            )


async def test_a_configuration_that_cannot_be_written_is_refused_before_anything_is_sent(
    service, options, setup
):
    async with service() as running:
        with pytest.raises(CallerError, match="tools"):
            await connect(options(base_url=running.base_url), setup(tools=({"type": object()},)))

    assert running.requests == []


async def test_a_server_that_helps_to_find_a_path_and_has_no_address_is_no_hindrance(service, options, setup):
    async with service() as running:
        given = options(base_url=running.base_url, ice_servers="stun:nowhere.invalid:3478")
        await (await connect(given, setup())).aclose()

    assert running.hung_up


async def test_a_message_above_the_limit_is_refused_with_its_size_and_the_limit(service, options, setup):
    def without_limit(sdp):
        return "".join(line for line in sdp.splitlines(keepends=True) if "max-message-size" not in line)

    async with service(edit=without_limit) as running:
        connection = await opened(options(base_url=running.base_url), setup())
        with pytest.raises(UnsupportedCommand, match=r"of \d{5,} bytes .* takes 65536 bytes"):
            await connection.send(Raw(service_type="x", payload={"words": "ü" * 40_000}))
        await connection.send(Raw(service_type="x", payload={"words": "small"}))
        await running.until(lambda: len(running.received) == 2)
        await connection.aclose()

    assert running.received[-1]["words"] == "small"


@pytest.mark.parametrize("limit", ["0", "1073741823", "18446744073709551615"])
async def test_a_service_that_takes_any_size_gets_it(service, options, setup, limit):
    async with service(edit=lambda sdp: sdp.replace("size:262144", f"size:{limit}")) as running:
        connection = await opened(options(base_url=running.base_url), setup())
        for _ in range(3):
            await connection.send(Raw(service_type="x", payload={"words": "x" * 700_000}))
        await running.until(lambda: len(running.received) == 4)
        await connection.aclose()

    assert {len(frame["words"]) for frame in running.received[1:]} == {700_000}


async def test_the_service_ends_the_call(service, options, setup):
    async with service() as running:
        connection = await opened(options(base_url=running.base_url), setup())
        running.send(type="error", error={"code": "session_expired", "message": "Over."})
        await asyncio.sleep(0)
        await running.peers[0].close()

        lost = await until_lost(connection)
        with pytest.raises(ConnectionLost):
            await connection.receive()
        with pytest.raises(ConnectionLost):
            await connection.send(AppendAudio(data=bytes(480)))
        await connection.aclose()

    assert (lost.reason, lost.retryable) == (LostReason.CLOSED, True)
    assert not running.hung_up


async def test_closing_here_wakes_who_waits_and_hangs_up_once(service, options, setup):
    async with service() as running:
        connection = await opened(options(base_url=running.base_url), setup())
        reader = asyncio.create_task(until_lost(connection))
        await asyncio.sleep(0)

        await asyncio.gather(*(connection.aclose() for _ in range(3)))
        await connection.aclose()

        assert (await reader).retryable is False
    assert sum("hangup" in request.line for request in running.requests) == 1


async def test_what_was_sent_before_closing_arrives(service, options, setup):
    async with service() as running:
        connection = await opened(options(base_url=running.base_url), setup())
        await connection.send(Raw(service_type="last", payload={"words": "x" * 200_000}))
        await connection.aclose()
        await running.until(lambda: running.received[-1]["type"] == "last")


@pytest.mark.parametrize("location", [{}, {"Location": "/v1/realtime/calls/"}])
async def test_a_service_without_an_id_of_the_call_is_not_asked_to_hang_up(service, options, setup, location):
    async with service(headers={"Content-Type": "text/plain", **location}) as running:
        await (await connect(options(base_url=running.base_url), setup())).aclose()

    assert not running.hung_up


@pytest.mark.parametrize("status", [404, 500])
async def test_a_hang_up_that_fails_is_no_error(service, options, setup, status):
    async with service() as running:
        connection = await connect(options(base_url=running.base_url), setup())
        running.hang_up_status = status
        await connection.aclose()

    assert running.hung_up


def edited(sdp):
    """As real services write it: ICE lite, candidates of TCP, no end of candidates."""
    lines = []
    for line in sdp.splitlines():
        if line.startswith("a=candidate") and " udp " in line:
            lines += [
                line,
                line.replace(" udp ", " tcp ").replace(" typ host", " typ host tcptype passive ufrag x"),
            ]
        elif not line.startswith("a=end-of-candidates"):
            lines.append(line)
    lines.insert(4, "a=ice-lite")
    return "\n".join([*lines, ""])


async def test_an_answer_as_real_services_write_it_is_taken(service, options, setup):
    headers = {"Content-Type": "text/plain; charset=utf-8", "Location": "/v1/realtime/calls/rtc_9?x=1"}
    async with service(status=200, edit=edited, headers=headers) as running:
        connection = await opened(options(base_url=running.base_url), setup())
        await connection.aclose()

    assert "/rtc_9/hangup" in running.requests[-1].line


async def test_no_way_for_the_media_within_the_time(service, options, setup):
    async with service(is_deaf=True) as running:
        with pytest.raises(ConnectionFailed, match="no path to it was found in time") as caught:
            await connect(options(base_url=running.base_url, timeout_s=2.0), setup())

    assert caught.value.reason is FailedReason.TIMEOUT


async def test_no_address_for_the_media(service, options, setup):
    def nowhere(sdp):
        return "".join(line for line in sdp.splitlines(keepends=True) if "candidate" not in line)

    async with service(edit=nowhere, is_deaf=True) as running:
        with pytest.raises(ConnectionFailed, match="WebRTC needs UDP") as caught:
            await connect(options(base_url=running.base_url), setup())

    assert caught.value.reason is FailedReason.UNREACHABLE


async def test_another_certificate_than_promised(service, options, setup):
    def forged(sdp):
        return "".join(
            line if "fingerprint" not in line else line.split()[0] + " " + ":".join(["AB"] * 32) + "\r\n"
            for line in sdp.splitlines(keepends=True)
            if "sha-384" not in line and "sha-512" not in line
        )

    async with service(edit=forged) as running:
        with pytest.raises(ConnectionFailed, match="DTLS") as caught:
            await connect(options(base_url=running.base_url), setup())

    assert caught.value.reason is FailedReason.TLS


async def test_an_answer_that_sends_no_audio(service, options, setup):
    async with service(edit=lambda sdp: sdp.replace("a=sendrecv", "a=recvonly")) as running:
        with pytest.raises(ConnectionFailed, match="it sends no audio"):
            await connect(options(base_url=running.base_url), setup())


def test_endpoint_is_where_calls_are_placed(options):
    given = options(base_url="https://api.example.com/v1")

    assert realtime_provider().endpoint(given) == "https://api.example.com/v1/realtime/calls"
