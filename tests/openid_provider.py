"""An OpenID provider on this machine, by the server side of authlib behind a real HTTP server.

It checks redirect address, client secret and PKCE as authlib does; what it signs can be forged for attacks.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, Response, jsonify
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "claimwire"
CLIENT_SECRET = "a-secret-of-the-provider"
Forge = Callable[["Provider", dict[str, Any], dict[str, Any]], str]


class Client:
    """The one client that there is."""

    client_id = CLIENT_ID

    def __init__(self, redirect_uri: str) -> None:
        self._redirect_uri = redirect_uri

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self._redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self._redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_post"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code:
    """An authorization code with what it was given for."""

    def __init__(self, text: str, asked: Any, user: dict[str, Any]) -> None:
        given = asked.payload.data
        self.code, self.user = text, user
        self.code_challenge = given.get("code_challenge")
        self.code_challenge_method = given.get("code_challenge_method")
        self._given = given

    def get_redirect_uri(self) -> str:
        return str(self._given["redirect_uri"])

    def get_scope(self) -> str:
        return str(self._given["scope"])

    def get_nonce(self) -> str:
        return str(self._given.get("nonce", ""))

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> str:
        return ""

    def get_amr(self) -> list[str]:
        return []


class Provider:
    """A provider at `issuer`, where `user` (claims) is signed in; `forge` writes ID tokens instead of it."""

    def __init__(self, redirect_uri: str) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.other_key = RSAKey.generate_key(2048, {"kid": "one"})
        self.client, self.codes = Client(redirect_uri), dict[str, Code]()
        self.user: dict[str, Any] = {}
        self.forge: Forge | None = None
        self.issuer = ""
        self.server = make_server("127.0.0.1", 0, self._make_app(), threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def _make_app(self) -> Flask:
        app = Flask("provider")
        server = AuthorizationServer(app, self._find_client, lambda token, asked: None)
        server.register_grant(_make_grant(self), [CodeChallenge(required=True), _make_openid(self)])

        @app.get("/.well-known/openid-configuration")
        def describe() -> Response:
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            paths = ("/authorize", "/token", "/keys")
            places = {name: self.issuer + path for name, path in zip(names, paths, strict=True)}
            return jsonify({"issuer": self.issuer, **places})

        @app.get("/keys")
        def show_keys() -> Response:
            return jsonify(KeySet([self.key]).as_dict(private=False))

        @app.get("/authorize")
        def authorize() -> Any:
            grant = server.get_consent_grant(end_user=self.user)
            return server.create_authorization_response(grant=grant, grant_user=self.user)

        @app.post("/token")
        def give_token() -> Any:
            answer = server.create_token_response()
            if self.forge is None or answer.status_code != 200:
                return answer
            body = json.loads(answer.get_data())
            decoded = jwt.decode(body["id_token"], self.key)
            body["id_token"] = self.forge(self, dict(decoded.header), dict(decoded.claims))
            return jsonify(body)

        return app

    def _find_client(self, client_id: str) -> Client | None:
        return self.client if client_id == CLIENT_ID else None


def _make_grant(provider: Provider) -> type[Any]:
    class Grant(AuthorizationCodeGrant):  # type: ignore[misc]  # authlib has no types
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]

        def save_authorization_code(self, code: str, request: Any) -> None:
            provider.codes[code] = Code(code, request, provider.user)

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.user

    return Grant


def _make_openid(provider: Provider) -> Any:
    class Extension(OpenIDCode):  # type: ignore[misc]  # authlib has no types
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def get_client_algorithm(self, client: Any) -> str:
            return "RS256"

        def get_encode_header(self, client: Any) -> dict[str, str]:
            return {"alg": "RS256", "kid": "one"}

        def get_compatible_claims(self, request: Any) -> dict[str, Any]:
            now = int(time.time())
            return {"iss": provider.issuer, "aud": [CLIENT_ID], "iat": now, "exp": now + 300}

        def resolve_client_private_key(self, client: Any) -> RSAKey:
            return provider.key

        def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
            return dict(user)

    return Extension(require_nonce=True)


@contextmanager
def run_provider(redirect_uri: str) -> Iterator[Provider]:
    """A running provider that sends people back to `redirect_uri` alone."""
    provider = Provider(redirect_uri)
    thread = threading.Thread(target=provider.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        thread.join()
        provider.server.server_close()


def sign(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """An ID token by the provider's key."""
    return jwt.encode(header, claims, provider.key)


def forge_none(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """An ID token that nobody signed."""
    parts = ({"alg": "none"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(it).encode()).rstrip(b"=").decode() for it in parts)
        + "."
    )


def forge_shared(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """An ID token signed by the client's secret (HS256): whoever knows it could make one."""
    import jwt as pyjwt

    return pyjwt.encode(
        claims, CLIENT_SECRET + secrets.token_hex(8), algorithm="HS256", headers={"kid": "one"}
    )


def forge_other_key(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """An ID token by another key of the same name."""
    return jwt.encode(header, claims, provider.other_key)


def changing(**changes: Any) -> Forge:
    """ID tokens that are well signed and say something else; None leaves a claim out."""

    def forge(provider: Provider, header: dict[str, Any], claims: dict[str, Any]) -> str:
        changed = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return sign(provider, header, changed)

    return forge
