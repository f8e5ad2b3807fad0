"""`claimwire payers replay`: a rule tried on the stored claims of a tenant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from edi.claim_forms import choose_guide
from edi.edits.basis import Basis
from edi.payer_rules.book import RuleBook
from edi.payer_rules.pack import Pack, PayerRule
from gateway.cli.running import choose_tenant, load_settings, with_services
from gateway.dossier import read_dossier
from gateway.services import Services
from gateway.store import TenantScope, claims

PAGE = 200


class Replayed(NamedTuple):
    """How many claims were looked at, and the ids of those that the rule would have stopped."""

    rule: str
    claims: int
    stopped: tuple[str, ...]


def replay_rule(settings: Path | None, tenant: str, rule: PayerRule, since: datetime) -> Replayed:
    """Try a rule on every claim of a tenant received since a moment. Raises Trouble."""
    chosen = choose_tenant(load_settings(settings), tenant)
    book = RuleBook([Pack(rule.pack, "", "", (rule,))])

    async def read(services: Services) -> Replayed:
        basis = services.intake.basis()
        count, stopped, before = 0, [], None
        while True:
            page = await services.store.read(Page(book, basis, since, before), tenant=chosen)
            count += len(page.judged)
            stopped += [claim for claim, spoke in page.judged if spoke]
            if page.last is None:
                return Replayed(rule.written.id, count, tuple(stopped))
            before = page.last

    return with_services(settings, read)


class PageRead(NamedTuple):
    """Claims of one page with whether the rule spoke; the id to go on before, or None at the end."""

    judged: list[tuple[str, bool]]
    last: str | None


class Page:
    """One page of claims, newest first, judged where they are read."""

    def __init__(self, book: RuleBook, basis: Basis, since: datetime, before: str | None) -> None:
        self.book, self.basis, self.since, self.before = book, basis, since, before

    def __call__(self, scope: TenantScope) -> PageRead:
        page = claims.list_page(scope, before=self.before, limit=PAGE)
        recent = [claim for claim in page if claim.created_at >= self.since]
        bodies = claims.read_bodies(scope, [claim.id for claim in recent])
        judged = [(claim.id, self._speaks(bodies[claim.id])) for claim in recent if claim.id in bodies]
        going_on = len(page) == PAGE and len(recent) == len(page)
        return PageRead(judged, page[-1].id if going_on else None)

    def _speaks(self, body: bytes) -> bool:
        document = read_dossier(body).document
        return any(finding.stops for finding in self.book.judge(document, choose_guide(document), self.basis))
