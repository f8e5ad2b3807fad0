"""API keys: `cw_<prefix>_<secret>`. The prefix finds the row, the secret is kept as a keyed digest only.

The secret has 256 random bits, so nobody can guess it and a slow password hash would buy nothing but load
(docs/why: API keys). Look-up and comparison take the same steps for a wrong secret as for an unknown prefix.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from gateway.clock import Clock
from gateway.store import Store, SystemScope, TenantScope, keys, tenants
from gateway.store.errors import NoSuchRow, StoreUnavailable
from gateway.store.keys import ApiKey

SHAPE = re.compile(r"cw_([a-z2-7]{12})_([A-Za-z0-9_-]{43})")
PREFIX_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
PREFIX_LENGTH = 12
SECRET_BYTES = 32
ALL_SCOPES = "*"
DIGEST = "api_key"
NOBODY = ""
USE_STEP = timedelta(minutes=1)
Look = Callable[[], Awaitable[ApiKey | None]]


class Scope(StrEnum):
    """What a caller may do; `*` in a key's scopes means all of them."""

    AUDIT_READ = "audit:read"
    CLAIMS_READ = "claims:read"
    CLAIMS_WRITE = "claims:write"
    FILES_READ = "files:read"
    FILES_WRITE = "files:write"
    FILES_APPLY = "files:apply"
    EVENTS_READ = "events:read"
    REMITTANCES_READ = "remittances:read"
    REMITTANCES_WRITE = "remittances:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    WORKLISTS_READ = "worklists:read"
    WORKLISTS_WRITE = "worklists:write"
    ELIGIBILITY_READ = "eligibility:read"
    ELIGIBILITY_WRITE = "eligibility:write"
    CLAIM_STATUS_READ = "claim-status:read"
    CLAIM_STATUS_WRITE = "claim-status:write"
    CODES_READ = "codes:read"
    SYSTEM_READ = "system:read"
    PARTNERS_ADMIN = "partners:admin"
    PHI_REVEAL = "phi:reveal"
    USERS_ADMIN = "users:admin"
    KEYS_ADMIN = "keys:admin"
    TENANTS_SUPPORT = "tenants:support"


class KeyText(msgspec.Struct, frozen=True):
    """The two parts of a key. `text` is what its owner sends, shown once and kept nowhere."""

    prefix: str
    secret: str

    @property
    def text(self) -> str:
        """The key as it is sent."""
        return f"cw_{self.prefix}_{self.secret}"

    def __repr__(self) -> str:
        return f"KeyText({self.prefix})"


class NewKey(msgspec.Struct, frozen=True):
    """A key just made: its row, and its text, which is never to be had again."""

    key: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"NewKey({self.key.id})"


def write_key() -> KeyText:
    """A new random key."""
    prefix = "".join(secrets.choice(PREFIX_LETTERS) for _ in range(PREFIX_LENGTH))
    return KeyText(prefix, secrets.token_urlsafe(SECRET_BYTES))


def split_key(text: str) -> KeyText | None:
    """The parts of a key, or None where `text` is none."""
    matched = SHAPE.fullmatch(text)
    return KeyText(*matched.groups()) if matched else None


def check_scopes(names: Iterable[str]) -> tuple[str, ...]:
    """The scopes in order, each once. Raises ValueError for one that there is not, and for none at all."""
    wanted = tuple(sorted(set(names)))
    unknown = [name for name in wanted if name != ALL_SCOPES and name not in set(Scope)]
    if unknown or not wanted:
        known = ", ".join([ALL_SCOPES, *Scope])
        raise ValueError(f"unknown or no scopes: {', '.join(unknown) or 'none given'}; known are {known}")
    return wanted


def lack_scopes(wanted: Iterable[str], held: Iterable[str]) -> tuple[str, ...]:
    """Those of the scopes `wanted` that one who holds `held` cannot give away."""
    own = frozenset(held)
    return () if ALL_SCOPES in own else tuple(sorted(set(wanted) - own))


