"""The simulator's SFTP server can be the partner: the adapter keeps all its promises against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.errors import DeliveryError
from adapters.sftp import SftpSettings, SftpTransport
from gateway.simulator.keys import load_or_create_key, public_line
from gateway.simulator.mailbox import DONE, INBOUND, OUTBOUND
from gateway.simulator.server import SenderAccount, SftpServer
from tests.contract.transport_contract import CONTENT, Partner, Steps, TransportContract


def start_server(place: Path, port: int = 0) -> SftpServer:
    account = SenderAccount("gateway", public_keys=(public_line(load_or_create_key(place / "sender_key")),))
    server = SftpServer(place / "senders", load_or_create_key(place / "host_key"), [account], port=port)
    server.start()
    return server


def open_transport(place: Path, server: SftpServer, *, keep: bool = True) -> SftpTransport:
    return SftpTransport(
        SftpSettings(
            host="127.0.0.1",
            port=server.port,
            username="gateway",
            key_file=place / "sender_key",
            host_key=public_line(load_or_create_key(place / "host_key")),
            outbox_folder=INBOUND,
            inbox_folder=OUTBOUND,
            done_folder=DONE if keep else None,
            timeout=10,
        )
    )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    server = start_server(tmp_path)
    yield server
    server.stop()


class TestSimulatorTransport(TransportContract):
    @pytest.fixture
    def partner(self, tmp_path: Path, server: SftpServer) -> Partner:
        root = server.mailboxes["gateway"].root
        return Partner(
            root / INBOUND,
            root / OUTBOUND,
            root / DONE,
            lambda keep: open_transport(tmp_path, server, keep=keep),
        )


async def test_a_delivery_cut_by_a_restart_is_finished_afterwards(tmp_path: Path, server: SftpServer) -> None:
    transport = open_transport(tmp_path, server)
    port = server.port
    with pytest.raises(DeliveryError):
        await transport.send("a.x12", CONTENT, progress=Steps("temp_uploaded", server.stop))
    again = start_server(tmp_path, port)
    receipt = await transport.resume("a.x12", len(CONTENT), temp_uploaded=True)
    assert receipt is not None
    assert (again.mailboxes["gateway"].root / INBOUND / "a.x12").read_bytes() == CONTENT
    await transport.close()
    again.stop()


async def test_a_transport_survives_a_restart_of_the_server(tmp_path: Path, server: SftpServer) -> None:
    transport = open_transport(tmp_path, server)
    await transport.send("a.x12", CONTENT, progress=Steps())
    port = server.port
    server.stop()
    with pytest.raises(DeliveryError):
        await transport.list()
    again = start_server(tmp_path, port)
    await transport.send("b.x12", CONTENT, progress=Steps())
    names = sorted(place.name for place in (again.mailboxes["gateway"].root / INBOUND).iterdir())
    assert names == ["a.x12", "b.x12"]
    await transport.close()
    again.stop()
