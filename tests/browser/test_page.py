"""The browser sample in a real Chromium, against the simulator."""

import asyncio
import json
import re
from contextlib import asynccontextmanager

import openai
import pytest
from browser.command import command
from browser.sound import AMIABLE, silence, speech, tone, written
from playwright.async_api import expect
from realtime_simulator import Say
from workspace import ROOT

KEY = "sk-the-key-of-the-server"
SCREENSHOTS = ROOT / ".cache" / "screenshots"
"""Where the page can be looked at after the tests."""


@pytest.fixture
def open_sample(realtime_simulator, serving, sample, open_page):
    """Open the sample's page, with a simulator for its service; gives both."""

    @asynccontextmanager
    async def opened(*, microphone=AMIABLE, allowed=True, look=None, prepare=None, api_key=KEY, **options):
        async with realtime_simulator(api_key=api_key, **options) as simulator:
            client = openai.AsyncOpenAI(api_key=KEY, base_url=simulator.base_url)
            origin = await serving(lambda origin: sample.make_app(client, {origin}))
            browser = {"microphone": microphone, "allowed": allowed, "prepare": prepare}
            async with open_page(origin, **browser, **(look or {})) as page:
                yield page, simulator

    return opened


def button(page, name):
    return page.get_by_role("button", name=name)


async def failed(page, told):
    await button(page, "Talk").click()
    await expect(page.get_by_role("alert")).to_contain_text(told)
    await expect(page.get_by_role("status")).to_have_text("Call failed")
    await expect(button(page, "Talk")).to_be_enabled()
    await expect(button(page, "Interrupt")).to_be_disabled()
    assert await page.evaluate("made.open()") == []


async def test_a_microphone_that_is_not_allowed_is_told(open_sample):
    async with open_sample(allowed=False) as (page, _):
        await failed(page, "The microphone is not allowed. Allow it for this page")


async def test_a_missing_microphone_is_told(open_sample):
    async with open_sample(microphone=None) as (page, _):
        await failed(page, "There is no microphone. Connect one")


async def test_a_page_without_its_server_says_so(open_sample):
    async with open_sample() as (page, _):
        await page.route("**/secret", lambda route: route.abort())
        await failed(page, "The server of this page does not answer. Is it running?")


async def test_a_refused_secret_is_told_with_its_reason(open_sample):
    async with open_sample(api_key="sk-another") as (page, _):
        await failed(page, "There is no client secret: the service answers with HTTP 401: it does not know")


async def test_a_refused_call_is_told_with_its_reason(open_sample):
    refusal = {"error": {"message": "Rate limit reached.", "code": "rate_limit_exceeded"}}
    headers = {"Access-Control-Allow-Origin": "*"}
    async with open_sample() as (page, _):
        await page.route(
            "**/realtime/calls", lambda route: route.fulfill(status=429, json=refusal, headers=headers)
        )
        await failed(page, "The service refuses the call (HTTP 429): too many calls, or no credit left")


async def test_a_service_out_of_reach_is_told(open_sample):
    async with open_sample() as (page, _):
        await page.route("**/realtime/calls", lambda route: route.abort())
        await failed(page, "The service cannot be reached. Check the network")


async def in_call(page, simulator):
    """Press the button, and wait until the service listens; gives its session."""
    await button(page, "Talk").click()
    await expect(page.get_by_role("status")).to_have_text(re.compile("Listening|You are speaking"))
    return await simulator.session()


async def test_a_call_whose_beginning_is_filtered_is_listened_to(open_sample, quiet):
    script = ["First."]
    async with open_sample(microphone=quiet, script=script) as (page, simulator):
        filtered = f"{simulator.base_url}/realtime/calls?webrtcfilter=on"
        await page.route("**/realtime/calls", lambda route: route.continue_(url=filtered))
        session = await in_call(page, simulator)
        session.user_says("One?")
        await expect(page.get_by_role("status")).to_have_text("Assistant is speaking")
        await expect(page.get_by_role("status")).to_have_text("Listening")
        await expect(page.get_by_role("alert")).to_be_hidden()


async def shown(page):
    """Who has said what, from above."""
    return [
        re.split(r"\n+", turn, maxsplit=1) for turn in await page.get_by_role("listitem").all_inner_texts()
    ]


async def moves(page, name):
    """Until a meter shows that there is something to be heard."""
    await page.wait_for_function("id => document.getElementById(id).value > 0.3", arg=name)


@pytest.fixture
def quiet(tmp_path):
    """A microphone in a quiet room."""
    return written(tmp_path / "quiet.wav", silence(5))


