"""API keys: `cw_<prefix>_<secret>`. The prefix finds the row, the secret is kept as a keyed digest only.

The secret has 256 random bits, so nobody can guess it and a slow password hash would buy nothing but load
(docs/why: API keys). Look-up and comparison take the same time for a wrong secret as for an unknown prefix.
"""

from __future__ import annotations

import re
import secrets

import msgspec

SHAPE = re.compile(r"cw_([a-z2-7]{12})_([A-Za-z0-9_-]{43})")
PREFIX_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
PREFIX_LENGTH = 12
SECRET_BYTES = 32
ALL_SCOPES = "*"


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


def write_key() -> KeyText:
    """A new random key."""
    prefix = "".join(secrets.choice(PREFIX_LETTERS) for _ in range(PREFIX_LENGTH))
    return KeyText(prefix, secrets.token_urlsafe(SECRET_BYTES))


def split_key(text: str) -> KeyText | None:
    """The parts of a key, or None where `text` is none."""
    matched = SHAPE.fullmatch(text)
    return KeyText(*matched.groups()) if matched else None
