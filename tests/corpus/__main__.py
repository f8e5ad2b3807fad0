"""`make corpus`: our verdict on every file of the shared corpus beside those of its makers and of pyx12."""

from __future__ import annotations

import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from tests.corpus.round_trips import RoundTrip
from tests.corpus.survey import Survey, count, find_defects, rate, survey_corpus
from tests.corpus.verdicts import INVALID, MAKERS, NO_GUIDE, ORACLE, VALID, find_corpus

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


def print_defects(console: Console, survey: Survey) -> None:
    """Every planted defect by type of file: is it named at the right place with the right code?"""
    defects = find_defects(survey)
    types = sorted({name for found in defects.values() for name in found})
    table = Table("defect", *types, title="Planted defects: named by TA1 or 999 at their place")
    for transform, found in sorted(defects.items()):
        marks = {True: "[green]named[/]", False: "[red]MISSED[/]", None: ""}
        table.add_row(transform, *(marks[found.get(name)] for name in types))
    console.print(table)
    all_found = [named for found in defects.values() for named in found.values()]
    console.print(f"Planted defects named: {sum(all_found)} of {len(all_found)}.")


def print_round_trips(console: Console, survey: Survey) -> None:
    """How the valid files came through JSON, by transaction set."""
    table = Table(
        "transaction set", "valid files", "every segment", "every byte", "form put right", "same JSON"
    )
    groups: dict[str, list[RoundTrip]] = {}
    for file, trip in survey.round_trips:
        for name in (file.type, "all"):
            groups.setdefault(name, []).append(trip)
    for name, trips in sorted(groups.items()):
        put_right = sum(not trip.every_byte and bool(trip.put_right) for trip in trips)
        kept = (sum(t.segments for t in trips), sum(t.every_byte for t in trips), put_right)
        table.add_row(name, str(len(trips)), *map(str, kept), str(sum(t.document for t in trips)))
    console.print(table)
    for name in survey.lost:
        console.print(f"[red]LOST[/] {name}")


def print_agreement(console: Console, survey: Survey) -> None:
    """Our agreement with the makers, counted over all files and without those listed with a reason."""
    table = Table("by their makers", "files", "agree", "of all", "listed", "of the others", title="Agreement")
    for title, theirs, published in (
        ("published valid", VALID, True),
        ("published and derived valid", VALID, False),
        ("published invalid", INVALID, True),
        ("published and derived invalid", INVALID, False),
    ):
        found = rate(survey, theirs, published=published)
        counts = (str(found.files), str(found.agreed), f"{found.of_all:.1f} %", str(found.listed))
        table.add_row(title, *counts, f"{found.of_unlisted:.1f} %")
    console.print(table)


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
    print_defects(console, survey)
    print_round_trips(console, survey)
    print_agreement(console, survey)
    listed = sum(not each.agrees for each in survey.comparisons)
    given = len(survey.answered) - len({name for name, _ in survey.unsaid})
    console.print(
        f"Verdicts that differ: {listed}, unexplained: {len(survey.unlisted)}.\n"
        f"Acknowledgments as expected: {given} of {len(survey.answered)} files."
    )
    return 0 if survey.clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
