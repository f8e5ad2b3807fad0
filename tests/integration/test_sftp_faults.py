"""What a partner's server can do to a transfer: die, freeze, fill up, forbid. Against real OpenSSH."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient
from adapters.names import temporary_name
from adapters.sftp import SftpServer, SftpTransport
from tests.contract.transport_contract import CONTENT, Steps
from tests.integration.hostile_server import Manners, hostile_server, password_transport
from tests.sshd import Sshd, free_port, running_sshd

Connect = Callable[..., SftpTransport]
Folders = tuple[Path, Path, Path]

LARGE = os.urandom(1_000_000) * 24
PATIENCE = 60.0
"""Seconds after which a test stops waiting for what should have ended long ago."""


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def wait_until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not happened():
            await asyncio.sleep(0.002)


def bytes_there(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


@pytest.fixture
def before_rename(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something happen once, right before the rename is asked for."""

    def set_trap(happen: Callable[[], object]) -> None:
        rename = SftpServer.rename

        def rename_after(self: SftpServer, old: str, new: str) -> None:
            monkeypatch.setattr(SftpServer, "rename", rename)
            happen()
            rename(self, old, new)

        monkeypatch.setattr(SftpServer, "rename", rename_after)

    return set_trap


@pytest.fixture
def frozen(sftp_server: Sshd) -> Iterator[Callable[[], object]]:
    """Freeze all connections of the server; they go on after the test."""
    yield lambda: sftp_server.signal_sessions(signal.SIGSTOP)
    sftp_server.signal_sessions(signal.SIGCONT)


# the connection dies


async def test_a_connection_killed_during_the_upload_is_transient_and_the_next_attempt_delivers(
    connect: Connect, sftp_server: Sshd, folders: Folders
) -> None:
    transport = connect()
    steps = Steps()
    sending = asyncio.create_task(transport.send("a.x12", LARGE, progress=steps))
    await wait_until(lambda: bytes_there(folders[0] / ".a.x12.tmp") > 1_000_000 or sending.done())
    sftp_server.signal_sessions(signal.SIGKILL)
    with pytest.raises(Transient, match="connection ended"):
        await sending
    assert steps.seen == []
    assert names(folders[0]) == {".a.x12.tmp"}
    assert bytes_there(folders[0] / ".a.x12.tmp") < len(LARGE)

    receipt = await transport.send("a.x12", LARGE, progress=steps)
    assert receipt.size == len(LARGE)
    assert (folders[0] / "a.x12").read_bytes() == LARGE
    assert names(folders[0]) == {"a.x12"}


async def test_a_connection_killed_when_the_rename_is_asked_for_is_ambiguous_and_resume_settles_it(
    connect: Connect, sftp_server: Sshd, folders: Folders, before_rename: Callable[..., None]
) -> None:
    transport = connect()
    before_rename(lambda: sftp_server.signal_sessions(signal.SIGKILL))
    steps = Steps()
    with pytest.raises(Ambiguous, match="before the rename was answered"):
        await transport.send("a.x12", CONTENT, progress=steps)
    assert steps.seen == ["temp_uploaded"]
    await transport.resume("a.x12", len(CONTENT), temp_uploaded=True)
    assert names(folders[0]) == {"a.x12"}


async def test_a_connection_lost_while_the_step_is_recorded_is_opened_again_for_the_rename(
    connect: Connect, sftp_server: Sshd, folders: Folders
) -> None:
    transport = connect()

    def kill_and_wait() -> None:
        sftp_server.signal_sessions(signal.SIGKILL)
        give_up = time.monotonic() + PATIENCE
        while transport._server is not None and transport._server.alive and time.monotonic() < give_up:
            time.sleep(0.01)

    await transport.send("a.x12", CONTENT, progress=Steps("temp_uploaded", kill_and_wait))
    assert names(folders[0]) == {"a.x12"}


async def test_a_connection_that_died_between_two_calls_is_opened_again(
    connect: Connect, sftp_server: Sshd
) -> None:
    transport = connect()
    await transport.list()
    sftp_server.signal_sessions(signal.SIGKILL)
    await wait_until(lambda: transport._server is None or not transport._server.alive)
    assert await transport.list() == []


