"""At the door: what a caller who may not see patients gets to see of an answer."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.api.call import Caller
from gateway.api.problem import MEDIA_TYPE as PROBLEM
from gateway.api.problem import Problem
from gateway.api.routing import Route
from gateway.keys import Scope
from gateway.people.redaction import load_rules, redact_body

JSON: Final = "application/json"
PLAIN: Final = frozenset({JSON, PROBLEM, "text/event-stream"})
"""Answers that hold no patient, or can be redacted."""


def is_redacted(caller: Caller, route: Route) -> bool:
    """True where the answer is to be redacted."""
    return not caller.reveals and route.scope is not None and route.scope not in load_rules().exempt


def demand_redactable(caller: Caller, route: Route) -> None:
    """Raises Problem 403 where a route answers with what cannot be redacted, such as X12."""
    if is_redacted(caller, route) and any(answer.media not in PLAIN for answer in route.answers):
        raise _refuse()


def redact_answer(caller: Caller, route: Route, answer: web.StreamResponse) -> web.StreamResponse:
    """The answer as the caller may see it. Raises Problem 403 for what cannot be redacted."""
    if not is_redacted(caller, route) or not isinstance(answer, web.Response):
        return answer
    if answer.content_type == JSON and isinstance(answer.body, bytes):
        answer.body = redact_body(answer.body)
    elif answer.body and answer.content_type not in PLAIN:
        raise _refuse()
    return answer


def _refuse() -> Problem:
    needed = Scope.PHI_REVEAL.value
    return Problem("forbidden", f"This answer shows patients as they are: it needs the scope {needed}.")
