"""The tenant's partners over HTTP: how each stands; nothing secret of its settings."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.money_shapes import NumbersShown, Partners, PartnerShown
from gateway.cutoffs import find_next_cut_off
from gateway.settings import FolderTransport, Partner
from gateway.store import TenantScope, control_numbers, files, interchanges, partner_states
from gateway.store.claim_search import ClaimSearch, search

WAITING = "accepted"
MOST = 500


async def list_partners(call: Call) -> web.Response:
    """GET /v1/partners."""
    tenant, now = call.services.settings.tenant(call.tenant), call.services.clock.now()
    known = tenant.partners if tenant is not None else ()

    def load(scope: TenantScope) -> list[PartnerShown]:
        return [describe(scope, partner, now) for partner in known]

    return write_json(Partners(partners=await call.services.store.read(load, tenant=call.tenant)))


def describe(scope: TenantScope, partner: Partner, now: datetime) -> PartnerShown:
    """How a partner stands: down from its first failure until it answers again."""
    waiting = [
        claim
        for payer in partner.payers
        for claim in search(scope, ClaimSearch(states=(WAITING,), payer_id=payer, limit=MOST))
    ]
    trouble = partner_states.load(scope, partner.name)
    ids, numbers = partner.envelope, partner.envelope.control_numbers
    wire = "folder" if isinstance(partner.transport, FolderTransport) else "sftp"
    return PartnerShown(
        name=partner.name,
        state="down" if trouble is not None else "up",
        refused=trouble is not None and trouble.refused,
        next_try_at=trouble.next_try_at if trouble is not None else None,
        transport=wire if partner.transport is not None else None,
        real_time=partner.real_time is not None,
        payers=partner.payers,
        inquiry_payers=partner.inquiry_payers,
        sender=ids.sender,
        receiver=ids.receiver,
        usage=ids.usage,
        waiting=len(waiting),
        next_cut_off=find_next_cut_off(partner.batch, now) if partner.batch.cut_offs else None,
        last_sent_at=interchanges.find_last_sent(scope, partner.name),
        last_answer_at=files.find_last_received(scope, partner.name),
        control_numbers=NumbersShown(
            first=numbers.first,
            last=numbers.last,
            last_interchange=control_numbers.read_last(scope, partner.name, "interchange"),
            last_group=control_numbers.read_last(scope, partner.name, "group"),
        ),
    )
