"""The command `bulk`: large files to JSONL and Parquet on all cores or a cluster, resumed after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from edi.command import CLEAN, FAULTY, UNUSABLE
from edi.partition import TARGET
from gateway.bulk.crew import CrewLost
from gateway.bulk.journal import FolderInUse, Manifest
from gateway.bulk.running import Advance, run_bulk
from gateway.bulk.tables import Form
from gateway.bulk.work import Wishes
from gateway.cli.asking import CharacterSet, check_character_set
from gateway.cli.trouble import Trouble

STOPPING = ("fatal", "error")


def bulk(
    files: Annotated[list[Path], typer.Argument(help="X12 files of any size.", metavar="FILE...")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder of the tables; made where it is not there.")
    ],
    form: Annotated[Form, typer.Option("--format", help="What the tables are written as.")] = Form.JSONL,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 is one for each core.")] = 0,
    cluster: Annotated[
        str, typer.Option(help="Do the work on the Dask cluster of this scheduler.", metavar="ADDRESS")
    ] = "",
    part_size: Annotated[int, typer.Option(min=1, help="About how many bytes make a part.")] = TARGET,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what is otherwise forgiven.")] = False,
    character_set: CharacterSet = "",
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Put the document's values into the findings (may be PHI).")
    ] = False,
) -> None:
    """Large X12 files to tables: claims, claim payments, transaction sets, findings.

    All cores, or with --cluster many machines; constant memory. Run again after an interruption, it goes
    on where it was. The tables hold PHI.
    """
    if form is not Form.JSONL and find_spec("pyarrow") is None:
        raise Trouble("Parquet needs pyarrow: pip install 'claimwire[bulk]'")
    if cluster and find_spec("distributed") is None:
        raise Trouble("a cluster needs dask.distributed: pip install 'claimwire[cluster]'")
    wishes = Wishes(output.absolute(), form, strict, show_values, check_character_set(character_set))
    paths = [path.absolute() for path in files]
    try:
        with show_progress() as begin:
            told = run_bulk(paths, wishes, workers=workers, cluster=cluster, target=part_size, begin=begin)
    except FolderInUse as problem:
        raise Trouble(f"{output}: {problem}; choose another folder") from None
    except CrewLost as problem:
        raise Trouble(f"{problem}; run again to go on") from None
    except OSError as problem:
        raise Trouble(f"{problem.filename}: {problem.strerror}") from None
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    else:
        Console().print(draw_summary(told))
    raise typer.Exit(judge(told))


@contextmanager
def show_progress() -> Iterator[Callable[[int, int], Advance]]:
    """A bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("looking at the files", total=None)

        def begin(total: int, resumed: int) -> Advance:
            progress.update(task, description="reading", total=total, completed=resumed)
            return lambda size: progress.advance(task, size)

        yield begin


def judge(told: Manifest) -> int:
    """The exit status of a run."""
    if any(file.unreadable for file in told.files):
        return UNUSABLE
    stopped = any(file.findings.get(severity) for file in told.files for severity in STOPPING)
    return FAULTY if stopped else CLEAN


def draw_summary(told: Manifest) -> Table:
    """What was read, file by file."""
    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold")
    for heading in ("sets", "claims", "payments", "errors", "warnings"):
        table.add_column(heading, justify="right")
    for file in told.files:
        errors = sum(file.findings.get(severity, 0) for severity in STOPPING)
        counts = (file.sets, file.claims, file.payments, errors, file.findings.get("warning", 0))
        name = f"{file.name} ({file.unreadable})" if file.unreadable else file.name
        table.add_row(name, *(f"{count:,}" for count in counts))
    return table
