"""The Python SDK `openai-agents`: its realtime session as it is configured by itself, and a function tool."""

from base64 import b64encode
from collections.abc import Iterator

from agents import function_tool, set_tracing_disabled
from agents.realtime import RealtimeAgent, RealtimeRunner, RealtimeSession
from agents.realtime.items import RealtimeItem
from program import Task, run, tell, weather
from websockets.exceptions import ConnectionClosed


async def talk(task: Task) -> None:
    agent = RealtimeAgent(name="Assistant", instructions="Be brief.", tools=[function_tool(weather)])
    url = f"{task.url.replace('http', 'ws', 1)}/realtime?model=gpt-realtime-2.1"
    async with await RealtimeRunner(agent).run(model_config={"url": url, "api_key": "any"}) as session:
        try:
            await begin(session, task)
            await hear(session, task)
        except ConnectionClosed as end:
            tell(closed=end.rcvd and end.rcvd.code)


async def begin(session: RealtimeSession, task: Task) -> None:
    if task.pcm:
        await speak(session, task.speech())
    else:
        await session.send_message(task.text)


async def speak(session: RealtimeSession, chunks: Iterator[bytes]) -> None:
    for chunk in chunks:
        await session.send_audio(chunk)


async def hear(session: RealtimeSession, task: Task) -> None:
    history: list[RealtimeItem] = []
    async for event in session:
        match event.type:
            case "history_updated":
                history = event.history
            case "audio":
                tell(audio=b64encode(event.audio.data).decode())
                await speak(session, task.barge_in())
            case "error":
                tell(error=str(event.error))
            case "raw_model_event" if event.data.type == "transcript_delta":
                task.hear(event.data.delta)
            case "agent_end" if task.over:
                for item in history:
                    if item.type == "message" and item.role == "assistant":
                        tell(final="".join(getattr(part, "transcript", None) or "" for part in item.content))
                return


if __name__ == "__main__":
    set_tracing_disabled(disabled=True)  # nothing goes to any other server
    run(talk)