def list_effective(key: ApiKey) -> frozenset[str]:
    """What a key may do. One that an operator made (made_by None) shows patients without being told to."""
    implied = {Scope.PHI_REVEAL.value} if key.made_by is None else set[str]()
    return frozenset(key.scopes) | implied


class ScopesLacking(Exception):
    """Somebody would give, or get, more than they have themselves; `scopes` are too much."""

    def __init__(self, scopes: Iterable[str]) -> None:
        super().__init__(", ".join(scopes))
        self.scopes = tuple(scopes)


class Giver(msgspec.Struct, frozen=True):
    """Who makes or changes a key or a person: its id, and the scopes that it may give; None: an operator."""

    id: str | None = None
    scopes: frozenset[str] = frozenset({ALL_SCOPES})

    def check(self, wanted: Iterable[str]) -> None:
        """Raises ScopesLacking where the giver does not have all scopes `wanted`."""
        lacking = lack_scopes(wanted, self.scopes)
        if lacking:
            raise ScopesLacking(lacking)


OPERATOR = Giver()


class SharedLooks:
    """Looks at the database that many share: each gets the answer of a look that began after it asked.

    Of one key a look is under way at most, and one waits for its end with all who have come meanwhile.
    """

    def __init__(self) -> None:
        self._begun: dict[bytes, asyncio.Task[ApiKey | None]] = {}
        self._next: dict[bytes, asyncio.Task[ApiKey | None]] = {}

    async def share(self, digest: bytes, look: Look) -> ApiKey | None:
        """What a look that begins from now on finds. Raises what the look raises."""
        task = self._next.get(digest)
        if task is None:
            task = self._next[digest] = asyncio.create_task(self._look(digest, look))
        return await asyncio.shield(task)

    async def _look(self, digest: bytes, look: Look) -> ApiKey | None:
        before = self._begun.get(digest)
        if before is not None:
            await asyncio.wait({before})
        mine = self._begun[digest] = self._next.pop(digest)
        try:
            return await look()
        finally:
            if self._begun.get(digest) is mine:
                del self._begun[digest]


