"""The audit log over HTTP. Who reads it leaves an entry too."""

from __future__ import annotations

from aiohttp import web

from gateway.api.audit_shapes import AuditEntry, AuditPage, AuditQuery
from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.store import TenantScope, audit
from gateway.store.audit import Entry, Sought


async def list_audit(call: Call) -> web.Response:
    """GET /v1/audit: in order, after a sequence number."""
    query = call.query(AuditQuery)
    sought = Sought(subject=query.subject, principal=query.principal, action=query.action)

    def load(scope: TenantScope) -> list[AuditEntry]:
        found = audit.list_after(scope, query.after, limit=query.limit, sought=sought)
        return [describe_entry(scope, entry) for entry in found]

    entries = await call.services.store.read(load, tenant=call.tenant)
    last = entries[-1].sequence if entries else query.after
    return write_json(AuditPage(entries=entries, next=last))


def describe_entry(scope: TenantScope, entry: Entry) -> AuditEntry:
    """An entry as it is shown."""
    own = ("subjects", "reason")
    copied = {name: getattr(entry, name) for name in AuditEntry.__struct_fields__ if name not in own}
    return AuditEntry(**copied, subjects=entry.touched, reason=audit.open_reason(scope, entry))
