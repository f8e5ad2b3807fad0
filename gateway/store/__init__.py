"""Tables, migrations and queries: the one database of the gateway.

    store = open_store("sqlite:////var/lib/claimwire/claimwire.db", Means(clock, ids, sealer))

    def accept(scope: TenantScope) -> claims.Claim:      # a plain function; it may run twice (deadlock), so
        kept = claims.add(scope, claims.NewClaim(...))   # it changes nothing outside its scope
        events.append(scope, events.NewEvent(type="claim.received", claim=kept.id, body=b"{}"))
        jobs.enqueue(scope, jobs.NewJob(kind="batch", subject=kept.payer_id, lane=partner))
        return kept                                      # raise to undo all of it

    kept = await store.write(accept, tenant="ten_...")   # durable once awaited
    page = await store.read(lambda scope: claims.list_page(scope, limit=50), tenant="ten_...")

Workers serve all tenants; without `tenant` the operation gets a SystemScope:

    mark = store.mark("job")
    waiting = await store.read(lambda system: jobs.tenants_waiting(system, KINDS))
    for tenant in waiting:                               # in turn: a fair share for each
        held = await store.write(lambda scope: jobs.take(scope, KINDS, lease=LEASE, limit=10), tenant=tenant)
        ...                                              # work outside the transaction, then write what it
        did await store.write(lambda scope: jobs.finish(scope, job), tenant=tenant)   # LostLease undoes it
        all
    await store.wait("job", after=mark, seconds=1.0)     # topics: job, event, delivery

One module for each room: tenants, keys, claims, events, jobs, files, interchanges, control_numbers,
acknowledgments, remittances, webhooks, idempotency, work_items. Their functions take a TenantScope, return
frozen values, seal what is sealed and open it again; callers hand in and get clear bytes. `scope.now()`,
`scope.new_id("clm")`, `scope.lock(name)`, `scope.hint(topic)` are there for callers too. Errors stand in
gateway.store.errors.
"""

from gateway.store.engine import Store
from gateway.store.opening import open_store
from gateway.store.scope import Means, SystemScope, TenantScope

__all__ = ["Means", "Store", "SystemScope", "TenantScope", "open_store"]
