"""What the Python programs share: what they are told, and what they tell. Knows no client.

Standard library only: they run in environments of their own.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

DEADLINE_S = 30
CHUNK_BYTES = 4_800
"""100 ms at 24 kHz."""


def tell(**fact: Any) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


def weather(city: str) -> str:
    """The weather in a city."""
    tell(tool={"city": city})
    return f"It is sunny in {city}."


class Task:
    """What the test wants of a program."""

    def __init__(self) -> None:
        given = json.loads(sys.argv[1])
        self.url: str = given["url"]
        """What OpenAI's clients call the base URL."""
        self.text: str = given["text"]
        """What the user writes."""
        self.pcm: str = given["pcm"]
        """A file with what the user says instead; empty: nothing."""
        self._awaited: list[str] = given["awaited"]
        self._barges_in: bool = given["barges_in"]
        self._said = ""

    def speech(self) -> Iterator[bytes]:
        """The chunks to append."""
        pcm = Path(self.pcm).read_bytes()
        return (pcm[start : start + CHUNK_BYTES] for start in range(0, len(pcm), CHUNK_BYTES))

    def barge_in(self) -> Iterator[bytes]:
        """The chunks to append when the assistant is heard: the speech again, once, if that is wanted."""
        if self._barges_in:
            self._barges_in = False
            yield from self.speech()

    def hear(self, said: str) -> None:
        """The assistant says something."""
        self._said += said
        tell(said=said)

    @property
    def over(self) -> bool:
        """Whether the assistant has said all that is waited for: the response that ends was the last."""
        return all(words in self._said for words in self._awaited)


def run(talk: Callable[[Task], Awaitable[None]]) -> None:
    """Hold the conversation, for a time that ends."""

    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await talk(Task())

    asyncio.run(bounded())
