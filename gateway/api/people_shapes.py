"""Shapes of keys, users, sessions and emergency access over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from gateway.api.shapes import Cursor, Limit, Shape
from gateway.people_settings import LONGEST_EMERGENCY

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Login = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Secret = Annotated[str, msgspec.Meta(max_length=1024)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Names = Annotated[tuple[str, ...], msgspec.Meta(max_length=100)]
TenantWish = Annotated[str, msgspec.Meta(max_length=63)]


class NewKeyWish(Shape, frozen=True, kw_only=True):
    """A key to make, with scopes that the maker has; without `phi:reveal` it sees patients redacted."""

    label: Label
    scopes: Names
    expires_at: Moment | None = None


class RotateWish(Shape, frozen=True, kw_only=True):
    """For how many hours the key before goes on beside the new one."""

    overlap_hours: Annotated[float, msgspec.Meta(ge=0, le=24 * 90)] = 24.0


class KeyShown(Shape, frozen=True, kw_only=True):
    """An API key without its text; `replaces` is the key it takes over from, `madeBy` a key or a user."""

    id: str
    prefix: str
    label: str
    scopes: tuple[str, ...]
    state: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaces: str | None
    made_by: str | None


class KeyMade(KeyShown, frozen=True, kw_only=True):
    """A new API key with its text, shown this once."""

    key: str


class KeyRotated(KeyMade, frozen=True, kw_only=True):
    """The new key with its text, shown this once; the one before ends at the moment."""

    previous_until: datetime


class KeyPage(Shape, frozen=True, kw_only=True):
    """All API keys, oldest first."""

    keys: Sequence[KeyShown]


class NewUserWish(Shape, frozen=True, kw_only=True):
    """A person to let in. The login is an e-mail address or a short name, in small letters."""

    login: Login
    label: Annotated[str, msgspec.Meta(max_length=100)] = ""
    roles: Names


class RolesWish(Shape, frozen=True, kw_only=True):
    """The roles that a person is to have, instead of those before."""

    roles: Names


class UserShown(Shape, frozen=True, kw_only=True):
    """A person; `secondStep` says since when codes of an authenticator are asked for."""

    id: str
    login: str
    label: str
    roles: tuple[str, ...]
    state: str
    must_change_password: bool
    second_step: datetime | None
    created_at: datetime
    updated_at: datetime
    signed_in_at: datetime | None


class UserMade(UserShown, frozen=True, kw_only=True):
    """A person with a temporary password, shown this once; it must be changed at the first sign-in."""

    temporary_password: str


class UserPage(Shape, frozen=True, kw_only=True):
    """All users, oldest first."""

    users: Sequence[UserShown]


class SignInWish(Shape, frozen=True, kw_only=True):
    """Who wants to sign in; `tenant` may be left out where there is only one."""

    tenant: TenantWish = ""
    login: Login
    password: Secret


class CodeWish(Shape, frozen=True, kw_only=True):
    """A code of the authenticator; where a code is asked for to sign in, a recovery code does as well."""

    code: Code


class AuthenticatorWish(Shape, frozen=True, kw_only=True):
    """The password, which is asked for again where the sign-in is complete."""

    password: Secret = ""


class NewAuthenticator(Shape, frozen=True, kw_only=True):
    """What an authenticator needs: the secret (base 32), alone and as an `otpauth:` address."""

    secret: str
    uri: str


class PasswordWish(Shape, frozen=True, kw_only=True):
    """The current password and the one to have instead."""

    current: Secret
    password: Secret


class EmergencyShown(Shape, frozen=True, kw_only=True):
    """Access in an emergency to this tenant by a user of the tenant `home`, and how often it was used."""

    id: str
    person: str
    home: str
    scopes: tuple[str, ...]
    reason: str
    created_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    uses: int
    last_used_at: datetime | None


class EmergencyPage(Shape, frozen=True, kw_only=True):
    """Emergency access, newest first; `next` continues, null at the end."""

    accesses: Sequence[EmergencyShown]
    next: str | None


class EmergencyWish(Shape, frozen=True, kw_only=True):
    """Why more than the role allows is needed, which scopes (none: all that may be), where, how long."""

    reason: Annotated[str, msgspec.Meta(min_length=10, max_length=1000)]
    scopes: Names = ()
    tenant: TenantWish = ""
    minutes: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_EMERGENCY)] | None = None


class WhoAmI(Shape, frozen=True, kw_only=True):
    """Who calls. `step` is `whole`, or what a sign-in waits for: code, password (a new one) or enrol.

    `csrf` goes as X-CSRF-Token with every request of the session that changes something. `kind` is key or
    user.
    """

    kind: str
    tenant: str
    id: str
    label: str
    scopes: tuple[str, ...]
    login: str = ""
    roles: tuple[str, ...] = ()
    session: str = ""
    step: str = "whole"
    csrf: str = ""
    ends_at: datetime | None = None
    idle_minutes: float | None = None
    emergencies: tuple[EmergencyShown, ...] = ()


class Recovery(WhoAmI, frozen=True, kw_only=True):
    """The second step is confirmed: the recovery codes, shown this once, each good for one sign-in."""

    recovery_codes: tuple[str, ...]


class SessionShown(Shape, frozen=True, kw_only=True):
    """An open session of a person: how it began (password, openid), from where, and its times."""

    id: str
    person: str
    step: str
    method: str
    address: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    current: bool


class SessionPage(Shape, frozen=True, kw_only=True):
    """Open sessions, oldest first."""

    sessions: Sequence[SessionShown]


class SessionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose sessions to list."""

    user: Annotated[
        str, msgspec.Meta(max_length=64, description="A user's id; `all` for everybody (users:admin).")
    ] = ""


class ProviderWish(msgspec.Struct, frozen=True, kw_only=True):
    """Whose provider; `tenant` may be left out where there is only one."""

    tenant: TenantWish = ""


class ProviderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider sends along with the browser: a code, or why there is none."""

    state: Annotated[str, msgspec.Meta(max_length=200)] = ""
    code: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    error: Annotated[str, msgspec.Meta(max_length=200)] = ""


class EmergencyQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which accesses to list: the caller's own, with audit:read those of everybody."""

    cursor: Cursor = ""
    limit: Limit = 100
