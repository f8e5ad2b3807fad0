"""Bearer tokens for clients that ask for one before they call: OAuth 2.0 client credentials (RFC 6749, 4.4).

The client is an API key: its id or prefix is the `client_id`, its whole text the `client_secret`. A token is
a signed JWT that names the key by its prefix; it opens what the key opens, until it expires or the key is
revoked or expires, whichever comes first. It is signed by a key derived from the key ring (HS256).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import jwt
import msgspec

from gateway.clock import Clock
from gateway.keys import NOBODY, KeyRoom
from gateway.store import Store, SystemScope
from gateway.store.keys import ApiKey

LIFETIME: Final = timedelta(hours=1)
SHORT_LIFETIME: Final = timedelta(minutes=5)
ALGORITHM: Final = "HS256"
AUDIENCE: Final = "claimwire"
SIGNING: Final = "token_signing"
VERSION: Final = "1"  # another one makes every token that is out useless


class Token(msgspec.Struct, frozen=True):
    """A new token, for how many seconds it opens anything, and the key that it stands for."""

    text: str
    seconds: int
    key: ApiKey

    def __repr__(self) -> str:
        return f"Token({self.seconds} s)"


class TokenRoom:
    """Issues tokens to API keys, and finds the key that a token stands for."""

    def __init__(self, store: Store, clock: Clock, keys: KeyRoom) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._signing = ""

    async def issue(self, client_id: str, client_secret: str) -> Token | None:
        """A token for the live key whose text is `client_secret`; None where it is not that of the id."""
        key = await self._keys.verify(client_secret)
        if key is None or client_id not in (key.id, key.prefix):
            return None
        now = self._clock.now()
        end = min(now + LIFETIME, key.expires_at or now + LIFETIME)
        return Token(await self._sign(key.prefix, end), int((end - now).total_seconds()), key)

    async def issue_for(self, prefix: str, document: str) -> str:
        """A token that opens one document, as the key of this prefix may, for some minutes."""
        return await self._sign(prefix, self._clock.now() + SHORT_LIFETIME, document)

    async def verify(self, text: str, document: str = "") -> ApiKey | None:
        """The live key that a token of ours stands for, or None. A token of a document opens that alone."""
        try:
            claims = jwt.decode(
                text,
                await self._signing_key(),
                algorithms=[ALGORITHM],
                audience=name_audience(document),
                options={"require": ["exp", "sub", "aud"], "verify_exp": False},  # our clock tells, below
            )
        except jwt.InvalidTokenError:
            return None
        if claims["exp"] <= self._clock.now().timestamp():
            return None
        return await self._keys.find_live(claims["sub"])

    async def _sign(self, prefix: str, end: datetime, document: str = "") -> str:
        claims = {"aud": name_audience(document), "sub": prefix, "exp": int(end.timestamp())}
        return jwt.encode(claims, await self._signing_key(), algorithm=ALGORITHM)

    async def _signing_key(self) -> str:
        """The key that signs, which only the holder of the key ring can make."""
        if not self._signing:

            def derive(system: SystemScope) -> str:
                return system.of(NOBODY).fingerprint(VERSION, SIGNING)

            self._signing = await self._store.read(derive)
        return self._signing


def name_audience(document: str) -> str:
    """For what a token is good: all that its key may do, or one document."""
    return f"{AUDIENCE}:{document}" if document else AUDIENCE
