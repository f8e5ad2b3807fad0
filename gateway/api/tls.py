"""TLS towards those who call us, and the certificate that a caller shows."""

from __future__ import annotations

import hashlib
import ssl

from aiohttp import web

from gateway.keys import check_scopes
from gateway.settings import Settings
from gateway.settings_source import SettingsError
from gateway.tls_settings import ClientCertificate, ServerTls


def make_server_tls(settings: ServerTls) -> ssl.SSLContext:
    """TLS 1.2 or newer with our certificate; callers may show one of theirs. Raises SettingsError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    passphrase = settings.passphrase.read() if settings.passphrase is not None else ""
    try:
        context.load_cert_chain(settings.certificate, settings.key, passphrase)
        if settings.client_ca is not None:
            context.load_verify_locations(settings.client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ValueError) as failure:
        raise SettingsError(
            "server.tls",
            "settings",
            "the certificate files cannot be used",
            "name readable PEM files that belong together, and the passphrase",
        ) from failure
    return context


def read_certificate(request: web.Request) -> str | None:
    """The SHA-256 in hex of the certificate that the caller has shown and proven, None without one."""
    transport = request.transport
    connection = transport.get_extra_info("ssl_object") if transport is not None else None
    shown: bytes | None = connection.getpeercert(binary_form=True) if connection is not None else None
    return hashlib.sha256(shown).hexdigest() if shown else None


def find_certificate(settings: Settings, sha256: str) -> tuple[str, ClientCertificate] | None:
    """The tenant that a certificate stands for, with what it may do; None for one that nobody listed."""
    for tenant in settings.tenants:
        for certificate in tenant.certificates:
            if certificate.sha256 == sha256:
                return tenant.name, certificate
    return None


def check_certificates(settings: Settings) -> None:
    """Raises SettingsError for scopes that there are not, and for a certificate that two tenants list."""
    seen: set[str] = set()
    for tenant in settings.tenants:
        for certificate in tenant.certificates:
            key = f"tenants.{tenant.name}.certificates.{certificate.name}"
            try:
                check_scopes(certificate.scopes)
            except ValueError as fault:
                raise SettingsError(f"{key}.scopes", "settings", str(fault), "correct it") from fault
            if certificate.sha256 in seen:
                raise SettingsError(key, "settings", "the certificate is listed twice", "list it once")
            seen.add(certificate.sha256)
