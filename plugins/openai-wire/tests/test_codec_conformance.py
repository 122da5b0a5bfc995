"""The codec keeps what the conformance kit asks of codecs, with an event of each type that there is."""

from pathlib import Path

import pytest
from realtime_core.testing import CodecConformance, CodecSubject
from realtime_openai_wire import SessionType
from realtime_openai_wire.codec import OpenAIRealtimeCodec

HERE = Path(__file__).parent
FRAMES = (HERE / "server_events.jsonl").read_bytes().splitlines()
UNREADABLE = [file.read_bytes() for file in sorted((HERE / "corpus").glob("unreadable_*.frame"))]
UNKNOWN = b'{"type": "acme.tomorrow", "note": "nobody knows this"}'


def subject(session_type: SessionType = "realtime", *, on_track: bool = False) -> CodecSubject:
    return CodecSubject(
        codec=lambda: OpenAIRealtimeCodec(session_type=session_type, on_track=on_track),
        frames=FRAMES,
        unknown=UNKNOWN,
        unreadable=UNREADABLE,
    )


class TestOfConversations(CodecConformance):
    @pytest.fixture
    def codec_subject(self) -> CodecSubject:
        return subject()


class TestOnTracks(CodecConformance):
    @pytest.fixture
    def codec_subject(self) -> CodecSubject:
        return subject(on_track=True)


class TestOfTranscriptions(CodecConformance):
    @pytest.fixture
    def codec_subject(self) -> CodecSubject:
        return subject("transcription")
