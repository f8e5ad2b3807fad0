"""Sign-in at an OpenID provider: authorization code with PKCE, state and nonce; the ID token checked whole.

Between the two halves the browser keeps, sealed, what was asked: state, nonce, verifier and tenant. The token
must be signed by a key of the provider (RS256, PS256 or ES256, never `none` or a shared secret), for us, by
the issuer of the settings, not expired, and hold our nonce.

Source: OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9700.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.clock import Clock
from gateway.people.roles import check_roles
from gateway.people.sessions import NewSession, SessionRoom, Step
from gateway.people.sign_in import Entered, Refused
from gateway.people.users import normalize_login
from gateway.people_settings import OpenIdSettings
from gateway.sealing import SealBroken
from gateway.settings import Settings
from gateway.store import Store, SystemScope, TenantScope, people
from gateway.store.people import Person

METHOD: Final = "openid"
SUBJECT: Final = "openid_subject"
ALGORITHMS: Final = ["RS256", "PS256", "ES256"]
PATIENCE: Final = timedelta(minutes=10)
LEEWAY_SECONDS: Final = 60
Ask = Callable[[str, dict[str, str] | None, float], Awaitable[Any]]
"""Fetches JSON: the address, the form to post (None: get), within seconds. Raises Unreachable."""


class Unreachable(Exception):
    """The provider cannot be asked, or what it says is no answer."""


class Asked(msgspec.Struct, frozen=True):
    """What the browser keeps, sealed, while the person is at the provider."""

    tenant: str
    state: str
    nonce: str
    verifier: str
    until: float


class Departure(msgspec.Struct, frozen=True):
    """Where the browser goes, and what it keeps meanwhile."""

    address: str
    kept: str


class Endpoints(msgspec.Struct, frozen=True):
    """What the provider's own description says that we need."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class OpenIdRoom:
    """Sends people to their provider and lets them in when they come back."""

    def __init__(
        self, store: Store, clock: Clock, settings: Settings, sessions: SessionRoom, ask: Ask
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._sessions = sessions
        self._ask = ask

    async def depart(self, tenant: str, callback: str) -> Departure:
        """The way to the provider of a tenant. Raises Refused without one, Unreachable."""
        provider = self._settings.openid_for(tenant)
        if provider is None:
            raise Refused
        endpoints = await self._describe(provider)
        until = (self._clock.now() + PATIENCE).timestamp()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = Asked(tenant, state, nonce, verifier, until)
        wish = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": callback,
            "scope": " ".join(provider.scopes),
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": create_s256_code_challenge(asked.verifier),
            "code_challenge_method": "S256",
        }
        kept = await self._store.read(lambda system: _seal(system, asked))
        return Departure(f"{endpoints.authorization_endpoint}?{urlencode(wish)}", kept)

    async def arrive(self, kept: str, state: str, code: str, callback: str, address: str) -> Entered:
        """Let in who comes back with a code. Raises Refused, Unreachable."""
        asked = await self._store.read(lambda system: _open(system, kept))
        late = asked is None or asked.until <= self._clock.now().timestamp()
        if asked is None or late or not hmac.compare_digest(asked.state.encode(), state.encode()):
            raise Refused
        provider = self._settings.openid_for(asked.tenant)
        if provider is None:
            raise Refused
        claims = await self._fetch_claims(provider, asked, code, callback)
        tenants = _list_words(claims.get(provider.tenant_claim)) if provider.tenant_claim else [asked.tenant]
        if asked.tenant not in tenants:
            raise Refused
        return await self._enter(asked.tenant, provider, claims, address)

    async def _fetch_claims(
        self, provider: OpenIdSettings, asked: Asked, code: str, callback: str
    ) -> CodeIDToken:
        """What the provider says of who came back, checked. Raises Refused, Unreachable."""
        endpoints = await self._describe(provider)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "client_id": provider.client_id,
            "code_verifier": asked.verifier,
        }
        if provider.client_secret is not None:
            form["client_secret"] = await asyncio.to_thread(provider.client_secret.read)
        answer = await self._ask(endpoints.token_endpoint, form, provider.timeout_seconds)
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str):
            raise Refused
        keys = await self._ask(endpoints.jwks_uri, None, provider.timeout_seconds)
        return self._check(token, keys, provider, asked, access)

    def _check(
        self, token: str, keys: Any, provider: OpenIdSettings, asked: Asked, access: object
    ) -> CodeIDToken:
        """The claims of an ID token that is good in every respect. Raises Refused."""
        try:
            decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                options={
                    "iss": {"essential": True, "value": provider.issuer},
                    "aud": {"essential": True, "value": provider.client_id},
                },
                params={"nonce": asked.nonce, "client_id": provider.client_id, "access_token": access},
            )
            claims.validate(now=int(self._clock.now().timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError):
            raise Refused from None
        return claims

    async def _enter(
        self, tenant: str, provider: OpenIdSettings, claims: CodeIDToken, address: str
    ) -> Entered:
        """The person that the provider means, with the roles that it gives, in a whole session."""
        named = _list_words(claims.get(provider.role_claim))
        mapped = {role for word in named for role in provider.roles.get(word, ())}
        try:
            roles, login = check_roles(mapped), normalize_login(str(claims.get(provider.login_claim, "")))
        except ValueError:
            raise Refused from None
        label = str(claims.get("name", ""))[:100]

        def enter(scope: TenantScope) -> tuple[NewSession, Person] | None:
            subject = scope.fingerprint(f"{claims['iss']}|{claims['sub']}", SUBJECT)
            person = people.find_by_subject(scope, subject)
            if person is None:
                if people.find_by_login(scope, login) is not None:
                    return None  # somebody of ours has this login: a provider's word takes nobody's place
                person = people.add(scope, login=login, label=label, roles=roles, subject=subject)
            if person.state != people.ACTIVE:
                return None
            person = people.change(scope, person.id, roles=roles)
            people.record_sign_in(scope, person.id)
            return self._sessions.begin(scope, person, Step.WHOLE, METHOD, address), person

        entered = await self._store.write(enter, tenant=tenant)
        if entered is None:
            raise Refused
        return Entered(*entered)

    async def _describe(self, provider: OpenIdSettings) -> Endpoints:
        """The provider's endpoints, of the issuer of the settings. Raises Unreachable."""
        address = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        answer = await self._ask(address, None, provider.timeout_seconds)
        try:
            endpoints = msgspec.convert(answer, Endpoints)
        except msgspec.ValidationError:
            raise Unreachable("what the provider says of itself is incomplete") from None
        if endpoints.issuer != provider.issuer:
            raise Unreachable("the provider calls itself by another name")
        return endpoints


def _seal(system: SystemScope, asked: Asked) -> str:
    sealed = system.of("").seal(msgspec.msgpack.encode(asked), METHOD)
    return base64.urlsafe_b64encode(sealed).decode("ascii")


def _open(system: SystemScope, kept: str) -> Asked | None:
    """What was asked, or None where the browser kept none of ours."""
    try:
        opened = system.of("").open(base64.urlsafe_b64decode(kept.encode("ascii", "replace")), METHOD)
    except (SealBroken, ValueError):
        return None
    return msgspec.msgpack.decode(opened, type=Asked)


def _list_words(claim: object) -> list[str]:
    """A claim that is a word, or a list of words."""
    if isinstance(claim, str):
        return [claim]
    return [word for word in claim if isinstance(word, str)] if isinstance(claim, list) else []
