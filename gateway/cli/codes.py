"""`claimwire codes`: official code files imported, what is held, and what a code means on a day."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from edi.codefiles.contents import CodeFileError
from edi.codefiles.lists import COLUMNS
from edi.command import encode_json
from edi.edits.packing import TableUnreadable
from edi.edits.table import Verdict
from edi.edits.tables import CodeTables
from gateway.cli.rendering import show_rows
from gateway.cli.trouble import Trouble
from gateway.clock import SystemClock
from gateway.codes.containers import Progress as Tell
from gateway.codes.importing import Imported, Wishes, import_files
from gateway.codes.library import Library
from gateway.codes.standing import Shown, show, stand
from gateway.settings import find_home

codes = typer.Typer(
    help="Code tables: diagnoses, procedures, modifiers and the edits on them.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y%m%d"], metavar="DATE")]


def open_library() -> Library:
    """The library of this home."""
    return Library(find_home(os.environ))


def open_tables() -> CodeTables:
    """The code tables that count in this home. Raises Trouble where one is damaged."""
    with telling():
        return open_library().tables()


def list_imported() -> set[str]:
    """The names of the tables that were imported into this home."""
    return open_library().imported()


@contextmanager
def telling() -> Iterator[None]:
    """Known ways to fail become Trouble."""
    try:
        yield
    except CodeFileError as problem:
        raise Trouble(f"{problem} (nothing was changed)") from None
    except TableUnreadable as problem:
        raise Trouble(f"an imported table is damaged: {problem}; roll it back or import it again") from None
    except OSError as problem:
        raise Trouble(f"{problem.filename or 'the home'}: {problem.strerror}") from None


@contextmanager
def showing_progress() -> Iterator[Tell]:
    """A bar on a terminal; silence elsewhere."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bars:
        known: dict[str, int] = {}

        def tell(name: str, read: int, size: int) -> None:
            task = (
                known[name] if name in known else known.setdefault(name, int(bars.add_task(name, total=size)))
            )
            bars.update(bars.task_ids[task], completed=read)

        yield tell


@codes.command("import")
def import_codes(
    files: Annotated[
        list[Path], typer.Argument(help="Official files as published, or their zip.", metavar="FILE...")
    ],
    effective: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The release's first day, where its file does not say it."),
    ] = None,
    release: Annotated[str, typer.Option(help="The release's name.")] = "",
    table: Annotated[str, typer.Option(help="The table of a plain list of codes.")] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="A column of a plain list: code=COLUMN, description=, start=, last_modified=, stop=, notes=."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Take an older release, or one that ends many codes.")
    ] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="Name every code that was added, changed or ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read official code files. All of them count from now on, or nothing has changed."""
    day = effective.date() if effective else None
    wishes = Wishes(day, release, table, read_columns(column or ()), force, listing)
    with telling(), showing_progress() as tell:
        results = import_files(open_library(), files, wishes, tell)
    if as_json:
        typer.echo(encode_json([describe_import(result) for result in results]), nl=False)
        return
    for result in results:
        typer.echo(tell_import(result))
        for change in result.changes:
            typer.echo(f"  {change.what:<8} {change.code}")


def read_columns(given: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The columns of a plain list, by the names that we know them by. Raises Trouble."""
    pairs = tuple(each.partition("=")[::2] for each in given)
    if not all(known in COLUMNS and name for known, name in pairs):
        raise Trouble(f"--column is written code=COLUMN; known are {', '.join(COLUMNS)}")
    return pairs


def describe_import(result: Imported) -> dict[str, object]:
    """An import as JSON."""
    return {
        "table": result.table,
        "release": result.release,
        "effective": result.effective.isoformat(),
        "rows": result.rows,
        **result.difference._asdict(),
        "skipped": result.skipped,
        **({"changes": [change._asdict() for change in result.changes]} if result.changes else {}),
        "unchanged": result.unchanged,
    }


def tell_import(result: Imported) -> str:
    """An import as a line of text."""
    if result.unchanged:
        return f"{result.table} {result.release}: was held already, nothing changed"
    added, changed, ended = result.difference
    line = f"{result.table} {result.release}, from {result.effective}: {result.rows} rows"
    line += f", {added} codes added, {changed} changed, {ended} ended"
    return line + (f", {result.skipped} left out ({result.note})" if result.skipped else "")


@codes.command()
def rollback(
    table: Annotated[str, typer.Argument(help="The table whose newest import is taken back.")],
) -> None:
    """Take back the newest import of a table."""
    library = open_library()
    with telling(), library.changing():
        try:
            now = library.roll_back(table)
        except KeyError:
            raise Trouble(f"no import of {table} is held") from None
    typer.echo(f"{table}: release {now.heading.release} counts" if now else f"{table}: no table is held")


@codes.command()
def status(as_json: AsJson = False) -> None:
    """Every table: its release, and whether a newer one should exist."""
    with telling():
        library = open_library()
        tables = stand(library.tables(), library.imported(), SystemClock().now().date(), verify=True)
    if as_json:
        typer.echo(encode_json([{**each._asdict()} for each in tables]), nl=False)
        return
    rows = [
        (each.table, each.release, str(each.effective or ""), str(each.rows or ""), each.source, each.notice)
        for each in tables
    ]
    show_rows(Console(highlight=False), ("table", "release", "effective", "rows", "source", "notice"), rows)


@codes.command("show")
def show_code(
    table: Annotated[str, typer.Argument(help="The table, such as icd10cm.")],
    code: Annotated[str, typer.Argument(help="The code; a dot is left out.")],
    on: Day = None,
    as_json: AsJson = False,
) -> None:
    """What a code means, and whether it may be billed on a day (today, where none is given)."""
    day = on.date() if on else SystemClock().now().date()
    with telling():
        tables = open_library().tables()
        try:
            shown = show(tables, table, code, day)
        except KeyError:
            raise Trouble(f"no table {table} is held; there are {', '.join(tables.names())}") from None
    if as_json:
        typer.echo(encode_json(describe_code(shown)), nl=False)
    else:
        for line in tell_code(shown):
            typer.echo(line)
    raise typer.Exit(0 if shown.verdict is Verdict.VALID else 1)


def describe_code(shown: Shown) -> dict[str, object]:
    """A code as JSON."""
    entries = [
        {"code": entry.code, "title": title, "from": entry.start, "to": entry.end, "marks": list(entry.marks)}
        for entry, title in shown.entries
    ]
    return {
        "table": shown.table,
        "release": shown.release,
        "code": shown.code,
        "title": shown.words,
        "on": shown.on.isoformat(),
        "verdict": shown.verdict.value,
        "entries": entries,
    }


def tell_code(shown: Shown) -> Iterator[str]:
    """A code as lines of text."""
    table = f"{shown.title} ({shown.table} {shown.release})"
    yield f"{table}: {shown.code} is {VERDICTS[shown.verdict]} on {shown.on}"
    for entry, title in shown.entries:
        days = f"{entry.start or 'as far as known'} to {entry.end or 'now'}"
        words = [title, *(mark.replace("_", " ") for mark in entry.marks)]
        yield f"  {days}: {'; '.join(word for word in words if word) or 'no words held'}"


VERDICTS = {
    Verdict.VALID: "valid",
    Verdict.UNKNOWN: "not a code",
    Verdict.INCOMPLETE: "not complete: only longer codes are billable",
    Verdict.NOT_IN_EFFECT: "not in effect",
    Verdict.NOT_HELD: "not known; the release of that day is not held",
}
