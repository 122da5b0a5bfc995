"""The README is true: its snippets run."""

import asyncio
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

ANSWERS = {
    "response.create": [
        {"type": "response.created", "response": {"id": "r1"}},
        {
            "type": "response.output_text.delta",
            "response_id": "r1",
            "item_id": "i1",
            "delta": "Good morning.",
        },
        {"type": "response.done", "response": {"id": "r1", "status": "completed"}},
    ],
    "input_audio_buffer.commit": [
        {
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": "i1",
            "content_index": 0,
            "transcript": "Good morning.",
        }
    ],
}


def test_there_are_snippets():
    assert len(SNIPPETS) == 2


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda _: "snippet")
async def test_a_snippet_runs(service, monkeypatch, capsys, snippet):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    async with service(after=ANSWERS) as base_url:
        monkeypatch.setenv("OPENAI_BASE_URL", base_url)
        # it has an event loop of its own
        await asyncio.to_thread(exec, snippet, {})

    assert capsys.readouterr().out.strip() == "Good morning."
