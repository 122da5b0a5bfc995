"""The process in which `realtime_core.registry.probe` loads a provider.

Writes what came of it, and ends at once.
"""

import json
import os
import sys

from realtime_core.registry.probe import outcome


def main(name: str, timeout_s: float) -> None:
    """Load ``name``; one JSON object on standard output, and nothing else that a plugin might write there."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as report:
        os.dup2(2, 1)
        report.write(_told(name, timeout_s))
    os._exit(0)  # threads that the plugin began, or hangs in, are not waited for


def _told(name: str, timeout_s: float) -> str:
    try:
        # what has no place in JSON is shown as Python has it: that is no reason not to tell the rest
        return json.dumps(outcome(name, timeout_s), default=repr)
    except Exception as exc:  # noqa: BLE001  # what it gives is other people's
        return json.dumps({"broken": f"provider {name!r} gives what cannot be told ({type(exc).__name__})"})


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