async def test_a_connection_is_kept_for_the_next_call_and_let_go_when_idle(
    connect: Connect, sftp_server: Sshd
) -> None:
    await wait_until(lambda: not sftp_server.session_processes())
    transport = connect(idle=0.5)
    await transport.list()
    first = transport._server
    await transport.list()
    assert transport._server is first
    await wait_until(lambda: not sftp_server.session_processes())
    assert transport._server is None
    assert await transport.list() == []


async def test_a_closed_port_is_transient(connect: Connect) -> None:
    with pytest.raises(Transient, match=r"no connection .*firewall"):
        await connect(port=free_port()).list()


async def test_an_unknown_host_is_transient(connect: Connect) -> None:
    with pytest.raises(Transient):
        await connect(host="nowhere.invalid", timeout=5.0).list()


# the server freezes


async def test_a_frozen_server_is_transient_within_the_timeout_and_usable_afterwards(
    connect: Connect, sftp_server: Sshd, frozen: Callable[[], object]
) -> None:
    transport = connect(timeout=0.5)
    await transport.list()
    frozen()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Transient, match=r"no answer within 0\.5 seconds"):
            await transport.list()
    assert await connect().list() == []  # another partner is not held up
    sftp_server.signal_sessions(signal.SIGCONT)
    assert await transport.list() == []


async def test_a_server_frozen_during_an_upload_is_transient(
    connect: Connect, folders: Folders, frozen: Callable[[], object]
) -> None:
    transport = connect(timeout=0.5)
    sending = asyncio.create_task(transport.send("a.x12", LARGE, progress=Steps()))
    await wait_until(lambda: bytes_there(folders[0] / ".a.x12.tmp") > 1_000_000 or sending.done())
    frozen()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Transient, match="no answer"):
            await sending
    assert names(folders[0]) == {".a.x12.tmp"}


async def test_a_server_frozen_before_the_rename_is_asked_for_is_transient(
    connect: Connect, frozen: Callable[[], object]
) -> None:
    transport = connect(timeout=0.5)
    steps = Steps("temp_uploaded", frozen)
    with pytest.raises(Transient):
        await transport.send("a.x12", CONTENT, progress=steps)
    assert steps.seen == ["temp_uploaded"]


async def test_a_server_frozen_at_the_rename_is_ambiguous_and_delivers_once(
    connect: Connect,
    sftp_server: Sshd,
    folders: Folders,
    frozen: Callable[[], object],
    before_rename: Callable[..., None],
) -> None:
    transport = connect(timeout=0.5)
    before_rename(frozen)
    with pytest.raises(Ambiguous):
        await transport.send("a.x12", CONTENT, progress=Steps())
    assert names(folders[0]) == {".a.x12.tmp"}
    # Once awake, the server renames for the client that gave up, or sees first that the client is gone.
    sftp_server.signal_sessions(signal.SIGCONT)
    await wait_until(lambda: not sftp_server.session_processes())
    renamed = names(folders[0]) == {"a.x12"}
    if renamed:
        (folders[0] / "a.x12").unlink()  # the partner takes it
    receipt = await transport.resume("a.x12", len(CONTENT), temp_uploaded=True)
    assert receipt is not None
    assert names(folders[0]) == (set() if renamed else {"a.x12"})


async def test_a_server_that_never_greets_is_transient(connect: Connect, tmp_path: Path) -> None:
    with running_sshd(tmp_path / "sshd") as server:
        server.process.send_signal(signal.SIGSTOP)  # the kernel still accepts connections for it
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Transient):
                await connect(server, timeout=0.5).list()


async def test_a_server_that_never_starts_sftp_is_transient() -> None:
    with hostile_server(Manners(silent_at_sftp=True)) as server:
        transport = password_transport(server, timeout=1.0)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Transient, match="not finished within 1 seconds"):
                await transport.list()


