"""Settings come from one file and the environment, and say what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from gateway.settings import FolderTransport, SecretReference, Settings, SftpTransport
from gateway.settings_source import SettingsError

FILE = """
[server]
port = 9000

[tenants.clinic.partners.first-exchange]
payers = ["60054", "87726"]
poll_seconds = 2
[tenants.clinic.partners.first-exchange.envelope]
sender = "RIVERBEND"
receiver = "EXCHANGE"
group_sender = "RIVERBEND"
group_receiver = "EXCHANGE"
usage = "T"
[tenants.clinic.partners.first-exchange.transport]
kind = "sftp"
host = "sftp.example.com"
username = "riverbend"
password = "env:EXCHANGE_PASSWORD"
host_key = "ssh-ed25519 AAAA"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "claimwire.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str, **environ: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        Settings.load(write(folder, text), {"CLAIMWIRE_HOME": str(folder), **environ})
    return caught.value


def test_without_a_file_the_defaults_listen_on_loopback_with_sqlite_in_the_home(tmp_path: Path) -> None:
    settings = Settings.load(None, {"CLAIMWIRE_HOME": str(tmp_path)})
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8437)
    assert settings.database_url == f"sqlite:///{tmp_path}/claimwire.db"
    assert settings.tenants == ()


def test_a_file_in_the_home_is_read_without_being_named(tmp_path: Path) -> None:
    write(tmp_path, FILE)
    assert Settings.load(None, {"CLAIMWIRE_HOME": str(tmp_path)}).server.port == 9000


def test_tenants_and_partners_are_named_by_their_tables(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path, FILE), {"CLAIMWIRE_HOME": str(tmp_path)})
    tenant = settings.tenant("clinic")
    assert tenant is not None
    partner = tenant.partner_for("87726")
    assert partner is not None
    assert (partner.name, partner.envelope.usage) == ("first-exchange", "T")
    assert isinstance(partner.transport, SftpTransport)
    assert tenant.partner_for("00000") is None


def test_every_key_can_be_overridden_from_the_environment(tmp_path: Path) -> None:
    exchange = "CLAIMWIRE_TENANTS__CLINIC__PARTNERS__FIRST_EXCHANGE__"
    environ = {
        "CLAIMWIRE_HOME": str(tmp_path),
        "CLAIMWIRE_SERVER__PORT": "9100",
        "CLAIMWIRE_WEBHOOKS__ALLOW_PRIVATE": "true",
        exchange + "ENVELOPE__USAGE": "P",
        exchange + "PAYERS": '["12345"]',
    }
    settings = Settings.load(write(tmp_path, FILE), environ)
    assert settings.server.port == 9100
    assert settings.webhooks.allow_private is True
    assert settings.tenants[0].partners[0].envelope.usage == "P"
    assert settings.tenants[0].partners[0].payers == ("12345",)


def test_a_whole_partner_can_be_given_by_the_environment_alone(tmp_path: Path) -> None:
    ids = {"SENDER": "A", "RECEIVER": "B", "GROUP_SENDER": "A", "GROUP_RECEIVER": "B"}
    base = "CLAIMWIRE_TENANTS__CLINIC__PARTNERS__EXCHANGE__"
    environ = {base + "ENVELOPE__" + key: value for key, value in ids.items()}
    environ |= {base + "PAYERS": '["60054"]', base + "TRANSPORT__KIND": "folder"}
    environ |= {base + "TRANSPORT__OUTBOX_FOLDER": "out", base + "TRANSPORT__INBOX_FOLDER": "/in"}
    settings = Settings.load(write(tmp_path, ""), environ | {"CLAIMWIRE_HOME": str(tmp_path)})
    transport = settings.tenants[0].partners[0].transport
    assert transport == FolderTransport(outbox_folder=tmp_path / "out", inbox_folder=Path("/in"))


def test_a_wrong_value_names_its_key_its_file_and_its_remedy(tmp_path: Path) -> None:
    problem = complaint(tmp_path, FILE.replace('usage = "T"', 'usage = "X"'))
    assert problem.key == "tenants.clinic.partners.first-exchange.envelope.usage"
    assert problem.place == str(tmp_path / "claimwire.toml")
    assert "CLAIMWIRE_TENANTS__CLINIC__PARTNERS__FIRST_EXCHANGE__ENVELOPE__USAGE" in problem.remedy


