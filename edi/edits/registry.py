"""The registry of edits that need tables: small named functions, over a loop or over a whole claim.

The guide's overlay names an edit under `edits`, beside the rules that need no table. An edit of a loop runs
when the loop is complete; an edit of the claim gets the claim as it was billed, read once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from edi.edits.basis import Basis
from edi.edits.billed import BilledClaim, read_billed_claim
from edi.findings import Finding
from edi.rules.registry import RULES, Check, Rule, TotalRule
from edi.tree import Loop

LoopEdit = Callable[[Loop, Basis], Iterable[Finding]]
ClaimEdit = Callable[[BilledClaim, Basis], Iterable[Finding]]
CLAIM_LOOP = "2300"


class Edit(NamedTuple):
    """A named edit of a loop: the loops it runs on, what it cites, what it `needs` as a rule does, and the
    tables of which one must be held (none: no matter).
    """

    name: str
    loops: tuple[str, ...]
    check: LoopEdit
    cites: str
    needs: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


class EditOfClaim(NamedTuple):
    """A named edit of a claim, what it cites, and the tables of which one must be held (none: no matter)."""

    name: str
    check: ClaimEdit
    cites: str
    tables: tuple[str, ...] = ()


LOOP_EDITS: dict[str, Edit] = {}
CLAIM_EDITS: dict[str, EditOfClaim] = {}


def edit(
    *loops: str, cites: str, needs: tuple[str, ...] = (), tables: tuple[str, ...] = ()
) -> Callable[[LoopEdit], LoopEdit]:
    """Registers a function as the edit of its own name, run for each complete loop of `loops` with one of the
    segments `needs`, where one of `tables` is held.
    """

    def register(check: LoopEdit) -> LoopEdit:
        LOOP_EDITS[check.__name__] = Edit(check.__name__, loops, check, cites, needs, tables)
        return check

    return register


def claim_edit(*, cites: str, tables: tuple[str, ...] = ()) -> Callable[[ClaimEdit], ClaimEdit]:
    """Registers a function as the edit of its own name, run once a claim, where one of `tables` is held."""

    def register(check: ClaimEdit) -> ClaimEdit:
        CLAIM_EDITS[check.__name__] = EditOfClaim(check.__name__, check, cites, tables)
        return check

    return register


def bind_edits(names: Iterable[str], basis: Basis) -> Iterator[Rule | TotalRule]:
    """The edits of these names as rules that know what to go by. Raises KeyError for an unknown name."""
    of_claim: list[ClaimEdit] = []
    for name in names:
        if name in RULES:
            yield RULES[name]
        elif name in LOOP_EDITS:
            found = LOOP_EDITS[name]
            check: Check = partial(run_on_loop, found.check, basis)
            if can_find(found.tables, basis):
                yield Rule(name, found.loops, check, found.cites, needs=found.needs)
        else:
            one = CLAIM_EDITS[name]
            if can_find(one.tables, basis):
                of_claim.append(one.check)
    if of_claim:
        check = partial(run_on_claim, tuple(of_claim), basis)
        yield Rule("edits of the claim", (CLAIM_LOOP,), check, "each edit's own")


def can_find(tables: tuple[str, ...], basis: Basis) -> bool:
    """Whether an edit by these tables can find anything by those that are held."""
    return not tables or any(name in basis.tables for name in tables)


def run_on_loop(check: LoopEdit, basis: Basis, loop: Loop) -> Iterable[Finding]:
    """One edit of a loop."""
    return check(loop, basis)


def run_on_claim(checks: tuple[ClaimEdit, ...], basis: Basis, loop: Loop) -> list[Finding]:
    """Every edit of a claim; the claim is read once."""
    claim = read_billed_claim(loop, basis.tables)
    found: list[Finding] = []
    for check in checks:
        told = check(claim, basis)
        if told:
            found += told
    return found
