"""`claimwire payers`: payer rules listed, checked, tried on their examples and on stored claims."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from edi.command import encode_json
from edi.edits.basis import Basis
from edi.edits.tables import load_shipped
from edi.payer_rules.examples import Tried, try_examples
from edi.payer_rules.faults import PackInvalid
from edi.payer_rules.pack import Pack, PayerRule
from gateway.cli.rendering import show_rows
from gateway.cli.servers import SettingsFile
from gateway.cli.trouble import Trouble
from gateway.clock import SystemClock
from gateway.demo.samples import find_samples
from gateway.directory import DirectoryInvalid, PayerShelf, read_payers
from gateway.payer_rules import find_packs, list_shipped
from gateway.settings import find_home

payers = typer.Typer(help="Payer rules: what payers ask beyond the guide, as data.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
Packs = Annotated[
    list[str] | None,
    typer.Argument(help="Rule files, or names of shipped packs; all shipped where none.", metavar="PACK..."),
]
TenantName = Annotated[
    str, typer.Option("--tenant", help="The tenant; not needed where there is only one.", metavar="NAME")
]
BASES = {
    "professional": "837P/paid_in_full",
    "institutional": "837I/inpatient_stay",
    "dental": "837D/restoration",
}


def read_base(name: str) -> Mapping[str, Any]:
    """The sample claim that examples change: by claim type, or by its folder among the samples."""
    path = Path(str(find_samples())).parent / BASES.get(name, name) / "claim.json"
    if not path.is_file():
        raise Trouble(f"there is no sample claim {name}; use {', '.join(BASES)} or a folder of the samples")
    claim: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return claim


def load_all(named: list[str] | None) -> list[Pack]:
    """The packs that were named. Raises Trouble with every fault of every file."""
    packs, faults = [], []
    for name in named or list_shipped():
        try:
            packs.append(find_packs(name))
        except PackInvalid as invalid:
            faults += [f"{invalid.source}: {fault}" for fault in invalid.faults]
    if faults:
        raise Trouble("\n".join(faults))
    return packs


@payers.command("list")
def list_rules(packs: Packs = None, as_json: AsJson = False) -> None:
    """Every rule: whom it is for, where it points, what it says."""
    rules = [rule for pack in load_all(packs) for rule in pack.rules]
    if as_json:
        typer.echo(encode_json([describe_rule(rule) for rule in rules]), nl=False)
        return
    heads = ("rule", "for", "severity", "X12", "what it says")
    show_rows(Console(highlight=False), heads, [row_of(rule) for rule in rules])


def row_of(rule: PayerRule) -> tuple[str, ...]:
    """A rule as a row of the list."""
    written = rule.written
    return (written.id, who(rule), written.severity.value, written.x12, written.message.strip())


def describe_rule(rule: PayerRule) -> dict[str, Any]:
    """A rule as JSON, without its examples."""
    written: dict[str, Any] = msgspec.to_builtins(rule.written)
    del written["examples"]
    return {"code": rule.code, "pack": rule.pack, **written}


def who(rule: PayerRule) -> str:
    """Whom a rule is for, in a few words."""
    written = rule.written
    filing = f"filing {' '.join(written.filing)}" if written.filing else ""
    named = "" if "*" in written.payers else " ".join(written.payers)
    return " ".join([*(part for part in (named, filing) if part), *written.claim_types])


@payers.command("import")
def import_payers(
    file: Annotated[Path, typer.Argument(help="A CSV file; its columns are in the how-to on payer rules.")],
    as_json: AsJson = False,
) -> None:
    """Read the payer directory from a CSV file. The whole file counts from now on, or nothing has changed."""
    try:
        changed = PayerShelf(find_home(os.environ)).replace(read_payers(file.read_bytes()))
    except DirectoryInvalid as invalid:
        faults = "\n".join(f"{file.name}: {fault}" for fault in invalid.faults)
        raise Trouble(f"{faults}\n(nothing was changed)") from None
    except OSError as problem:
        raise Trouble(f"{file}: {problem.strerror}") from None
    if as_json:
        typer.echo(encode_json(changed._asdict()), nl=False)
        return
    added, altered, removed = changed.added, changed.changed, changed.removed
    typer.echo(f"{changed.payers} payers: {added} added, {altered} changed, {removed} removed")


@payers.command("find")
def find_payer(
    words: Annotated[str, typer.Argument(help="Words of a name, or an id.")],
    as_json: AsJson = False,
) -> None:
    """Payers of the directory by their names and ids."""
    found = list(PayerShelf(find_home(os.environ)).directory().search(words))
    if as_json:
        typer.echo(encode_json([msgspec.to_builtins(payer) for payer in found]), nl=False)
        return
    rows = [
        (payer.id, payer.name, " ".join(sorted({alias.id for alias in payer.aliases}))) for payer in found
    ]
    show_rows(Console(highlight=False), ("payer", "name", "known as"), rows)


@payers.command()
def lint(packs: Packs = None) -> None:
    """Check rule files: names, types, places, regular expressions. Every fault with line and column."""
    loaded = load_all(packs)
    count = sum(len(pack.rules) for pack in loaded)
    typer.echo(f"{len(loaded)} packs, {count} rules: nothing wrong")


@payers.command()
def test(packs: Packs = None, as_json: AsJson = False) -> None:
    """Try every rule on its own failing and passing examples."""
    basis = Basis(load_shipped(), SystemClock().now().date())
    tried = [
        one for pack in load_all(packs) for rule in pack.rules for one in try_examples(rule, read_base, basis)
    ]
    wrong = [one for one in tried if not one.holds]
    if as_json:
        typer.echo(encode_json([{**one._asdict(), "holds": one.holds} for one in tried]), nl=False)
    else:
        for one in wrong:
            typer.echo(tell_tried(one))
        typer.echo(f"{len(tried)} examples, {len(wrong)} not as their rule says")
    raise typer.Exit(1 if wrong else 0)


def tell_tried(one: Tried) -> str:
    """An example that did not hold, as a line of text."""
    kind, wanted = ("failing", "spoke not") if one.expected else ("passing", "spoke")
    return f"{one.rule}: the rule {wanted} with {kind} example {one.number}"


@payers.command()
def replay(
    rule: Annotated[str, typer.Argument(help="The id of the rule.")],
    pack: Annotated[str, typer.Option("--pack", help="Its file, or its shipped pack.")] = "",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Claims received since this day; 90 days where left out."),
    ] = None,
    tenant: TenantName = "",
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """What would this rule have stopped among the stored claims. With SQLite, stop the gateway first."""
    from gateway.cli.replaying import replay_rule  # late: list and lint need no store

    rules = [one for held in load_all([pack] if pack else None) for one in held.rules]
    found = next((one for one in rules if one.written.id == rule), None)
    if found is None:
        raise Trouble(f"no pack has a rule {rule}; name its file with --pack")
    first = (since or (SystemClock().now() - timedelta(days=90))).replace(tzinfo=UTC)
    replayed = replay_rule(settings, tenant, found, first)
    if as_json:
        typer.echo(encode_json(replayed._asdict()), nl=False)
        return
    stopped = f"{len(replayed.stopped)} would have been stopped"
    typer.echo(f"{replayed.claims} claims since {first.date()}: {stopped}")
    for claim in replayed.stopped:
        typer.echo(f"  {claim}")