@pytest.mark.parametrize(("at_rename", "kind"), [(False, Transient), (True, Ambiguous)])
async def test_the_deadline_cuts_a_transfer_whatever_the_server_does(
    connect: Connect,
    frozen: Callable[[], object],
    before_rename: Callable[..., None],
    at_rename: bool,
    kind: type[DeliveryError],
) -> None:
    transport = connect(timeout=PATIENCE, deadline=1.0)
    await transport.list()
    if at_rename:
        before_rename(frozen)
    else:
        frozen()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(kind, match="not finished within 1 seconds"):
            await transport.send("a.x12", CONTENT, progress=Steps())


async def test_a_cancelled_transfer_ends_at_once_and_leaves_a_usable_transport(
    connect: Connect, sftp_server: Sshd, frozen: Callable[[], object]
) -> None:
    transport = connect(timeout=PATIENCE)
    await transport.list()
    frozen()
    listing = asyncio.create_task(transport.list())
    await asyncio.sleep(0.1)
    listing.cancel()
    async with asyncio.timeout(PATIENCE / 2):
        with pytest.raises(asyncio.CancelledError):
            await listing
        assert await transport.list() == []


# the server has no room


async def check_a_full_server(connect: Connect, server: Sshd, outbox: Path) -> None:
    transport = connect(server, outbox_folder=str(outbox))
    steps = Steps()
    # A few packets fail unheard, so that only the size tells; of many, the client hears one failure.
    for content in (LARGE[:1_000_000], LARGE):
        with pytest.raises(Transient, match=r"(disk|quota) .*full"):
            await transport.send("a.x12", content, progress=steps)
        assert steps.seen == []
        assert names(outbox) == set()
    await transport.send("small.x12", b"x", progress=Steps())
    assert names(outbox) == {"small.x12"}


async def test_a_full_quota_is_transient_and_the_partial_file_is_removed(
    connect: Connect, folders: Folders, tmp_path: Path
) -> None:
    with running_sshd(tmp_path / "sshd", largest_file=200_000) as server:
        await check_a_full_server(connect, server, folders[0])


