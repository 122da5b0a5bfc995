"""The browser sample in a real Chromium, against the simulator."""

from contextlib import asynccontextmanager

import openai
import pytest
from playwright.async_api import expect
from workspace import ROOT

KEY = "sk-the-key-of-the-server"
AMIABLE = ROOT / "samples" / "audio" / "amiable.wav"


@pytest.fixture
def open_sample(realtime_simulator, serving, sample, open_page):
    """Open the sample's page, with a simulator for its service; gives both."""

    @asynccontextmanager
    async def opened(*, microphone=AMIABLE, allowed=True, viewport=None, api_key=KEY, **options):
        async with realtime_simulator(api_key=api_key, **options) as simulator:
            client = openai.AsyncOpenAI(api_key=KEY, base_url=simulator.base_url)
            origin = await serving(lambda origin: sample.make_app(client, {origin}))
            async with open_page(origin, microphone=microphone, allowed=allowed, viewport=viewport) as page:
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
