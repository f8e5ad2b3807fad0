"""The sixty faults: what each is, what strikes it and what it needs, or why it is not struck.

A fault has a `strike` of ours, or the `node` of the test that injects it, or the `reason` why nothing does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.runs import Strike
from tests.faults.shapes import Shape
from tests.faults.strikes import clients, deaths, machines, mail, many, partners

MANY = ("api", "worker", "worker", "worker")
MONEY = ("REV", "PLB")
ORDINARY = Shape()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of the catalogue."""

    number: int
    name: str
    strike: Strike | None = None
    shape: Shape = ORDINARY
    node: str = ""
    reason: str = ""


def trapped(*trap: str, **changes: object) -> Shape:
    """A world whose gateway is started with this trap."""
    return Shape(trap=trap, **changes)  # type: ignore[arg-type]  # passed on as given


def strike(number: int, name: str, how: Callable[..., object], shape: Shape | None = None) -> Fault:
    """A fault that a function of ours strikes."""
    return Fault(number=number, name=name, strike=how, shape=shape or ORDINARY)  # type: ignore[arg-type]


def test(number: int, name: str, node: str) -> Fault:
    """A fault that a test of the suite injects; `make faults` runs the test."""
    return Fault(number=number, name=name, node=node)


def leave(number: int, name: str, reason: str) -> Fault:
    """A fault that nothing injects yet."""
    return Fault(number=number, name=name, reason=reason)


def paused(point: str) -> Shape:
    """Many processes, one of which stands still at this point of a delivery."""
    return Shape(postgres=True, roles=MANY, max_claims=5, trap=("pause", point, "{root}/paused"))


