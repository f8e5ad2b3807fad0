"""`make corpus`: our verdict on every file of the shared corpus beside those of its makers and of pyx12."""

from __future__ import annotations

import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from tests.corpus.survey import Survey, count, rate_valid, survey_corpus
from tests.corpus.verdicts import MAKERS, NO_GUIDE, ORACLE, find_corpus

MARKS = {"": "", "agree": "[green]agrees[/]", "listed": "[yellow]listed[/]", "unlisted": "[red]DIFFERS[/]"}


def print_files(console: Console, survey: Survey) -> None:
    """Every file with the verdicts."""
    table = Table("file", "ours", "makers", "", "pyx12", "", title="Verdicts")
    found = {(each.file.name, each.whose): each for each in survey.comparisons}
    for file, ours in survey.files:
        cells = [file.name, ours]
        for whose in (MAKERS, ORACLE):
            each = found.get((file.name, whose))
            mark = "" if each is None else "agree" if each.agrees else "listed" if each.reason else "unlisted"
            cells += [each.theirs if each else "", MARKS[mark]]
        table.add_row(*cells)
    console.print(table)


def print_totals(console: Console, survey: Survey) -> None:
    """Totals for each transaction set and each kind of file."""
    for title, key in (("transaction set", lambda file: file.type), ("kind", lambda file: file.kind)):
        table = Table(
            title,
            "files",
            "no guide",
            "makers: agree",
            "listed",
            "differ",
            "pyx12: agree",
            "listed",
            "differ",
        )
        for name, totals in sorted(count(survey, key).items()):
            ours = totals["ours"]
            cells = [name, str(sum(ours.values())), str(ours[NO_GUIDE])]
            for whose in (MAKERS, ORACLE):
                marks = totals.get(whose, Counter())
                cells += [str(marks[mark]) for mark in ("agree", "listed", "unlisted")]
            table.add_row(*cells)
        console.print(table)


def print_reasons(console: Console, survey: Survey) -> None:
    """The disagreements: those explained with the reason, then whatever is wrong."""
    for each in survey.comparisons:
        if not each.agrees and each.reason:
            console.print(f"{each.file.name}: {each.whose} {each.theirs}, ours {each.ours}. {each.reason}")
    for each in survey.unlisted:
        console.print(f"[red]UNLISTED[/] {each.file.name}: {each.whose} {each.theirs}, ours {each.ours}")
    for listed in survey.stale:
        console.print(f"[red]STALE[/] {listed.files}: {listed.whose} differs on no such file any more")
    for name, note in survey.unsaid:
        console.print(f"[red]UNSAID[/] {name}: {note}")
    for name, error in survey.crashed:
        console.print(f"[red]CRASHED[/] {name}: {error}")


def main() -> int:
    """Prints the survey; 0 where everything agrees or is explained, 1 where not, 2 without the corpus."""
    corpus = find_corpus()
    console = Console(
        width=None if sys.stdout.isatty() else 200, markup=True, highlight=False, soft_wrap=True
    )
    if corpus is None:
        console.print("The shared corpus is not beside this checkout (see CONTRIBUTING.md).")
        return 2
    survey = survey_corpus(corpus)
    print_files(console, survey)
    print_reasons(console, survey)
    print_totals(console, survey)
    agreed, valid = rate_valid(survey)
    listed = sum(not each.agrees for each in survey.comparisons)
    given = len(survey.answered) - len({name for name, _ in survey.unsaid})
    console.print(
        f"Valid by their makers: {agreed} of {valid} agree; the others break the guide as listed, or "
        f"are of version 4010.\nVerdicts that differ: {listed}, unexplained: {len(survey.unlisted)}.\n"
        f"Acknowledgments as expected: {given} of {len(survey.answered)} files."
    )
    return 0 if survey.clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
