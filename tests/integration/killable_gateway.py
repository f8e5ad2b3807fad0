"""A real gateway that kills itself (SIGKILL) when it reaches a commit point; run as a program by tests.

    python -m tests.integration.killable_gateway HOME PORT HOST_KEY [POINT NTH | deaf]

It posts the sample claims that are not stored yet, as a client does that got no answer, works until each of
them has its whole story, and ends with 0. Started again on the same HOME without a point, it goes on where it
died. A deaf one reads no mailbox and ends when all is sent: no answer tells it what became of a delivery.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from gateway.app import Role, open_gateway
from gateway.batching import SEND
from gateway.commitpoints import Reach, pass_by
from gateway.reception import PROCESS
from gateway.services import Services
from gateway.settings import (
    BatchSettings,
    EnvelopeIds,
    Partner,
    Settings,
    SftpTransport,
    Tenant,
    WorkerSettings,
)
from gateway.simulator.mailbox import DONE, INBOUND, OUTBOUND
from gateway.store import TenantScope, claims, events, jobs

TENANT = "clinic"
SENDER = "claimwire"
PARTNER = "exchange"
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "837P"
STORIES: dict[str, dict[str, int]] = {
    "paid_in_full": {"claim.sent": 1, "claim.acknowledged": 2, "claim.payer_accepted": 1, "claim.paid": 1},
    "denied_timely_filing": {
        "claim.sent": 1,
        "claim.acknowledged": 2,
        "claim.payer_accepted": 1,
        "claim.denied": 1,
    },
    "reversal_and_correction": {
        "claim.sent": 1,
        "claim.acknowledged": 2,
        "claim.payer_accepted": 1,
        "claim.paid": 2,
        "claim.reversed": 1,
    },
}
SENT = {"claim.sent": 1}
DEAF = "deaf"
PATIENCE = 60.0


def load_claims() -> dict[str, dict[str, Any]]:
    """The sample claims of the stories, by their patient control number."""
    documents = [json.loads((SAMPLES / name / "claim.json").read_text(encoding="utf-8")) for name in STORIES]
    return {document["claimInformation"]["patientControlNumber"]: document for document in documents}


def write_settings(home: Path, port: int, host_key: str, *, deaf: bool) -> Settings:
    """One tenant, one SFTP partner, short leases, looks around many times a second."""
    transport = SftpTransport(
        host="127.0.0.1",
        port=port,
        username=SENDER,
        key_file=home / "sender_key",
        host_key=host_key,
        outbox_folder=INBOUND,
        inbox_folder=DONE if deaf else OUTBOUND,
        done_folder=DONE,
    )
    ids = EnvelopeIds(
        sender="CLINIC", receiver="PAYER", group_sender="CLINIC", group_receiver="PAYER", usage="T"
    )
    partner = Partner(
        name=PARTNER,
        payers=tuple(sorted({document["tradingPartnerServiceId"] for document in load_claims().values()})),
        transport=transport,
        envelope=ids,
        poll_seconds=0.1,
        batch=BatchSettings(max_age_seconds=0),
    )
    return Settings(
        home=home / "gateway",
        worker=WorkerSettings(lease_seconds=1.0, poll_seconds=0.05),
        tenants=(Tenant(name=TENANT, partners=(partner,)),),
    )


def die_at(point: str, nth: int) -> Reach:
    """Kill this process, without a word, the `nth` time that it reaches `point`."""
    reached: Counter[str] = Counter()

    def reach(name: str) -> None:
        reached[name] += 1
        if name == point and reached[name] == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return reach


async def post_claims(services: Services) -> None:
    """Post each claim unless it is stored: its answer may have been lost with the process."""
    for number, document in load_claims().items():
        if not await count_events(services, number):
            await services.intake.submit(TENANT, document)


async def is_over(services: Services, *, deaf: bool) -> bool:
    """True where every claim has its story (a deaf one: is sent) and no job of its path is left to do."""
    for number, whole in zip(load_claims(), STORIES.values(), strict=True):
        story = SENT if deaf else whole
        told = await count_events(services, number)
        if any(told[event] < count for event, count in story.items()):
            return False
    return not await services.store.read(list_work, tenant=TENANT)


def list_work(scope: TenantScope) -> list[str]:
    """The jobs of the path that are still to do; a watchdog's timer only waits for its hour."""
    left = [job for state in ("ready", "running") for job in jobs.list_in_state(scope, state)]
    return [job.id for job in left if job.kind in (SEND, PROCESS)]


async def count_events(services: Services, number: str) -> Counter[str]:
    """How often each event was told of the claims with this patient control number."""

    def count(scope: TenantScope) -> Counter[str]:
        found = claims.find_by_control_number(scope, number)
        return Counter(event.type for claim in found for event in events.list_of_claim(scope, claim.id))

    return await services.store.read(count, tenant=TENANT)


async def run(settings: Settings, reach: Reach, *, deaf: bool) -> int:
    """Work until all is over. Raises TimeoutError where that takes too long."""
    gateway = await open_gateway(settings, role=Role.WORKER, reach=reach)
    await gateway.start()
    await post_claims(gateway.services)
    async with asyncio.timeout(PATIENCE):
        while not await is_over(gateway.services, deaf=deaf):
            await asyncio.sleep(0.05)
    await gateway.stop()
    return 0


def main(home: str, port: str, host_key: str, mode: str = "", nth: str = "1") -> int:
    deaf = mode == DEAF
    settings = write_settings(Path(home), int(port), host_key, deaf=deaf)
    reach = pass_by if deaf or not mode else die_at(mode, int(nth))
    return asyncio.run(run(settings, reach, deaf=deaf))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
