"""Who is at the other end: pinned host keys, algorithms, login. Against a real OpenSSH server."""

from __future__ import annotations

import logging
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.errors import Permanent, Transient
from adapters.sftp import SftpSettings, SftpTransport
from tests.integration.hostile_server import Manners, hostile_server, password_transport
from tests.sshd import Sshd, make_key, public_key, running_sshd

Connect = Callable[..., SftpTransport]


def fingerprint(public: Path) -> str:
    """Return what OpenSSH itself prints for a public key."""
    shown = subprocess.run(["ssh-keygen", "-lf", str(public)], check=True, capture_output=True, text=True)
    return shown.stdout.split()[1]


def known_host(server: Sshd, path: Path, *, hashed: bool = False) -> Path:
    """Write a known_hosts file as ssh-keyscan would."""
    path.write_text(f"[{server.host}]:{server.port} {server.host_key}\n")
    if hashed:
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
    return path


def authorize(server: Sshd, key: Path) -> None:
    """Let one more key log in."""
    with (server.workplace / "authorized_keys").open("a") as file:
        file.write(f"{public_key(key)}\n")


async def test_a_changed_host_key_ends_the_attempt_before_anything_is_sent(
    connect: Connect, tmp_path: Path
) -> None:
    with running_sshd(tmp_path / "sshd") as server:
        transport = connect(server)
        assert await transport.list() == []
    pinned = fingerprint(tmp_path / "sshd" / "host_key.pub")
    old_key = server.host_key
    for file in ("host_key", "host_key.pub", "log"):
        (tmp_path / "sshd" / file).unlink()
    with running_sshd(tmp_path / "sshd", port=server.port) as impostor:
        shown = fingerprint(tmp_path / "sshd" / "host_key.pub")
        for attempt in (transport, connect(impostor, host_key=old_key)):
            with pytest.raises(Permanent) as caught:
                await attempt.list()
            text = str(caught.value)
            assert f"sftp://127.0.0.1:{server.port}" in text
            assert f"expected ssh-ed25519 {pinned}, got ssh-ed25519 {shown}" in text
            assert "Nothing was sent" in text
            assert "ssh-keygen -lf" in text
        assert "Accepted" not in impostor.log
        assert "userauth" not in impostor.log


async def test_a_host_that_known_hosts_does_not_name_is_refused(
    connect: Connect, sftp_server: Sshd, tmp_path: Path
) -> None:
    known = known_host(sftp_server, tmp_path / "known_hosts")
    known.write_text(known.read_text().replace("127.0.0.1", "other.example"))
    with pytest.raises(Permanent, match=r"no known host key: expected no key, got ssh-ed25519 SHA256:"):
        await connect(host_key=None, known_hosts=known).list()


@pytest.mark.parametrize("hashed", [False, True], ids=["plain", "hashed"])
async def test_a_host_that_known_hosts_names_is_trusted(
    connect: Connect, sftp_server: Sshd, tmp_path: Path, hashed: bool
) -> None:
    known = known_host(sftp_server, tmp_path / "known_hosts", hashed=hashed)
    assert ("127.0.0.1" in known.read_text()) is not hashed
    assert await connect(host_key=None, known_hosts=known).list() == []


async def test_a_known_hosts_file_with_a_revoked_key_is_refused_as_a_whole(
    connect: Connect, sftp_server: Sshd, tmp_path: Path
) -> None:
    known = known_host(sftp_server, tmp_path / "known_hosts")
    known.write_text(f"@revoked * {sftp_server.host_key}\n{known.read_text()}")
    with pytest.raises(Permanent, match="pinned host key cannot be read"):
        await connect(host_key=None, known_hosts=known).list()


