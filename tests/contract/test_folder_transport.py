"""The folder adapter keeps the promises of every Transport."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.folder import FolderSettings, FolderTransport
from tests.contract.transport_contract import Partner, TransportContract, make_folders


class TestFolderTransport(TransportContract):
    @pytest.fixture
    def partner(self, tmp_path: Path) -> Partner:
        outbox, inbox, done = make_folders(tmp_path / "partner")

        def connect(keep: bool) -> FolderTransport:
            return FolderTransport(
                FolderSettings(outbox_folder=outbox, inbox_folder=inbox, done_folder=done if keep else None)
            )

        return Partner(outbox, inbox, done, connect)
