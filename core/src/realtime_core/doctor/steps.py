"""The steps of an examination, and what each came to. Pure values; knows nothing of how they are tried."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import attrs

__all__ = ["Report", "Status", "Step", "StepName", "Trouble", "Untold"]


class StepName(StrEnum):
    """What is checked, in this order."""

    INSTALLED = "installed"
    """One installed distribution registers the name."""
    LOADS = "loads"
    """Its plugin imports, and keeps the contract."""
    OPTIONS = "options"
    """Its options are there, and right."""
    DNS = "dns"
    """The host of its endpoint has an address."""
    TCP = "tcp"
    """Something listens there."""
    TLS = "tls"
    """Its certificate is trusted."""
    HTTP = "http"
    """It speaks HTTP."""
    AUTHENTICATION = "authentication"
    """The service takes the credentials."""
    SESSION = "session"
    """It makes a session, and accepts the configuration."""
    FIRST_AUDIO = "first_audio"
    """It answers."""


class Status(StrEnum):
    """What a step came to."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """There is nothing to check, or no way to tell; ``detail`` says which."""
    NOT_RUN = "not_run"
    """An earlier one failed."""


@attrs.frozen(kw_only=True)
class Step:
    """One step.

    Attributes:
        name: which.
        status: what it came to.
        seconds: how long it took.
        detail: what was found.
        remedy: of the one that failed, what helps.
    """

    name: StepName
    status: Status
    seconds: float = 0.0
    detail: str = ""
    remedy: str | None = None


@attrs.frozen(kw_only=True)
class Report:
    """All steps, those that were not run too.

    Attributes:
        provider: its name, as asked for.
        steps: one for each `StepName`, in order.
        options: of each option of the provider its ``name``, ``source``, ``variable``, those that ``lost``,
            its ``giver`` where that is a profile or a file ``.env``, and its ``value``: masked where it is a
            secret, None where none is told.
        seconds: how long all took.
        is_callers: whether what failed is what was asked for, a name or an option, and no plugin, link or
            service.
    """

    provider: str
    steps: Sequence[Step]
    options: Sequence[Mapping[str, Any]] = ()
    seconds: float = 0.0
    is_callers: bool = False

    @property
    def failed(self) -> Step | None:
        """The step that failed."""
        return next((step for step in self.steps if step.status is Status.FAILED), None)

    @property
    def exit_status(self) -> int:
        """For a shell: 0 all is well, 1 a plugin, the link or the service fails, 2 the name or an option."""
        if self.failed is None:
            return 0
        return 2 if self.is_callers else 1


class Untold(Exception):
    """A step can tell neither good nor bad; the words say why."""


class Trouble(Exception):
    """What is wrong, and what helps."""

    def __init__(self, detail: str, remedy: str, *, is_callers: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.is_callers = is_callers
