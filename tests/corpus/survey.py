"""One run over the whole corpus: every verdict, every expected acknowledgment, what is unexplained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from tests.corpus.answers import Note, find_expectations, find_unsaid
from tests.corpus.verdicts import (
    Comparison,
    CorpusFile,
    Listed,
    Verdict,
    compare,
    find_stale,
    judge,
    list_files,
)


class Survey(msgspec.Struct, frozen=True):
    """What a run found. `answered` are the files whose acknowledgments were expected and looked at; `unsaid`
    holds what one of them lacks; `crashed` the files that raised something other than the named error.
    """

    files: tuple[tuple[CorpusFile, str], ...]
    comparisons: tuple[Comparison, ...]
    answered: tuple[str, ...]
    unsaid: tuple[tuple[str, Note], ...]
    crashed: tuple[tuple[str, str], ...]

    @property
    def unlisted(self) -> list[Comparison]:
        """The disagreements that no entry explains."""
        return [each for each in self.comparisons if not each.settled]

    @property
    def stale(self) -> list[Listed]:
        """The entries that explain nothing any more."""
        return find_stale(list(self.comparisons))

    @property
    def clean(self) -> bool:
        """True where everything agrees or is explained, and every expected acknowledgment was given."""
        return not (self.unlisted or self.stale or self.unsaid or self.crashed)


def survey_corpus(corpus: Path) -> Survey:
    """Judges every file of the corpus."""
    files: list[tuple[CorpusFile, str]] = []
    comparisons: list[Comparison] = []
    answered: list[str] = []
    unsaid: list[tuple[str, Note]] = []
    crashed: list[tuple[str, str]] = []
    for file in list_files(corpus):
        try:
            verdict = judge((corpus / file.name).read_bytes())
        except Exception as error:  # the survey goes on and reports whatever was raised
            crashed.append((file.name, type(error).__name__))
            continue
        files.append((file, verdict.ours))
        comparisons += compare(file, verdict.ours)
        missing = list(check_answers(file, verdict))
        unsaid += [(file.name, note) for note in missing]
        answered += [file.name] if find_expectations(file.name) else []
    return Survey(tuple(files), tuple(comparisons), tuple(answered), tuple(unsaid), tuple(crashed))


def check_answers(file: CorpusFile, verdict: Verdict) -> Iterable[Note]:
    """The expected notes that our acknowledgments of the file lack."""
    for expectation in find_expectations(file.name):
        if verdict.report is not None and not expectation.unreadable:
            yield from find_unsaid(expectation, verdict.report)
        elif expectation.unreadable not in verdict.codes:
            yield Note("finding", expectation.unreadable or "none: the file could not be read")


def count(survey: Survey, key: Callable[[CorpusFile], str]) -> dict[str, dict[str, Counter[str]]]:
    """Per `key` of a file and per whose verdict: how many agree, are listed, or neither; and our own."""
    totals: dict[str, dict[str, Counter[str]]] = {}
    for file, ours in survey.files:
        totals.setdefault(key(file), {}).setdefault("ours", Counter())[ours] += 1
    for each in survey.comparisons:
        mark = "agree" if each.agrees else "listed" if each.reason else "unlisted"
        totals[key(each.file)].setdefault(each.whose, Counter())[mark] += 1
    return totals


def rate_valid(survey: Survey) -> tuple[int, int]:
    """Of the files that their makers call valid: how many we call valid, and how many there are."""
    valid = [each for each in survey.comparisons if each.whose == "makers" and each.theirs == "valid"]
    return sum(each.agrees for each in valid), len(valid)