def test_a_wrong_value_of_the_environment_names_the_variable(tmp_path: Path) -> None:
    problem = complaint(tmp_path, FILE, CLAIMWIRE_SERVER__PORT="many")
    assert (problem.key, problem.place) == ("server.port", "CLAIMWIRE_SERVER__PORT")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[server]\nprot = 1", "server.prot"),
        ("[servers]\nport = 1", "servers"),
        (
            FILE.replace('sender = "RIVERBEND"\n', "", 1),
            "tenants.clinic.partners.first-exchange.envelope.sender",
        ),
        ("[server", "(file)"),
    ],
)
def test_an_unknown_or_missing_key_is_refused_by_name(tmp_path: Path, text: str, key: str) -> None:
    assert complaint(tmp_path, text).key == key


def test_an_unknown_section_of_the_environment_is_refused(tmp_path: Path) -> None:
    problem = complaint(tmp_path, "", CLAIMWIRE_SERVRE__PORT="1")
    assert problem.place == "CLAIMWIRE_SERVRE__PORT"
    assert "server" in problem.remedy


def test_a_file_that_is_absent_is_an_error_where_it_was_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        Settings.load(tmp_path / "absent.toml", {})


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    problem = complaint(tmp_path, FILE.replace("env:EXCHANGE_PASSWORD", "hunter2"))
    assert problem.key == "tenants.clinic.partners.first-exchange.transport.password"
    assert "env:NAME" in str(problem)
    assert "hunter2" not in str(problem)


def test_an_sftp_partner_without_host_key_is_refused(tmp_path: Path) -> None:
    problem = complaint(tmp_path, FILE.replace('host_key = "ssh-ed25519 AAAA"', ""))
    assert "host_key" in problem.problem


def test_a_payer_of_two_partners_is_refused(tmp_path: Path) -> None:
    second = FILE.partition("[tenants")[2].replace("first-exchange", "second")
    problem = complaint(tmp_path, FILE + "[tenants" + second)
    assert "60054" in problem.problem


