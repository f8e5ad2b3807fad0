"""The simulator's SFTP server, seen through a real client: what a sender may do, and what it may not."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from gateway.simulator.keys import load_or_create_key, public_line
from gateway.simulator.server import SenderAccount, SftpServer

CONTENT = b"ISA*00*made up~"


def start_server(folder: Path, *, port: int = 0) -> SftpServer:
    sender_key = load_or_create_key(folder / "sender_key")
    server = SftpServer(
        folder / "senders",
        load_or_create_key(folder / "host_key"),
        [
            SenderAccount("alpha", public_keys=(public_line(sender_key) + " a comment",)),
            SenderAccount("beta", password="long and made up"),
        ],
        port=port,
    )
    server.start()
    return server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    server = start_server(tmp_path)
    yield server
    server.stop()


def connect(server: SftpServer, name: str = "alpha", **credentials: object) -> paramiko.Transport:
    session = paramiko.Transport(("127.0.0.1", server.port))
    session.start_client(timeout=10)
    if "password" in credentials:
        session.auth_password(name, str(credentials["password"]))
    else:
        session.auth_publickey(name, credentials["key"])
    return session


@pytest.fixture
def alpha(server: SftpServer, tmp_path: Path) -> Iterator[paramiko.SFTPClient]:
    session = connect(server, key=load_or_create_key(tmp_path / "sender_key"))
    client = paramiko.SFTPClient.from_transport(session)
    assert client is not None
    yield client
    session.close()


def put(client: paramiko.SFTPClient, path: str, content: bytes = CONTENT) -> None:
    with client.open(path, "wb") as stream:
        stream.write(content)


def test_a_sender_uploads_under_a_temporary_name_and_renames(
    server: SftpServer, alpha: paramiko.SFTPClient, tmp_path: Path
) -> None:
    put(alpha, "inbound/.claims.x12.tmp")
    assert alpha.stat("inbound/.claims.x12.tmp").st_size == len(CONTENT)
    alpha.rename("inbound/.claims.x12.tmp", "inbound/claims.x12")
    assert (tmp_path / "senders/alpha/inbound/claims.x12").read_bytes() == CONTENT
    assert alpha.listdir("inbound") == ["claims.x12"]


def test_a_rename_never_overwrites(server: SftpServer, alpha: paramiko.SFTPClient) -> None:
    put(alpha, "inbound/one.tmp")
    put(alpha, "inbound/two", b"kept")
    with pytest.raises(OSError, match="Failure"):
        alpha.rename("inbound/one.tmp", "inbound/two")
    with pytest.raises(OSError, match="unsupported"):
        alpha.posix_rename("inbound/one.tmp", "inbound/two")
    with alpha.open("inbound/two") as stream:
        assert stream.read() == b"kept"
    assert alpha.stat("inbound/one.tmp").st_size == len(CONTENT)


def test_a_sender_moves_an_answer_to_done(
    server: SftpServer, alpha: paramiko.SFTPClient, tmp_path: Path
) -> None:
    (tmp_path / "senders/alpha/outbound/answer.x12").write_bytes(CONTENT)
    with alpha.open("outbound/answer.x12") as stream:
        assert stream.read() == CONTENT
    alpha.rename("outbound/answer.x12", "done/answer.x12")
    assert alpha.listdir("outbound") == []
    assert alpha.listdir("done") == ["answer.x12"]


@pytest.mark.parametrize(
    "path",
    [
        "../beta/inbound/x",
        "/../../host_key",
        "inbound/../../beta/inbound/x",
        "x",
        "inbound/deep/x",
        "outbound/x",
    ],
)
def test_a_sender_writes_nowhere_but_into_its_inbound_folder(
    server: SftpServer, alpha: paramiko.SFTPClient, tmp_path: Path, path: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OSError):
        put(alpha, path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_is_never_followed(server: SftpServer, alpha: paramiko.SFTPClient, tmp_path: Path) -> None:
    (tmp_path / "senders/alpha/outbound/link").symlink_to(tmp_path / "host_key")
    with pytest.raises(OSError):
        alpha.open("outbound/link").read()
    with pytest.raises(OSError):
        alpha.rename("outbound/link", "done/link")
    with pytest.raises(OSError, match="unsupported"):
        alpha.symlink("/etc/passwd", "inbound/other")


def test_a_linked_folder_is_refused(server: SftpServer, alpha: paramiko.SFTPClient, tmp_path: Path) -> None:
    done = tmp_path / "senders/alpha/done"
    done.rmdir()
    done.symlink_to(tmp_path)
    with pytest.raises(OSError):
        alpha.open("done/host_key").read()


def test_a_fifo_is_refused_and_hangs_nobody(
    server: SftpServer, alpha: paramiko.SFTPClient, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "senders/alpha/outbound/pipe")
    with pytest.raises(OSError):
        alpha.open("outbound/pipe").read()


def test_each_sender_sees_its_own_mailbox_only(server: SftpServer, alpha: paramiko.SFTPClient) -> None:
    put(alpha, "inbound/mine")
    session = connect(server, "beta", password="long and made up")
    beta = paramiko.SFTPClient.from_transport(session)
    assert beta is not None
    assert beta.listdir("inbound") == []
    assert sorted(beta.listdir("/")) == ["done", "inbound", "outbound"]
    session.close()


def test_a_wrong_password_key_or_name_is_refused(server: SftpServer, tmp_path: Path) -> None:
    stranger = load_or_create_key(tmp_path / "stranger")
    for name, credentials in (
        ("beta", {"password": "guessed"}),
        ("nobody", {"password": "long and made up"}),
        ("alpha", {"key": stranger}),
        ("beta", {"key": load_or_create_key(tmp_path / "sender_key")}),
    ):
        with pytest.raises(paramiko.AuthenticationException):
            connect(server, name, **credentials)


def test_only_sftp_is_offered(server: SftpServer) -> None:
    session = connect(server, "beta", password="long and made up")
    channel = session.open_session(timeout=10)
    with pytest.raises(paramiko.SSHException):
        channel.exec_command("id")
    with pytest.raises(paramiko.ChannelException):
        session.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1), timeout=10)
    session.close()


def test_a_file_being_written_is_known_as_an_upload(server: SftpServer, alpha: paramiko.SFTPClient) -> None:
    place = server.mailboxes["alpha"].root / "inbound" / "direct.x12"
    stream = alpha.open("inbound/direct.x12", "wb")
    assert place in server.uploads
    stream.write(CONTENT)
    stream.close()
    assert place not in server.uploads


def test_a_cut_connection_ends_its_uploads(server: SftpServer, tmp_path: Path) -> None:
    session = connect(server, key=load_or_create_key(tmp_path / "sender_key"))
    client = paramiko.SFTPClient.from_transport(session)
    assert client is not None
    client.open("inbound/half.x12", "wb").write(CONTENT)
    place = server.mailboxes["alpha"].root / "inbound" / "half.x12"
    assert place in server.uploads
    session.sock.close()
    server.stop()
    wait = threading.Event()
    for _ in range(100):
        if place not in server.uploads:
            break
        wait.wait(0.05)
    assert place not in server.uploads


def test_a_restarted_server_keeps_its_key_and_its_files(tmp_path: Path) -> None:
    first = start_server(tmp_path)
    port = first.port
    session = connect(first, key=load_or_create_key(tmp_path / "sender_key"))
    key = session.get_remote_server_key()
    client = paramiko.SFTPClient.from_transport(session)
    assert client is not None
    put(client, "inbound/kept.x12")
    first.stop()
    second = start_server(tmp_path, port=port)
    session = connect(second, key=load_or_create_key(tmp_path / "sender_key"))
    client = paramiko.SFTPClient.from_transport(session)
    assert client is not None
    assert session.get_remote_server_key() == key
    assert client.listdir("inbound") == ["kept.x12"]
    session.close()
    second.stop()
    second.stop()


def test_a_made_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    load_or_create_key(tmp_path / "keys" / "key")
    assert (tmp_path / "keys" / "key").stat().st_mode & 0o777 == 0o600
