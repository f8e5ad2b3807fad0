"""The load: clients that post claims as a billing office does, and remember what they were promised.

A client repeats a request that got no answer, or was put off, with the same idempotency key. What it was
promised by a 202 is what the checker holds the gateway to.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from gateway.simulator.scenarios import choose_scenario, load_scenarios

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "837P" / "contractual_adjustment" / "claim.json"
MARKERS = ("PAID", "CO45", "PR", "CO29", "REV", "SPLIT", "CO45", "PLB", "A7", "PAID", "CO16", "DUO", "DUO")
"""What the payer is told to do with each claim in turn: every end that leaves the other claims alone."""
TROUBLES = (aiohttp.ClientError, TimeoutError, OSError)
PUT_OFF = frozenset({408, 409, 429, 500, 502, 503, 504})


class Promise(NamedTuple):
    """A claim that a 202 promised to carry, and where the payer's script lets it end."""

    tenant: str
    claim: str
    number: str
    charge: Decimal
    end: str


class Target(NamedTuple):
    """Where a tenant's claims go: the addresses that take them in turn, its key and the payer they name."""

    tenant: str
    key: str
    payer: str


class Load:
    """Posts `count` claims, `clients` at once; `promises` and `answers` tell how it went."""

    def __init__(
        self,
        name: str,
        count: int,
        targets: Sequence[Target],
        *,
        clients: int = 8,
        markers: Sequence[str] = MARKERS,
    ) -> None:
        self.count = count
        self.clients = clients
        self.promises: list[Promise] = []
        self.answers: Counter[int] = Counter()
        self.refusals: list[str] = []
        self.waits: list[tuple[str, float]] = []
        self.ports: list[int] = []
        self.pace = 0.0  # seconds between two claims of one client
        self._targets = targets
        self._claims = make_claims(name, count, targets, markers)
        self._pause = asyncio.Event()
        self._pause.set()

    @property
    def done(self) -> int:
        """How many claims have their final answer."""
        return len(self.promises) + len(self.refusals)

    def hold(self) -> None:
        """Post nothing more until `resume`."""
        self._pause.clear()

    def resume(self) -> None:
        """Go on after `hold`."""
        self._pause.set()

    def make_one(self, number: str, tenant: str) -> tuple[str, bytes]:
        """One more claim of the tenant, posted by the caller: its number and its body."""
        target = next(target for target in self._targets if target.tenant == tenant)
        document = make_claim(json.loads(SAMPLE.read_text(encoding="utf-8")), f"{number}-PAID", target)
        return f"{number}-PAID", json.dumps(document).encode()

    def keep(self, tenant: str, claim: str, document: dict[str, Any]) -> None:
        """Remember what a caller was promised for a claim of its own."""
        self.promises.append(keep_promise(tenant, claim, document))

    async def run(self, patience: float) -> None:
        """Post everything. A claim without an answer after `patience` seconds is a refusal."""
        connector = aiohttp.TCPConnector(limit=self.clients)
        timeout = aiohttp.ClientTimeout(total=15)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
            await asyncio.gather(*(self._run_client(http, patience) for _ in range(self.clients)))

    async def reach(self, share: float, seconds: float = 120.0) -> None:
        """Wait until this share of the claims is answered."""
        async with asyncio.timeout(seconds):
            while self.done < self.count * share:
                await asyncio.sleep(0.02)

    async def _run_client(self, http: aiohttp.ClientSession, patience: float) -> None:
        for target, document in self._claims:
            await self._pause.wait()
            await asyncio.sleep(self.pace)
            await self._post_until_answered(http, target, document, patience)

    async def _post_until_answered(
        self, http: aiohttp.ClientSession, target: Target, document: dict[str, Any], patience: float
    ) -> None:
        number = document["claimInformation"]["patientControlNumber"]
        body = json.dumps(document).encode()
        ends = time.monotonic() + patience
        for attempt in itertools.count():
            began = time.monotonic()
            status, answer = await self._post(http, target, number, body, attempt)
            self.answers[status] += 1
            if status == 202:
                self.waits.append((target.tenant, time.monotonic() - began))
                self.promises.append(keep_promise(target.tenant, answer["id"], document))
                return
            if status not in PUT_OFF and status != 0:
                self.refusals.append(f"{number}: {status} {describe(answer)}")
                return
            if time.monotonic() > ends:
                self.refusals.append(f"{number}: no answer in {patience:g} s, the last was {status}")
                return
            await asyncio.sleep(0.2)

    async def _post(
        self, http: aiohttp.ClientSession, target: Target, number: str, body: bytes, attempt: int
    ) -> tuple[int, dict[str, Any]]:
        """Status and body; 0 where no answer came."""
        port = self.ports[(hash(number) + attempt) % len(self.ports)]
        headers = {
            "Authorization": f"Bearer {target.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": number,
        }
        url = f"http://127.0.0.1:{port}/v1/claims"
        try:
            async with http.post(url, data=body, headers=headers) as answer:
                return answer.status, await answer.json(content_type=None)
        except (*TROUBLES, ValueError):
            return 0, {}


def make_claims(
    name: str, count: int, targets: Sequence[Target], markers: Sequence[str]
) -> Iterator[tuple[Target, dict[str, Any]]]:
    """Claims with a number of their own each, the targets and each target's markers in turn."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    for place in range(count):
        target = targets[place % len(targets)]
        marker = markers[place // len(targets) % len(markers)]
        yield target, make_claim(sample, f"{name}{place:05d}-{marker}", target)


def make_claim(sample: dict[str, Any], number: str, target: Target) -> dict[str, Any]:
    """The sample claim with this number, for the payer of the target."""
    document = copy.deepcopy(sample)
    document["claimInformation"]["patientControlNumber"] = number
    document["tradingPartnerServiceId"] = target.payer
    return document


def keep_promise(tenant: str, claim: str, document: dict[str, Any]) -> Promise:
    """What the gateway has promised for a posted claim."""
    posted = document["claimInformation"]
    number = posted["patientControlNumber"]
    end = choose_scenario(number, load_scenarios()).end
    return Promise(tenant, claim, number, Decimal(posted["claimChargeAmount"]), end)


def describe(answer: dict[str, Any]) -> str:
    """What a problem says, by its codes."""
    codes = [finding.get("code", "") for finding in answer.get("findings", ())]
    return ", ".join([str(answer.get("type", "")), *codes])