def test_a_secret_is_read_where_its_reference_points(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(" s3cret\n", encoding="utf-8")
    assert SecretReference("file:secret", tmp_path).read() == "s3cret"
    assert SecretReference("env:HERE").read({"HERE": "there"}) == "there"


def test_two_partners_with_one_sender_and_one_receiver_are_refused_by_name(tmp_path: Path) -> None:
    second = FILE.partition("[tenants")[2].replace("first-exchange", "second")
    second = second.replace('"60054", "87726"', '"11111"')
    problem = complaint(tmp_path, FILE + "[tenants" + second)
    assert "clinic/first-exchange, clinic/second" in problem.problem
    assert "ISA05-08" in problem.problem


def test_one_receiver_may_have_a_partner_for_tests_and_one_for_production(tmp_path: Path) -> None:
    second = FILE.partition("[tenants")[2].replace("first-exchange", "second")
    second = second.replace('"60054", "87726"', '"11111"').replace('usage = "T"', 'usage = "P"')
    path = write(tmp_path, FILE + "[tenants" + second)
    assert len(Settings.load(path, {"CLAIMWIRE_HOME": str(tmp_path)}).tenants[0].partners) == 2


@pytest.mark.parametrize("text", ["env:ABSENT", "file:absent"])
def test_an_absent_secret_says_where_it_was_looked_for(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        SettingsError, match=text.replace(":", ".*").lower().replace("absent", "(absent|ABSENT)")
    ):
        SecretReference(text, tmp_path).read({})


def list_sections(section: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """The section and every section inside it."""
    yield section
    for field in msgspec.structs.fields(section):
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                yield from list_sections(inner)


def test_every_key_stands_in_the_reference() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    sections = set(list_sections(Settings))
    named = {name for section in sections for name in section.__struct_fields__}
    structure = {
        "home",
        "name",
        "tenants",
        "partners",
        "senders",
        "transport",
        "envelope",
        "delimiters",
        "control_numbers",
        "batch",
        "watch",
        "payer_watch",
        "real_time",
        "certificates",
        "route",
    }
    structure |= {
        "server",
        "limits",
        "key",
        "tenant",
        "address",
        "store",
        "archive",
        "sealing",
        "retention",
        "people",
        "webhooks",
        "worker",
    }
    assert len(sections) > 8
    assert [key for key in sorted(named - structure) if f"`{key}`" not in page] == []


BATCH = """
[tenants.clinic.partners.first-exchange.batch]
cut_offs = ["11:00", "16:30"]
time_zone = "America/Chicago"
days = ["mon", "fri"]
holidays = [2026-12-25]
"""
NUMBERS = """
[tenants.clinic.partners.first-exchange.envelope.control_numbers]
first = 1
last = 9999
"""
DELIMITERS = """
[tenants.clinic.partners.first-exchange.envelope.delimiters]
element = "|"
"""


def test_cut_offs_and_delimiters_are_read(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path, FILE + BATCH + DELIMITERS), {"CLAIMWIRE_HOME": str(tmp_path)})
    partner = settings.find_partner("clinic", "first-exchange")
    assert (partner.batch.cut_offs, partner.batch.holidays) == (("11:00", "16:30"), (date(2026, 12, 25),))
    assert (partner.envelope.delimiters.element, partner.file_name) == ("|", "{id}.x12")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"16:30"', '"24:30"', "cut_offs"),
        ("America/Chicago", "America/Gotham", "time_zone 'America/Gotham' is unknown"),
        ("America/Chicago", "../../etc/passwd", "is unknown"),
        ('["mon", "fri"]', "[]", "at least one weekday"),
        ('["mon", "fri"]', '["monday"]', "days"),
        ("2026-12-25", '"Christmas"', "holidays"),
        ('element = "|"', 'element = ":"', "four different signs"),
        ('element = "|"', 'element = "A"', "four different signs"),
        ('element = "|"', 'element = "||"', "delimiters.element"),
        ("last = 9999", "last = 999", "at least 1000"),
        ("last = 9999", "last = 1000000000", "control_numbers.last"),
        ("first = 1", "first = 0", "control_numbers.first"),
        ('time_zone = "', 'claims_per_set = 5001\ntime_zone = "', "batch.claims_per_set"),
        ('time_zone = "', 'max_bytes = -1\ntime_zone = "', "batch.max_bytes"),
        ("poll_seconds = 2", 'file_name = "claims.x12"', "holds {id} or {control_number}"),
    ],
)
def test_a_calendar_or_delimiter_that_cannot_be_is_told(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert told in str(complaint(tmp_path, (FILE + BATCH + NUMBERS + DELIMITERS).replace(old, new)))


SENDERS = """
[tenants.clinic.senders.front-desk]
inbound_folder = "drop/in"
outbound_folder = "/srv/answers"
[tenants.clinic.senders.laboratory]
inbound_folder = "/srv/laboratory"
outbound_folder = "/srv/laboratory-answers"
"""


def test_senders_are_read_with_their_folders_and_the_environment_over_them(tmp_path: Path) -> None:
    variable = "CLAIMWIRE_TENANTS__CLINIC__SENDERS__FRONT_DESK__POLL_SECONDS"
    environ = {"CLAIMWIRE_HOME": str(tmp_path), variable: "2.5"}
    settings = Settings.load(write(tmp_path, FILE + SENDERS), environ)
    sender = settings.find_sender("clinic", "front-desk")
    assert (sender.inbound_folder, sender.poll_seconds, sender.done_folder) == (
        tmp_path / "drop" / "in",
        2.5,
        None,
    )
    with pytest.raises(KeyError):
        settings.find_sender("clinic", "nobody")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"/srv/answers"', '"drop/in"', "drop/in of a sender is named twice"),
        ('"/srv/laboratory"', '"drop/in"', "drop/in of a sender is named twice"),
        ("senders.laboratory", "senders.first-exchange", "first-exchange is a partner and a sender"),
        ('outbound_folder = "/srv/answers"', "", "outbound_folder"),
        ('outbound_folder = "/srv/answers"', 'outbox_folder = "/srv/answers"', "senders.front-desk"),
    ],
)
def test_a_sender_that_cannot_be_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in str(complaint(tmp_path, FILE + SENDERS.replace(old, new)))


def test_a_sender_and_a_partner_cannot_share_a_folder(tmp_path: Path) -> None:
    folder = """
    [tenants.other.partners.second]
    payers = ["CWP09"]
    transport = { kind = "folder", outbox_folder = "/srv/out", inbox_folder = "/srv/answers" }
    envelope = { sender = "OTHER", receiver = "SECOND", group_sender = "OTHER", group_receiver = "SECOND" }
    """
    assert "/srv/answers of a sender" in str(complaint(tmp_path, FILE + SENDERS + folder))


ARCHIVE = """
[archive]
bucket = "claims"
prefix = "north"
endpoint = "https://minio.example:9000"
access_key = "env:BUCKET_KEY"
secret_key = "file:bucket.secret"
"""


def test_a_bucket_for_the_archive_is_read(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path, FILE + ARCHIVE), {"CLAIMWIRE_HOME": str(tmp_path)})
    archive = settings.archive
    assert (archive.bucket, archive.prefix, archive.access_key) == (
        "claims",
        "north",
        SecretReference("env:BUCKET_KEY"),
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('bucket = "claims"', "", "bucket is missing"),
        ('secret_key = "file:bucket.secret"', "", "given together"),
        ('"env:BUCKET_KEY"', '"AKIAEXAMPLE"', "by reference"),
        ("https://minio", "minio", "endpoint begins with https"),
        ("prefix", "folder", "folder"),
    ],
)
def test_a_bucket_that_cannot_be_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in str(complaint(tmp_path, FILE + ARCHIVE.replace(old, new)))
