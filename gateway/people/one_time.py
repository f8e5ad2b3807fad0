"""One-time codes: those that an authenticator shows every half minute (RFC 6238), and recovery codes.

A code of an authenticator is taken once: the time step it belongs to is kept, and none before it is taken
any more.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import Final

import pyotp

from gateway.ids import ALPHABET

STEP_SECONDS: Final = 30
WINDOW: Final = 1  # steps before and after, for clocks that differ
ISSUER: Final = "Claimwire"
RECOVERY_CODES: Final = 10
RECOVERY_LENGTH: Final = 20  # of 32 signs: 100 bits
RECOVERY: Final = "recovery_code"
"""The context of the fingerprints of recovery codes."""


def write_secret() -> str:
    """A new secret in base 32 (160 bits)."""
    return pyotp.random_base32()


def write_uri(secret: str, login: str) -> str:
    """The `otpauth:` address that an authenticator reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, or None; all steps of the window are compared, in constant time."""
    if not secret:
        return None
    codes, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    given, found = code.replace(" ", "").encode(), None
    for near in range(step - WINDOW, step + WINDOW + 1):
        if hmac.compare_digest(codes.generate_otp(near).encode(), given):
            found = near
    return found


def write_recovery_codes() -> list[str]:
    """New recovery codes, in groups of five signs."""
    return [_write_recovery_code() for _ in range(RECOVERY_CODES)]


def normalize_recovery_code(code: str) -> str:
    """A recovery code as it is fingerprinted: without what people add or leave out when they type."""
    kept = "".join(filter(str.isalnum, code.upper()))
    return kept.replace("O", "0").replace("I", "1").replace("L", "1")


def _write_recovery_code() -> str:
    signs = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH))
    return "-".join(signs[place : place + 5] for place in range(0, RECOVERY_LENGTH, 5))
