"""A real Chromium with a microphone that plays a file; skipped, with the reason, where there is none."""

import importlib.util
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from browser.command import SAMPLE

_PATIENCE_MS = 60_000

Open = Callable[..., AbstractAsyncContextManager]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no chromium; on Debian: apt-get install chromium")
    return path


@pytest.fixture
def open_page(chromium) -> Open:
    """Open a page in a browser of its own, whose microphone plays a WAV file again and again.

    ``microphone=None``: there is none. ``allowed=False``: people say no when the page asks for it.
    ``prepare`` gets the page before it loads.
    """
    # they load only where there is a Chromium
    from playwright.async_api import async_playwright, expect

    # a machine may be busy: what does not come at all is told late, what comes late is no failure
    expect.set_options(timeout=_PATIENCE_MS)

    @asynccontextmanager
    async def opened(
        url: str, *, microphone: Path | None = None, allowed: bool = True, prepare=None, **context
    ):
        flags = ["--autoplay-policy=user-gesture-required", "--disable-gpu"]
        if microphone is not None:
            flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}"]
        if allowed:
            flags.append("--use-fake-ui-for-media-stream")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
            try:
                page = await browser.new_page(**context)
                page.set_default_timeout(_PATIENCE_MS)
                await page.add_init_script(path=Path(__file__).parent / "made.js")
                if prepare is not None:
                    prepare(page)
                await page.goto(url)
                yield page
            finally:
                await browser.close()

    return opened


@pytest.fixture
async def serving() -> AsyncIterator[Callable]:
    """Serve an application of aiohttp, made for its origin, until the end of the test; gives the origin."""
    async with AsyncExitStack() as stack:

        async def serve(make: Callable[[str], web.Application]) -> str:
            port = unused_port()
            origin = f"http://127.0.0.1:{port}"
            runner = web.AppRunner(make(origin), shutdown_timeout=1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", port).start()
            return origin

        yield serve


@pytest.fixture(scope="session")
def sample():
    """The sample's server, as a module."""
    spec = importlib.util.spec_from_file_location("browser_sample", SAMPLE / "server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
