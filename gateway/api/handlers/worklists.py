"""Work lists over HTTP, and what people do by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from gateway.api.bodies import show, write_json
from gateway.api.call import Call
from gateway.api.etags import change
from gateway.api.handlers.claims import describe_claim
from gateway.api.problem import Problem, refuse_missing
from gateway.api.shapes import PageQuery
from gateway.api.worklist_shapes import (
    Attachment,
    Reason,
    ReleaseShown,
    Remark,
    WorkClaim,
    WorkItemShown,
    WorklistCount,
    WorklistPage,
    Worklists,
)
from gateway.feed import show_event
from gateway.hands import Hand, HandRefused, attach_item, call_worked, resolve_item
from gateway.release import Released, release_claim, release_partner
from gateway.store import TenantScope, work_items
from gateway.store.errors import NoSuchRow
from gateway.store.work_items import WorkItem
from gateway.worklists import ClaimEntry, ListPage, Worklist, count_list, load_worklists, read_page

T = TypeVar("T")


async def count_worklists(call: Call) -> web.Response:
    """GET /v1/worklists: every list with its counts."""

    def count(scope: TenantScope) -> list[WorklistCount]:
        return [_count(scope, name, worklist) for name, worklist in load_worklists().items()]

    return write_json(Worklists(worklists=await call.services.store.read(count, tenant=call.tenant)))


async def show_worklist(call: Call) -> web.Response:
    """GET /v1/worklists/{name}: oldest first."""
    query, name = call.query(PageQuery), call.request.match_info["name"]
    worklist = load_worklists().get(name)
    if worklist is None:
        raise Problem("not-found", "The work lists are " + ", ".join(load_worklists()) + ".")

    def load(scope: TenantScope) -> ListPage:
        return read_page(scope, worklist, after=query.cursor or None, limit=query.limit)

    page = await call.services.store.read(load, tenant=call.tenant)
    call.tell(*(entry.claim.id for entry in page.claims), *(item.id for item in page.items))
    shown = WorklistPage(
        name=name,
        meaning=worklist.meaning,
        total=page.ages.total,
        ages=page.ages,
        claims=[_show_claim(call.tenant, entry) for entry in page.claims],
        items=[_show_item(item) for item in page.items],
        next=page.next,
    )
    return write_json(shown)


async def show_item(call: Call) -> web.Response:
    """GET /v1/work-items/{id}: one work item, settled or not."""
    item = await call.services.store.read(
        lambda scope: work_items.load(scope, call.subject), tenant=call.tenant
    )
    if item is None:
        raise refuse_missing("work item")
    return write_json(_show_item(item))


async def attach_work_item(call: Call) -> web.Response:
    """POST /v1/work-items/{id}/attach: the answer in it is posted to the claim."""
    wish = await call.struct(Attachment)
    call.tell(wish.claim)
    hand = Hand(call.caller.key, wish.note)
    item = await _settle(call, lambda scope: attach_item(scope, call.subject, wish.claim, hand))
    return write_json(_show_item(item))


async def resolve_work_item(call: Call) -> web.Response:
    """POST /v1/work-items/{id}/resolve: it is closed, nothing else moves."""
    hand = Hand(call.caller.key, (await call.struct(Reason)).note)
    item = await _settle(call, lambda scope: resolve_item(scope, call.subject, hand))
    return write_json(_show_item(item))


async def work_claim(call: Call) -> web.Response:
    """POST /v1/claims/{id}/worked: the claim leaves the work lists until something new happens to it."""
    hand = Hand(call.caller.key, (await call.struct(Remark)).note)
    claim = await _act(call, "claim", lambda scope: call_worked(scope, call.subject, hand))
    return write_json(describe_claim(claim))


async def free_claim(call: Call) -> web.Response:
    """POST /v1/claims/{id}/release: a held claim goes on."""
    hand = Hand(call.caller.key, (await call.struct(Remark)).note)
    released = await _act(call, "claim", lambda scope: release_claim(scope, call.subject, hand))
    return write_json(_show_release(released))


async def free_partner(call: Call) -> web.Response:
    """POST /v1/partners/{name}/release: everything held on its way to the partner goes on."""
    hand = Hand(call.caller.key, (await call.struct(Remark)).note)
    try:
        partner = call.services.settings.find_partner(call.tenant, call.request.match_info["name"])
    except KeyError:
        raise Problem("not-found", "There is no partner of this name.") from None
    released = await _act(call, "partner", lambda scope: release_partner(scope, partner, hand))
    return write_json(_show_release(released))


async def _settle(call: Call, operation: Callable[[TenantScope], T]) -> T:
    """As `_act`, of a work item that is still as the caller saw it."""

    def load(scope: TenantScope) -> WorkItemShown | None:
        item = work_items.load(scope, call.subject)
        return _show_item(item) if item is not None else None

    return await _act(call, "work item", change(call, operation, load))


async def _act(call: Call, what: str, operation: Callable[[TenantScope], T]) -> T:
    """Do it in one transaction. Raises Problem where there is no such thing, or it cannot be done."""
    try:
        return await call.services.store.write(operation, tenant=call.tenant)
    except NoSuchRow:
        raise refuse_missing(what) from None
    except HandRefused as refused:
        raise Problem("conflict", findings=[refused.finding]) from None


def _count(scope: TenantScope, name: str, worklist: Worklist) -> WorklistCount:
    ages = count_list(scope, worklist)
    return WorklistCount(name=name, meaning=worklist.meaning, total=ages.total, ages=ages)


def _show_claim(tenant: str, entry: ClaimEntry) -> WorkClaim:
    reason = show_event(tenant, entry.reason) if entry.reason is not None else None
    return WorkClaim(claim=describe_claim(entry.claim), since=entry.claim.updated_at, event=reason)


def _show_item(item: WorkItem) -> WorkItemShown:
    changed = ("document", "note")
    copied = {name: getattr(item, name) for name in WorkItemShown.__struct_fields__ if name not in changed}
    note = item.note.decode("utf-8") if item.note is not None else None
    return WorkItemShown(**copied, document=msgspec.Raw(item.body), note=note)


def _show_release(released: Released) -> ReleaseShown:
    return show(released, ReleaseShown)