@pytest.mark.parametrize("pin", ["garbage", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 !!!!", "SHA256:"])
async def test_a_pin_that_is_no_key_trusts_nobody(connect: Connect, pin: str) -> None:
    with pytest.raises(Permanent):
        await connect(host_key=pin).list()


async def test_a_missing_known_hosts_file_is_told(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="pinned host key cannot be read"):
        await connect(host_key=None, known_hosts=tmp_path / "absent").list()


async def test_a_fingerprint_is_a_pin_too(connect: Connect, sftp_server: Sshd, tmp_path: Path) -> None:
    right = fingerprint(sftp_server.workplace / "host_key.pub")
    assert await connect(host_key=right).list() == []
    wrong = fingerprint(make_key(tmp_path / "other").with_suffix(".pub"))
    with pytest.raises(Permanent, match=re.escape(f"expected {wrong}, got ssh-ed25519 {right}")):
        await connect(host_key=wrong).list()


async def test_two_pins_let_a_partner_change_its_key(
    connect: Connect, sftp_server: Sshd, tmp_path: Path
) -> None:
    coming = public_key(make_key(tmp_path / "coming"))
    for pins in (f"{sftp_server.host_key}\n{coming}", f"{coming}\n{sftp_server.host_key}\n"):
        assert await connect(host_key=pins).list() == []


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
async def test_each_modern_kind_of_host_key_works_and_a_new_kind_is_a_changed_key(
    connect: Connect, sftp_server: Sshd, tmp_path: Path, kind: str
) -> None:
    workplace = tmp_path / "sshd"
    workplace.mkdir()
    make_key(workplace / "host_key", kind)
    with running_sshd(workplace) as server:
        assert await connect(server).list() == []
        with pytest.raises(Permanent, match="shows another host key"):
            await connect(server, host_key=sftp_server.host_key).list()


async def test_the_pinned_key_is_asked_for_where_a_server_has_several(
    connect: Connect, tmp_path: Path
) -> None:
    rsa = make_key(tmp_path / "rsa_key", "rsa")
    with running_sshd(tmp_path / "sshd", options=(f"HostKey {rsa}",)) as server:
        for pin in (public_key(rsa), server.host_key):
            assert await connect(server, host_key=pin).list() == []


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        ("rsa", "HostKeyAlgorithms ssh-rsa"),
        ("ed25519", "Ciphers aes256-cbc"),
        ("ed25519", "KexAlgorithms diffie-hellman-group14-sha1"),
        ("ed25519", "Ciphers aes256-ctr\nMACs hmac-sha1"),
    ],
)
async def test_a_server_that_offers_only_old_algorithms_is_refused(
    connect: Connect, tmp_path: Path, kind: str, option: str
) -> None:
    workplace = tmp_path / "sshd"
    workplace.mkdir()
    make_key(workplace / "host_key", kind)
    with running_sshd(workplace, options=(option,)) as server:
        with pytest.raises(Permanent, match=r"no algorithm that is safe today.*SHA-2 host keys"):
            await connect(server).list()
        assert "Accepted" not in server.log


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"host_key": None}, "not pinned exactly once"),
        ({"known_hosts": Path("known_hosts")}, "not pinned exactly once"),
        ({"key_file": None}, "no way to log in"),
    ],
)
def test_settings_without_a_pin_or_a_login_are_refused(changes: dict[str, object], problem: str) -> None:
    settings: dict[str, object] = {"host": "h", "username": "u", "outbox_folder": "o", "inbox_folder": "i"}
    settings |= {"host_key": "ssh-ed25519 AAAA", "key_file": Path("key")}
    with pytest.raises(Permanent, match=problem):
        SftpSettings(**{**settings, **changes})  # type: ignore[arg-type]  # the names are right


def test_settings_do_not_show_their_secrets() -> None:
    settings = SftpSettings(
        host="h",
        username="u",
        outbox_folder="o",
        inbox_folder="i",
        host_key="SHA256:x",
        password="hunter2",
        key_passphrase="sesame",
    )
    assert "hunter2" not in repr(settings)
    assert "sesame" not in repr(settings)


