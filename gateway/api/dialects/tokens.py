"""The token call of the mailbox dialect: OAuth 2.0 client credentials, as JSON or as a form."""

from __future__ import annotations

from urllib.parse import parse_qs

from aiohttp import web

from edi.json_body import decode_body
from gateway.api.auth import make_caller
from gateway.api.bodies import write_json
from gateway.api.call import CALLER, Call
from gateway.api.problem import Problem

FORM = "application/x-www-form-urlencoded"
GRANT = "client_credentials"
LONGEST = 16 * 1024  # no credential is longer


async def issue_token(call: Call) -> web.Response:
    """POST /apip/auth/v2/token. Raises Problem 400 for another grant, 401 for an unknown client."""
    given = read_fields(call.request.content_type, await call.body(limit=LONGEST))
    if given.get("grant_type", GRANT) != GRANT:
        raise Problem("bad-request", "The grant_type is client_credentials.")
    token = await call.services.tokens.issue(given.get("client_id", ""), given.get("client_secret", ""))
    if token is None:
        raise Problem(
            "unauthenticated",
            "The client_id is the id of an API key of this server (key_...), the client_secret its text.",
        )
    call.request[CALLER] = make_caller(token.key)
    body = {"access_token": token.text, "token_type": "bearer", "expires_in": token.seconds}
    return write_json(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def read_fields(media: str, body: bytes) -> dict[str, str]:
    """The fields of the body that are text. Raises Problem where it cannot be read."""
    if media == FORM:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=16)
        return {name: values[0] for name, values in fields.items()}
    decoded = decode_body(body)
    if not isinstance(decoded.document, dict):
        raise Problem("unreadable", findings=decoded.findings)
    return {name: value for name, value in decoded.document.items() if isinstance(value, str)}