async def test_people_talk_see_what_is_said_and_hang_up(open_sample, tmp_path):
    microphone = written(tmp_path / "speech.wav", *speech(2, 20))
    responses, complaints = [], []

    def listen(page):
        page.on("response", lambda response: responses.append(response))
        page.on("console", lambda complaint: complaints.append(complaint))

    asked = {"microphone": microphone, "transcripts": "How amiable!", "prepare": listen}
    async with open_sample(**asked) as (page, simulator):
        session = await in_call(page, simulator)
        await moves(page, "you")
        await expect(page.get_by_role("status")).to_have_text("You are speaking")
        await expect(page.get_by_role("status")).to_have_text("Assistant is speaking")
        await moves(page, "assistant")
        await expect(page.get_by_role("listitem")).to_contain_text(["How amiable!", "How amiable!"])
        await page.screenshot(path=SCREENSHOTS / "speaking.png")
        turns = await shown(page)
        await expect(page.get_by_role("status")).to_have_text("Listening")
        await button(page, "Hang up").click()

        await expect(page.get_by_role("status")).to_have_text("Call ended")
        await expect(button(page, "Interrupt")).to_be_disabled()
        await expect(page.get_by_role("alert")).to_be_hidden()
        assert await page.evaluate("made.open()") == []
        assert await page.evaluate("[you.value, assistant.value, speaker.srcObject]") == [0, 0, None]
        assert await session.wait_ended() == "client"
        got = b"".join([await response.body() for response in responses])
    assert [who for who, _ in turns] == ["You", "Assistant"]
    assert [message.text for message in complaints] == []
    assert b'{"value": "ek_' in got
    assert KEY.encode() not in got


SINGING = {"brain": lambda _: Say("La la la.", audio=tone(660, 60)), "speed": 1}


async def test_the_assistant_is_interrupted_with_a_button(open_sample, quiet):
    async with open_sample(microphone=quiet, **SINGING) as (page, simulator):
        session = await in_call(page, simulator)
        session.user_says("Sing!")
        await expect(page.get_by_role("status")).to_have_text("Assistant is speaking")
        await button(page, "Interrupt").click()

        await session.expect("response.cancel")
        await session.expect("output_audio_buffer.clear")
        await expect(page.get_by_role("status")).to_have_text("Listening")
        await expect(button(page, "Interrupt")).to_be_disabled()
        await expect(page.get_by_role("alert")).to_be_hidden()
        await expect(page.get_by_role("listitem").last).to_contain_text("Assistant · interrupted")


async def test_the_assistant_is_interrupted_by_speaking(open_sample, quiet):
    async with open_sample(microphone=quiet, **SINGING) as (page, simulator):
        session = await in_call(page, simulator)
        session.user_says("Sing!")
        await expect(page.get_by_role("status")).to_have_text("Assistant is speaking")
        session.user_starts_speaking()

        await expect(page.get_by_role("status")).to_have_text("You are speaking")
        await expect(page.get_by_role("listitem").last).to_contain_text("Assistant · interrupted")


async def test_an_answer_that_has_ended_by_itself_is_no_error(open_sample, quiet):
    async with open_sample(microphone=quiet, brain=SINGING["brain"], speed=0) as (page, simulator):
        session = await in_call(page, simulator)
        session.user_says("Sing!")
        await session.expect_sent("response.done")
        await button(page, "Interrupt").click()

        await session.expect("output_audio_buffer.clear")
        await expect(page.get_by_role("status")).to_have_text("Listening")
        await expect(page.get_by_role("alert")).to_be_hidden()


async def test_turns_are_in_order_however_late_their_words_come(open_sample, quiet):
    script = ["First.", "Second."]
    async with open_sample(microphone=quiet, script=script, transcription="late,beside") as (page, simulator):
        session = await in_call(page, simulator)
        session.user_says("One?")
        await session.expect_sent("conversation.item.input_audio_transcription.completed")
        sent = [frame["type"] for frame in session.sent]
        await session.expect_sent("output_audio_buffer.stopped", within_s=20)
        session.user_says("Two?")
        await expect(page.get_by_role("listitem")).to_contain_text(["One?", "First.", "Two?", "Second."])
        turns = await shown(page)

    assert "response.output_audio_transcript.done" in sent  # before the words that it answers
    assert turns == [["You", "One?"], ["Assistant", "First."], ["You", "Two?"], ["Assistant", "Second."]]


async def test_what_cannot_be_written_down_is_said_so(open_sample, quiet):
    async with open_sample(microphone=quiet, transcription="failed") as (page, simulator):
        (await in_call(page, simulator)).user_says("One?")

        await expect(page.get_by_role("listitem").first).to_contain_text("(could not be written down)")


async def test_a_failed_answer_is_told(open_sample, quiet):
    script = [{"fail": {"code": "server_error", "message": "It broke."}}]
    async with open_sample(microphone=quiet, script=script) as (page, simulator):
        (await in_call(page, simulator)).user_says("One?")

        await expect(page.get_by_role("alert")).to_have_text("There is no answer. It broke.")
        await expect(page.get_by_role("status")).to_have_text("Listening")


async def test_a_service_that_hangs_up_is_told_with_its_reason(open_sample, quiet):
    async with open_sample(microphone=quiet) as (page, simulator):
        session = await in_call(page, simulator)
        message = "Your session hit the maximum duration of 60 minutes."
        session.send(
            "error", error={"type": "invalid_request_error", "code": "session_expired", "message": message}
        )
        await expect(page.get_by_role("alert")).to_have_text(f"The service says: {message}")
        session.close(1001)

        await expect(page.get_by_role("alert")).to_have_text(
            f"The service has ended the call. {message} Press Talk to call again."
        )
        await expect(page.get_by_role("status")).to_have_text("Call failed")
        assert await page.evaluate("made.open()") == []


