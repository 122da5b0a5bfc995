"""What the tests here share: a small realtime service on a real socket."""

import contextlib
import json

import pytest
from websockets.asyncio.server import serve


@pytest.fixture
def service():
    """Runs the service as a context manager; gives its base URL."""

    @contextlib.asynccontextmanager
    async def run(requests=None, closed=None, frames=None, after=None):
        """A small realtime service on a real socket: makes a session, accepts its settings and commits.

        ``after`` says what follows the answer to a frame of some name.
        """
        answers = {
            "session.update": "session.updated",
            "input_audio_buffer.commit": "input_audio_buffer.committed",
        }

        async def handle(connection):
            if requests is not None:
                requests.append(connection.request)
            await connection.send(json.dumps({"type": "session.created", "session": {"id": "s1"}}))
            async for text in connection:
                frame = json.loads(text)
                if frames is not None:
                    frames.append(frame)
                if frame["type"] in answers:
                    answer = {"type": answers[frame["type"]], "session": frame.get("session", {})}
                    await connection.send(json.dumps(answer))
                for follows in (after or {}).get(frame["type"], ()):
                    await connection.send(json.dumps(follows))
            if closed is not None:
                closed.set()

        async with serve(handle, "127.0.0.1", 0) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

    return run
