from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_openai_webrtc.answer import UNSTATED_LIMIT_BYTES, read_answer

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "sdp"

AUDIO = (
    "v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
    "a=rtpmap:96 opus/48000/2\r\na=fingerprint:sha-256 AB\r\n"
)
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"


@pytest.mark.parametrize(
    ("lines", "limit"),
    [
        ("", UNSTATED_LIMIT_BYTES),
        ("a=max-message-size:0\r\n", None),
        ("a=max-message-size:262144\r\n", 262_144),
        ("a=max-message-size: 262144 \r\n", 262_144),
        ("a=max-message-size:1073741823\r\n", 1_073_741_823),
        ("a=max-message-size:18446744073709551615\r\n", 2**64 - 1),
    ],
)
def test_the_largest_message_is_what_the_data_channel_says(lines, limit):
    assert read_answer(AUDIO + DATA + lines).max_message_bytes == limit


def test_a_limit_that_is_not_the_channels_counts_for_nothing():
    sdp = AUDIO + "a=max-message-size:1\r\n" + DATA

    assert read_answer(sdp).max_message_bytes == UNSTATED_LIMIT_BYTES


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_may_end_either_way(ending):
    sdp = (AUDIO + DATA).replace("\r\n", ending)

    assert read_answer(sdp).sdp == sdp


@pytest.mark.parametrize(
    ("sdp", "what"),
    [
        ("", "no SDP"),
        ("<html>", "no SDP"),
        ('{"sdp": "v=0"}', "no SDP"),
        (DATA.join(["v=0\r\n", ""]), "no audio"),
        (AUDIO, "no data channel"),
        (AUDIO.replace("a=fingerprint", "a=x") + DATA, "no fingerprint"),
        (AUDIO.replace("96 opus/48000/2", "0 PCMU/8000") + DATA, "without Opus"),
        (AUDIO.replace("SAVPF 96", "SAVPF 0") + DATA, "without Opus"),
        (AUDIO + DATA.replace(" 9 ", " 0 "), "no data channel"),
        (AUDIO.replace(" 9 ", " 0 ") + DATA, "no audio"),
        (AUDIO + "m=application\r\n", None),
        (AUDIO + DATA + "a=max-message-size:many\r\n", "no number"),
        (AUDIO + DATA + "a=max-message-size:-1\r\n", "no number"),
        (AUDIO + DATA + "a=max-message-size:²\r\n", "no number"),
    ],
)
def test_what_an_answer_lacks_is_said(sdp, what):
    if what is None:
        assert read_answer(sdp).max_message_bytes == UNSTATED_LIMIT_BYTES
    else:
        with pytest.raises(ValueError, match=what):
            read_answer(sdp)


@pytest.mark.parametrize("before", ["\ufeff", "\r\n", "\ufeff\n "])
def test_what_stands_before_the_text_is_not_of_it(before):
    assert read_answer(before + AUDIO + DATA).sdp == AUDIO + DATA


@given(st.text() | st.lists(st.sampled_from([*(AUDIO + DATA).splitlines(), "m=", "a=", ""])).map("\n".join))
def test_any_text_is_read_or_refused(text):
    try:
        answer = read_answer(text)
    except ValueError:
        return
    assert text.endswith(answer.sdp)
    assert answer.max_message_bytes is None or answer.max_message_bytes > 0


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not at hand")
def test_recorded_answers_are_read():
    (azure,) = RECORDED.glob("*azure*answer.sdp")
    (openai,) = RECORDED.glob("*openai*answer.sdp")

    assert read_answer(azure.read_text()).max_message_bytes == 1_073_741_823
    with pytest.raises(ValueError, match="no data channel"):  # its offer asked for none: it was a side-band's
        read_answer(openai.read_text())
