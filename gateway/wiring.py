"""The half of the composition root that makes the partners' adapters of their settings."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from adapters.base import RealTimeTransport, Transport
from adapters.core_connectivity.client import CoreClient, CoreSettings
from adapters.errors import Permanent
from adapters.folder import FolderSettings
from adapters.folder import FolderTransport as FolderAdapter
from adapters.https import HttpsSettings
from adapters.rest import OAuthSettings, RestSettings, RestTransport
from adapters.sftp import SftpSettings
from adapters.sftp import SftpTransport as SftpAdapter
from gateway.data_keys import RingKeys, WrappingKeys
from gateway.real_time_settings import CoreRoute, HttpsRoute, RestRoute
from gateway.sealing import KeyRing
from gateway.secret_references import SecretReference
from gateway.settings import FolderTransport, Partner, Settings, SftpTransport
from gateway.settings_source import SettingsError
from gateway.vault import FolderVault, Vault
from gateway.volumes import Volume, Volumes


def make_vault(settings: Settings) -> Vault:
    """Where the archive keeps its files. Raises SettingsError for an absent secret or package."""
    wanted = settings.archive
    if not wanted.bucket:
        return FolderVault(settings.home / "archive")
    try:
        from gateway.s3_vault import BucketSettings, BucketVault
    except ImportError:
        remedy = "pip install 'claimwire[s3]', or leave [archive] bucket out"
        raise SettingsError("archive.bucket", "settings", "obstore is not installed", remedy) from None
    return BucketVault(
        BucketSettings(
            bucket=wanted.bucket,
            prefix=wanted.prefix,
            endpoint=wanted.endpoint,
            region=wanted.region,
            access_key=wanted.access_key.read() if wanted.access_key else None,
            secret_key=wanted.secret_key.read() if wanted.secret_key else None,
            timeout_seconds=wanted.timeout_seconds,
        )
    )


def make_volumes(settings: Settings) -> Volumes:
    """The volumes of this machine that must take what comes in."""
    found = []
    if settings.database_url.startswith("sqlite"):
        found.append(Volume("the database", settings.home))
    if not settings.archive.bucket:
        found.append(Volume("the archive", settings.home / "archive"))
    return Volumes(found, settings.server.free_space)


class Transports:
    """One adapter for each partner, made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[tuple[str, str], Transport] = {}

    def make_all(self) -> None:
        """Every partner's adapter, so that an absent secret stops the start. Raises SettingsError."""
        for tenant in self._settings.tenants:
            for partner in tenant.partners:
                if partner.transport is not None:
                    self.find(tenant.name, partner.name)

    def find(self, tenant: str, partner: str) -> Transport:
        """The partner's adapter. Raises SettingsError for an absent secret, KeyError for no such partner."""
        key = (tenant, partner)
        if key not in self._made:
            self._made[key] = make_transport(self._settings.find_partner(tenant, partner))
        return self._made[key]

    def describe_wire(self, tenant: str, name: str) -> str:
        """The way to a partner as text, secrets and key file and all: another text is another way."""
        try:
            wire = self._settings.find_partner(tenant, name).transport
        except KeyError:
            return ""
        parts = [repr(wire)]
        for part in msgspec.structs.asdict(wire).values() if wire is not None else ():
            with contextlib.suppress(SettingsError, OSError):
                parts.append(part.read() if isinstance(part, SecretReference) else "")
                parts.append(part.read_text("latin-1") if isinstance(part, Path) and part.is_file() else "")
        return "\n".join(parts)

    def find_folder(self, tenant: str, sender: str) -> Transport:
        """The folders of a sender, from our side: we fetch what it drops. Raises KeyError for no such one."""
        key = (tenant, sender)
        if key not in self._made:
            found = self._settings.find_sender(tenant, sender)
            self._made[key] = FolderAdapter(
                FolderSettings(
                    outbox_folder=found.outbound_folder,
                    inbox_folder=found.inbound_folder,
                    done_folder=found.done_folder,
                )
            )
        return self._made[key]

    async def close(self) -> None:
        """Let every connection go."""
        for transport in self._made.values():
            await transport.close()


