"""The clients of other people, each as a program that holds one conversation with a server.

Knows nothing of the simulator.
"""

import asyncio
import json
import os
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from peers.environments import Runtime, node, our_python, python_of_its_own

__all__ = ["PEERS", "Heard", "Peer"]

TALK_TIMEOUT_S = 45
"""Longer than the programs give themselves."""


@attrs.frozen
class Heard:
    """What a client told of its conversation."""

    said: str
    """The pieces of all replies, joined."""
    finals: list[str]
    """Each reply as a whole: as the service repeats it, or as the client keeps it."""
    audio: bytes
    tools: list[dict[str, Any]]
    errors: list[str]
    closed: list[int | None]
    """The close code, if the client tells it; empty: the server did not end the session."""

    @classmethod
    def of(cls, facts: list[dict[str, Any]]) -> "Heard":
        """From the lines that the program wrote."""

        def each(name: str) -> list[Any]:
            return [fact[name] for fact in facts if name in fact]

        return cls(
            said="".join(each("said")),
            finals=each("final"),
            audio=b"".join(map(b64decode, each("audio"))),
            tools=each("tool"),
            errors=each("error"),
            closed=each("closed"),
        )


@attrs.frozen
class Peer:
    """A client: a program, and the function that makes its environment."""

    program: str
    runtime: Callable[[], Runtime | str]
    speaks: bool
    """It wants spoken replies even to what is written."""
    truncates: bool
    """It cuts an interrupted item to what it takes for heard."""
    codes: tuple[int | None, int | None]
    """The close codes that it tells: of a server that closes with 1011, and of one that is gone."""

    def __str__(self) -> str:
        return Path(self.program).stem

    async def talk(self, **task: Any) -> Heard:
        """Hold a conversation; whatever the client complains about on stderr is a failure."""
        runtime = self.runtime()
        assert isinstance(runtime, Runtime)
        process = await asyncio.create_subprocess_exec(
            runtime.interpreter,
            runtime.folder / self.program,
            json.dumps(task),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "NODE_NO_WARNINGS": "1"},  # those of node itself
        )
        try:
            async with asyncio.timeout(TALK_TIMEOUT_S):
                lines, complaints = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert (process.returncode, complaints.decode()) == (0, "")
        return Heard.of([json.loads(line) for line in lines.splitlines()])


PEERS = [
    Peer("python_openai.py", our_python, speaks=False, truncates=False, codes=(1011, None)),
    Peer("python_agents.py", python_of_its_own, speaks=True, truncates=True, codes=(1011, None)),
    Peer("node_openai.mjs", node, speaks=False, truncates=False, codes=(1011, 1006)),
    Peer("node_agents.mjs", node, speaks=True, truncates=True, codes=(None, None)),
]
