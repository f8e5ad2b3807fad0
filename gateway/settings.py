"""Settings: one TOML file, each key overridable from the environment, secrets by reference only.

`server.port` in the file is `CLAIMWIRE_SERVER__PORT` in the environment, and
`[tenants.clinic.partners.exchange.envelope] usage` is
`CLAIMWIRE_TENANTS__CLINIC__PARTNERS__EXCHANGE__ENVELOPE__USAGE` (a `-` in a name is written `_`). A list
is written as JSON. Relative paths are relative to the settings file. `CLAIMWIRE_HOME` names the folder of
database and archive, `CLAIMWIRE_SETTINGS` the file; without it `claimwire.toml` in the home is read where
it exists.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import platformdirs

from gateway.limit_settings import LimitSettings as LimitSettings
from gateway.people_settings import OpenIdSettings, PeopleSettings
from gateway.real_time_settings import RealTimeSettings
from gateway.secret_references import SecretReference as SecretReference
from gateway.settings_parts import ArchiveSettings as ArchiveSettings
from gateway.settings_parts import BatchSettings as BatchSettings
from gateway.settings_parts import (
    ControlNumberSettings,
    Count,
    DelimiterSettings,
    Limit,
    Name,
    Seconds,
    Section,
    check_file_name,
)
from gateway.settings_parts import PayerWatch as PayerWatch
from gateway.settings_parts import SealingSettings as SealingSettings
from gateway.settings_parts import Sender as Sender
from gateway.settings_parts import WatchSettings as WatchSettings
from gateway.settings_source import Source, blame, read_source
from gateway.tls_settings import ClientCertificate, ServerTls

Network = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$")]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Processes = Annotated[int, msgspec.Meta(ge=0, le=256)]
Years = Annotated[int, msgspec.Meta(ge=0, le=100)]
LEAST_AUDIT_YEARS: Final = 6
PayerId = Annotated[str, msgspec.Meta(min_length=2, max_length=80)]
Qualifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{2}$")]
EnvelopeId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,13}[A-Za-z0-9]?$")]


Repair = Literal["trim", "upper_case", "diagnosis_dot", "phone_digits", "postal_hyphen"]


class RetentionSettings(Section, frozen=True, kw_only=True):
    """For how many years after the last change everything is kept; 0 keeps it for good.

    `audit_years` is how long the audit log is kept, six at least (45 CFR 164.316(b)(2)(i)), or 0 for good.
    """

    years: Years = 6
    audit_years: Years = 6

    def __post_init__(self) -> None:
        if 0 < self.audit_years < LEAST_AUDIT_YEARS:
            raise ValueError(f"audit_years is 0 (for good) or at least {LEAST_AUDIT_YEARS}")


class ServerSettings(Section, frozen=True, kw_only=True):
    """The HTTP side: where it listens and what one client may take of it (bytes and seconds).

    `trusted_proxies` are addresses or networks of proxies whose X-Forwarded-For says who calls.
    `checkers` processes check claims beside the one that answers, none at 0; left out, `serve` starts one for
    each core if there are several. With less than `free_space` bytes free on the volumes of database and
    archive nothing is taken in (503); 0 does not look.
    """

    host: str = "127.0.0.1"
    port: Port = 8437
    body_limit: Count = 16 * 1024 * 1024
    file_limit: Count = 64 * 1024 * 1024
    file_claims: Count = 5000
    batch_limit: Count = 1024 * 1024 * 1024
    batches: Count = 8
    header_seconds: Seconds = 10.0
    body_seconds: Seconds = 30.0
    idle_seconds: Seconds = 75.0
    drain_seconds: Seconds = 10.0
    heartbeat_seconds: Seconds = 15.0
    streams: Count = 100
    connections: Count = 1024
    connections_per_address: Count = 256
    claims_under_way: Count = 1024
    claims_of_tenant: Count = 512
    trusted_proxies: tuple[Network, ...] = ()
    checkers: Processes | None = None
    free_space: Limit = 64 * 1024 * 1024
    tls: ServerTls | None = None


class StoreSettings(Section, frozen=True, kw_only=True):
    """The database; "" means SQLite in the home folder."""

    url: str = ""


class WebhookSettings(Section, frozen=True, kw_only=True):
    """Sending webhooks. `allow_private` lets a receiver stand on this machine or network (demo, tests)."""

    allow_private: bool = False
    timeout_seconds: Seconds = 20.0
    concurrent: Count = 16
    concurrent_per_endpoint: Count = 4
    poll_seconds: Seconds = 1.0


class WorkerSettings(Section, frozen=True, kw_only=True):
    """The background work: how long a job is leased and how often the queue is looked at.

    Every `watch_seconds` the watchdogs look for what was sent and for partners that are silent.
    """

    lease_seconds: Seconds = 60.0
    poll_seconds: Seconds = 1.0
    watch_seconds: Seconds = 60.0


class EnvelopeIds(Section, frozen=True, kw_only=True):
    """Who sends to whom: ISA05-08, GS02, GS03 and ISA15 of every interchange for a partner."""

    sender_qualifier: Qualifier = "ZZ"
    sender: EnvelopeId
    receiver_qualifier: Qualifier = "ZZ"
    receiver: EnvelopeId
    group_sender: EnvelopeId
    group_receiver: EnvelopeId
    usage: Literal["P", "T"] = "P"
    acknowledgment_requested: bool = True
    control_numbers: ControlNumberSettings = ControlNumberSettings()
    delimiters: DelimiterSettings = DelimiterSettings()

    @property
    def route(self) -> tuple[str, ...]:
        """ISA05-08 and ISA15: between these, an interchange is known by its control number alone."""
        return self.sender_qualifier, self.sender, self.receiver_qualifier, self.receiver, self.usage


class SftpTransport(Section, frozen=True, kw_only=True, tag_field="kind", tag="sftp"):
    """A partner's SFTP mailbox. The host key is required: `host_key` or a `known_hosts` file.

    `timeout_seconds` is for any one answer, `deadline_seconds` for a whole transfer.

    `outbox_folder` is where we put files, `inbox_folder` where we fetch them; a fetched file moves to
    `done_folder`, or is deleted where that is None.
    """

    host: str
    port: Port = 22
    username: str
    password: SecretReference | None = None
    key_file: Path | None = None
    key_passphrase: SecretReference | None = None
    host_key: str | None = None
    known_hosts: Path | None = None
    outbox_folder: str = "inbound"
    inbox_folder: str = "outbound"
    done_folder: str | None = None
    timeout_seconds: Seconds = 20.0
    deadline_seconds: Seconds = 600.0

    def __post_init__(self) -> None:
        if self.password is None and self.key_file is None:
            raise ValueError("password or key_file is required")
        if (self.host_key is None) == (self.known_hosts is None):
            raise ValueError("exactly one of host_key and known_hosts is required: unknown hosts are refused")


class FolderTransport(Section, frozen=True, kw_only=True, tag_field="kind", tag="folder"):
    """Two folders on this machine that somebody else carries."""

    outbox_folder: Path
    inbox_folder: Path
    done_folder: Path | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that it names."""
        return tuple(it for it in (self.outbox_folder, self.inbox_folder, self.done_folder) if it)


