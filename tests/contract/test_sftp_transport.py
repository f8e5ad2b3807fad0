"""The SFTP adapter keeps the promises of every Transport against a real OpenSSH server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sftp import SftpSettings, SftpTransport
from tests.contract.transport_contract import Partner, TransportContract, make_folders
from tests.sshd import Sshd, running_sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as sshd:
        yield sshd


class TestSftpTransport(TransportContract):
    @pytest.fixture
    def partner(self, tmp_path: Path, server: Sshd) -> Partner:
        outbox, inbox, done = make_folders(tmp_path / "partner")

        def connect(keep: bool) -> SftpTransport:
            return SftpTransport(
                SftpSettings(
                    host=server.host,
                    port=server.port,
                    username=server.username,
                    key_file=server.client_key,
                    host_key=server.host_key,
                    outbox_folder=str(outbox),
                    inbox_folder=str(inbox),
                    done_folder=str(done) if keep else None,
                )
            )

        return Partner(outbox, inbox, done, connect)
