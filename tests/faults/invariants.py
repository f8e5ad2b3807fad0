"""The checker: after a fault and its end, was anything lost, doubled, mixed up or told?

It looks from both ends. What was promised is what the clients hold (202); what was delivered is what the
partner holds; what was paid is what the payer wrote. The database is only believed where the two ends agree.
The gateway's processes have ended when it looks.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from gateway.app import open_sealer
from gateway.archive import Archive
from gateway.clock import SystemClock
from gateway.ids import TimeIds
from gateway.lifecycle import load_lifecycle
from gateway.settings import Settings, StoreSettings
from gateway.store import Means, Store, TenantScope, claims, events, files, open_store
from gateway.store.claims import Claim
from gateway.store.events import Event
from gateway.store.files import File
from gateway.upkeep import Verdict, verify_home
from gateway.wiring import make_vault
from tests.faults.load import Promise
from tests.faults.shapes import PARTNERS
from tests.faults.wire import Payment, list_claims, list_payments, read_control_number
from tests.faults.world import World

PAGE = 500
ONCE = {"claim.received": (1, 1), "claim.accepted": (1, 1), "claim.batched": (0, 1), "claim.sent": (0, 1)}
"""How often each event may be told of an accepted claim: at least, at most."""
APPLIED = frozenset({"processed", "duplicate"})
SHOWN = 3


@dataclass(frozen=True)
class Rows:
    """Everything that the gateway knows of one tenant."""

    claims: dict[str, Claim]
    stories: dict[str, list[Event]]
    files: dict[str, list[File]]


@dataclass
class Evidence:
    """What both ends and the gateway say, by tenant."""

    promises: dict[str, list[Promise]]
    rows: dict[str, Rows]
    held: dict[str, list[bytes]]
    written: dict[str, list[bytes]]
    verdict: Verdict
    interchanges: list[tuple[str, str, int, str]]
    owed_jobs: set[str]
    remittances: dict[str, list[tuple[str, Decimal]]]
    logs: str = ""
    secrets: tuple[str, ...] = ()
    extras: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """The judgement: counts for the table and every breach, by the number of its invariant."""

    promised: int
    lost: int
    doubled: int
    breaches: tuple[str, ...]


async def check_world(world: World) -> Finding:
    """Look at everything and say what is wrong."""
    return judge(await gather(world))


def judge(evidence: Evidence, *, finished: bool = True) -> Finding:
    """Every invariant on what was gathered; unless `finished`, what is still on its way is no fault."""
    lost, doubled = sorted(find_lost(evidence)), sorted(find_doubled(evidence))
    breaches = [*summarise("I1 lost", lost), *summarise("I2 doubled", doubled)]
    for name, look in (INVARIANTS if finished else INVARIANTS | ON_THE_WAY).items():
        breaches += summarise(name, list(look(evidence)))
    return Finding(sum(map(len, evidence.promises.values())), len(lost), len(doubled), tuple(breaches))


def summarise(name: str, faults: Sequence[str]) -> list[str]:
    """One line for all breaches of one invariant."""
    if not faults:
        return []
    more = f" and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return [f"{name}: {'; '.join(faults[:SHOWN])}{more}"]


# ---- gathering


async def gather(world: World, *, store: Store | None = None, archive: Archive | None = None) -> Evidence:
    """Ask both ends and the store, which is opened here unless it is open."""
    if store is None or archive is None:
        settings = Settings(home=world.home, store=StoreSettings(url=world.url))
        sealer, clock = open_sealer(settings), SystemClock()
        opened = open_store(world.url, Means(clock, TimeIds(clock), sealer))
        try:
            return await gather(world, store=opened, archive=Archive(make_vault(world.settings), sealer))
        finally:
            await opened.close()
    verdict = await verify_home(store, archive)
    rows = {tenant: await read_rows(store, tenant) for tenant in world.tenants}
    owners = {partner: tenant for tenant, partner in PARTNERS.items()}
    written: dict[str, list[bytes]] = defaultdict(list)
    for sender, _, content in world.list_answers():
        written[owners[sender]].append(content)
    for extra in world.extras:
        if extra.counts:
            written[extra.tenant].append(extra.content)
    held: dict[str, list[bytes]] = defaultdict(list)
    for place in world.list_held():
        partner = next(part for part in place.parts if part in owners)
        held[owners[partner]].append(place.read_bytes())
    promises: dict[str, list[Promise]] = defaultdict(list)
    for promise in world.load.promises:
        promises[promise.tenant].append(promise)
    return Evidence(
        promises=promises,
        rows=rows,
        held=held,
        written=written,
        verdict=verdict,
        interchanges=[
            tuple(row)
            for row in world.peek("SELECT tenant, partner, control_number, sha256 FROM interchange")
        ],
        owed_jobs={
            row[0]
            for row in world.peek(
                "SELECT i.sha256 FROM interchange i JOIN job j ON j.subject = i.id AND j.tenant = i.tenant "
                "WHERE j.kind = 'send' AND j.state IN ('ready', 'running', 'dead')"
            )
        },
        remittances=read_remittances(world),
        logs="".join(world.read_log(server) for server in world.servers),
        secrets=("JMB88213045", "Ashgrove", *(promise.number for promise in world.load.promises[:50])),
        extras={
            tenant: [(digest(it.content), it.states) for it in world.extras if it.tenant == tenant]
            for tenant in world.tenants
        },
    )


def read_remittances(world: World) -> dict[str, list[tuple[str, Decimal]]]:
    """Trace number and amount of every posted remittance, by tenant."""
    posted: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for tenant, trace, amount, state in world.peek(
        "SELECT tenant, trace_number, amount, state FROM remittance"
    ):
        if state == "posted":
            posted[tenant].append((trace, Decimal(amount) / 100))
    return posted


async def read_rows(store: Store, tenant: str) -> Rows:
    """Every claim with its events, and every file, of one tenant."""

    def read(scope: TenantScope) -> Rows:
        found: dict[str, Claim] = {}
        stories: dict[str, list[Event]] = {}
        before: str | None = None
        while page := claims.list_page(scope, limit=PAGE, before=before):
            found |= {claim.id: claim for claim in page}
            stories |= {
                claim: list(told)
                for claim, told in events.list_of_claims(scope, [it.id for it in page]).items()
            }
            before = page[-1].id
        by_digest: dict[str, list[File]] = defaultdict(list)
        after: str | None = None
        while listed := files.list_page(scope, limit=PAGE, before=after):
            for file in listed:
                by_digest[file.sha256].append(file)
            after = listed[-1].id
        return Rows(found, stories, by_digest)

    return await store.read(read, tenant=tenant)


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


# ---- I1, I2: nothing lost, nothing doubled


def find_lost(evidence: Evidence) -> Iterator[str]:
    """Promised claims that have no row, or that neither the partner nor a queue has."""
    for tenant, promises in evidence.promises.items():
        counts = count_held(evidence, tenant)
        rows = evidence.rows[tenant].claims
        for promise in promises:
            row = rows.get(promise.claim)
            if row is None:
                yield f"{promise.claim} has no row"
            elif not counts[promise.number] and row.state not in ("accepted", "batched"):
                yield f"{promise.claim} is {row.state} and the partner does not hold it"


def find_doubled(evidence: Evidence) -> Iterator[str]:
    """Claims that the partner holds more than once, rows of one claim, files delivered twice."""
    for tenant in evidence.rows:
        counts = count_held(evidence, tenant)
        promised = {promise.number: promise.claim for promise in evidence.promises.get(tenant, ())}
        yield from (f"{number} is held {count} times" for number, count in counts.items() if count > 1)
        yield from (f"{number} is held and was never promised" for number in counts if number not in promised)
        digests = Counter(map(digest, evidence.held.get(tenant, ())))
        yield from (f"file {key[:12]} was delivered {n} times" for key, n in digests.items() if n > 1)
        extra = len(evidence.rows[tenant].claims) - len(promised)
        if extra > 0 and (twice := list_unpromised(evidence, tenant)):
            yield from twice


def list_unpromised(evidence: Evidence, tenant: str) -> list[str]:
    """Accepted rows that no client was promised: the trace of a claim that was taken in twice."""
    known = {promise.claim for promise in evidence.promises.get(tenant, ())}
    rows = evidence.rows[tenant].claims
    return [f"{it.id} is {it.state} and nobody was promised it" for it in rows.values() if it.id not in known]


def count_held(evidence: Evidence, tenant: str) -> Counter[str]:
    """How often the partner holds each claim, by its number."""
    return Counter(number for content in evidence.held.get(tenant, ()) for number in list_claims(content))


def check_placements(evidence: Evidence) -> Iterator[str]:
    """Every file of the partner is an interchange of ours, and every interchange is there or queued."""
    for tenant in evidence.rows:
        held = {digest(content) for content in evidence.held.get(tenant, ())}
        ours = {sha for owner, _, _, sha in evidence.interchanges if owner == tenant}
        yield from (f"{key[:12]} is held and no interchange of ours" for key in held - ours)
        missing = ours - held - evidence.owed_jobs
        yield from (f"interchange {key[:12]} is neither held nor queued" for key in missing)


# ---- I3: control numbers


def check_control_numbers(evidence: Evidence) -> Iterator[str]:
    """No ISA13 was used twice, by our rows and by what the partner holds."""
    numbers = Counter((tenant, partner, number) for tenant, partner, number, *_ in evidence.interchanges)
    yield from (f"{key} stands for {n} interchanges" for key, n in numbers.items() if n > 1)
    for tenant, contents in evidence.held.items():
        seen = Counter(map(read_control_number, contents))
        yield from (f"{tenant} holds ISA13 {key} {n} times" for key, n in seen.items() if n > 1)


# ---- I4: every byte received is archived, every file applied once


def check_files(evidence: Evidence) -> Iterator[str]:
    """What the payer wrote was received, and applied exactly once; the fault's own files went their way."""
    for tenant, contents in evidence.written.items():
        rows = evidence.rows[tenant].files
        for content in contents:
            states = Counter(file.state for file in rows.get(digest(content), ()))
            if states["processed"] != 1 or set(states) - APPLIED:
                yield f"{tenant}: a file of the payer is {dict(states) or 'not received'}"
    for tenant, wanted in evidence.extras.items():
        rows = evidence.rows[tenant].files
        for key, states in wanted:
            found = [file.state for file in rows.get(key, ())]
            if not set(found) & set(states):
                wanted_states = " or ".join(states)
                yield f"{tenant}: the fault's file is {found or 'not received'} instead of {wanted_states}"


