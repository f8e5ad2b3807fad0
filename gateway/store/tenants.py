"""Tenants: whose rows they are."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.store import tables
from gateway.store.scope import SystemScope, TenantScope
from gateway.store.statements import columns_of


class Tenant(msgspec.Struct, frozen=True):
    """One customer of the gateway; nothing of one is ever seen by another."""

    id: str
    name: str
    created_at: datetime


_COLUMNS = columns_of(tables.tenant, Tenant)


def create(system: SystemScope, name: str, *, tenant_id: str | None = None) -> Tenant:
    """A new tenant. Raises Conflict where `tenant_id` is taken."""
    tenant = Tenant(tenant_id or system.new_id("ten"), name, system.now())
    system.of(tenant.id).insert(tables.tenant, {"name": tenant.name, "created_at": tenant.created_at})
    return tenant


def load(scope: TenantScope) -> Tenant | None:
    """The scope's own tenant, or None where there is none of this id."""
    return scope.one(Tenant, scope.select(tables.tenant, *_COLUMNS))


def list_all(system: SystemScope) -> list[Tenant]:
    """Every tenant, in order of id."""
    found = (load(system.of(tenant)) for tenant in system.tenants())
    return [tenant for tenant in found if tenant is not None]
