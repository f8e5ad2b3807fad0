"""What comes in: twice, late, in the wrong order, half written, for somebody else, or forged."""

from __future__ import annotations

import asyncio
import os
import time

from tests.faults.shapes import CLINIC, DIRECT, EXCHANGE, LAB
from tests.faults.strikes.forging import forge, take_answer
from tests.faults.world import World, wait_until

PATIENCE = 60.0
UNKNOWN_GROUP = b"AK1*HC*888888"


async def repeat_answers(world: World) -> None:
    """Every kind of answer comes once more under another name."""
    await world.load.reach(0.3)
    for place, kind in enumerate(("TA1", "999", "277CA", "835")):
        kind_mark = {"277CA": "277"}.get(kind, kind)
        for tenant in (CLINIC, LAB):
            content = await take_answer(world, tenant, kind_mark)
            world.drop(tenant, content, f"again-{place}.x12", ("duplicate",))


async def reuse_a_control_number(world: World) -> None:
    """The same sender and ISA13 with other bytes: set apart, whatever it says."""
    await world.load.reach(0.3)
    answer = await take_answer(world, CLINIC, "999")
    number = int(answer.split(answer[3:4])[13])
    world.drop(CLINIC, forge(answer, number, (b"*A*", b"*R*")), "other.999", ("quarantined",))


async def answer_what_was_never_sent(world: World) -> None:
    """A 999 and a 277CA for control numbers and traces that are not ours move nothing."""
    await world.load.reach(0.3)
    answer = await take_answer(world, CLINIC, "999")
    group = answer.partition(b"AK1*HC*")[2].partition(b"*")[0]
    forged = forge(answer, 990_000_001, (b"AK1*HC*" + group + b"*", UNKNOWN_GROUP + b"*"))
    world.drop(CLINIC, forged, "orphan.999", ("processed",))
    status = await take_answer(world, CLINIC, "277")
    trace = status.partition(b"REF*D9*")[2].partition(b"~")[0].strip()
    if trace:
        changes = [(b"REF*D9*" + trace, b"REF*D9*NOTOURSATALL"), (b"F24X", b"Z99X"), (b"F25X", b"Z99X")]
        changes = [change for change in changes if change[0] in status]
        world.drop(CLINIC, forge(status, 990_000_002, *changes), "orphan.277", ("processed",))


async def answer_the_wrong_tenant(world: World) -> None:
    """Answers to the other tenant lie in this mailbox: as they are, and with this tenant's envelope."""
    await world.load.reach(0.3)
    foreign = await take_answer(world, LAB, "277")
    world.drop(CLINIC, foreign, "stray.277", ("quarantined",))
    own = await take_answer(world, CLINIC, "277")
    changes = [(foreign[35:50], own[35:50]), (foreign[54:69], own[54:69])]
    world.drop(CLINIC, forge(foreign, 990_000_003, *changes), "disguised.277", ("processed",))


async def reverse_the_order(world: World) -> None:
    """Everything that the payer answers while the gateway is away arrives in the wrong order.

    Corrections and reversals come before the payments they correct, remittances before the 999.
    """
    world.freeze_payer()
    await world.load.reach(0.6)
    sent = "SELECT 1 FROM interchange WHERE sent_at IS NOT NULL"
    await wait_until(lambda: len(world.peek(sent)) >= 2, PATIENCE, "nothing was sent")
    world.kill(world.gateway)
    world.thaw_payer()
    folders = [world.mailbox(partner, "outbound") for partner in (EXCHANGE, DIRECT)]
    owed = "SELECT count(*) FROM answers WHERE state NOT IN ('written', 'faulty')"
    await wait_until(lambda: list(folders[0].glob("[!.]*")), PATIENCE, "the payer answers nothing")
    await asyncio.sleep(1)
    await wait_until(lambda: not world.peek_payer(owed)[0][0], PATIENCE, "the payer still owes answers")
    turned = 0
    for folder in folders:
        listed = sorted(folder.glob("[!.]*"), key=lambda path: (path.stat().st_mtime, path.name))
        for place, path in enumerate(listed):
            moment = time.time() - place * 10
            os.utime(path, (moment, moment))
            turned += 1
    assert turned >= 6, f"only {turned} answers came while the gateway was away"
    world.tell(f"{turned} files in the reversed order")
    world.start(world.gateway)
    await world.wait_until_up()