class Partner(Section, frozen=True, kw_only=True):
    """A trading partner (payer or clearinghouse) of one tenant, and the payers reached through it.

    Claims for `payers` go to its mailbox, inquiries to its `real_time`; `inquiry_payers` are those that are
    asked here and get their claims elsewhere, or none. Without `transport` it is only asked.
    """

    name: Name
    payers: tuple[PayerId, ...] = ()
    inquiry_payers: tuple[PayerId, ...] = ()
    transport: SftpTransport | FolderTransport | None = None
    envelope: EnvelopeIds
    character_set: Literal["", "basic", "extended"] = ""
    file_name: str = "{id}.x12"
    poll_seconds: Seconds = 60.0
    batch: BatchSettings = BatchSettings()
    watch: WatchSettings = WatchSettings()
    payer_watch: dict[str, PayerWatch] = {}
    real_time: RealTimeSettings | None = None

    def __post_init__(self) -> None:
        check_file_name(self.file_name)
        if self.payers and self.transport is None:
            raise ValueError("payers need a transport; name those that are only asked as inquiry_payers")
        if self.inquiry_payers and self.real_time is None:
            raise ValueError("inquiry_payers need real_time")
        if not self.payers and not self.inquiry_payers:
            raise ValueError("payers or inquiry_payers is required")

    def watch_for(self, payer: str | None) -> WatchSettings:
        """How long the answers of `payer` may take."""
        own = self.payer_watch.get(payer or "", PayerWatch())
        given = {name: value for name, value in msgspec.structs.asdict(own).items() if value is not None}
        return msgspec.structs.replace(self.watch, **given)


