import pytest
from realtime_simulator.session_defaults import default_detection, default_session


def test_conversation_has_its_model_and_voice():
    session = default_session("sess_1", "gpt-realtime", voice="cedar", expires_at=7)

    assert (session["type"], session["object"]) == ("realtime", "realtime.session")
    assert (session["id"], session["model"], session["expires_at"]) == ("sess_1", "gpt-realtime", 7)
    assert session["audio"]["output"]["voice"] == "cedar"


def test_transcription_session_only_listens():
    session = default_session("sess_1", "gpt-realtime", voice="cedar", expires_at=7, kind="transcription")

    assert session == {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": "sess_1",
        "expires_at": 7,
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 200,
                },
            }
        },
        "include": None,
    }


@pytest.mark.parametrize("detection", ["server_vad", "semantic_vad"])
def test_only_a_conversation_answers_and_interrupts(detection):
    answering = {"create_response", "interrupt_response"}

    assert answering < default_detection("realtime", detection).keys()
    assert not answering & default_detection("transcription", detection).keys()
