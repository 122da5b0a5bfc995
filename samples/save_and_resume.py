"""Go on where you left off, with any provider. Usage: python save_and_resume.py PROVIDER FILE.json WORDS"""

import asyncio
import sys
from pathlib import Path

from realtime_core import Conversation, ProviderError, RealtimeError, create_client


async def talk(provider: str, before: Conversation, words: str) -> Conversation:
    async with create_client(provider)(history=before, output_modalities=["text"]) as session:
        await session.send_text(words)
        response = await session.create_response()
        if (await response).status != "completed":
            raise ProviderError("there was no answer; nothing was saved")
        return session.conversation


def main(provider: str, path: str, words: str) -> None:
    file = Path(path)
    before = Conversation.from_json(file.read_text()) if file.exists() else Conversation()
    after = asyncio.run(talk(provider, before, words))
    file.write_text(after.to_json())
    print(after.transcript())


if len(sys.argv) != 4:
    sys.exit(__doc__)
try:
    main(*sys.argv[1:])
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
