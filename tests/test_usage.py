"""What a session counts, against the tokens in real traffic; the recordings stay outside the repository."""

import json
from pathlib import Path

import pytest
from events_table import RECORDINGS
from realtime_core.clock import VirtualClock
from realtime_core.engine.metering import Meter
from realtime_openai_wire import OpenAIRealtimeCodec

FILES = sorted(RECORDINGS.glob("*/*.jsonl"))

pytestmark = pytest.mark.skipif(not FILES, reason=f"no recordings at {RECORDINGS}")


def metered(frames):
    meter, codec = Meter(VirtualClock()), OpenAIRealtimeCodec()
    for frame in frames:
        for event in codec.decode(json.dumps(frame)):
            meter.take(event)
    return meter.usage


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_tokens_of_a_recorded_session_are_those_that_its_responses_tell(file: Path):
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    frames = [line["event"] for line in lines if line["dir"] == "in"]
    ended = {
        frame["response"]["id"]: frame["response"] for frame in frames if frame["type"] == "response.done"
    }
    told = [response["usage"] for response in ended.values() if response.get("usage")]

    usage = metered(frames)

    assert usage.responses == len(ended)
    assert usage.unreported_responses == len(ended) - len(told)
    assert usage.tokens.total_tokens == sum(row["total_tokens"] for row in told)
    assert usage.tokens.input_tokens + usage.tokens.output_tokens == usage.tokens.total_tokens
    into = [row["input_token_details"] for row in told]
    assert usage.tokens.cached_tokens == sum(row["cached_tokens"] for row in into)
    assert usage.tokens.input_audio_tokens == sum(row["audio_tokens"] for row in into)
    assert usage.tokens.cached_tokens <= usage.tokens.input_tokens


def test_the_recordings_hold_cached_and_audio_tokens():
    lines = [json.loads(line) for file in FILES for line in file.read_text().splitlines()]

    usage = metered([line["event"] for line in lines if line["dir"] == "in"])

    assert min(usage.tokens.cached_tokens, usage.tokens.input_audio_tokens) > 0
