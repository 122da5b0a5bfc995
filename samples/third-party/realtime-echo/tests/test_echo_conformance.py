"""``echo-ws`` keeps the contract of a provider, and its codec that of a codec."""

import pytest
from echo_double import EchoDouble
from realtime_core import RealtimeSettings
from realtime_core.provider import Setup
from realtime_core.testing import CodecConformance, CodecSubject, ProviderConformance, Subject
from realtime_echo.codec import EchoCodec

SAID = (
    '{"ready": "echo-1"}',
    '{"said": "Good "}',
    b"\x01\x00" * 160,
    '{"said": "evening", "interrupted": true}',
    '{"call": {"id": "call-1", "name": "look_up", "arguments": {"what": 1}}}',
    '{"error": {"code": "busy", "message": "later"}}',
)


class TestEcho(ProviderConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject("echo-ws", service=EchoDouble.listening)


class TestEchoCodec(CodecConformance):
    @pytest.fixture
    def codec_subject(self) -> CodecSubject:
        setup = Setup(settings=RealtimeSettings())
        return CodecSubject(
            lambda: EchoCodec(setup), frames=SAID, unknown='{"mood": "good"}', unreadable=["{", "1", ""]
        )