class Tenant(Section, frozen=True, kw_only=True):
    """A billing organisation on this gateway. Nothing of one tenant is seen by another.

    `rules` are shipped packs of payer rules by name, `rule_files` packs of its own; `without_repairs` are the
    repairs of posted claims that it does not want. `retention_years` overrides those of `[retention]`.
    `certificates` stand for keys at the CORE door, where `server.tls` asks for them. People of the tenants
    in `support` may enter this one by emergency access.
    """

    name: Name
    partners: tuple[Partner, ...] = ()
    senders: tuple[Sender, ...] = ()
    certificates: tuple[ClientCertificate, ...] = ()
    rules: tuple[str, ...] = ()
    rule_files: tuple[Path, ...] = ()
    retention_years: Years | None = None
    without_repairs: tuple[Repair, ...] = ()
    openid: OpenIdSettings | None = None
    support: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        payers = [payer for partner in self.partners for payer in partner.payers]
        asked = [payer for partner in self.partners for payer in partner.inquiry_payers]
        twice = sorted({it for each in (payers, asked) for it in each if each.count(it) > 1})
        if twice:
            raise ValueError(f"payer {', '.join(twice)} is named by two partners; name it in one")
        both = sorted({it.name for it in self.partners} & {it.name for it in self.senders})
        if both:
            raise ValueError(f"{', '.join(both)} is a partner and a sender; give one another name")

    def partner_for(self, payer: str) -> Partner | None:
        """The partner through which `payer` (its id, `tradingPartnerServiceId`) is reached."""
        return next((partner for partner in self.partners if payer in partner.payers), None)

    def inquiry_partner_for(self, payer: str) -> Partner | None:
        """The partner that is asked: one that is there for the payer's inquiries, else that of its claims."""
        asked = (partner for partner in self.partners if payer in partner.inquiry_payers)
        return next(asked, None) or self.partner_for(payer)


