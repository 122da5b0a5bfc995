"""The conformance kit of providers, whole: inherit it, override one fixture."""

from collections.abc import Mapping
from typing import Final

import pytest

from realtime_core.testing.answering import AnsweringClauses
from realtime_core.testing.asking import AskingClauses
from realtime_core.testing.calling import CallingClauses
from realtime_core.testing.cancelling import CancellingClauses
from realtime_core.testing.clauses import Clause, clauses_of
from realtime_core.testing.closing import ClosingClauses
from realtime_core.testing.concurring import ConcurringClauses
from realtime_core.testing.configuring import ConfiguringClauses
from realtime_core.testing.conversing import ConversingClauses
from realtime_core.testing.ending import EndingClauses
from realtime_core.testing.frames import FrameClauses
from realtime_core.testing.hiding import HidingClauses
from realtime_core.testing.installing import InstallingClauses
from realtime_core.testing.opening import OpeningClauses
from realtime_core.testing.remembering import RememberingClauses
from realtime_core.testing.speaking import SpeakingClauses
from realtime_core.testing.subject import Subject
from realtime_core.testing.undoing import UndoingClauses

__all__ = ["PROVIDER_CLAUSES", "ProviderConformance"]


class ProviderConformance(
    ConversingClauses,
    CancellingClauses,
    ConcurringClauses,
    EndingClauses,
    ClosingClauses,
    FrameClauses,
    CallingClauses,
    UndoingClauses,
    RememberingClauses,
    AnsweringClauses,
    AskingClauses,
    SpeakingClauses,
    HidingClauses,
    ConfiguringClauses,
    OpeningClauses,
    InstallingClauses,
):
    """One test per clause of `realtime_core.provider`, skipped where the capabilities say that it does not
    apply.

    ::

        class TestAcme(ProviderConformance):
            @pytest.fixture
            def subject(self) -> Subject:
                return Subject("acme-ws", service=AcmeDouble)
    """

    @pytest.fixture
    def subject(self) -> Subject:
        """The provider under test, and its far end: override this."""
        raise NotImplementedError(  # abstract: only the author knows it, a default would test another
            "override the fixture `subject` in your class: return realtime_core.testing.Subject(...)"
        )


PROVIDER_CLAUSES: Final[Mapping[str, Clause]] = clauses_of(ProviderConformance)
"""Every clause of a provider by its name, in the order of the contract."""