async def test_a_full_disk_is_transient_and_the_partial_file_is_removed(
    connect: Connect, sftp_server: Sshd, tmp_path: Path
) -> None:
    disk = tmp_path / "small disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk; the full quota is tested without it")
    try:
        await check_a_full_server(connect, sftp_server, disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_no_room_for_a_second_attempt_does_not_look_like_a_delivery(
    connect: Connect, folders: Folders, tmp_path: Path
) -> None:
    """A recorded temporary file that vanished would be taken for a delivery: it is emptied, not removed."""
    temp = folders[0] / temporary_name("a.x12")
    temp.write_bytes(b"of an attempt whose step temp_uploaded is recorded")
    with running_sshd(tmp_path / "sshd", largest_file=200_000) as server:
        transport = connect(server)
        with pytest.raises(Transient):
            await transport.send("a.x12", LARGE, progress=Steps())
        assert names(folders[0]) == {temp.name}
        assert bytes_there(temp) == 0
        assert await transport.resume("a.x12", len(LARGE), temp_uploaded=True) is None


# somebody else writes to the outbox


async def test_a_file_that_takes_the_final_name_at_the_last_moment_is_never_overwritten(
    connect: Connect, folders: Folders, before_rename: Callable[..., None]
) -> None:
    before_rename(lambda: (folders[0] / "a.x12").write_bytes(b"other"))
    with pytest.raises(Permanent, match="another file has the final name"):
        await connect().send("a.x12", CONTENT, progress=Steps())
    assert (folders[0] / "a.x12").read_bytes() == b"other"
    assert (folders[0] / ".a.x12.tmp").read_bytes() == CONTENT


async def test_a_temporary_file_that_goes_at_the_last_moment_is_ambiguous(
    connect: Connect, folders: Folders, before_rename: Callable[..., None]
) -> None:
    before_rename((folders[0] / ".a.x12.tmp").unlink)
    with pytest.raises(Ambiguous, match="has gone"):
        await connect().send("a.x12", CONTENT, progress=Steps())


# the server forbids


async def test_a_server_that_forbids_to_rename_is_told_with_its_remedy_and_finished_later(
    connect: Connect, folders: Folders, tmp_path: Path
) -> None:
    with running_sshd(tmp_path / "sshd", sftp_options="-P rename") as server:
        steps = Steps()
        with pytest.raises(Permanent, match=r"forbids to rename.*Ask the partner to give this account"):
            await connect(server).send("a.x12", CONTENT, progress=steps)
        assert steps.seen == ["temp_uploaded"]
        assert names(folders[0]) == {".a.x12.tmp"}
    with running_sshd(tmp_path / "sshd") as server:
        assert await connect(server).resume("a.x12", len(CONTENT), temp_uploaded=True) is not None
        assert names(folders[0]) == {"a.x12"}


@pytest.mark.parametrize("forbidden", ["open", "lstat", "opendir", "remove", "write"])
async def test_whatever_a_server_forbids_ends_in_an_error_with_place_and_remedy(
    connect: Connect, folders: Folders, tmp_path: Path, forbidden: str
) -> None:
    with running_sshd(tmp_path / "sshd", sftp_options=f"-P {forbidden}") as server:
        (folders[1] / "a.835").write_bytes(b"x")
        transport = connect(server, done_folder=None)

        async def use_everything() -> None:
            await transport.send("a.x12", CONTENT, progress=Steps())
            await transport.list()
            await transport.fetch("a.835", limit=10)
            await transport.acknowledge("a.835")

        with pytest.raises(DeliveryError) as caught:
            await use_everything()
        assert f"sftp://127.0.0.1:{server.port}/" in caught.value.place
        assert caught.value.remedy


async def test_a_read_only_server_is_told_with_its_remedy(
    connect: Connect, folders: Folders, tmp_path: Path
) -> None:
    with running_sshd(tmp_path / "sshd", sftp_options="-R") as server:
        with pytest.raises(Permanent, match=r"the server forbids it.*Ask the partner"):
            await connect(server).send("a.x12", CONTENT, progress=Steps())
        assert names(folders[0]) == set()


# the server lies


async def test_names_that_no_file_system_allows_are_reported_and_never_used() -> None:
    hostile = ("../../etc/passwd", "/etc/passwd", "a\0b.835", "", "x" * 4096, "plain.835")
    with hostile_server(Manners(names=hostile)) as server:
        transport = password_transport(server)
        listed = await transport.list()
        assert {file.name for file in listed} == set(hostile)
        assert [file.name for file in listed if not file.odd] == ["plain.835"]
        for file in listed:
            if file.odd:
                with pytest.raises(Permanent, match="cannot be used"):
                    await transport.fetch(file.name, limit=10)
        await transport.close()


async def test_a_server_that_does_not_tell_kinds_of_files_is_taken_at_its_word() -> None:
    with hostile_server(Manners(names=("plain.835",), tells_kinds=False)) as server:
        transport = password_transport(server)
        assert [file.name for file in await transport.list()] == ["plain.835"]
        await transport.close()


@pytest.mark.parametrize("change", [b"", b"longer than it was before", b"samesize"])
async def test_a_file_that_changes_while_it_is_read_is_read_again_later(
    connect: Connect, folders: Folders, monkeypatch: pytest.MonkeyPatch, change: bytes
) -> None:
    file = folders[1] / "a.835"
    file.write_bytes(b"8 bytes.")
    os.utime(file, (1_000_000, 1_000_000))
    read = SftpServer.read

    def read_while_it_changes(self: SftpServer, path: str, limit: int) -> bytes:
        content = read(self, path, limit)
        file.write_bytes(change)
        return content

    monkeypatch.setattr(SftpServer, "read", read_while_it_changes)
    with pytest.raises(Transient, match="changed while it was read"):
        await connect().fetch("a.835", limit=100)
    monkeypatch.setattr(SftpServer, "read", read)
    assert await connect().fetch("a.835", limit=100) == change


# many at once


async def test_calls_made_at_once_run_one_after_the_other(connect: Connect, folders: Folders) -> None:
    transport = connect()
    contents = {f"{number}.x12": os.urandom(100_000) for number in range(8)}
    await asyncio.gather(
        *(transport.send(name, content, progress=Steps()) for name, content in contents.items())
    )
    assert {file.name: file.read_bytes() for file in folders[0].iterdir()} == contents
