"""Calls over WebRTC, from a raw aiortc peer and by the ``openai`` package, against a server on a port."""

import asyncio
import gc
import itertools
import json
import sys
import threading
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from openai import APIStatusError, AsyncOpenAI
from realtime_core.clock import VirtualClock, use_clock
from realtime_simulator.brain import Say
from realtime_simulator.calls import Calls
from realtime_simulator.frames import End
from realtime_simulator.offer import Offer
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer
from websockets.exceptions import ConnectionClosed, InvalidStatus

pytest.importorskip("aiortc", reason="calls need the extra webrtc")

RECORDING = (
    Path(__file__).resolve().parents[4]
    / "shared/recordings/openai_sideband/test_webrtc_sideband_audio_turn.jsonl"
)
SESSION = {"type": "realtime", "model": "gpt-realtime"}
SDP = {"Content-Type": "application/sdp", "Authorization": "Bearer key"}
AUDIO_OFFER = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"


def tone(hz, ms, rate_hz=24_000):
    return (8000 * np.sin(np.arange(ms * rate_hz // 1000) * 2 * np.pi * hz / rate_hz)).astype(np.int16)


def loudest_hz(samples, rate_hz):
    """The frequency of a tone."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * rate_hz / len(samples)


def loud(samples):
    """From the first to the last sample that is heard."""
    (heard,) = np.nonzero(np.abs(samples) > 1000)
    return samples[heard[0] : heard[-1]] if len(heard) else samples[:0]


def loud_ms(samples, rate_hz):
    """For how long something is heard."""
    return len(loud(samples)) * 1000 / rate_hz


async def settled_counts():
    """Tasks, threads, peers and open files, once they stay the same."""
    counts = []
    while len(counts) < 5 or len(set(counts[-5:])) > 1:
        await asyncio.sleep(0.05)
        gc.collect()
        peers = sum(type(one).__name__ == "Peer" for one in gc.get_objects())
        files = await asyncio.to_thread(open_files)
        counts.append((len(asyncio.all_tasks()), own_threads(), peers, files))
    return counts[-1]


def open_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir()) if sys.platform == "linux" else 0


def own_threads():
    """All but the loop's pool, which grows to its size in its own time."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())


def text_item(text):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def kinds(frames):
    return [frame["type"] for frame in frames]


def id_of(answer):
    return answer.response.headers["location"].rpartition("/")[2]


@pytest.fixture
async def serve():
    """A function that starts servers."""
    servers = []

    async def start(**options):
        servers.append(SimulatorServer(configure(**{"speed": 0, **options}), api_key="key"))
        await servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        await server.aclose()


@pytest.fixture
async def client_of():
    """A function that makes clients of a server."""
    clients = {}

    def make(server, key="key"):
        if (server, key) not in clients:
            clients[server, key] = AsyncOpenAI(api_key=key, base_url=server.base_url, max_retries=0)
        return clients[server, key]

    yield make
    for client in clients.values():
        await client.close()


@pytest.fixture
def call(caller, client_of):
    """A function that calls a server; the caller, and the id of the call."""

    async def make(server, *, session=SESSION, query=None, **given):
        answers = []

        async def exchange(sdp):
            answers.append(
                await client_of(server).realtime.calls.create(
                    sdp=sdp, session=session, extra_query=query or {}
                )
            )
            return answers[0].text

        one = await caller(**given).open(exchange)
        return one, id_of(answers[0])

    return make


class TestExchange:
    """The request for a call, and its answer."""

    async def test_session_begins_on_the_channel_and_a_reply_is_heard_on_the_track(self, serve, call):
        one, _ = await call(await serve(brain=lambda _: Say("Hi", audio=tone(660, 600))))
        (created,) = await one.until("session.created")

        one.send("response.create")
        frames = await one.until("output_audio_buffer.started")
        await one.until_heard(lambda samples: loud_ms(samples, 48_000) > 500)

        assert created["session"]["model"] == "gpt-realtime"
        assert "response.output_audio.delta" not in kinds(frames)
        assert abs(loudest_hz(loud(one.samples), 48_000) - 660) < 10

    async def test_answer_is_that_of_the_service(self, serve, caller, client_of):
        client = client_of(await serve())
        one = caller()
        await one.pc.setLocalDescription(await one.pc.createOffer())
        answer = await client.realtime.calls.create(sdp=one.pc.localDescription.sdp, session=SESSION)

        assert answer.response.status_code == 201
        assert answer.response.headers["content-type"] == "application/sdp"
        assert answer.response.headers["location"].startswith("/v1/realtime/calls/rtc_")
        assert "a=setup:active" in answer.text
        assert "opus/48000/2" in answer.text

    async def test_client_secret_opens_a_call_with_its_session(self, serve, caller, client_of):
        server = await serve()
        made = await client_of(server).realtime.client_secrets.create(
            session={**SESSION, "instructions": "Be brief."}
        )

        async def exchange(sdp):
            return (await client_of(server, made.value).realtime.calls.create(sdp=sdp)).text

        one = await caller(label="realtime-channel").open(exchange)

        (created,) = await one.until("session.created")
        assert created["session"]["instructions"] == "Be brief."

    async def test_azure_has_its_own_path(self, serve, caller):
        server = await serve()
        url = f"{server.azure_endpoint}/openai/v1/realtime/calls?model=m&webrtcfilter=off"
        headers = {"Content-Type": "application/sdp", "api-key": "key"}
        locations = []

        async def exchange(sdp):
            async with aiohttp.request("POST", url, data=sdp, headers=headers) as answer:
                locations.append(answer.headers["Location"])
                return await answer.text()

        await (await caller().open(exchange)).until("session.created")
        assert locations[0].startswith("/openai/v1/realtime/calls/rtc_")

    async def test_quirks_change_the_answer(self, serve, caller):
        server = await serve(quirks="no-message-size,tcp-candidates,plain-sdp")
        kinds, answers = [], []

        async def exchange(sdp):
            url = f"{server.base_url}/realtime/calls?model=m"
            async with aiohttp.request("POST", url, data=sdp, headers=SDP) as answer:
                kinds.append(answer.content_type)
                answers.append(await answer.text())
                return answers[0]

        await (await caller().open(exchange)).until("session.created")
        assert kinds == ["text/plain"]
        assert "max-message-size" not in answers[0]
        assert "tcptype passive" in answers[0]

    @pytest.mark.parametrize(
        ("offer", "session", "status", "code"),
        [
            ("hello", SESSION, 400, "invalid_offer"),
            (AUDIO_OFFER, SESSION, 400, "invalid_offer"),
            (AUDIO_OFFER, {"type": "realtime"}, 400, "missing_model"),
            (AUDIO_OFFER, {**SESSION, "nonsense": 1}, 400, "unknown_parameter"),
        ],
    )
    async def test_wrong_request_is_refused_and_no_session_begins(
        self, serve, client_of, offer, session, status, code
    ):
        server = await serve()

        with pytest.raises(APIStatusError) as refused:
            await client_of(server).realtime.calls.create(sdp=offer, session=session)

        assert (refused.value.status_code, refused.value.code) == (status, code)
        assert server.sessions == []

    async def test_key_must_be_good(self, serve, client_of):
        with pytest.raises(APIStatusError) as refused:
            await client_of(await serve(), "wrong").realtime.calls.create(sdp=AUDIO_OFFER, session=SESSION)

        assert refused.value.status_code == 401

    async def test_call_is_met_as_a_test_has_planned(self, serve, client_of):
        server = await serve()
        server.reception.refuse()

        with pytest.raises(APIStatusError) as refused:
            await client_of(server).realtime.calls.create(sdp=AUDIO_OFFER, session=SESSION)

        assert (refused.value.status_code, refused.value.code) == (401, "invalid_api_key")

    async def test_expired_secret_is_refused(self, serve, client_of):
        clock = VirtualClock()
        with use_clock(clock):
            server = await serve()
            made = await client_of(server).realtime.client_secrets.create(session=SESSION)
            clock.advance(601)
            with pytest.raises(APIStatusError, match="Ephemeral token expired") as refused:
                await client_of(server, made.value).realtime.calls.create(sdp=AUDIO_OFFER)

        assert refused.value.status_code == 401

    async def test_without_aiortc_the_answer_names_the_extra(self, serve, client_of, monkeypatch):
        server = await serve()
        for name in ("realtime_simulator.peer", "realtime_openai_wire.rtc"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.setitem(sys.modules, "aiortc", None)

        with pytest.raises(APIStatusError, match=r"realtime-simulator\[webrtc\]") as refused:
            await client_of(server).realtime.calls.create(sdp=AUDIO_OFFER, session=SESSION)

        assert (refused.value.status_code, refused.value.code) == (501, "webrtc_not_installed")


class TestPages:
    """What a page in a browser may ask for."""

    @pytest.mark.parametrize("route", ["calls", "calls/rtc_1/hangup", "client_secrets"])
    async def test_preflight_is_answered_without_a_key(self, serve, route):
        url = f"{(await serve()).base_url}/realtime/{route}"
        headers = {"Access-Control-Request-Headers": "authorization", "Origin": "http://localhost:3000"}

        async with aiohttp.request("OPTIONS", url, headers=headers) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["Access-Control-Allow-Headers"] == "authorization"
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]

    async def test_answers_may_be_read_also_refusals(self, serve):
        server = await serve()
        for headers in ({"Authorization": "Bearer key"}, {}):
            url = f"{server.base_url}/realtime/client_secrets"
            async with aiohttp.request("POST", url, headers=headers) as answer:
                assert answer.headers["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize("path", ["/v1/realtime", "/openai/realtime", "/nonsense"])
    async def test_other_routes_are_none_for_pages(self, serve, path):
        url = f"{(await serve()).azure_endpoint}{path}"

        async with aiohttp.request("OPTIONS", url) as answer:
            assert answer.status in (404, 405)
            assert "Access-Control-Allow-Origin" not in answer.headers


class TestSound:
    """Audio on both tracks."""

    async def test_tone_of_the_client_is_heard_at_the_server(self, serve, call):
        server = await serve()
        one, _ = await call(server)
        await one.until("session.created")
        one.say(tone(440, 1000).tobytes())
        session = await server.session()

        heard = await session.expect_heard(lambda samples: loud_ms(samples, 24_000) > 900)

        assert abs(loudest_hz(loud(heard), 24_000) - 440) < 5

    async def test_spoken_turn_is_answered_without_a_word_on_the_channel(self, serve, call, speech):
        one, _ = await call(await serve(brain=lambda turn: Say(f"{len(turn.audio) // 2400}")))
        await one.until("session.created")

        one.say(speech(600))
        frames = await one.until("response.done")

        assert kinds(frames)[:3] == [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
        ]
        said = frames[-1]["response"]["output"][0]["content"][0]["transcript"]
        # 600 ms, the silence that ends it, and what was kept from before it
        assert 8 <= int(said) <= 14

    async def test_echo_is_as_loud_as_what_was_said(self, serve, call):
        one, _ = await call(await serve())
        await one.until("session.created")

        one.say(tone(440, 1000).tobytes())
        await one.until("output_audio_buffer.stopped")

        heard = loud(one.samples)[9600:-9600].astype(float)
        assert len(heard) > 24_000
        assert np.sqrt((heard**2).mean()) == pytest.approx(8000 / 2**0.5, rel=0.03)

    async def test_barge_in_silences_the_track_and_truncates_to_what_was_played(self, serve, call, speech):
        one, _ = await call(await serve(brain=lambda _: Say("Hi", audio=tone(660, 30_000))))
        await one.until("session.created")
        one.send("response.create")
        done = (await one.until("response.done"))[-1]["response"]
        await one.until_heard(lambda samples: loud_ms(samples, 48_000) > 500)

        one.say(speech(400))
        frames = await one.until("conversation.item.truncated")

        started, cleared, truncated = frames[-3:]
        assert started["type"] == "input_audio_buffer.speech_started"
        assert cleared["type"] == "output_audio_buffer.cleared"
        assert cleared["response_id"] == done["id"]
        assert truncated["item_id"] == done["output"][0]["id"]
        assert 500 <= truncated["audio_end_ms"] < 30_000
        await one.until_heard(lambda samples: np.abs(samples[-9600:]).max() < 100)
        assert abs(loud_ms(one.samples, 48_000) - truncated["audio_end_ms"]) < 100


class TestSideBand:
    """A socket that joins a call."""

    async def test_it_hears_and_says_what_the_channel_does(self, serve, call, client_of):
        server = await serve()
        one, call_id = await call(server)
        await one.until("session.created")

        async with client_of(server).realtime.connect(call_id=call_id) as band:
            await band.session.update(session={"type": "realtime", "instructions": "Be brief."})
            assert (await band.recv()).type == "session.updated"
            await one.until("session.updated")
            one.send("conversation.item.create", item=text_item("Hello"))
            assert (await band.recv()).type == "conversation.item.added"

        # it has gone, and the call goes on
        one.send("response.create")
        await one.until("response.done")

    async def test_it_can_set_up_the_session_before_the_channel_is_there(self, serve, caller, client_of):
        server = await serve()

        async def exchange(sdp):
            answer = await client_of(server).realtime.calls.create(sdp=sdp, session=SESSION)
            async with client_of(server).realtime.connect(call_id=id_of(answer)) as band:
                await band.session.update(session={"type": "realtime", "instructions": "Be brief."})
                assert (await band.recv()).type == "session.updated"
            return answer.text

        one = await caller().open(exchange)

        assert kinds(await one.until("session.updated")) == ["session.created", "session.updated"]

    async def test_call_needs_no_channel(self, serve, call, client_of):
        server = await serve()
        one, call_id = await call(server, label=None)
        await server.session()

        async with client_of(server).realtime.connect(call_id=call_id) as band:
            await band.response.create()
            while (await band.recv()).type != "output_audio_buffer.stopped":
                pass
        assert np.abs(one.samples).max() > 1000

    async def test_call_without_a_channel_begins_when_it_is_connected(self, serve, call):
        server = await serve()
        await call(server, label=None)

        await (await server.session()).expect_sent("session.created")

    async def test_filter_of_the_channel_is_none_of_the_side_band(self, serve, call, client_of):
        server = await serve()
        one, call_id = await call(server, query={"webrtcfilter": "on"})

        async with client_of(server).realtime.connect(call_id=call_id) as band:
            await band.response.create()
            heard = []
            while "output_audio_buffer.stopped" not in heard:
                heard.append((await band.recv()).type)
        frames = await one.until("output_audio_buffer.stopped")

        assert "response.done" in heard
        assert set(kinds(frames)) == {
            "conversation.item.added",
            "output_audio_buffer.started",
            "response.output_audio_transcript.delta",
            "response.output_audio_transcript.done",
            "output_audio_buffer.stopped",
        }

    async def test_it_lives_as_long_as_the_call(self, serve, call, client_of):
        server = await serve()
        one, call_id = await call(server)
        await one.until("session.created")

        async with client_of(server).realtime.connect(call_id=call_id) as band:
            await client_of(server).realtime.calls.hangup(call_id)
            with pytest.raises(ConnectionClosed) as closed:
                await band.recv()
        assert closed.value.rcvd.code == 1000

    async def test_unknown_call_has_none(self, serve, client_of):
        with pytest.raises(InvalidStatus) as refused:
            await client_of(await serve()).realtime.connect(call_id="rtc_none").enter()

        assert refused.value.response.status_code == 404


class TestSecrets:
    """What is no secret of this server."""

    async def test_an_unknown_secret_is_refused_as_such_where_any_key_is_good(self, client_of):
        async with SimulatorServer(configure()) as server:
            client = client_of(server, "ek_0123456789abcdef")
            words = r"Incorrect client secret provided: ek_0\*\*\*cdef"
            with pytest.raises(APIStatusError, match=words) as refused:
                await client.realtime.calls.create(sdp=AUDIO_OFFER)

        assert (refused.value.status_code, refused.value.code) == (401, "invalid_api_key")


class TestEnd:
    """How a call ends."""

    async def test_client_hangs_up(self, serve, call, client_of, caplog):
        caplog.set_level("INFO", "realtime_simulator")
        server = await serve()
        one, call_id = await call(server)
        await one.until("session.created")

        await client_of(server).realtime.calls.hangup(call_id)
        await one.closed.wait()

        assert server.sessions[0].ended_by == "client"
        with pytest.raises(APIStatusError) as refused:
            await client_of(server).realtime.calls.hangup(call_id)
        assert (refused.value.status_code, refused.value.code) == (404, "call_id_not_found")
        assert "refused" not in caplog.text
        with pytest.raises(APIStatusError):
            await client_of(server).realtime.calls.hangup("rtc_0")
        assert "refused /v1/realtime/calls/rtc_0/hangup: HTTP 404" in caplog.text

    async def test_client_closes_its_peer(self, serve, call):
        server = await serve()
        one, _ = await call(server)
        await one.until("session.created")

        await one.aclose()

        assert await server.sessions[0].wait_ended() == "client"

    async def test_client_that_never_comes_is_given_up(self, serve, caller, client_of):
        clock = VirtualClock()
        with use_clock(clock):
            server = await serve()
            one = caller()
            await one.pc.setLocalDescription(await one.pc.createOffer())
            await client_of(server).realtime.calls.create(sdp=one.pc.localDescription.sdp, session=SESSION)
            session = await server.session()

            clock.advance(30)

            assert await session.wait_ended() == "client"

    async def test_server_that_stops_ends_calls_and_side_bands(self, serve, call, client_of):
        server = await serve()
        one, call_id = await call(server)
        await one.until("session.created")

        async with client_of(server).realtime.connect(call_id=call_id) as band:
            await server.aclose()
            with pytest.raises(ConnectionClosed) as closed:
                await band.recv()
        assert closed.value.rcvd.code == 1001
        await one.closed.wait()
        assert server.sessions[0].ended_by == "server"

    async def test_server_that_stops_takes_no_call(self, caller):
        calls = Calls(None, iter([1]))
        await calls.aclose(End(1001))
        one = caller()
        await one.pc.setLocalDescription(await one.pc.createOffer())

        with pytest.raises(Exception, match="shutting down"):
            await calls.open(Offer.read(one.pc.localDescription.sdp), None, configure(), is_filtered=False)

    async def test_frames_before_the_end_arrive(self, serve, call):
        one, _ = await call(await serve(faults="close:1011@3"))
        await one.until("session.created")
        one.send("response.create")

        await one.closed.wait()

        assert kinds(await one.until("response.created")) == ["response.created"]

    async def test_peer_that_vanishes_says_nothing(self, serve, call):
        server = await serve(faults="abort@2")
        one, _ = await call(server)
        await one.until("session.created")
        one.send("input_audio_buffer.clear")

        assert await server.sessions[0].wait_ended() == "server"
        await server.aclose()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.closed.wait(), 0.3)
        assert one.pc.connectionState == "connected"

    async def test_stalled_call_stays_open_and_listens(self, serve, call):
        server = await serve(faults="stall@2")
        one, _ = await call(server)
        await one.until("session.created")
        one.send("input_audio_buffer.clear")

        await (await server.session()).expect("input_audio_buffer.clear")
        heard = len(one.samples)
        await one.until_heard(lambda samples: len(samples) >= heard + 4800)
        assert one.frames.empty()

    async def test_what_breaks_one_call_is_told_in_the_log(self, serve, call, caplog):
        server = await serve()
        one, _ = await call(server)
        await one.until("session.created")

        class Broken(dict):
            """Fields that cannot be read."""

            def keys(self):
                raise ValueError("broken")

        server.sessions[0]._steering._engine._HANDLERS = Broken()
        one.send("input_audio_buffer.clear")
        await one.closed.wait()
        await server.aclose()

        assert "session 1: failed" in caplog.text

    async def test_many_calls_leave_nothing_behind(self, serve, call, client_of):
        server = await serve()

        async def talk():
            one, call_id = await call(server)
            await one.until("session.created")
            async with client_of(server).realtime.connect(call_id=call_id):
                await client_of(server).realtime.calls.hangup(call_id)
            await one.aclose()

        await talk()
        before = await settled_counts()
        for _ in range(6):
            await talk()

        assert await settled_counts() == before


class TestWatch:
    """A call in the hands of a test."""

    async def test_test_speaks_for_the_user(self, serve, call):
        server = await serve(transcripts=["unused"])
        one, _ = await call(server)
        session = await server.session()
        await session.expect_sent("session.created")

        session.user_says("Good evening")
        frames = await one.until("response.done")

        said = frames[-1]["response"]["output"][0]["content"][0]["transcript"]
        assert said == "You said: Good evening"
        one.send("input_audio_buffer.clear")
        await server.expect("input_audio_buffer.clear")

    async def test_test_drops_the_call(self, serve, call):
        server = await serve()
        one, _ = await call(server)
        await one.until("session.created")

        server.sessions[0].close(1011)
        await one.closed.wait()


class TestRecording:
    """The recorded side-band of a real call."""

    @pytest.fixture
    def events(self):
        if not RECORDING.exists():
            pytest.skip(f"no recording at {RECORDING}")
        lines = map(json.loads, RECORDING.read_text().splitlines())
        return [(line["dir"], line["event"]) for line in lines if "event" in line]

    @pytest.mark.parametrize("over", ["channel", "side-band"])
    async def test_order_is_the_recorded_one(self, serve, call, client_of, events, over):
        # one word, as there the first audio came after all words
        server = await serve(rate_limits="end", brain=lambda _: Say("Hello!"))
        one, call_id = await call(server)
        await one.until("session.created")
        async with client_of(server).realtime.connect(call_id=call_id) as band:
            for event in (event for direction, event in events if direction == "out"):
                if over == "channel":
                    one.channel.send(json.dumps(event))
                else:
                    await band.send_raw(json.dumps(event))
            on_channel = await one.until("output_audio_buffer.stopped")
            on_band = [json.loads(await band.recv_bytes()) for _ in on_channel]

        assert on_band == on_channel
        assert without_repeats(on_band) == without_repeats(
            event for direction, event in events if direction == "in"
        )


def without_repeats(frames):
    """The types of frames, each run of equal ones once: how many deltas there are is the service's mood."""
    return [kind for kind, _ in itertools.groupby(kinds(frames))]
