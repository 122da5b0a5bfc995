"""The `openai` package's own realtime client: typed events and its resources."""

import json
from base64 import b64encode
from collections.abc import Iterator

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeResponse
from program import Task, run, tell, weather
from websockets.exceptions import ConnectionClosed

WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


async def talk(task: Task) -> None:
    client = AsyncOpenAI(api_key="any", base_url=task.url)
    async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        try:
            await begin(connection, task)
            await hear(connection, task)
        except ConnectionClosed as end:
            tell(closed=end.rcvd and end.rcvd.code)


async def begin(connection: AsyncRealtimeConnection, task: Task) -> None:
    modality = "audio" if task.pcm else "text"
    await connection.session.update(
        session={"type": "realtime", "output_modalities": [modality], "tools": [WEATHER]}
    )
    if task.pcm:
        await speak(connection, task.speech())
        return
    await connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": task.text}]}
    )
    await connection.response.create()


async def speak(connection: AsyncRealtimeConnection, chunks: Iterator[bytes]) -> None:
    for chunk in chunks:
        await connection.input_audio_buffer.append(audio=b64encode(chunk).decode())


async def hear(connection: AsyncRealtimeConnection, task: Task) -> None:
    async for event in connection:
        match event.type:
            case "response.output_text.delta" | "response.output_audio_transcript.delta":
                task.hear(event.delta)
            case "response.output_audio.delta":
                tell(audio=event.delta)
                await speak(connection, task.barge_in())
            case "response.output_text.done":
                tell(final=event.text)
            case "response.output_audio_transcript.done":
                tell(final=event.transcript)
            case "error":
                tell(error=event.error.message)
            case "response.done" if task.over:
                return
            case "response.done":
                await answer_calls(connection, event.response)


async def answer_calls(connection: AsyncRealtimeConnection, response: RealtimeResponse) -> None:
    """Run the tool as often as it was called, and let the model go on."""
    calls = [item for item in response.output or () if item.type == "function_call"]
    for call in calls:
        output = weather(**json.loads(call.arguments))
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id or "", "output": output}
        )
    if calls:
        await connection.response.create()


if __name__ == "__main__":
    run(talk)
