"""Servers on real sockets that behave in one way each."""

import asyncio
import contextlib
import shutil
import ssl
import sys
from pathlib import Path

import attrs
import pytest
import trustme


@attrs.define
class Port:
    """Where a server listens, and what it got."""

    number: int = 0
    got: bytearray = attrs.Factory(bytearray)


@pytest.fixture
def listening():
    """A server that answers whoever connects with ``says`` and hangs up; with None it says nothing."""

    @contextlib.asynccontextmanager
    async def run(says=None, *, tls=None, when=b"\r\n\r\n"):
        port, handling = Port(), {}

        async def handle(reader, writer):
            handling[asyncio.current_task()] = writer.transport
            try:
                if says is None:
                    port.got += await reader.read()
                else:
                    port.got += await reader.readuntil(when) if when else b""
                    writer.write(says)
                    await writer.drain()
                writer.close()
                await writer.wait_closed()
            except (OSError, asyncio.IncompleteReadError):
                pass  # the other side has gone
            finally:
                writer.transport.abort()

        async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls) as server:
            port.number = server.sockets[0].getsockname()[1]
            yield port
        for transport in handling.values():
            transport.abort()
        await asyncio.gather(*handling, return_exceptions=True)

    return run


@pytest.fixture
def authority(monkeypatch, tmp_path):
    """An authority that this machine trusts."""
    authority = trustme.CA()
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return authority


@pytest.fixture
def certified(authority):
    """What a server needs to speak TLS as a host."""

    def make(host="127.0.0.1"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        return context

    return make


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http", "https", "all", "ws", "wss", "socks", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.fixture
def closed_port():
    """A port at which nobody listens."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and never listening: nobody else gets it
        yield taken.getsockname()[1]


ENTRY_POINTS = """
[realtime_core.providers]
patient = patient:patient
homeless = patient:homeless
broken-patient = no_such_module
raving-patient = raving
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The distribution of `patient` is installed."""
    folder = tmp_path / "site"
    info = folder / "realtime_patient-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("patient.py"), folder)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: realtime-patient\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "raving.py").write_text("raise RuntimeError('sk-abcdefgh1234 is wrong')")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "patient", raising=False)
    for name in ("KEY", "URL"):
        monkeypatch.delenv(f"PATIENT_{name}", raising=False)
    yield folder
    sys.modules.pop("patient", None)