async def test_a_lost_connection_is_told(open_sample, quiet):
    async with open_sample(microphone=quiet) as (page, simulator):
        (await in_call(page, simulator)).drop()

        await expect(page.get_by_role("status")).to_have_text("Connection interrupted", timeout=30_000)
        await expect(page.get_by_role("alert")).to_contain_text("The connection is lost.", timeout=60_000)
        assert await page.evaluate("made.open()") == []


async def test_a_microphone_that_is_unplugged_is_told(open_sample, quiet):
    async with open_sample(microphone=quiet) as (page, simulator):
        session = await in_call(page, simulator)
        await page.evaluate("made.tracks[0].dispatchEvent(new Event('ended'))")

        await expect(page.get_by_role("alert")).to_contain_text("The microphone is gone.")
        assert await session.wait_ended() == "client"


async def test_people_hang_up_while_it_connects(open_sample):
    async with open_sample() as (page, _):
        await page.route("**/secret", lambda _: asyncio.sleep(0))  # never answered
        await button(page, "Talk").click()
        await expect(page.get_by_role("status")).to_have_text("Connecting")
        await button(page, "Hang up").click()

        await expect(page.get_by_role("status")).to_have_text("Call ended")
        await expect(page.get_by_role("alert")).to_be_hidden()
        assert await page.evaluate("made.open()") == []


async def test_the_next_call_begins_with_an_empty_page(open_sample, quiet):
    async with open_sample(microphone=quiet) as (page, simulator):
        session = await in_call(page, simulator)
        session.user_says("One?")
        await expect(page.get_by_role("listitem")).to_have_count(2)
        await button(page, "Hang up").click()
        await session.wait_ended()
        again = await in_call(page, simulator)

        await expect(page.get_by_role("listitem")).to_have_count(0)
    assert again.number == 2


LOOKS = {
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "small phone, dark": {"viewport": {"width": 320, "height": 568}, "color_scheme": "dark"},
    "desktop": {"viewport": {"width": 1280, "height": 800}},
}


THE_SEA = """Gladly. It covers most of our planet, it is salty, and no two days of it look the same. \
On a quiet evening it lies there like glass; an hour later the wind comes up, and it is another sea."""
TALK = [
    ("Good evening!", "Good evening! What would you like to talk about?", 0.2),
    ("Tell me about the sea.", THE_SEA, 20),
    ("Wait, why is it salty?", "Rivers wash salts out of the rocks, and the sea keeps them.", 20),
]


@pytest.mark.parametrize("look", LOOKS)
async def test_the_page_fits_its_window(open_sample, quiet, look):
    answers = iter([Say(answer, audio=tone(330, seconds)) for _, answer, seconds in TALK])
    brain = lambda _: next(answers)  # noqa: E731
    async with open_sample(microphone=quiet, look=LOOKS[look], brain=brain, speed=0) as (page, simulator):
        session = await in_call(page, simulator)
        for number, (words, answer, seconds) in enumerate(TALK, 1):
            session.user_says(words)
            await expect(page.get_by_role("listitem")).to_have_count(2 * number)
            await expect(page.get_by_role("listitem").last).to_contain_text(answer)
            if seconds < 1:
                await session.expect_sent("output_audio_buffer.stopped")
        await moves(page, "assistant")
        await page.screenshot(path=SCREENSHOTS / f"{look}.png")
        overflow = "({ scrollWidth, scrollHeight }) => scrollWidth > innerWidth || scrollHeight > innerHeight"

        assert not await page.locator("html").evaluate(overflow)
        await expect(button(page, "Hang up")).to_be_in_viewport(ratio=1)
        await expect(button(page, "Interrupt")).to_be_in_viewport(ratio=1)
        await expect(page.get_by_role("listitem").last).to_be_in_viewport()


async def test_what_arrives_after_the_end_of_a_call_changes_nothing(open_sample, quiet):
    async with open_sample(microphone=quiet) as (page, simulator):
        await in_call(page, simulator)
        await button(page, "Hang up").click()
        await expect(page.get_by_role("status")).to_have_text("Call ended")

        late = json.dumps({"type": "output_audio_buffer.started"})
        await page.evaluate(
            "data => made.channels[0].dispatchEvent(new MessageEvent('message', { data }))", late
        )

        await expect(page.get_by_role("status")).to_have_text("Call ended")
        await expect(button(page, "Interrupt")).to_be_disabled()


async def test_the_sample_works_as_it_is_started(open_page, tmp_path):
    microphone = written(tmp_path / "speech.wav", *speech(2, 20))
    async with command() as origin, open_page(origin, microphone=microphone) as page:
        await button(page, "Talk").click()
        await expect(page.get_by_role("listitem").first).to_contain_text("[speech, 3.")
        await expect(page.get_by_role("listitem").last).to_contain_text("I heard 3.")
        await button(page, "Hang up").click()

        await expect(page.get_by_role("status")).to_have_text("Call ended")
