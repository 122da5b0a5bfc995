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
        report.write(json.dumps(outcome(name, timeout_s)))
    os._exit(0)  # threads that the plugin began, or hangs in, are not waited for


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