async def test_a_refused_key_is_tried_once_and_told_with_its_remedy(
    connect: Connect, sftp_server: Sshd, tmp_path: Path
) -> None:
    stranger = make_key(tmp_path / "stranger")
    with pytest.raises(Permanent, match=r"refuses the login of .*revoked") as caught:
        await connect(key_file=stranger).list()
    assert "PRIVATE" not in str(caught.value)
    seen = fingerprint(tmp_path / "stranger.pub")
    assert len([line for line in sftp_server.log.splitlines() if seen in line and "Failed" in line]) == 1


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa", "rsa-pem"])
async def test_a_key_with_a_passphrase_opens_with_it_only(
    connect: Connect, sftp_server: Sshd, tmp_path: Path, kind: str
) -> None:
    locked = make_key(tmp_path / "locked", kind.removesuffix("-pem"))
    authorize(sftp_server, locked)
    form = ["-m", "PEM"] if kind.endswith("-pem") else []
    command = ["ssh-keygen", "-q", "-p", *form, "-N", "sesame", "-f", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    assert await connect(key_file=locked, key_passphrase="sesame").list() == []
    for passphrase in (None, "wrong"):
        with pytest.raises(Permanent, match="private key cannot be read") as caught:
            await connect(key_file=locked, key_passphrase=passphrase).list()
        assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"not a key", b"\xff\xfe"])
async def test_an_unreadable_private_key_is_told(
    connect: Connect, tmp_path: Path, content: bytes | None
) -> None:
    key_file = tmp_path / "key"
    if content is not None:
        key_file.write_bytes(content)
    with pytest.raises(Permanent, match="private key cannot be read"):
        await connect(key_file=key_file).list()


async def test_a_password_logs_in_and_a_wrong_one_is_tried_once() -> None:
    with hostile_server(manners := Manners()) as server:
        right = password_transport(server)
        assert await right.list() == []
        await right.close()
        with pytest.raises(Permanent, match="refuses the login of claims") as caught:
            await password_transport(server, password="wrong").list()
    assert manners.logins == ["password right", "password wrong"]
    assert "wrong" not in str(caught.value)


async def test_a_server_that_takes_no_passwords_says_what_it_takes(connect: Connect) -> None:
    with pytest.raises(Permanent, match=r"refuses the login of .* \(it asks for publickey\)"):
        await connect(key_file=None, password="right").list()


async def test_no_password_is_sent_to_a_server_with_another_key() -> None:
    other = "SHA256:" + "A" * 43
    shows_another = pytest.raises(Permanent, match="shows another host key")
    with hostile_server(manners := Manners()) as server, shows_another:
        await password_transport(server, host_key=other).list()
    assert manners.logins == []


async def test_a_key_and_then_a_password_satisfy_a_server_that_wants_both(tmp_path: Path) -> None:
    key_file = make_key(tmp_path / "key")
    with hostile_server(manners := Manners(second_factor=True)) as server:
        both = password_transport(server, key_file=key_file)
        assert await both.list() == []
        await both.close()
        with pytest.raises(Permanent, match=r"refuses the login of claims \(it asks for password"):
            await password_transport(server, key_file=key_file, password=None).list()
    assert manners.logins[1] == "password right"


@pytest.mark.parametrize("manners", [Manners(silent_at_login=True), Manners(hangs_up_at_login=True)])
async def test_a_server_that_fails_during_login_is_not_taken_for_a_refusal(manners: Manners) -> None:
    with hostile_server(manners) as server, pytest.raises(Transient):
        await password_transport(server, timeout=1.0).list()


async def test_nothing_of_a_connection_reaches_the_log(
    connect: Connect, folders: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A handler of our own: pytest's caplog listens to loggers that pass nothing on as well.
    records: list[logging.LogRecord] = []
    collector = logging.Handler()
    monkeypatch.setattr(collector, "emit", records.append)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [collector])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    (folders[1] / "DOE_JANE.835").write_bytes(b"x")
    await connect().fetch("DOE_JANE.835", limit=10)
    with pytest.raises(Permanent):
        await connect(host_key="SHA256:x").list()
    assert [record.getMessage() for record in records if record.name != "asyncio"] == []
