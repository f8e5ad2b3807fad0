"""Settings of people: how they sign in, how long sessions last, who may enter in an emergency."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec

from gateway.secret_references import SecretReference
from gateway.settings_parts import Section

Minutes = Annotated[float, msgspec.Meta(gt=0)]
Hours = Annotated[float, msgspec.Meta(gt=0)]
LONGEST_EMERGENCY: Final = 60.0
_LOOPBACK: Final = re.compile(r"localhost|127\.0\.0\.1|\[::1\]")


def is_loopback(host: str) -> bool:
    """True for a `Host` (with or without a port) that is this machine itself."""
    return _LOOPBACK.fullmatch(host.rpartition(":")[0] if re.search(r":\d+$", host) else host) is not None


def check_address(address: str, name: str) -> None:
    """Raises ValueError where an address is not https, or http on this machine."""
    parts = urlsplit(address)
    plain = parts.scheme == "http" and is_loopback(parts.netloc)
    if not (parts.scheme == "https" or plain) or not parts.netloc or "@" in parts.netloc:
        raise ValueError(f"{name} begins with https:// (http:// on this machine only)")


class OpenIdSettings(Section, frozen=True, kw_only=True):
    """An OpenID provider. `roles` says which of our roles each value of its claim `role_claim` has.

    For an installation with several tenants, the claim `tenant_claim` names those that a person belongs to.
    """

    issuer: str
    client_id: str
    client_secret: SecretReference | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    login_claim: str = "email"
    role_claim: str = "groups"
    roles: dict[str, tuple[str, ...]]
    tenant_claim: str = ""
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 10.0

    def __post_init__(self) -> None:
        check_address(self.issuer, "issuer")
        if "openid" not in self.scopes:
            raise ValueError("scopes holds openid")


class PeopleSettings(Section, frozen=True, kw_only=True):
    """Sign-in of people. `origin` is where browsers reach this server, such as `https://claims.example`.

    Without `origin` it is the host that a request names: by TLS of our own, or on this machine.
    """

    origin: str = ""
    idle_minutes: Minutes = 15.0
    session_hours: Hours = 12.0
    require_totp: bool = True
    temporary_password_hours: Hours = 72.0
    emergency_minutes: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_EMERGENCY)] = LONGEST_EMERGENCY
    openid: OpenIdSettings | None = None

    def __post_init__(self) -> None:
        if self.origin:
            check_address(self.origin, "origin")
            if self.origin.rstrip("/").count("/") != 2:
                raise ValueError("origin is scheme and host alone")
        if self.openid is not None and not self.openid.tenant_claim:
            raise ValueError("openid for all tenants needs tenant_claim; or set it in [tenants.NAME.openid]")
