"""The commands. Exit status: 0 clean, 1 findings of severity error, 2 unreadable input or wrong usage."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins
from rich.console import Console

from edi.acks.answering import ANSWERS, acknowledge_file
from edi.command import (
    GUIDE_ALONE,
    UNUSABLE,
    UnusableInputError,
    check_guide,
    describe_file,
    encode_json,
    exit_status,
    read_checked,
    read_documents,
    read_input,
    read_outline,
    report_status,
    translate,
)
from edi.edits.basis import Basis
from edi.inspection import Inspected, inspect, inspect_documents
from edi.listing import describe_inspected, list_inspected
from edi.outline.inputs import Asked
from edi.translation import make_envelope
from gateway.cli.administration import database, keys, partner
from gateway.cli.asking import CharacterSet, check_character_set
from gateway.cli.auditing import audit
from gateway.cli.bulk import bulk
from gateway.cli.codes import codes, list_imported, open_tables
from gateway.cli.explaining import READABLE, show_outline
from gateway.cli.payers import payers
from gateway.cli.people import users
from gateway.cli.rendering import show_inspected, show_lines
from gateway.cli.sealing import sealing
from gateway.cli.servers import demo, serve, simulate
from gateway.cli.trouble import Trouble, say
from gateway.clock import SystemClock

app = typer.Typer(
    name="claimwire",
    help="Clearinghouse gateway and X12 translation for US medical billing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(keys, name="keys")
app.add_typer(users, name="user")
app.add_typer(database, name="db")
app.add_typer(partner, name="partner")
app.add_typer(audit, name="audit")
app.add_typer(sealing, name="sealing")
app.add_typer(codes, name="codes")
app.add_typer(payers, name="payers")
app.command()(serve)
app.command()(simulate)
app.command()(demo)
app.command()(bulk)
Files = Annotated[list[str], typer.Argument(help="Files to read; - is standard input.", metavar="FILE...")]
File = Annotated[str, typer.Argument(help="The file to read; - is standard input.", metavar="FILE")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse what is otherwise forgiven.")]
Values = Annotated[bool, typer.Option("--show-values", help="Show the document's values (may be PHI).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")]
GuideName = Annotated[
    str, typer.Option("--guide", help="The guide of JSON that does not say its own.", metavar="ID")
]


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as problem:
        raise Trouble(f"{output}: {problem.strerror}") from None


@app.command()
def check(
    files: Files,
    as_json: AsJson = False,
    strict: Strict = False,
    show_values: Values = False,
    ack: Annotated[
        str,
        typer.Option(help="Write the acknowledgment instead: 999, 824 or 277ca.", metavar="999|824|277ca"),
    ] = "",
    guide: GuideName = "",
    character_set: CharacterSet = "",
    output: Output = None,
) -> None:
    """Everything that is wrong with JSON claims or X12 files, and what to do about it."""
    if ack and ack.lower() not in ANSWERS:
        raise Trouble("--ack is 999, 824 or 277ca")
    known = check_guide(guide)
    edits = ack.lower() != GUIDE_ALONE
    tables = open_tables()
    checked = [
        inspect(
            name,
            read_input(name),
            strict=strict,
            guide=known,
            edits=edits,
            character_set=check_character_set(character_set),
            basis=Basis(tables),
        )
        for name in files
    ]
    if ack:
        _write(b"".join(_acknowledge(found, ack.lower()) for found in checked), output)
    elif as_json:
        releases = {"codeTables": tables.releases()}
        told = [describe_inspected(found, values=show_values) | releases for found in checked]
        _write(encode_json(told), output)
    else:
        imported = list_imported()
        used = {name: release for name, release in tables.releases().items() if name in imported}
        _show(checked, output, show_values, used)
    raise typer.Exit(exit_status(checked))


def _acknowledge(found: Inspected, kind: str) -> bytes:
    if found.report is None:
        raise Trouble(f"{found.name}: only a readable X12 file can be acknowledged")
    return acknowledge_file(found.report, kind=kind, created=SystemClock().now())


def _show(checked: list[Inspected], output: Path | None, values: bool, releases: Mapping[str, str]) -> None:
    looked_up = [f"by imported tables: {', '.join(map(' '.join, releases.items()))}"] if releases else []
    if output is not None:
        lines = [line for found in checked for line in list_inspected(found, values=values)]
        _write("\n".join([*lines, *looked_up, ""]).encode(), output)
        return
    console = Console()
    for found in checked:
        show_inspected(console, found, values=values)
    show_lines(console, looked_up)


@app.command(name="json")
def to_json(
    file: File,
    output: Output = None,
    strict: Strict = False,
    pretty: Annotated[bool, typer.Option(help="Indent the JSON.")] = True,
    whole: Annotated[
        bool, typer.Option("--whole", help="Keep the envelopes: x12 gives the same file.")
    ] = False,
) -> None:
    """An X12 file as JSON: a claim or a list of claims, or the reports of acknowledgments and remittances."""
    content, report = read_checked(file, strict=strict)
    _write(encode_json(describe_file(report, content, whole=whole), pretty=pretty), output)
    raise typer.Exit(report_status(report))


@app.command()
def x12(
    file: File,
    output: Output = None,
    sender: Annotated[str, typer.Option(help="ISA06 and GS02.")] = "CLAIMWIRE",
    receiver: Annotated[str, typer.Option(help="ISA08 and GS03.")] = "RECEIVER",
    control_number: Annotated[int, typer.Option(min=1, max=999_999_999, help="ISA13 and GS06.")] = 1,
    production: Annotated[bool, typer.Option("--production", help="ISA15 is P instead of T.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Write nothing where the check finds an error.")
    ] = False,
    guide: GuideName = "",
) -> None:
    """JSON claims or reports as one X12 interchange. Findings are told on standard error."""
    known = check_guide(guide)
    documents = read_documents(file, read_input(file))
    usage, created = "P" if production else "T", SystemClock().now()
    envelope = make_envelope(sender, receiver, control_number, created, usage=usage)
    text = translate(file, documents, envelope, guide=known)
    checked = inspect_documents(file, documents, known)
    if checked.findings:
        show_inspected(Console(stderr=True), checked, values=False)
    if not (checked.stops and strict):
        _write(text, output)
    raise typer.Exit(exit_status([checked]))


@app.command()
def explain(
    file: File,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write a page for the browser: one file, no network.", metavar="FILE"),
    ] = None,
    claim: Annotated[
        str, typer.Option(help="One claim alone: its place in the file (3), or its own number.", metavar="N")
    ] = "",
    only_findings: Annotated[
        bool, typer.Option("--only-findings", help="Only the segments that findings are about.")
    ] = False,
    first: Annotated[
        int | None,
        typer.Option(min=0, help=f"That many claims, 0: all. A terminal or page gets {READABLE}, else all."),
    ] = None,
    start: Annotated[int, typer.Option("--from", min=1, help="Begin with the claim of this number.")] = 1,
    redact: Annotated[
        bool, typer.Option("--redact", help="Hide whatever may identify a person: names, numbers, days.")
    ] = False,
    width: Annotated[int, typer.Option(min=0, help="Columns of text; 0 is those of the terminal.")] = 0,
    pager: Annotated[bool, typer.Option(help="On a terminal, show it page by page.")] = True,
    as_json: AsJson = False,
    strict: Strict = False,
    guide: GuideName = "",
) -> None:
    """The file as a person reads it: contents, loops, names, values, meanings of codes, findings in place."""
    console = Console(width=width or None)
    most = READABLE if html is not None or (console.is_terminal and not as_json) else 0
    asked = Asked(
        strict=strict,
        guide=check_guide(guide),
        redacted=redact,
        unit=claim,
        findings_alone=only_findings,
        start=start,
        first=most if first is None else first,
    )
    created = SystemClock().now()
    inspected, outline = read_outline(file, created, asked)
    if html is not None:
        from gateway.explained.page import render_page  # late: the terminal needs no templates

        _write(render_page(outline, created).encode(), html)
    elif as_json:
        _write(encode_json(to_builtins(outline)), None)
    else:
        show_outline(console, outline, paged=pager)
    raise typer.Exit(exit_status([inspected]))


def main() -> None:
    """The entry point of the command `claimwire`. No traceback reaches the person at the terminal."""
    try:
        app()
    except (Trouble, UnusableInputError) as problem:
        say(str(problem))
    except KeyboardInterrupt:
        say("interrupted")
    except Exception as fault:
        frame = traceback.extract_tb(fault.__traceback__)[-1]
        say(
            f"this is a fault of claimwire, not of the file: {type(fault).__name__} in {frame.name} "
            f"({Path(frame.filename).name}:{frame.lineno}). Please report it, without the file."
        )
    sys.exit(UNUSABLE)
