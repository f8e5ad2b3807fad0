"""Fixtures for tests of the SFTP adapter against real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.sftp import SftpSettings, SftpTransport
from tests.contract.transport_contract import make_folders
from tests.sshd import Sshd, running_sshd


@pytest.fixture(scope="module")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A well-behaved OpenSSH server; tests may kill or freeze its sessions, never the server itself."""
    with running_sshd(tmp_path_factory.mktemp("sshd")) as sshd:
        yield sshd


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Outbox, inbox and done folder of one partner."""
    return make_folders(tmp_path / "partner")


@pytest.fixture
async def connect(
    sftp_server: Sshd, folders: tuple[Path, Path, Path]
) -> AsyncIterator[Callable[..., SftpTransport]]:
    """Open transports (closed after the test); keyword arguments replace settings."""
    opened: list[SftpTransport] = []

    def open_transport(server: Sshd = sftp_server, **changes: Any) -> SftpTransport:
        settings: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "username": server.username,
            "key_file": server.client_key,
            "host_key": server.host_key,
            "outbox_folder": str(folders[0]),
            "inbox_folder": str(folders[1]),
            "done_folder": str(folders[2]),
        }
        opened.append(SftpTransport(SftpSettings(**{**settings, **changes})))
        return opened[-1]

    yield open_transport
    for transport in opened:
        await transport.close()
