"""The conformance kit: tests that a provider's author inherits, and what else tests need. Needs pytest.

::

    from realtime_core.testing import ProviderConformance, Subject

    class TestAcme(ProviderConformance):
        @pytest.fixture
        def subject(self) -> Subject:
            return Subject("acme-ws", service=AcmeDouble)

`Subject` says what is tested, a `ServiceDouble` plays the far end. Works with pytest alone, and beside
pytest-asyncio in whichever mode.
"""

from realtime_core.clock import VirtualClock, use_clock
from realtime_core.testing.clauses import Clause
from realtime_core.testing.codec import CODEC_CLAUSES, Codec, CodecConformance, CodecSubject
from realtime_core.testing.heard import Heard, HeardKind, Note
from realtime_core.testing.hostile import NO_OBJECTS
from realtime_core.testing.leaks import Held, held, until_let_go
from realtime_core.testing.pipes import MemoryPipe, PipeClosed, PipeEnd
from realtime_core.testing.provider import PROVIDER_CLAUSES, ProviderConformance
from realtime_core.testing.sockets import SocketPipe
from realtime_core.testing.steps import AtStep, cancel_at
from realtime_core.testing.subject import Meeting, ServiceDouble, Subject

__all__ = [
    "CODEC_CLAUSES",
    "NO_OBJECTS",
    "PROVIDER_CLAUSES",
    "AtStep",
    "Clause",
    "Codec",
    "CodecConformance",
    "CodecSubject",
    "Heard",
    "HeardKind",
    "Held",
    "Meeting",
    "MemoryPipe",
    "Note",
    "PipeClosed",
    "PipeEnd",
    "ProviderConformance",
    "ServiceDouble",
    "SocketPipe",
    "Subject",
    "VirtualClock",
    "cancel_at",
    "held",
    "until_let_go",
    "use_clock",
]
