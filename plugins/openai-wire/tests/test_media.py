from realtime_core import PCM16_24KHZ
from realtime_core.commands import CommitAudio, CreateResponse, UpdateSession
from realtime_core.settings import set_fields
from realtime_openai_wire.media import on_track, without_formats
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings

SETTINGS = OpenAIRealtimeExecutionSettings(
    voice="marin", input_audio_format="g711_ulaw", output_audio_format=PCM16_24KHZ
)


def test_a_track_has_its_own_format_so_that_none_is_asked_for():
    assert set_fields(without_formats(SETTINGS)) == {"voice": "marin"}


def test_an_update_asks_for_no_format():
    update = UpdateSession(settings=SETTINGS, command_id="cmd_1")

    assert on_track(update) == UpdateSession(settings=without_formats(SETTINGS), command_id="cmd_1")


def test_a_response_is_asked_for_in_no_format():
    asked = CreateResponse(overrides={"voice": "cedar", "output_audio_format": "pcm16"}, command_id="cmd_1")

    assert on_track(asked) == CreateResponse(overrides={"voice": "cedar"}, command_id="cmd_1")


def test_all_else_is_as_it_was():
    commit, plain = CommitAudio(), CreateResponse()

    assert on_track(commit) is commit
    assert on_track(plain) is plain