# ---- I5: events


def check_events(evidence: Evidence) -> Iterator[str]:
    """Gapless, chained, archived bytes whole (what `claimwire db verify` proves), each step told once."""
    yield from evidence.verdict.faults
    for tenant, promises in evidence.promises.items():
        for promise in promises:
            told = Counter(event.type for event in evidence.rows[tenant].stories.get(promise.claim, ()))
            for kind, (least, most) in ONCE.items():
                if not least <= told[kind] <= most:
                    yield f"{promise.claim} was told {kind} {told[kind]} times"


# ---- I6: money


def check_money(evidence: Evidence) -> Iterator[str]:
    """Each claim has what the payer's 835s pay for it, each 835 balances, each is posted once."""
    for tenant, contents in evidence.written.items():
        payments = [payment for content in contents for payment in list_payments(content)]
        yield from check_totals(payments)
        yield from check_posted(tenant, payments, evidence.remittances.get(tenant, []))
        yield from check_paid(evidence, tenant, payments)


def check_totals(payments: list[Payment]) -> Iterator[str]:
    """BPR02 is what the sets of one trace number pay together, most often one set."""
    together: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for payment in payments:
        together[payment.trace, payment.amount] += payment.own
    yield from (f"835 {trace} does not balance" for (trace, whole), own in together.items() if whole != own)


