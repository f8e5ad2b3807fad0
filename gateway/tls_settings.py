"""Settings of TLS towards those who call us, and of the certificates by which they are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from gateway.secret_references import SecretReference
from gateway.settings_parts import Section

Fingerprint = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class ServerTls(Section, frozen=True, kw_only=True):
    """Our certificate (PEM, with its chain) and key. Callers may show a certificate of `client_ca`."""

    certificate: Path
    key: Path | None = None
    passphrase: SecretReference | None = None
    client_ca: Path | None = None


class ClientCertificate(Section, frozen=True, kw_only=True):
    """A certificate that stands for a key of its tenant: its SHA-256 in hex, and what it may do."""

    name: str
    sha256: Fingerprint
    scopes: tuple[str, ...]
