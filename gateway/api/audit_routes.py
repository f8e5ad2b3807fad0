"""The routes of the audit log."""

from __future__ import annotations

from gateway.api.audit_shapes import AuditPage, AuditQuery
from gateway.api.handlers import audit
from gateway.api.routing import Answer, Route
from gateway.keys import Scope

AUDIT_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/audit",
        name="list_audit",
        handler=audit.list_audit,
        summary="List who saw or changed what, in order, after a sequence number.",
        scope=Scope.AUDIT_READ,
        query=AuditQuery,
        answers=(Answer(200, "Entries, and where to go on.", AuditPage),),
        problems=(400,),
    ),
)