FAULTS: tuple[Fault, ...] = (
    strike(1, "kill -9 while a request body arrives", deaths.die_while_a_body_arrives),
    strike(
        2,
        "kill -9 after commit, before the 202",
        deaths.die_in_the_trap,
        trapped("point", "intake.stored", "9"),
    ),
    strike(
        3,
        "kill -9 inside a transaction",
        deaths.die_in_the_trap,
        trapped("statement", "INSERT INTO event", "9"),
    ),
    strike(
        4,
        "kill -9 after control numbers were taken, before their interchange",
        deaths.die_in_the_trap,
        trapped("statement", "INSERT INTO interchange ", "1"),
    ),
    strike(5, "kill -9 in the middle of an upload", deaths.die_in_the_trap, trapped("upload", "1")),
    strike(
        6,
        "kill -9 after the temporary file is complete, before that is recorded",
        deaths.die_in_the_trap,
        trapped("point", "dispatch.temp_uploaded", "1"),
    ),
    strike(
        7,
        "kill -9 after the temporary file is recorded, before the rename",
        deaths.die_in_the_trap,
        trapped("point", "dispatch.temp_recorded", "1"),
    ),
    strike(
        8,
        "kill -9 after the rename, before sent is recorded; the file is still there",
        deaths.die_before_the_partner_takes_the_file,
        trapped("point", "dispatch.renamed", "1"),
    ),
    strike(
        9,
        "the same; the partner has taken the file",
        deaths.die_after_the_partner_took_the_file,
        trapped("point", "dispatch.renamed", "1"),
    ),
    strike(10, "the partner forbids to rename", partners.refuse_renames),
    strike(
        11,
        "another file has the final name",
        partners.take_the_final_name,
        Shape(file_name="{control_number}.x12"),
    ),
    strike(12, "the partner's disk is full", partners.fill_the_partners_disk, Shape(small_partner=64)),
    strike(13, "connections killed mid-write", partners.kill_sessions),
    strike(14, "server frozen, half-open", partners.freeze_the_server),
    strike(15, "packets dropped (black hole)", partners.drop_packets),
    strike(16, "host key changed", partners.change_the_host_key),
    strike(17, "login key revoked", partners.revoke_the_login),
    strike(18, "sshd restarted while polled", partners.restart_the_server),
    strike(19, "partner rewrites a file while it is fetched", mail.rewrite_while_it_is_read),
    strike(20, "inbound file still being written", mail.write_slowly),
    strike(21, "kill -9 at each step of a file received", deaths.die_at_each_step_of_a_file_received),
    strike(22, "duplicate answers under other names", mail.repeat_answers),
    strike(23, "same ISA13, different bytes", mail.reuse_a_control_number),
    strike(24, "answers to unknown control numbers and traces", mail.answer_what_was_never_sent),
    strike(25, "answers of another tenant", mail.answer_the_wrong_tenant),
    strike(26, "answers in the reversed order", mail.reverse_the_order),
    strike(27, "999 that rejects after one that accepted", mail.reject_what_was_accepted),
    strike(
        28,
        "999 that accepts some sets of a group",
        mail.only_watch,
        Shape(markers=("PAID", "R999", "CO29"), claims_per_set=1),
    ),
    strike(29, "no answer in time, the gateway down meanwhile", machines.sleep_through_a_deadline),
    strike(30, "the same 835 in another envelope", mail.pay_twice),
    strike(
        31,
        "one payment split over several 835 sets",
        mail.split_the_parts,
        Shape(markers=("PARTS", "PARTS", "PAID"), parts_days=30),
    ),
    strike(32, "reversal and correction in one file", mail.only_watch, Shape(markers=MONEY)),
    strike(
        33,
        "reversal and correction before the payment",
        mail.reverse_the_order,
        Shape(markers=("REV", "REV", "PLB")),
    ),
    strike(34, "take-back by PLB, balance carried forward", mail.only_watch, Shape(markers=("PLB",))),
    strike(35, "835 out of balance", mail.pay_out_of_balance),
    strike(36, "ISA13 rolls over", many.race_for_numbers, Shape(control_number=999_999_998, max_claims=5)),
    strike(
        37,
        "workers take control numbers at once",
        many.race_for_numbers,
        Shape(postgres=True, roles=MANY, max_claims=3),
    ),
    strike(38, "worker paused past its lease", many.pause_past_the_lease, paused("dispatch.temp_uploaded")),
    strike(39, "wall clock jumps", machines.jump_the_clock),
    strike(40, "local disk full", machines.fill_the_disk, Shape(small_disk=48)),
    strike(41, "flush fails (EIO)", machines.fail_flushes),
    strike(42, "power cut", machines.cut_the_power, Shape(loop_disk=256)),
    strike(43, "SQLite locked by another process", machines.hold_the_lock),
    strike(44, "long reader: write-ahead log grows", machines.read_for_long),
    strike(45, "PostgreSQL crashes and restarts", many.restart_postgres, Shape(postgres=True, roles=MANY)),
    strike(
        46,
        "PostgreSQL takes too few connections",
        many.run_short_of_connections,
        Shape(postgres=True, roles=("api", "worker"), connections=10),
    ),
    strike(47, "1,000 slow clients", clients.send_slowly),
    strike(48, "giant and bomb bodies", clients.send_bombs),
    strike(49, "a file that kills its reader", deaths.read_a_poison_file, trapped("reading", "POISON")),
    strike(50, "webhook receivers that fail, drip, flood, hang, redirect", clients.listen_badly),
    strike(51, "webhook answer cut off", clients.cut_before_the_answer),
    test(
        52,
        "webhook DNS rebinding",
        "tests/unit/test_webhook_sending.py::test_a_private_address_is_refused_at_the_socket",
    ),
    strike(
        53,
        "name servers do not answer",
        partners.lose_the_name_servers,
        trapped("names", "{root}/silent", host="partner.test"),
    ),
    strike(54, "webhook receiver with a bad certificate", clients.show_a_bad_certificate),
    test(55, "SOAP peer misbehaves", "tests/contract/test_core_transport.py"),
    strike(56, "no file descriptors left", machines.use_up_descriptors),
    strike(57, "killed for its memory", deaths.run_out_of_memory),
    leave(
        58,
        "two versions of the program at once",
        "there is no released version before this one; an older program refuses a newer database in words",
    ),
    strike(59, "backup under load, restored elsewhere", machines.back_up_and_restore),
    strike(60, "a noisy tenant", machines.drown_a_tenant),
)
"""By number, as in the field's lists of what file exchanges meet."""

MORE: tuple[Fault, ...] = (
    *(
        strike(place, f"worker paused past its lease at {point}", many.pause_past_the_lease, paused(point))
        for place, point in (
            (61, "dispatch.started"),
            (62, "dispatch.temp_recorded"),
            (63, "dispatch.renamed"),
            (64, "dispatch.delivered"),
        )
    ),
    strike(65, "kill -9 at random", deaths.kill_at_random),
    strike(
        66, "every process killed in turn, PostgreSQL", many.kill_workers, Shape(postgres=True, roles=MANY)
    ),
    strike(67, "a partner's folder vanishes for a while", partners.go_away_and_come_back),
    strike(
        68,
        "kill -9 right after a batch was archived",
        deaths.die_in_the_trap,
        trapped("point", "batching.archived", "2"),
    ),
    strike(
        69,
        "kill -9 right after a batch was committed",
        deaths.die_in_the_trap,
        trapped("point", "batching.committed", "2"),
    ),
    strike(70, "the bucket of the archive stands still", machines.freeze_the_bucket, Shape(bucket=True)),
)
"""Beyond the list."""
