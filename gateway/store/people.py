"""People of a tenant: by which name they sign in, what proves them, and their roles. Proofs are sealed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import bindparam

from gateway.store import tables
from gateway.store.errors import NoSuchRow
from gateway.store.scope import TenantScope
from gateway.store.statements import Prepared, columns_of

ACTIVE = "active"
DISABLED = "disabled"

_person, _code = tables.person, tables.recovery_code


class Person(msgspec.Struct, frozen=True):
    """One person. `must_change`: the password was given by somebody else and opens nothing but its change.

    `subject` is the fingerprint of whom an identity provider knows by it; `totp_since` None: no second step.
    """

    tenant: str
    id: str
    login: str
    label: str
    roles: tuple[str, ...]
    state: str
    password_until: datetime | None
    must_change: bool
    totp_since: datetime | None
    totp_step: int
    subject: str | None
    created_at: datetime
    updated_at: datetime
    signed_in_at: datetime | None


class Proofs(msgspec.Struct, frozen=True):
    """What proves a person, in clear: the password's hash and the secret of the codes; "" for none."""

    password: str
    totp: str

    def __repr__(self) -> str:
        return "Proofs()"


_COLUMNS = columns_of(_person, Person)
_LOAD = Prepared(
    lambda statements: statements.select(_person, *_COLUMNS).where(_person.c.id == bindparam("person"))
)


def add(
    scope: TenantScope,
    *,
    login: str,
    label: str,
    roles: tuple[str, ...],
    subject: str | None = None,
) -> Person:
    """A new person without any proof. Raises Conflict where the login is taken."""
    now, person_id = scope.now(), scope.new_id("usr")
    person = Person(
        scope.tenant, person_id, login, label, roles, ACTIVE, None, False, None, 0, subject, now, now, None
    )
    scope.insert(_person, msgspec.structs.asdict(person))
    return person


def load(scope: TenantScope, person_id: str) -> Person | None:
    """The person, or None."""
    return scope.one(Person, _LOAD, person=person_id)


def find_by_login(scope: TenantScope, login: str) -> Person | None:
    """The person who signs in by this name, or None."""
    return scope.one(Person, scope.select(_person, *_COLUMNS).where(_person.c.login == login))


def find_by_subject(scope: TenantScope, subject: str) -> Person | None:
    """The person of this fingerprint at an identity provider, or None."""
    return scope.one(Person, scope.select(_person, *_COLUMNS).where(_person.c.subject == subject))


def list_all(scope: TenantScope) -> list[Person]:
    """The tenant's people, oldest first."""
    return scope.rows(Person, scope.select(_person, *_COLUMNS).order_by(_person.c.id))


def change(
    scope: TenantScope,
    person_id: str,
    *,
    label: str | None = None,
    roles: tuple[str, ...] | None = None,
    state: str | None = None,
    subject: str | None = None,
) -> Person:
    """Set what is given and leave the rest. Raises NoSuchRow."""
    given = {"label": label, "roles": roles, "state": state, "subject": subject}
    _change(scope, person_id, **{name: value for name, value in given.items() if value is not None})
    found = load(scope, person_id)
    assert found is not None
    return found


def set_password(
    scope: TenantScope, person_id: str, digest: str, *, must_change: bool, until: datetime | None
) -> None:
    """Keep the hash of a new password, good until then. Raises NoSuchRow."""
    sealed = scope.seal(digest.encode("ascii"), _context(person_id, "password"))
    _change(scope, person_id, password=sealed, must_change=must_change, password_until=until)


def set_totp(scope: TenantScope, person_id: str, secret: str) -> None:
    """Keep the secret of a second step that is not confirmed yet; "" takes it away. Raises NoSuchRow."""
    sealed = scope.seal(secret.encode("ascii"), _context(person_id, "totp")) if secret else None
    _change(scope, person_id, totp=sealed, totp_since=None, totp_step=0)


def confirm_totp(scope: TenantScope, person_id: str) -> None:
    """From now on the second step is asked for. Raises NoSuchRow."""
    _change(scope, person_id, totp_since=scope.now())


def use_step(scope: TenantScope, person_id: str, step: int) -> bool:
    """Mark a time step of the codes as used; False where it, or a later one, was used before."""
    statement = scope.update(_person).where(_person.c.id == person_id, _person.c.totp_step < step)
    return scope.run(statement.values(totp_step=step)) == 1


def record_sign_in(scope: TenantScope, person_id: str) -> None:
    """Remember that the person signed in now."""
    scope.run(scope.update(_person).where(_person.c.id == person_id).values(signed_in_at=scope.now()))


def read_proofs(scope: TenantScope, person_id: str) -> Proofs:
    """What proves the person. Raises NoSuchRow."""
    columns = (_person.c.password, _person.c.totp)
    rows = scope.tuples(scope.select(_person, *columns).where(_person.c.id == person_id))
    if not rows:
        raise NoSuchRow(person_id)
    password, totp = rows[0]
    return Proofs(_open(scope, person_id, "password", password), _open(scope, person_id, "totp", totp))


def set_codes(scope: TenantScope, person_id: str, digests: Iterable[str]) -> None:
    """Keep the digests of new recovery codes instead of all earlier ones."""
    scope.run(scope.delete(_code).where(_code.c.person == person_id))
    now = scope.now()
    scope.insert(_code, *({"person": person_id, "digest": it, "created_at": now} for it in digests))


def use_code(scope: TenantScope, person_id: str, digest: str) -> bool:
    """Use a recovery code up; False where the person has none with this digest."""
    return scope.run(scope.delete(_code).where(_code.c.person == person_id, _code.c.digest == digest)) == 1


def count_codes(scope: TenantScope, person_id: str) -> int:
    """How many recovery codes are left."""
    return len(scope.tuples(scope.select(_code, _code.c.digest).where(_code.c.person == person_id)))


def _change(scope: TenantScope, person_id: str, **changes: object) -> None:
    statement = scope.update(_person).where(_person.c.id == person_id)
    if scope.run(statement.values(**changes, updated_at=scope.now())) != 1:
        raise NoSuchRow(person_id)


def _open(scope: TenantScope, person_id: str, column: str, sealed: bytes | None) -> str:
    return scope.open(sealed, _context(person_id, column)).decode("ascii") if sealed is not None else ""


def _context(person_id: str, column: str) -> str:
    return f"person:{person_id}:{column}"