def make_transport(partner: Partner) -> Transport:
    """The adapter that the partner's settings name. Raises SettingsError for an absent secret or mailbox."""
    wire = partner.transport
    if wire is None:
        raise SettingsError(f"partners.{partner.name}.transport", "settings", "it has no mailbox", "add one")
    if isinstance(wire, FolderTransport):
        return FolderAdapter(
            FolderSettings(
                outbox_folder=wire.outbox_folder, inbox_folder=wire.inbox_folder, done_folder=wire.done_folder
            )
        )
    return _make_sftp(wire)


def _make_sftp(wire: SftpTransport) -> Transport:
    return SftpAdapter(
        SftpSettings(
            host=wire.host,
            port=wire.port,
            username=wire.username,
            outbox_folder=wire.outbox_folder,
            inbox_folder=wire.inbox_folder,
            done_folder=wire.done_folder,
            host_key=wire.host_key,
            known_hosts=wire.known_hosts,
            key_file=wire.key_file,
            key_passphrase=wire.key_passphrase.read() if wire.key_passphrase else None,
            password=wire.password.read() if wire.password else None,
            timeout=wire.timeout_seconds,
            deadline=wire.deadline_seconds,
        )
    )


def make_wrapping_keys(settings: Settings, ring: KeyRing) -> WrappingKeys:
    """What wraps data keys: the key ring, or a key service. Raises SettingsError for an absent package."""
    wanted = settings.sealing
    if not wanted.kms_key:
        return RingKeys(ring)
    try:
        from gateway.kms import KmsKeys, KmsSettings
    except ImportError:
        remedy = "pip install 'claimwire[kms]', or leave [sealing] kms_key out"
        raise SettingsError("sealing.kms_key", "settings", "boto3 is not installed", remedy) from None
    return KmsKeys(
        KmsSettings(
            key=wanted.kms_key,
            region=wanted.kms_region,
            endpoint=wanted.kms_endpoint,
            timeout_seconds=wanted.kms_timeout_seconds,
        )
    )


class RealTimeAdapters:
    """One real-time adapter for each partner that has a way to be asked, made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[tuple[str, str], RealTimeTransport] = {}

    def make_all(self) -> None:
        """Every adapter, so that an absent secret stops the start. Raises SettingsError."""
        for tenant in self._settings.tenants:
            for partner in tenant.partners:
                if partner.real_time is not None:
                    self.find(tenant.name, partner.name)

    def find(self, tenant: str, partner: str) -> RealTimeTransport:
        """The partner's adapter. Raises SettingsError for what is absent, KeyError for no such partner."""
        key = (tenant, partner)
        if key not in self._made:
            found = self._settings.find_partner(tenant, partner).real_time
            if found is None:
                raise KeyError(f"{tenant}/{partner}")
            try:
                self._made[key] = make_real_time(found.route)
            except Permanent as fault:
                place = f"tenants.{tenant}.partners.{partner}.real_time.route"
                raise SettingsError(place, fault.place, fault.problem, fault.remedy) from fault
        return self._made[key]

    async def close(self) -> None:
        """Let every connection go."""
        for transport in self._made.values():
            await transport.close()


def make_real_time(route: RestRoute | CoreRoute) -> RealTimeTransport:
    """The adapter of a route. Raises SettingsError for an absent secret, Permanent for a wrong file."""
    if isinstance(route, CoreRoute):
        return CoreClient(
            CoreSettings(
                https=_make_https(route),
                sender=route.sender,
                receiver=route.receiver,
                binding=route.binding,
                username=route.username,
                password=_read(route.password),
            )
        )
    oauth = None
    if route.token_url is not None:
        oauth = OAuthSettings(
            token_url=route.token_url,
            client_id=route.client_id,
            client_secret=_read(route.client_secret) or "",
            scope=route.token_scope,
            way=route.client_way,
        )
    return RestTransport(
        RestSettings(
            https=_make_https(route),
            form=route.form,
            media=route.media,
            question_field=route.question_field,
            answer_field=route.answer_field,
            key=_read(route.key),
            key_header=route.key_header,
            key_prefix=route.key_prefix,
            oauth=oauth,
        )
    )


def _make_https(route: HttpsRoute) -> HttpsSettings:
    return HttpsSettings(
        url=route.url,
        ca_file=route.ca_file,
        certificate=route.certificate,
        certificate_key=route.certificate_key,
        certificate_passphrase=_read(route.certificate_passphrase),
        answer_limit=route.answer_limit,
    )


def _read(secret: SecretReference | None) -> str | None:
    return secret.read() if secret is not None else None
