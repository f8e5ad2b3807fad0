"""Passwords: what they must be, and their argon2id hashes.

Source: OWASP ASVS 5.0 V6.2 and V11.4.2; RFC 9106 section 4, second recommended option.
"""

from __future__ import annotations

import asyncio
import secrets
import tomllib
from datetime import timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from edi.findings import Finding, find
from gateway.people.lockout import TooSoon

LOOK_ALIKES: Final = str.maketrans("013457@$!", "oieastasi")
TEMPORARY_BYTES: Final = 15
AT_ONCE: Final = 2  # hashes under way: each takes 64 MiB
MOST_WAITING: Final = 32
BUSY: Final = timedelta(seconds=2)


class PasswordRules(msgspec.Struct, frozen=True):
    """How long a password is (characters), and the words that alone make none."""

    shortest: int
    longest: int
    words: frozenset[str]


@cache
def load_rules() -> PasswordRules:
    """The rules of `schemas/passwords.toml`."""
    text = (files("schemas") / "passwords.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), PasswordRules)


def check_password(password: str, login: str) -> list[Finding]:
    """What is wrong with a password that somebody wants to have."""
    rules = load_rules()
    if not rules.shortest <= len(password) <= rules.longest:
        bounds = (str(rules.shortest), str(rules.longest))
        return [find("user.password_length", pointer="/password", shortest=bounds[0], longest=bounds[1])]
    own = login.partition("@")[0].lower()
    if is_common(password, rules.words | {own, login.lower()}):
        return [find("user.password_common", pointer="/password")]
    return []


def is_common(password: str, words: frozenset[str]) -> bool:
    """True where a password is nothing but known words, digits and signs, or a few characters repeated."""
    plain = password.lower()
    if len(set(plain)) < 5 or _is_run(plain):
        return True
    spelled = {plain, plain.translate(LOOK_ALIKES)}
    return any(_is_made_of("".join(filter(str.isalpha, it)), words) for it in spelled)


def _is_run(text: str) -> bool:
    """True for `123456789012` and `abcdefghijkl`: nearly each character follows the one before it."""
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    return max(steps.count(step) for step in (1, -1, 0)) >= len(steps) - 2


def _is_made_of(letters: str, words: frozenset[str]) -> bool:
    """True where `letters` is a row of `words`, or empty."""
    ends = [True] + [False] * len(letters)
    for end in range(1, len(letters) + 1):
        ends[end] = any(ends[begin] and letters[begin:end] in words for begin in range(end))
    return ends[-1]


def write_temporary() -> str:
    """A password to hand over, which must be changed at the first sign-in."""
    return secrets.token_urlsafe(TEMPORARY_BYTES)


class PasswordRoom:
    """Hashes and checks passwords beside the event loop, few at once."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._nobody = ""
        self._waiting = 0

    def check_room(self) -> None:
        """Raises TooSoon where too many passwords wait to be checked."""
        if self._waiting >= MOST_WAITING:
            raise TooSoon(BUSY)

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, digest: str, password: str) -> bool:
        """True where the hash is that of the password. Without a hash it takes as long, and is False."""
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(self._verify, digest, password)
        finally:
            self._waiting -= 1

    def is_outdated(self, digest: str) -> bool:
        """True where a hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(digest)

    def _verify(self, digest: str, password: str) -> bool:
        try:
            return self._hasher.verify(digest or self._stand_in(), password) and bool(digest)
        except (VerificationError, InvalidHashError):
            return False

    def _stand_in(self) -> str:
        """A hash that no password has, with the costs of a real one."""
        if not self._nobody:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(TEMPORARY_BYTES))
        return self._nobody