class Settings(Section, frozen=True, kw_only=True):
    """Everything that may differ between two installations."""

    home: Path
    server: ServerSettings = ServerSettings()
    limits: LimitSettings = LimitSettings()
    store: StoreSettings = StoreSettings()
    archive: ArchiveSettings = ArchiveSettings()
    sealing: SealingSettings = SealingSettings()
    webhooks: WebhookSettings = WebhookSettings()
    worker: WorkerSettings = WorkerSettings()
    retention: RetentionSettings = RetentionSettings()
    people: PeopleSettings = PeopleSettings()
    tenants: tuple[Tenant, ...] = ()

    def __post_init__(self) -> None:
        self._check_routes()
        self._check_folders()

    def _check_routes(self) -> None:
        named = [(f"{it.name}/{partner.name}", partner) for it in self.tenants for partner in it.partners]
        routes = [partner.envelope.route for _, partner in named]
        alike = sorted(name for name, partner in named if routes.count(partner.envelope.route) > 1)
        if alike:
            raise ValueError(
                f"partners {', '.join(alike)} have one sender and one receiver (ISA05-08): "
                "their control numbers would meet; make them one partner, or use other ids"
            )

    def _check_folders(self) -> None:
        """No folder of a sender is another's, or a partner's: files would be taken in for somebody else."""
        senders = [folder for tenant in self.tenants for it in tenant.senders for folder in it.folders]
        wires = [partner.transport for tenant in self.tenants for partner in tenant.partners]
        partners = {folder for it in wires if isinstance(it, FolderTransport) for folder in it.folders}
        shared = sorted({str(it) for it in senders if senders.count(it) > 1 or it in partners})
        if shared:
            raise ValueError(f"folder {', '.join(shared)} of a sender is named twice; give each its own")

    @classmethod
    def load(cls, path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
        """The settings of file and environment. Raises SettingsError naming key, place and remedy."""
        home = find_home(environ)
        source = read_source(path or find_file(home, environ), environ, cls)
        document = {"home": str(home)} | source.document
        try:
            return msgspec.convert(document, cls, strict=False, dec_hook=_hook(source))
        except msgspec.ValidationError as problem:
            raise blame(problem, source) from problem

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.store.url or f"sqlite:///{self.home / 'claimwire.db'}"

    def tenant(self, name: str) -> Tenant | None:
        """The tenant of that name."""
        return next((tenant for tenant in self.tenants if tenant.name == name), None)

    def retention_years(self, tenant: str) -> int:
        """For how many years what the tenant has is kept; 0 for good."""
        found = self.tenant(tenant)
        own = found.retention_years if found is not None else None
        return self.retention.years if own is None else own

    def openid_for(self, tenant: str) -> OpenIdSettings | None:
        """The OpenID provider by which people of the tenant sign in, or None."""
        found = self.tenant(tenant)
        if found is None:
            return None
        return found.openid or self.people.openid

    def partner_for(self, tenant: str, payer: str) -> Partner | None:
        """The tenant's partner through which `payer` is reached, or None."""
        found = self.tenant(tenant)
        return found.partner_for(payer) if found is not None else None

    def find_sender(self, tenant: str, sender: str) -> Sender:
        """The tenant's sender of that name. Raises KeyError where the settings have none."""
        found = self.tenant(tenant)
        for it in found.senders if found is not None else ():
            if it.name == sender:
                return it
        raise KeyError(f"{tenant}/{sender}")

    def find_partner(self, tenant: str, partner: str) -> Partner:
        """The tenant's partner of that name. Raises KeyError where the settings have none."""
        places = self.tenants
        found = [
            it for place in places if place.name == tenant for it in place.partners if it.name == partner
        ]
        if not found:
            raise KeyError(f"{tenant}/{partner}")
        return found[0]


def find_home(environ: Mapping[str, str]) -> Path:
    """The folder of database and archive: `CLAIMWIRE_HOME`, else the user's state folder."""
    given = environ.get("CLAIMWIRE_HOME")
    return Path(given).expanduser().absolute() if given else platformdirs.user_state_path("claimwire")


def find_file(home: Path, environ: Mapping[str, str]) -> Path | None:
    """The settings file: `CLAIMWIRE_SETTINGS`, else `claimwire.toml` in the home where it exists."""
    given = environ.get("CLAIMWIRE_SETTINGS")
    if given:
        return Path(given).expanduser()
    usual = home / "claimwire.toml"
    return usual if usual.is_file() else None


def _hook(source: Source) -> Callable[[type, object], object]:
    """How text becomes a path or a secret reference, relative to the settings file."""

    def make(wanted: type, given: object) -> object:
        if not isinstance(given, str):
            raise ValueError(f"expected text, got {type(given).__name__}")
        if wanted is SecretReference:
            return SecretReference(given, source.folder)
        return source.folder / Path(given).expanduser()

    return make
