"""What the commands of `claimwire audit` do, and the entries that the operator's own commands leave."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec
import typer

from gateway.api.handlers.audit import describe_entry
from gateway.audit import OPERATOR, Proof, prove
from gateway.cli.running import choose_tenant, load_settings, read_head, with_services
from gateway.cli.trouble import Trouble
from gateway.services import Services
from gateway.store import TenantScope, audit
from gateway.store.audit import SYSTEM, NewEntry

INSTALLATION = "installation"


async def note_command(
    services: Services, tenant: str, action: str, command: str, *subjects: str, kind: str = ""
) -> None:
    """Record that somebody at this machine gave a command; the user id of the system says who."""
    entry = NewEntry(
        action=action,
        principal_kind=OPERATOR,
        principal=f"uid:{os.getuid()}",
        route=command,
        kind=kind,
        subjects=subjects,
    )
    await services.audit.record(tenant, entry)


def export_log(
    settings: Path | None, tenant: str, after: int, output: Path | None, *, installation: bool
) -> None:
    """Write a log as JSON lines. Raises Trouble."""
    chosen = SYSTEM if installation else choose_tenant(load_settings(settings), tenant)

    async def write(services: Services) -> int:
        await note_command(services, chosen, "audit.seen", "audit export")
        with _open_output(output) as file:
            return await _write_entries(services, chosen, after, file)

    count = with_services(settings, write)
    sys.stderr.write(f"{count} entries\n")


async def _write_entries(services: Services, tenant: str, after: int, file: IO[bytes]) -> int:
    """Write the entries page by page; how many."""
    count, cursor = 0, after

    def load(scope: TenantScope) -> list[tuple[int, bytes]]:
        page = audit.list_after(scope, cursor)
        return [(it.sequence, msgspec.json.encode(describe_entry(scope, it))) for it in page]

    while page := await services.store.read(load, tenant=tenant):
        file.writelines(line + b"\n" for _, line in page)
        count, cursor = count + len(page), page[-1][0]
    return count


@contextlib.contextmanager
def _open_output(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as problem:
        raise Trouble(f"{output}: {problem.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        yield file


def verify_log(settings: Path | None, heads: Sequence[str]) -> int:
    """Prove every log and print what is wrong; the exit status. Raises Trouble."""
    wanted = [read_head(head) for head in heads]

    async def verify(services: Services) -> tuple[dict[str, Proof], list[str]]:
        tenants = await services.store.read(lambda system: system.tenants())
        proofs = {name: await services.store.read(prove, tenant=name) for name in (SYSTEM, *tenants)}
        return proofs, [await _check_head(services, *head) for head in wanted]

    proofs, moved = with_services(settings, verify)
    faults = [f"{name or INSTALLATION}: {it}" for name, proof in proofs.items() for it in proof.faults]
    faults += filter(None, moved)
    for fault in faults:
        typer.echo(fault)
    for name, proof in proofs.items():
        log = name or INSTALLATION
        if proof.entries:
            typer.echo(f"{log}: the log ends in {log}:{proof.last}:{proof.head}")
    typer.echo(f"{sum(proof.entries for proof in proofs.values())} entries, {len(faults)} faults")
    return 1 if faults else 0


async def _check_head(services: Services, name: str, sequence: int, link: str) -> str:
    """What is wrong with the entry that an earlier verify called the last, or ""."""
    tenant = SYSTEM if name == INSTALLATION else name

    def look(scope: TenantScope) -> bool:
        kept, base = audit.read_link(scope, sequence), audit.load_head(scope).base
        return kept == link or sequence <= base

    found = await services.store.read(look, tenant=tenant)
    return "" if found else f"{name}: entry {sequence} is not the one that the log ended in"
