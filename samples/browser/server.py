"""A page that talks with the assistant over WebRTC. Usage: python server.py; see also --help

The page gets a client secret, good for a minute and one configuration; the API key stays here. The service
is OpenAI if OPENAI_API_KEY is set (OPENAI_BASE_URL: another), else the simulator: no key, no network.
"""

import argparse
import os
import sys
from pathlib import Path

from aiohttp import web
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI, OpenAIError
from openai.types.realtime import RealtimeSessionCreateRequestParam
from yarl import URL

PAGE = Path(__file__).parent / "page"

SESSION: RealtimeSessionCreateRequestParam = {
    "type": "realtime",
    "model": os.environ.get("OPENAI_REALTIME_MODEL", "gpt-realtime-2.1"),
    "instructions": "You are a friendly companion. Answer in one or two short sentences.",
    "audio": {
        "input": {
            "noise_reduction": {"type": "near_field"},
            "transcription": {"model": "gpt-realtime-whisper"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
        },
        "output": {"voice": "marin"},
    },
}

REMEDIES = {
    400: "it does not take the session's configuration: check SESSION in server.py",
    401: "it does not know the API key: check OPENAI_API_KEY where the server runs",
    403: "the API key may not do this: check the permissions of its project",
    404: "it does not know the model, or no secrets: check OPENAI_REALTIME_MODEL and OPENAI_BASE_URL",
    429: "too many have asked, or there is no credit left: try again in a minute, or check the account",
}


def make_app(openai: AsyncOpenAI, origins: set[str]) -> web.Application:
    """The page at ``/`` and its secrets at ``/secret``, for pages open at one of ``origins``."""
    calls_url = openai.base_url.join("realtime/calls")
    service = f"{calls_url.scheme}://{calls_url.netloc.decode()}"

    async def index(_: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    async def secret(request: web.Request) -> web.Response:
        # other sites' pages, which would talk at our expense: browsers say in Origin which page asks
        if request.headers.get("Origin") not in origins:
            return refused(
                403, f"secrets are for {', '.join(sorted(origins))}; start server.py with --origin URL"
            )
        try:
            made = await openai.realtime.client_secrets.create(
                expires_after={"anchor": "created_at", "seconds": 60}, session=SESSION
            )
        except APIConnectionError:
            return refused(502, f"the server cannot reach {service}: check its network, or OPENAI_BASE_URL")
        except APIStatusError as exc:
            remedy = REMEDIES.get(exc.status_code, "try again in a minute")
            return refused(502, f"the service answers with HTTP {exc.status_code}: {remedy}")
        except (APIError, ValueError):
            made = None
        # for openai a page of HTML is text, and JSON of another shape an object without its fields
        value = getattr(made, "value", None)
        if not isinstance(value, str):
            return refused(502, f"{service} answers with something else than a secret: check OPENAI_BASE_URL")
        return web.json_response({"value": value, "calls_url": str(calls_url)})

    def refused(status: int, why: str) -> web.Response:
        print(f"no secret: {why}", file=sys.stderr)
        return web.json_response({"error": why}, status=status)

    async def harden(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Cache-Control"] = "no-store"
        # in a frame of another site, people could be led to press Talk unawares
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; frame-ancestors 'none'; connect-src 'self' {service}"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"

    async def close(_: web.Application) -> None:
        await openai.close()

    app = web.Application()
    app.add_routes([web.get("/", index), web.post("/secret", secret), web.static("/page", PAGE)])
    app.on_response_prepare.append(harden)
    app.on_cleanup.append(close)
    return app


async def start(origins: set[str]) -> web.Application:
    """The application, with the service that the environment names."""
    if os.environ.get("OPENAI_API_KEY"):
        return make_app(AsyncOpenAI(timeout=10), origins)
    # with a service of your own it need not be installed
    from realtime_simulator import SimulatorServer

    simulator = SimulatorServer(watch=False)
    await simulator.start()
    app = make_app(AsyncOpenAI(api_key="any", base_url=simulator.base_url, timeout=10), origins)

    async def stop(_: web.Application) -> None:
        await simulator.aclose()

    app.on_cleanup.append(stop)
    print("The simulator answers; set OPENAI_API_KEY to talk with OpenAI.")
    return app


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="A page that talks with the assistant over WebRTC.")
    arguments.add_argument(
        "--host",
        default="localhost",
        help="where to listen, such as 0.0.0.0 for all networks; browsers give a microphone to localhost and "
        "https only: for other machines put https in front, and name that address as --origin",
    )
    arguments.add_argument("--port", type=int, default=8000)
    arguments.add_argument(
        "--origin",
        action="append",
        default=[],
        help="where else the page is open, such as https://talk.example.org",
    )
    given = arguments.parse_args()
    here = {
        str(URL.build(scheme="http", host=name, port=given.port))
        for name in ("localhost", "127.0.0.1", given.host)
    }
    if os.environ.get("OPENAI_BASE_URL") and not os.environ.get("OPENAI_API_KEY"):
        sys.exit("OPENAI_BASE_URL is set, and OPENAI_API_KEY is not: set both, or neither for the simulator")
    try:
        web.run_app(
            start(here | {origin.rstrip("/") for origin in given.origin}), host=given.host, port=given.port
        )
    except ImportError:
        sys.exit('there is no simulator: pip install "realtime-simulator[webrtc]", or set OPENAI_API_KEY')
    except (OpenAIError, OSError) as exc:
        sys.exit(str(exc))
