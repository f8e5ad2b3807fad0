"""The page of attacks: what is tried on how many routes by which test, from `tests/attacks.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.api_walks import WALKS

PLACE = Path(__file__).resolve().parent.parent / "tests" / "attacks.toml"
HEAD = """# Attacks tried

Each attack has tests that try it and fail where it works; all of them run in `make test`. Where an
attack could be tried on many routes, it is tried on every one of the route table: the native API, both
dialects and the CORE door. A new route is in with its row.

{sum}

| attack | routes | forms | tests |
|---|---|---|---|
"""
FOOT = """

No archive (zip) is taken from the network: only `claimwire codes import` opens one, the operator's own,
as a stream.

Longer, outside of `make test`: `make api-fuzz` asks every operation at random for as long as you like,
`make fuzz` the engine; `make api-timing` measures whether a secret that is nearly right shows in the
time of its answer (that a key's public prefix exists does show; it is no secret); `make faults` ends
processes, disks and connections under load. `make check` looks for unsafe habits (bandit), known
vulnerabilities of what is locked (`make audit`, where the package index can be asked) and writes a bill
of materials (`make sbom`). Who reports a hole is told what became of it: [security](../../SECURITY.md).
"""


class Attack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attack: over which routes it goes ("": none), in how many forms, and the tests that try it."""

    name: str
    tests: tuple[str, ...]
    walk: str = ""
    forms: int = 1

    @property
    def routes(self) -> int:
        """On how many routes it is tried."""
        return len(WALKS[self.walk]) if self.walk else 0


def load_attacks() -> tuple[Attack, ...]:
    """All of them."""
    document = tomllib.loads(PLACE.read_text(encoding="utf-8"))
    return msgspec.convert(document["attack"], tuple[Attack, ...])


def render_attacks() -> str:
    """The page."""
    attacks = load_attacks()
    rows = "".join(render_row(attack) for attack in attacks)
    return HEAD.format(sum=render_sum(attacks)) + rows + FOOT


def render_sum(attacks: Sequence[Attack]) -> str:
    """How many there are in all."""
    tries = sum(attack.routes * attack.forms or attack.forms for attack in attacks)
    return (
        f"**{len(attacks)} attacks; {len(WALKS['every'])} routes with an answer that ends; "
        f"{tries:,} tries of a form on a route.**"
    )


def render_row(attack: Attack) -> str:
    """One line of the table."""
    tests = "<br>".join(f"`{test.partition('::')[2] or test}`" for test in attack.tests)
    return f"| {attack.name} | {attack.routes or ''} | {attack.forms} | {tests} |\n"