class KeyRoom:
    """Makes, verifies, rotates, lists and revokes API keys."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._used: dict[str, datetime] = {}
        self._proven: dict[bytes, ApiKey] = {}
        self._looks = SharedLooks()
        self._changes = 0

    async def create(
        self,
        tenant: str,
        label: str,
        scopes: Iterable[str] = (ALL_SCOPES,),
        expires_at: datetime | None = None,
        giver: Giver = OPERATOR,
    ) -> NewKey:
        """A new key of `tenant`. Raises ValueError for unknown scopes, NoSuchRow without the tenant.

        Raises ScopesLacking where the giver lacks a scope.
        """
        parts, wanted = write_key(), check_scopes(scopes)
        giver.check(wanted)

        def add(scope: TenantScope) -> ApiKey:
            if tenants.load(scope) is None:
                raise NoSuchRow(tenant)
            return _add(scope, parts, label, wanted, expires_at, giver)

        return NewKey(await self._store.write(add, tenant=tenant), parts.text)

    async def rotate(
        self, tenant: str, key_id: str, overlap: timedelta, giver: Giver = OPERATOR
    ) -> tuple[NewKey, datetime]:
        """A new key with the label, scopes and expiry of a live one, which itself ends after `overlap`.

        The key and the end of the old one. Raises NoSuchRow without the live key, ScopesLacking where the
        giver lacks a scope of it.
        """
        parts, end = write_key(), self._clock.now() + overlap

        def replace(scope: TenantScope) -> tuple[ApiKey, datetime]:
            old = keys.load(scope, key_id)
            if old is None or not self._is_live(old):
                raise NoSuchRow(key_id)
            giver.check(list_effective(old))
            keys.end_at(scope, key_id, end)
            made = _add(scope, parts, old.label, old.scopes, old.expires_at, giver, replaces=old)
            return made, min(end, old.expires_at or end)

        made, until = await self._store.write(replace, tenant=tenant)
        self._forget()
        return NewKey(made, parts.text), until

    async def load(self, tenant: str, key_id: str) -> ApiKey | None:
        """The tenant's key, in whatever state; or None."""
        return await self._store.read(lambda scope: keys.load(scope, key_id), tenant=tenant)

    async def verify(self, text: str) -> ApiKey | None:
        """The live key whose text this is, or None."""
        key = await self._prove(text)
        if key is None or not self._is_live(key):
            return None
        await self._note_use(key)
        return key

    async def find_live(self, prefix: str) -> ApiKey | None:
        """The live key of a prefix, for whoever has proven to be it by another means; or None."""
        key = await self._store.read(lambda system: keys.find(system, prefix))
        if key is None or not self._is_live(key):
            return None
        await self._note_use(key)
        return key

    async def _prove(self, text: str) -> ApiKey | None:
        """The key whose text this is, live or not.

        Where no other process can revoke one, a key proven before is remembered by its digest: only the
        whole text of a key finds it, so guesses learn nothing from the time that they take.
        """
        parts = split_key(text)
        if parts is None:
            return None
        digest = hashlib.sha256(text.encode("ascii")).digest()
        key = self._proven.get(digest)
        if key is None:
            changes = self._changes
            key = await self._looks.share(digest, lambda: self._look_up(parts))
            if key is not None and changes == self._changes and not self._store.shared:
                self._proven[digest] = key
        return key

    async def _look_up(self, parts: KeyText) -> ApiKey | None:
        """The key as the database has it; the steps are the same for an unknown prefix."""

        def check(system: SystemScope) -> ApiKey | None:
            key = keys.find(system, parts.prefix)
            digest = system.of(key.tenant if key else NOBODY).fingerprint(parts.secret, DIGEST)
            same = hmac.compare_digest(digest, key.digest if key else "0" * len(digest))
            return key if same else None

        return await self._store.read(check)

    async def list_all(self, tenant: str) -> list[ApiKey]:
        """The tenant's keys, oldest first."""
        return await self._store.read(keys.list_all, tenant=tenant)

    async def revoke(self, tenant: str, key_id: str) -> bool:
        """Make a key useless at once; False where the tenant has no such live key."""
        revoked = await self._store.write(lambda scope: keys.revoke(scope, key_id), tenant=tenant)
        self._forget()
        return revoked

    def _forget(self) -> None:
        """No key is known any more without a look at the database."""
        self._changes += 1
        self._proven.clear()

    async def _note_use(self, key: ApiKey) -> None:
        """Write down the last use, to within `USE_STEP`; a database that cannot write stops no reading."""
        now = self._clock.now()
        last = self._used.get(key.id) or key.last_used_at
        if last is not None and now - last < USE_STEP:
            return
        self._used[key.id] = now
        with contextlib.suppress(StoreUnavailable):
            await self._store.write(lambda scope: keys.record_use(scope, key.id), tenant=key.tenant)

    def _is_live(self, key: ApiKey) -> bool:
        expired = key.expires_at is not None and key.expires_at <= self._clock.now()
        return key.state == keys.ACTIVE and not expired


def _add(
    scope: TenantScope,
    parts: KeyText,
    label: str,
    scopes: tuple[str, ...],
    expires_at: datetime | None,
    giver: Giver,
    replaces: ApiKey | None = None,
) -> ApiKey:
    """A key that replaces another passes on who made the first of them."""
    return keys.add(
        scope,
        prefix=parts.prefix,
        digest=scope.fingerprint(parts.secret, DIGEST),
        label=label,
        scopes=scopes,
        expires_at=expires_at,
        replaces=replaces.id if replaces is not None else None,
        made_by=replaces.made_by if replaces is not None else giver.id,
    )