async def reject_what_was_accepted(world: World) -> None:
    """A 999 that rejects comes after one that accepted the same set, early and late."""
    await world.load.reach(0.3)
    for place, tenant in enumerate((CLINIC, LAB)):
        answer = await take_answer(world, tenant, "999")
        await asyncio.sleep(3 * place)
        rejected = forge(answer, 990_000_010 + place, (b"IK5*A", b"IK5*R"), (b"AK9*A*1*1*1", b"AK9*R*1*1*0"))
        world.drop(tenant, rejected, "flip.999", ("processed", "quarantined"))


async def pay_twice(world: World) -> None:
    """The same 835 in another envelope: the money is posted once."""
    await world.load.reach(0.3)
    for place, tenant in enumerate((CLINIC, LAB)):
        answer = await take_answer(world, tenant, "835")
        world.drop(tenant, forge(answer, 990_000_020 + place), "again.835", ("processed",))


async def pay_out_of_balance(world: World) -> None:
    """An 835 whose payments do not add up is kept, told and not posted."""
    await world.load.reach(0.3)
    answer = await take_answer(world, CLINIC, "835")
    trace = answer.partition(b"TRN*1*")[2].partition(b"*")[0]
    amount = answer.partition(b"BPR*")[2].split(b"*")[1]
    changes = ((b"TRN*1*" + trace, b"TRN*1*FORGED" + trace), (b"*" + amount + b"*C*", b"*999999.99*C*"))
    world.drop(CLINIC, forge(answer, 990_000_030, *changes), "unbalanced.835", ("processed",))
    ask = "SELECT count(*) FROM remittance WHERE state = 'unbalanced'"
    await wait_until(lambda: world.peek(ask)[0][0] == 1, PATIENCE, "nobody was told of the imbalance")


async def write_slowly(world: World) -> None:
    """The partner writes a file under its final name, a piece at a time."""
    await world.load.reach(0.3)
    answer = await take_answer(world, CLINIC, "999")
    content = forge(answer, 990_000_040, (b"AK1*HC*", UNKNOWN_GROUP))
    world.expect(CLINIC, content, ("processed",))
    place = world.mailbox(EXCHANGE, "outbound") / "slow.999"
    with place.open("wb", buffering=0) as file:
        for start in range(0, len(content), 20):
            file.write(content[start : start + 20])
            await asyncio.sleep(0.05)


async def rewrite_while_it_is_read(world: World) -> None:
    """The partner cuts and rewrites a large file again and again while it is fetched."""
    await world.load.reach(0.3)
    answer = await take_answer(world, CLINIC, "835")
    trace = answer.partition(b"TRN*1*")[2].partition(b"*")[0]
    content = forge(answer, 990_000_050)
    world.expect(CLINIC, content, ("processed",))
    assert trace
    place = world.mailbox(EXCHANGE, "outbound") / "restless.835"
    for turn in range(60):
        place.write_bytes(content[: 200 + (turn * 37) % max(1, len(content) - 200)])
        await asyncio.sleep(0.04)
    place.write_bytes(content)


async def split_the_parts(world: World) -> None:
    """Both parts of a payment come in one file, then one of them again in another, and one too many."""
    await world.load.reach(1.0)
    for place, tenant in enumerate((CLINIC, LAB)):
        answer = await take_answer(world, tenant, "835", holding=b"ST*835*0002")
        end = answer.index(b"ST*835*0002")
        cut = answer[:end] + answer[answer.index(b"\nGE*") + 1 :].replace(b"GE*2*", b"GE*1*")
        world.drop(tenant, forge(cut, 990_000_060 + place), "again.835", ("processed",))
        trace = answer.partition(b"CLP*")[2].partition(b"*")[0]
        changed = forge(cut, 990_000_064 + place, (b"CLP*" + trace, b"CLP*STRANGER"))
        world.drop(tenant, changed, "more.835", ("processed",))
    ask = "SELECT count(*) FROM remittance WHERE state = 'unbalanced'"
    await wait_until(lambda: world.peek(ask)[0][0] == 2, PATIENCE, "a part too many was not kept apart")
    ask = "SELECT count(*) FROM remittance WHERE state = 'part'"
    await wait_until(lambda: world.peek(ask)[0][0] == 0, PATIENCE, "a payment is not whole")
    ask = "SELECT count(*) FROM remittance WHERE payment_amount IS NOT NULL AND state = 'posted'"
    world.tell(f"{world.peek(ask)[0][0]} parts posted")


async def only_watch(world: World) -> None:
    """The payer's script itself is the fault (reversal and correction, take-back by PLB)."""
    await world.load.reach(1.0)
