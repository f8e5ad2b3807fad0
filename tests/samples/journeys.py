"""The story of each sample claim that goes the whole way: what the gateway tells while the payer answers.

The gateway is the real one on SQLite and a folder; the payer is the scripted one. Each claim goes out in an
interchange of its own, and the payer's answers come in the order it writes them.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.demo.samples import Sample, load_samples
from gateway.store import events
from tests.exchange import TENANT, Exchange
from tests.samples.goldens import play

#: What a story says that differs from run to run: ids, moments and file names.
PASSING = frozenset(
    {"claim", "controlNumber", "file", "id", "interchange", "remittance", "timestamp", "trace", "tenant"}
)


def tell_stories() -> Mapping[str, bytes]:
    """The events of each accepted sample as JSON, by case."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(live(Path(folder)))


async def live(home: Path) -> Mapping[str, bytes]:
    """Send every accepted sample, feed the payer's answers, and read what was told of each."""
    exchange = Exchange(home)
    await exchange.start()
    try:
        claims = {}
        for sample in load_samples():
            if sample.expected.outcome == "accepted":
                [claims[sample.case]] = await exchange.send(document_of(sample))
        sent = {f"{number:03d}": text for number, text in enumerate(exchange.read_sent(), 1)}
        for _, answer in play(sent):
            await exchange.answer(answer)
        return {case: await read_story(exchange, claim) for case, claim in claims.items()}
    finally:
        await exchange.stop()


def document_of(sample: Sample) -> dict[str, Any]:
    """The claim as it is posted."""
    return dict(sample.claim)


async def read_story(exchange: Exchange, claim: str) -> bytes:
    """The events of a claim, without what passes."""
    listed = await exchange.store.read(lambda scope: events.list_of_claim(scope, claim), tenant=TENANT)
    told = [{"type": event.type, **strip(json.loads(event.body))} for event in listed]
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def strip(value: Any) -> Any:
    """A body without ids and moments, at every depth."""
    if isinstance(value, dict):
        return {key: strip(inner) for key, inner in value.items() if key not in PASSING}
    return [strip(inner) for inner in value] if isinstance(value, list) else value
