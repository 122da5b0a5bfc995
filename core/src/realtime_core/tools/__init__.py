"""Plain functions as tools of the model: definition, arguments, results, and threads for those that block.

Pure but for the threads; who runs a call, when, and for how long is the session engine's. Loads neither
msgspec nor the docstring parser before the first `Tool` is made.
"""

from realtime_core.tools.call import ActiveCall
from realtime_core.tools.executor import ToolThreads
from realtime_core.tools.failures import BadArguments, BadResult, ErrorHook, ToolError, error_text
from realtime_core.tools.results import result_text
from realtime_core.tools.tool import Approve, Tool, as_tool, as_tools

__all__ = [
    "ActiveCall",
    "Approve",
    "BadArguments",
    "BadResult",
    "ErrorHook",
    "Tool",
    "ToolError",
    "ToolThreads",
    "as_tool",
    "as_tools",
    "error_text",
    "result_text",
]
