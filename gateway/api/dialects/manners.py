"""Who calls in the manner of each dialect, and what is no success in its words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from gateway.api.auth import make_caller
from gateway.api.bodies import write_json
from gateway.api.call import SERVICES, Caller
from gateway.api.dialects.faults import describe_error, write_status
from gateway.api.dialects.shapes import DetailRefusal, MessageRefusal, OauthRefusal, StatusRefusal
from gateway.api.problem import KINDS, Problem
from gateway.api.routing import Manner
from gateway.keys import KeyRoom
from gateway.store.keys import ApiKey

WORDS = ("key", "bearer")


def read_credential(request: web.Request) -> str:
    """What `Authorization` holds, with or without a word before it (`Key`, `Bearer`)."""
    text = request.headers.get("Authorization", "").strip()
    word, _, rest = text.partition(" ")
    return rest.strip() if word.lower() in WORDS else text


async def identify_by_key(request: web.Request, keys: KeyRoom) -> Caller:
    """The caller by an API key. Raises Problem 401."""
    return _admit(await keys.verify(read_credential(request)))


async def identify_by_token(request: web.Request, keys: KeyRoom) -> Caller:
    """The caller by a token, or by the API key itself. Raises Problem 401."""
    credential = read_credential(request)
    key = await keys.verify(credential)
    return _admit(key or await request.app[SERVICES].tokens.verify(credential))


async def identify_by_url(request: web.Request, keys: KeyRoom) -> Caller:
    """The caller by the token of one document, in its URL. Raises Problem 401."""
    token, document = request.query.get("token", ""), request.match_info.get("transaction", "")
    return _admit(await request.app[SERVICES].tokens.verify(token, document))


def _admit(key: ApiKey | None) -> Caller:
    if key is None:
        raise Problem("unauthenticated", "Send an API key or a token of this server as Authorization.")
    return make_caller(key)


def tell(problem: Problem) -> str:
    """A problem in one sentence or more, its first findings included."""
    title = KINDS[problem.kind].title
    told = [f"{finding.message} {finding.remedy}" for finding in problem.findings[:3]]
    return " ".join([f"{title}.", problem.detail, *told]).replace("  ", " ").strip()


def _write(body: dict[str, Any], problem: Problem, request_id: str) -> web.Response:
    headers = {**problem.headers, "X-Trace-Id": request_id}
    return write_json(body, status=problem.status, headers=headers)


def refuse_by_message(problem: Problem, request_id: str) -> web.Response:
    """`{"code", "message"}`, as the transaction-id dialect says it, with our findings beside."""
    body: dict[str, Any] = {"code": problem.kind, "message": tell(problem)}
    if problem.findings:
        body["errors"] = [describe_error(finding) for finding in problem.findings]
    return _write(body, problem, request_id)


def refuse_by_status(problem: Problem, request_id: str) -> web.Response:
    """`{"status", "errors", "httpStatusCode"}`, as the mailbox dialect answers claims."""
    told = [describe_error(finding) for finding in problem.findings]
    own = {"code": problem.kind, "description": tell(problem), "followupAction": problem.detail}
    body = {"status": "ERROR", "errors": told or [own], "httpStatusCode": write_status(problem.status)}
    return _write(body, problem, request_id)


def refuse_by_detail(problem: Problem, request_id: str) -> web.Response:
    """`{"detail": [{"loc", "msg", "type"}]}`, as the mailbox dialect answers for reports."""
    entry = {"loc": ["path", "filename"], "msg": tell(problem), "type": problem.kind}
    return _write({"detail": [entry]}, problem, request_id)


def refuse_by_oauth(problem: Problem, request_id: str) -> web.Response:
    """`{"error", "error_description"}` (RFC 6749, 5.2)."""
    error = {HTTPStatus.UNAUTHORIZED: "invalid_client"}.get(HTTPStatus(problem.status), "invalid_request")
    return _write({"error": error, "error_description": tell(problem)}, problem, request_id)


JSON_TYPE = "application/json"
BY_ID, BY_BOX = "transaction-id dialect", "mailbox dialect"
BY_TRANSACTION = Manner(identify_by_key, refuse_by_message, MessageRefusal, JSON_TYPE, BY_ID)
BY_URL = Manner(identify_by_url, refuse_by_message, MessageRefusal, JSON_TYPE, BY_ID)
BY_MAILBOX = Manner(identify_by_token, refuse_by_status, StatusRefusal, JSON_TYPE, BY_BOX)
BY_REPORT = Manner(identify_by_token, refuse_by_detail, DetailRefusal, JSON_TYPE, BY_BOX)
BY_OAUTH = Manner(identify_by_token, refuse_by_oauth, OauthRefusal, JSON_TYPE, BY_BOX)
