"""What the application gives the engine to call."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["AudioCallback"]

# quoted: numpy loads with the first session, not with the package
AudioCallback = Callable[["npt.NDArray[np.int16]"], Awaitable[object] | object]
"""Gets a 1-D int16 array (mono, at the session's output rate, read-only). What it returns is ignored, but a
coroutine is awaited, in order."""
