"""Many sessions in one process, over real sockets: each keeps its own frames, all of them, in order."""

import asyncio
import json

import pytest
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer
from realtime_simulator.wire_audio import encode_base64
from websockets.asyncio.client import connect

SESSIONS = 200


class Caller:
    """A client that talks and listens at the same time, and keeps what went either way."""

    def __init__(self, number, connection):
        self.number = number
        self.said = []
        self.heard = []
        self._connection = connection
        self._done = asyncio.Queue()

    async def say(self, kind, **payload):
        event = {"type": kind, "event_id": f"caller_{self.number}_{len(self.said)}", **payload}
        self.said.append(event)
        await self._connection.send(json.dumps(event))

    async def type(self, text):
        content = [{"type": "input_text", "text": text}]
        await self.say(
            "conversation.item.create", item={"type": "message", "role": "user", "content": content}
        )
        await self.say("response.create")

    async def listen(self):
        async for frame in self._connection:
            self.heard.append(json.loads(frame))
            if self.heard[-1]["type"] == "response.done":
                self._done.put_nowait(self.heard[-1]["response"])

    async def answer(self):
        """The transcript of the next response, while the line stays open."""
        waiting = asyncio.ensure_future(self._done.get())
        while not waiting.done():
            await self.say("input_audio_buffer.append", audio=encode_base64(bytes(960)))
            await asyncio.wait([waiting], timeout=0.02)
        return waiting.result()["output"][0]["content"][0]["transcript"]


@pytest.mark.parametrize("speed", [0, 20])
async def test_two_hundred_sessions_lose_and_mix_up_nothing(speed, speech, silence):
    pcm = speech(600) + silence(300)
    spoken = [encode_base64(pcm[begin : begin + 4_800]) for begin in range(0, len(pcm), 4_800)]

    async def converse(server, number):
        url = f"{server.websocket_url}?model=caller-{number}"
        options = {"additional_headers": {"Authorization": "Bearer x"}, "compression": None}
        async with connect(url, **options) as connection, asyncio.TaskGroup() as group:
            caller = Caller(number, connection)
            group.create_task(caller.listen())
            for audio in spoken:
                await caller.say("input_audio_buffer.append", audio=audio)
            assert await caller.answer() == "You said: I am on the telephone"
            await caller.type(f"I am caller {number}")
            assert await caller.answer() == f"You said: I am caller {number}"
            await connection.close()
        return caller

    async with (
        asyncio.timeout(60),
        SimulatorServer(configure(speed=speed, transcripts=["I am on the telephone"])) as server,
    ):
        callers = await asyncio.gather(*(converse(server, number) for number in range(SESSIONS)))

    sessions = {session.model: session for session in server.sessions}
    assert len(sessions) == SESSIONS
    for caller in callers:
        session = sessions[f"caller-{caller.number}"]
        assert caller.heard == session.sent
        assert caller.said == session.received
    ids = [frame["event_id"] for caller in callers for frame in caller.heard]
    assert len(set(ids)) == len(ids)
