"""Files that the partner never wrote: its own answers with something changed."""

from __future__ import annotations

import asyncio
import time

from tests.faults.invariants import digest
from tests.faults.shapes import PARTNERS
from tests.faults.world import World

PATIENCE = 60.0


def forge(answer: bytes, number: int, *changes: tuple[bytes, bytes]) -> bytes:
    """The answer with another ISA13 (and IEA02), and each `before` replaced by its `after`."""
    element = answer[3:4]
    old = answer.split(element)[13]
    new = f"{number:09d}".encode()
    head, body = answer[:106].replace(element + old + element, element + new + element), answer[106:]
    start = body.rindex(b"IEA" + element)
    forged = head + body[:start] + body[start:].replace(old, new)
    for before, after in changes:
        assert before in forged, f"nothing to change: {before!r}"
        forged = forged.replace(before, after)
    return forged


async def take_answer(
    world: World, tenant: str, kind: str, *, holding: bytes = b"", place: int = 0, processed: bool = True
) -> bytes:
    """An answer of this kind (ST01) that the payer wrote to the tenant, once the gateway has applied it."""
    mark = f"*{kind}*".encode() if kind != "TA1" else b"TA1*"
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        done = {row[0] for row in world.peek("SELECT sha256 FROM file WHERE state = 'processed'")}
        found = [
            content
            for sender, _, content in world.list_answers()
            if sender == PARTNERS[tenant]
            and mark in content
            and holding in content
            and (not processed or digest(content) in done)
        ]
        if len(found) > place:
            return found[place]
        await asyncio.sleep(0.2)
    raise AssertionError(f"the payer writes no {kind}")
