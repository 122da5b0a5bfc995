"""Clients that other people wrote hold conversations with the simulator, each as it is meant to be used.

A client that cannot be installed here is skipped, with the reason.
"""

import asyncio
import re
from pathlib import Path

import pytest
from peers.clients import PEERS, Heard, Peer
from realtime_core.audio.convert import AudioConverter
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.audio.wav import read_wav
from realtime_simulator import SimulatorServer
from realtime_simulator.brain import Action, Brain, Call, Say, Turn
from realtime_simulator.options import configure
from realtime_simulator.voice import speak
from workspace import ROOT

pytestmark = pytest.mark.timeout(600)  # the first test of a peer may install it

SPEECH = read_wav(ROOT / "samples" / "audio" / "amiable.wav")
README = ROOT / "plugins" / "simulator" / "README.md"
SILENCE_MS = 2_000
"""More than any turn detection here waits for."""


@pytest.fixture(scope="session", params=PEERS, ids=str)
def peer(request: pytest.FixtureRequest) -> Peer:
    runtime = request.param.runtime()
    if isinstance(runtime, str):
        pytest.skip(runtime)
    return request.param


@pytest.fixture(scope="session")
def pcm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech and the silence after it."""
    converter = AudioConverter(SPEECH.format, PCM16_24KHZ)
    silence = bytes(PCM16_24KHZ.bytes_per_s * SILENCE_MS // 1000)
    path = tmp_path_factory.mktemp("peers") / "speech.pcm"
    path.write_bytes(converter.convert(SPEECH.data) + converter.flush() + silence)
    return path


async def hold(
    peer: Peer,
    server: SimulatorServer,
    *awaited: str,
    text: str = "",
    pcm: Path | str = "",
    barges_in: bool = False,
) -> Heard:
    """A conversation that lasts until the client has heard the words that are awaited."""
    return await peer.talk(url=server.base_url, text=text, pcm=str(pcm), awaited=awaited, barges_in=barges_in)


def sent(server: SimulatorServer, kind: str) -> list[dict]:
    (session,) = server.sessions
    return [frame for frame in session.sent if frame["type"] == kind]


def voice(text: str) -> bytes:
    """The audio of a reply that is only words."""
    return speak(text).astype("<i2").tobytes()


def test_readme_of_the_simulator_says_how_node_gets_to_it():
    (block,) = re.findall(r"^```js\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    program = (Path(__file__).parent / "node_openai.mjs").read_text()

    shown = block.replace("'http://127.0.0.1:8765/v1'", "task.url")
    assert [line for line in shown.splitlines() if line not in program] == []


async def test_text_turn(peer):
    async with SimulatorServer(configure(speed=0)) as server:
        heard = await hold(peer, server, "evening!", text="Good evening!")

    assert heard.errors == []
    assert heard.said == "You said: Good evening!"
    assert heard.finals == [heard.said]
    assert heard.audio == (voice(heard.said) if peer.speaks else b"")


async def test_audio_turn(peer, pcm):
    async with SimulatorServer(configure(speed=0, transcripts=["good day"])) as server:
        heard = await hold(peer, server, "good day", pcm=pcm)

    (started,) = sent(server, "input_audio_buffer.speech_started")
    (stopped,) = sent(server, "input_audio_buffer.speech_stopped")
    turn = slice(
        *(ms * PCM16_24KHZ.bytes_per_s // 1000 for ms in (started["audio_start_ms"], stopped["audio_end_ms"]))
    )
    assert heard.errors == []
    assert heard.said == "You said: good day"
    assert heard.finals == [heard.said]
    assert heard.audio == pcm.read_bytes()[turn]  # an echo


async def test_barge_in(peer, pcm):
    endless, answer = "As I was saying. " * 50, "I am listening."

    def brain(turn: Turn) -> Say:
        return Say(endless if turn.number == 0 else answer)

    async with SimulatorServer(configure(speed=1, brain=brain)) as server:
        heard = await hold(peer, server, answer, pcm=pcm, barges_in=True)

    first, second = sent(server, "response.done")
    begun, begun_audio = heard.said.removesuffix(answer), heard.audio.removesuffix(voice(answer))
    assert heard.errors == []
    assert begun
    assert begun != heard.said
    assert endless.startswith(begun)
    assert heard.finals[-1] == answer
    assert begun_audio
    assert begun_audio != heard.audio
    assert voice(endless).startswith(begun_audio)
    assert first["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert second["response"]["status"] == "completed"
    cuts = [frame for frame in server.sessions[0].received if frame["type"] == "conversation.item.truncate"]
    done = sent(server, "conversation.item.truncated")
    (cut_item,) = first["response"]["output"]
    assert [cut["item_id"] for cut in cuts] == ([cut_item["id"]] if peer.truncates else [])
    assert [cut["audio_end_ms"] for cut in cuts] == [cut["audio_end_ms"] for cut in done]
    assert all(0 <= cut["audio_end_ms"] <= PCM16_24KHZ.duration_ms(len(begun_audio)) for cut in cuts)


def forecaster(*cities: str) -> Brain:
    """Asks for the weather in each city, and says what has come of it since."""

    def brain(turn: Turn) -> list[Action]:
        if turn.text:
            return [Say("One moment."), *(Call("weather", {"city": city}) for city in cities)]
        return [Say(f"{result.output} ") for result in turn.results]

    return brain


async def test_tool_round(peer):
    async with SimulatorServer(configure(speed=0, brain=forecaster("Oslo"))) as server:
        heard = await hold(peer, server, "in Oslo.", text="What is the weather?")

    assert heard.errors == []
    assert heard.tools == [{"city": "Oslo"}]
    assert heard.said == "One moment.It is sunny in Oslo. "
    assert heard.finals == ["One moment.", "It is sunny in Oslo. "]
    assert heard.audio == (b"".join(map(voice, heard.finals)) if peer.speaks else b"")


async def test_round_of_two_calls(peer):
    """Some of the clients ask for a response for each output, others for one."""
    async with SimulatorServer(configure(speed=0, brain=forecaster("Oslo", "Rome"))) as server:
        heard = await hold(peer, server, "in Oslo.", "in Rome.", text="What is the weather?")

    assert heard.errors == []
    assert sorted(tool["city"] for tool in heard.tools) == ["Oslo", "Rome"]
    # whichever the client has answered first
    oslo, rome = "It is sunny in Oslo. ", "It is sunny in Rome. "
    assert heard.said in {f"One moment.{oslo}{rome}", f"One moment.{rome}{oslo}"}
    assert "".join(heard.finals) == heard.said


async def test_connection_that_breaks_off_ends_the_client(peer):
    async def broken_off(fault: str) -> Heard:
        async with SimulatorServer(configure(speed=0, faults=fault)) as server:
            return await hold(peer, server, "Good night!", text="Good evening! " * 20)

    closed, aborted = await asyncio.gather(broken_off("close:1011@12"), broken_off("abort@12"))

    assert (closed.closed, aborted.closed) == tuple([code] for code in peer.codes)
