"""What the package costs. Asked of a fresh interpreter."""

import json
import subprocess
import sys

TOOL = """
from __future__ import annotations
import json, sys
from typing import TYPE_CHECKING
from realtime_core import ActiveCall, Tool
if TYPE_CHECKING:
    from realtime_core import RealtimeSession
async def hang_up(call: ActiveCall, session: RealtimeSession, reason: str = "") -> None: ...
Tool(hang_up)
"""


def _modules_after(program):
    program += "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  # our own words
    return set(json.loads(done.stdout))


def test_nothing_that_reads_functions_is_loaded_before_the_first_tool_is_made():
    loaded = _modules_after("import realtime_core; realtime_core.Tool")

    assert loaded.isdisjoint({"msgspec", "docstring_parser", "numpy", "realtime_core.session"})
    assert {name for name in loaded if name.startswith("realtime_core.tools.")} == {
        "realtime_core.tools.call",
        "realtime_core.tools.callables",
        "realtime_core.tools.failures",
        "realtime_core.tools.tool",
    }


def test_making_a_tool_loads_neither_numpy_nor_the_session_it_will_get():
    loaded = _modules_after(TOOL)

    assert "msgspec" in loaded
    assert loaded.isdisjoint({"numpy", "realtime_core.session"})