def check_posted(tenant: str, payments: list[Payment], posted: list[tuple[str, Decimal]]) -> Iterator[str]:
    """The remittances posted are those that the payer wrote."""
    wrote = Counter((payment.trace, payment.own) for payment in payments)
    kept = Counter(posted)
    yield from (f"{tenant}: 835 {key[0]} was not posted" for key in wrote - kept)
    yield from (f"{tenant}: 835 {key[0]} was posted too often" for key in kept - wrote)


def check_paid(evidence: Evidence, tenant: str, payments: list[Payment]) -> Iterator[str]:
    """Every claim's paid amount is the sum of the payer's, and its charge is accounted for."""
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in payments:
        for claim in payment.claims:
            paid[claim.number] += claim.paid
    rows = evidence.rows[tenant].claims
    for promise in evidence.promises.get(tenant, ()):
        row = rows.get(promise.claim)
        if row is None:
            continue
        if row.paid != paid[promise.number]:
            yield f"{row.id} is paid {row.paid} and the payer paid {paid[promise.number]}"
        if row.charge != row.paid + row.adjusted + row.patient + row.open or row.charge != promise.charge:
            yield f"{row.id} does not account for its charge"


# ---- I7: nothing of a person in a log


def check_logs(evidence: Evidence) -> Iterator[str]:
    """No name, member id or patient control number of the load stands in a log."""
    yield from (
        f"a value of a claim is in a log ({it[:3]}…)" for it in evidence.secrets if it in evidence.logs
    )


# ---- I8: states only go on


def check_states(evidence: Evidence) -> Iterator[str]:
    """What acknowledgments tell only rises, and no acknowledgment undoes money."""
    table = load_lifecycle().state
    for rows in evidence.rows.values():
        for claim, story in rows.stories.items():
            states = [state for event in story if (state := json.loads(event.body).get("state")) in table]
            for before, after in pairwise(states):
                money = table[before].kind == "money"
                falls = table[after].rank < table[before].rank and table[after].kind != "money"
                if (money and table[after].kind != "money") or falls:
                    yield f"{claim} went from {before} to {after}"


def check_repeats(evidence: Evidence) -> Iterator[str]:
    """Before the end: no file was applied twice, no money posted that the payer did not write."""
    for tenant, rows in evidence.rows.items():
        for key, found in rows.files.items():
            if sum(file.state == "processed" for file in found) > 1:
                yield f"{tenant}: file {key[:12]} was applied twice"
        payments = [it for content in evidence.written.get(tenant, ()) for it in list_payments(content)]
        wrote = Counter((payment.trace, payment.amount) for payment in payments)
        for trace, _ in Counter(evidence.remittances.get(tenant, [])) - wrote:
            yield f"{tenant}: 835 {trace} was posted too often"


def check_nothing(evidence: Evidence) -> Iterator[str]:
    """What only the end can tell."""
    yield from ()


INVARIANTS: dict[str, Callable[[Evidence], Iterator[str]]] = {
    "I2 placed": check_placements,
    "I3 control numbers": check_control_numbers,
    "I4 files": check_files,
    "I5 events": check_events,
    "I6 money": check_money,
    "I7 logs": check_logs,
    "I8 states": check_states,
}
ON_THE_WAY = {"I4 files": check_repeats, "I6 money": check_nothing}
