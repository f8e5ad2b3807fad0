"""The commands. Exit status: 0 clean, 1 findings of severity error, 2 unreadable input or wrong usage."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from edi.acks.answering import acknowledge_file
from edi.envelope import Unreadable
from edi.envelope_writer import EnvelopeSettings
from edi.files import check_file
from edi.segments import Delimiters
from edi.translation import UntranslatableError, write_json, write_x12
from gateway.cli.explanation import explain_file
from gateway.cli.reading import UnusableInputError, check_content, read_input, read_json
from gateway.cli.rendering import checked_json, findings_table, show_checked
from gateway.clock import SystemClock

app = typer.Typer(
    name="claimwire",
    help="Clearinghouse gateway and X12 translation for US medical billing.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Files = Annotated[list[str], typer.Argument(help="Files to read; - is standard input.", metavar="FILE...")]
File = Annotated[str, typer.Argument(help="The file to read; - is standard input.", metavar="FILE")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse what is otherwise forgiven.")]
Values = Annotated[bool, typer.Option("--show-values", help="Show the document's values (may be PHI).")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")]
CLEAN, FAULTY, UNUSABLE = 0, 1, 2


def _fail(text: str) -> typer.Exit:
    Console(stderr=True).print(f"[red]claimwire:[/] {escape(text)}", highlight=False)
    return typer.Exit(UNUSABLE)


def _read(name: str) -> bytes:
    try:
        return read_input(name)
    except UnusableInputError as problem:
        raise _fail(str(problem)) from None


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(content)


@app.command()
def check(
    files: Files,
    as_json: AsJson = False,
    strict: Strict = False,
    show_values: Values = False,
    ack: Annotated[
        str, typer.Option(help="Write the acknowledgment: 999 or 277ca.", metavar="999|277ca")
    ] = "",
    output: Output = None,
) -> None:
    """Everything that is wrong with JSON claims or X12 files, and what to do about it."""
    if ack and ack.lower() not in ("999", "277ca"):
        raise _fail("--ack is 999 or 277ca")
    checked = [check_content(name, _read(name), strict=strict) for name in files]
    if ack:
        for found in checked:
            if found.report is None:
                raise _fail(f"{found.name}: only a readable X12 file can be acknowledged")
            _write(acknowledge_file(found.report, kind=ack.lower(), created=SystemClock().now()), output)
    elif as_json:
        _write(_encode([checked_json(found, values=show_values) for found in checked]), output)
    else:
        for found in checked:
            show_checked(Console(), found, values=show_values)
    if any(found.unreadable for found in checked):
        raise typer.Exit(UNUSABLE)
    raise typer.Exit(FAULTY if any(found.stops for found in checked) else CLEAN)


def _encode(value: Any, *, pretty: bool = True) -> bytes:
    text = json.dumps(value, indent=2 if pretty else None, ensure_ascii=False, default=str)
    return text.encode("utf-8") + b"\n"


@app.command(name="json")
def to_json(
    file: File,
    output: Output = None,
    strict: Strict = False,
    pretty: Annotated[bool, typer.Option(help="Indent the JSON.")] = True,
) -> None:
    """An X12 file as JSON: a claim or a list of claims, or the reports of acknowledgments and remittances."""
    report = _check_x12(file, strict)
    documents = write_json(report)
    _write(_encode(documents[0] if len(documents) == 1 else documents, pretty=pretty), output)
    raise typer.Exit(FAULTY if any(finding.stops for finding in report.all_findings) else CLEAN)


def _check_x12(file: str, strict: bool) -> Any:
    try:
        return check_file(_read(file), strict=strict)
    except Unreadable as problem:
        raise _fail(f"{file}: {problem.finding.message} {problem.finding.remedy}") from None


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
) -> None:
    """JSON claims or reports as one X12 interchange."""
    content = _read(file)
    documents, findings = read_json(content)
    if findings:
        Console(stderr=True).print(findings_table(findings, values=False))
        raise typer.Exit(UNUSABLE)
    checked = check_content(file, content, strict=False) if "claimInformation" in documents[0] else None
    if strict and checked is not None and checked.stops:
        show_checked(Console(stderr=True), checked, values=False)
        raise typer.Exit(FAULTY)
    try:
        _write(write_x12(documents, _envelope(sender, receiver, control_number, production)), output)
    except UntranslatableError as problem:
        raise _fail(f"{file}: {problem}") from None
    raise typer.Exit(FAULTY if checked is not None and checked.stops else CLEAN)


def _envelope(sender: str, receiver: str, control_number: int, production: bool) -> EnvelopeSettings:
    return EnvelopeSettings(
        sender_qualifier="ZZ",
        sender=sender,
        receiver_qualifier="ZZ",
        receiver=receiver,
        group_sender=sender,
        group_receiver=receiver,
        usage="P" if production else "T",
        control_number=control_number,
        group_control_number=control_number,
        created=SystemClock().now(),
        delimiters=Delimiters(line_end="\n"),
    )


@app.command()
def explain(file: File, strict: Strict = False) -> None:
    """The file as a person reads it: loops, names, values, and findings in their place."""
    report = _check_x12(file, strict)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    for tree in explain_file(report):
        console.print(tree)
    raise typer.Exit(FAULTY if any(finding.stops for finding in report.all_findings) else CLEAN)


def main() -> None:
    """The entry point of the command `claimwire`."""
    app()
