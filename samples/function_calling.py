"""The assistant calls functions of yours. Usage: python function_calling.py PROVIDER"""

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from realtime_core import (
    ActiveCall,
    ProviderError,
    RealtimeApprovalEvent,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
    RealtimeResponseEvent,
    RealtimeSession,
    RealtimeTranscriptEvent,
    Tool,
    ToolError,
    create_client,
)

QUESTIONS = ["How is the weather in Rome?", "Where is order 7?", "And order 8?", "Please refund 8."]


# The model is told the name, the docstring and the parameters with their types.
async def get_weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius") -> dict[str, object]:
    """Tell how the weather is.

    Args:
        city: its name in English.
    """
    return {"city": city, "sky": "clear", "degrees": 21 if unit == "celsius" else 70}


@dataclass
class Order:
    number: int
    arrives: date


def find_order(number: int, call: ActiveCall) -> Order:
    """Find out when an order arrives."""
    call.progress("I am looking for your order.")  # spoken, if nobody is speaking
    time.sleep(1)  # not async, so it runs in a thread, and may block
    if number != 7:
        raise ToolError(f"There is no order {number}. Ask for the number again.")  # for the model to read
    return Order(number, arrives=date(2026, 12, 24))


def refund(number: int) -> str:
    """Give the money for an order back."""
    return f"Order {number} is refunded."


async def answer(session: RealtimeSession) -> None:
    """Show what comes, to the end of the response that follows the last result."""
    running, owed = 0, False
    async for event in session.receive():
        match event:
            case RealtimeTranscriptEvent(role="assistant", final=True):
                print(event.text)
            case RealtimeFunctionCallEvent(function_call=call):
                print(f"[{call.name} {call.arguments}]")
                running, owed = running + 1, True
            case RealtimeApprovalEvent(request=request):
                typed = await asyncio.to_thread(input, f"{request.name} {request.arguments}? y or n: ")
                await (session.approve(request) if typed == "y" else session.deny(request))
            case RealtimeFunctionResultEvent(function_result=result):
                print(f"[{result.name} took {result.duration_ms:.0f} ms{' and failed' * result.is_error}]")
                running -= 1
            case RealtimeErrorEvent(benign=False):
                raise ProviderError(event.message)
            case RealtimeResponseEvent(phase="created") if not running:
                owed = False
            case RealtimeResponseEvent(phase="done") if not owed:
                break


async def main(provider: str) -> None:
    options: dict[str, Any] = {}
    if provider == "simulator":  # there is no model in it, so it is told what to do
        options["script"] = Path(__file__).with_suffix(".toml")
    client = create_client(provider, **options)
    async with client(
        tools=[get_weather, find_order, Tool(refund, approve=True)], output_modalities=["text"]
    ) as session:
        for question in QUESTIONS:
            print(f"> {question}")
            await session.send_text(question, respond=True)
            await answer(session)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        asyncio.run(main(sys.argv[1]))
    except RealtimeError as exc:
        sys.exit(str(exc))
    except KeyboardInterrupt:
        sys.exit(130)
