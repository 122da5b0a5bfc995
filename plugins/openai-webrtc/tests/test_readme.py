"""The README is true: its snippets run, and its table has every option."""

import asyncio
import re
from pathlib import Path

import attrs
import numpy as np
import pytest
import soundfile
from realtime_openai_webrtc.options import OpenAIWebRTCOptions

README = Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_there_are_snippets():
    assert len(SNIPPETS) == 2


def test_every_option_has_its_row():
    rows = re.findall(r"^\| `(\w+)` \|", README.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(rows) == sorted(field.name for field in attrs.fields(OpenAIWebRTCOptions))


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda _: "snippet")
async def test_a_snippet_runs(realtime_simulator, monkeypatch, capsys, tmp_path, snippet):
    monkeypatch.chdir(tmp_path)
    time = np.arange(24_000) / 24_000
    soundfile.write("question.wav", 0.3 * np.sin(2 * np.pi * 440 * time), 24_000)
    async with realtime_simulator() as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        # it has an event loop of its own
        await asyncio.to_thread(exec, snippet, {})

    assert capsys.readouterr().out.strip()
