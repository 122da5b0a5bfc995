"""The browser sample as its README starts it."""

import asyncio
import contextlib
import os
import re
import shlex
import signal
import sys

from aiohttp.test_utils import unused_port
from workspace import ROOT

SAMPLE = ROOT / "samples" / "browser"
(_, PROGRAM) = shlex.split(re.findall(r"^python .*$", (SAMPLE / "README.md").read_text(), re.MULTILINE)[0])


@contextlib.asynccontextmanager
async def command(*args, **environment):
    """Run it until Ctrl-C, in an environment without OpenAI but for what is given; gives its origin."""
    port = unused_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", ROOT / PROGRAM, "--port", str(port), *args),
        env={**clean, **environment, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        while b"Running on" not in (line := await process.stdout.readline()):
            assert line, (await process.stderr.read()).decode()
        yield f"http://localhost:{port}"
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
