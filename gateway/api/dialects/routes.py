"""The addresses of both dialects. `{version}` is any dated version, such as 2024-04-01."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus

from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL
from gateway.api.call import Handler
from gateway.api.dialects import reports, tokens, transactions
from gateway.api.dialects.inquiries import InquiryDesk
from gateway.api.dialects.manners import BY_MAILBOX, BY_OAUTH, BY_REPORT, BY_TRANSACTION, BY_URL
from gateway.api.dialects.reports import ReportSet
from gateway.api.dialects.submissions import Desk, show_health
from gateway.api.dialects.transactions import Part, PollQuery, TokenQuery
from gateway.api.routing import Answer, Manner, Route, Taken
from gateway.inquiries.kinds import CLAIM_STATUS, ELIGIBILITY
from gateway.keys import Scope

CHANGE = "/{version}/change/medicalnetwork"
NETWORK = "/medicalnetwork"
MAILBOX = f"{NETWORK}/reports/v2"
CLAIM_PATHS = {
    PROFESSIONAL: "professionalclaims/v3",
    INSTITUTIONAL: "institutionalclaims/v1",
}
INQUIRIES = (
    (ELIGIBILITY, "eligibility/v3", Scope.ELIGIBILITY_WRITE),
    (CLAIM_STATUS, "claimstatus/v2", Scope.CLAIM_STATUS_WRITE),
)
REPORTS = (ReportSet("277", Scope.FILES_READ), ReportSet("835", Scope.REMITTANCES_READ))
OK = (Answer(200, "As the dialect has it."),)
JUDGED = (*OK, Answer(400, "What is wrong, in the shape of an answer or of a refusal."))
MOVED = (Answer(302, "Where it is for some minutes."),)
ABSENT = (404,)
UNANSWERED = (502, 504)


def _route(
    method: str,
    path: str,
    handler: Handler,
    summary: str,
    scope: Scope | None,
    manner: Manner,
    **more: object,
) -> Route:
    name = re.sub(r"\W", "_", f"{method.lower()}{path}")
    given = {"answers": OK, **more}
    return Route(
        method=method,
        path=path,
        name=name,
        handler=handler,
        summary=summary,
        scope=scope,
        manner=manner,
        **given,  # type: ignore[arg-type]  # each is a field of Route, named by the caller
    )


def _judged(path: str, handler: Handler, summary: str, scope: Scope, manner: Manner, **more: object) -> Route:
    """A route that takes a document, whose faults are answered by 400 as the dialects do."""
    given = {"body": Taken.CLAIM, "answers": JUDGED, **more}
    return _route("POST", path, handler, summary, scope, manner, **given)


def list_claim_routes() -> Iterator[Route]:
    """Claims in both dialects, as JSON and as X12."""
    paths = {guide: f"{CHANGE}/{path}" for guide, path in CLAIM_PATHS.items()}
    paths[DENTAL] = "/{version}/dental-claims"
    for guide, path in paths.items():
        yield from _list_desk_routes(path, Desk(guide, shows_x12=True), BY_TRANSACTION)
    for guide, path in CLAIM_PATHS.items():
        base, desk = f"{NETWORK}/{path}", Desk(guide, shows_x12=False)
        yield from _list_desk_routes(base, desk, BY_MAILBOX)
        check, checks = "Check a claim; nothing is stored.", Scope.CLAIMS_READ
        for name, handler in (("validation", desk.validate), ("raw-x12-validation", desk.validate_x12)):
            yield _judged(f"{base}/{name}", handler, check, checks, BY_MAILBOX, action="claim.checked")


def _list_desk_routes(base: str, desk: Desk, manner: Manner) -> Iterator[Route]:
    write, said = Scope.CLAIMS_WRITE, "Submit a claim."
    yield _judged(
        f"{base}/submission", desk.submit, said, write, manner, problems=(409, 422), idempotent=True
    )
    yield _judged(f"{base}/raw-x12-submission", desk.submit_x12, said, write, manner)


def list_transaction_routes() -> Iterator[Route]:
    """What partners sent, in the transaction-id dialect."""
    read = Scope.FILES_READ
    for kind in REPORTS:
        path = f"{CHANGE}/reports/v2/{{transaction}}/{kind.kind}"
        yield _route(
            "GET", path, kind.show_transaction, "Show a report.", read, BY_TRANSACTION, problems=ABSENT
        )
    poll, show = "List what partners sent, oldest first.", "Show a transaction."
    base = "/{version}/transactions/{transaction}"
    yield _route(
        "GET",
        "/{version}/polling/transactions",
        transactions.poll_transactions,
        poll,
        read,
        BY_TRANSACTION,
        query=PollQuery,
        problems=(400,),
    )
    yield _route("GET", base, transactions.show_transaction, show, read, BY_TRANSACTION, problems=ABSENT)
    for name in transactions.PARTS:
        part = Part(name)
        where, what = "Say where a document is for some minutes.", "Fetch a document."
        way = {"problems": ABSENT}
        yield _route(
            "GET", f"{base}/{name}", part.redirect, where, read, BY_TRANSACTION, answers=MOVED, **way
        )
        yield _route("GET", f"{base}/{name}-url", part.show_url, where, read, BY_TRANSACTION, **way)
        shown = (Answer(200, "The document.", media=transactions.PARTS[name]),)
        fetched = {"answers": shown, "query": TokenQuery, "problems": (404, 422)}
        yield _route("GET", f"{base}/document/{name}", part.fetch, what, read, BY_URL, **fetched)


def list_mailbox_routes() -> Iterator[Route]:
    """Tokens and the mailbox of reports. Real clients end addresses with a slash or not."""
    read = Scope.FILES_READ
    yield _route(
        "POST",
        "/apip/auth/v2/token",
        tokens.issue_token,
        "Get a token.",
        None,
        BY_OAUTH,
        open=True,
        action="token.issued",
        body=Taken.CLAIM,
        body_note="The client's credentials, as JSON or as a form.",
        problems=(400, 401),
    )
    for path in (MAILBOX, f"{MAILBOX}/"):
        yield _route("GET", path, reports.list_reports, "List reports.", read, BY_REPORT)
    named = f"{MAILBOX}/{{name}}"
    for service in (*CLAIM_PATHS.values(), "reports/v2"):
        path = f"{NETWORK}/{service}/healthcheck"
        yield _route("GET", path, show_health, "Say that the service is there.", None, BY_MAILBOX)
    shown, taken = "Show a report as it came.", "Take a report out."
    yield _route("GET", named, reports.show_report, shown, read, BY_REPORT, problems=ABSENT)
    yield _route("DELETE", named, reports.take_report, taken, Scope.FILES_WRITE, BY_REPORT, problems=ABSENT)
    for kind in REPORTS:
        path = f"{named}/{kind.kind}"
        yield _route(
            "GET", path, kind.show_in_mailbox, "Show a report as JSON.", read, BY_REPORT, problems=ABSENT
        )


def list_inquiry_routes() -> Iterator[Route]:
    """Eligibility and claim status in both dialects. In the mailbox dialect a rejection is an answer."""
    for kind, path, scope in INQUIRIES:
        ask = InquiryDesk(kind, HTTPStatus.BAD_REQUEST)
        yield from _list_inquiry_routes(f"{CHANGE}/{path}", ask, scope, BY_TRANSACTION)
        ask, base = InquiryDesk(kind, HTTPStatus.OK), f"{NETWORK}/{path}"
        yield from _list_inquiry_routes(base, ask, scope, BY_MAILBOX)
        yield _judged(f"{base}/", ask.ask, "Ask a payer.", scope, BY_MAILBOX, problems=UNANSWERED)
        there = "Say that the service is there."
        yield _route("GET", f"{base}/healthcheck", show_health, there, None, BY_MAILBOX)


def _list_inquiry_routes(path: str, desk: InquiryDesk, scope: Scope, manner: Manner) -> Iterator[Route]:
    said = "Ask a payer."
    yield _judged(path, desk.ask, said, scope, manner, problems=UNANSWERED)
    yield _judged(f"{path}/raw-x12", desk.ask_x12, said, scope, manner, problems=UNANSWERED)


DIALECT_ROUTES: tuple[Route, ...] = (
    *list_claim_routes(),
    *list_transaction_routes(),
    *list_mailbox_routes(),
    *list_inquiry_routes(),
)
