"""Signatures of webhooks (Standard Webhooks 1.0.0, symmetric scheme `v1`).

Signed is `id.timestamp.body` with HMAC-SHA256; the header holds one signature for each live secret,
so that a rotation breaks no receiver. Ids hold no dot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32


def write_secret() -> str:
    """A new secret of an endpoint: 32 random bytes as `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature `v1,<base64>` of one message; `timestamp` in Unix seconds."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode("ascii") + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode("ascii")


def write_headers(keys: Sequence[str], message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt at `moment`, signed with every secret in `keys`."""
    timestamp = int(moment.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message_id, timestamp, body) for secret in keys),
        "Content-Type": "application/json",
        "User-Agent": "claimwire-webhooks/1",
    }
