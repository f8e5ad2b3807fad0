"""One run over the whole corpus: every verdict, every expected acknowledgment, what is unexplained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from tests.corpus.answers import Note, find_expectations, find_unsaid
from tests.corpus.round_trips import RoundTrip, send_through_json
from tests.corpus.verdicts import (
    INVALID,
    MAKERS,
    NO_GUIDE,
    VALID,
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
    holds what one of them lacks; `crashed` the files that raised something other than the named error;
    `round_trips` is the way of every valid file through JSON.
    """

    files: tuple[tuple[CorpusFile, str], ...]
    comparisons: tuple[Comparison, ...]
    answered: tuple[str, ...]
    unsaid: tuple[tuple[str, Note], ...]
    crashed: tuple[tuple[str, str], ...]
    round_trips: tuple[tuple[CorpusFile, RoundTrip], ...] = ()

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
        return not (self.unlisted or self.stale or self.unsaid or self.crashed or self.lost)

    @property
    def lost(self) -> list[str]:
        """The valid files that lose something on their way through JSON."""
        return [file.name for file, trip in self.round_trips if not trip.whole]


def survey_corpus(corpus: Path) -> Survey:
    """Judges every file of the corpus."""
    files: list[tuple[CorpusFile, str]] = []
    comparisons: list[Comparison] = []
    answered: list[str] = []
    unsaid: list[tuple[str, Note]] = []
    crashed: list[tuple[str, str]] = []
    trips: list[tuple[CorpusFile, RoundTrip]] = []
    for file in list_files(corpus):
        content = (corpus / file.name).read_bytes()
        try:
            verdict = judge(content)
            if verdict.ours == VALID and verdict.report is not None:
                trips.append((file, send_through_json(content, verdict.report)))
        except Exception as error:  # the survey goes on and reports whatever was raised
            crashed.append((file.name, type(error).__name__))
            continue
        files.append((file, verdict.ours))
        comparisons += compare(file, verdict.ours)
        missing = list(check_answers(file, verdict))
        unsaid += [(file.name, note) for note in missing]
        answered += [file.name] if find_expectations(file.name) else []
    return Survey(*map(tuple, (files, comparisons, answered, unsaid, crashed, trips)))


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


class Agreement(msgspec.Struct, frozen=True):
    """Files with a verdict of their makers: how many there are, how many we agree on, how many are listed."""

    files: int
    agreed: int
    listed: int

    @property
    def of_all(self) -> float:
        """The share that agrees, in percent."""
        return 100 * self.agreed / self.files if self.files else 100.0

    @property
    def of_unlisted(self) -> float:
        """The share that agrees of those files which no cited reason takes out, in percent."""
        left = self.files - self.listed
        return 100 * self.agreed / left if left else 100.0


def rate(survey: Survey, theirs: str, *, published: bool = False) -> Agreement:
    """Our agreement on the files that their makers call `theirs`, with or without those derived."""
    found = [
        each
        for each in survey.comparisons
        if each.whose == MAKERS and each.theirs == theirs and (not published or each.file.kind == "published")
    ]
    agreed = sum(each.agrees for each in found)
    return Agreement(len(found), agreed, sum(not each.agrees and bool(each.reason) for each in found))


def find_defects(survey: Survey) -> dict[str, dict[str, bool]]:
    """Of each defect planted in derived files, by type of file: is it named at its place with its code?

    A type is missing where the derivation planted nothing that X12 calls wrong (see disagreements.toml).
    """
    unsaid = {name for name, _ in survey.unsaid}
    answered = set(survey.answered)
    defects: dict[str, dict[str, bool]] = {}
    for file, ours in survey.files:
        if file.kind == INVALID and ours != NO_GUIDE and file.name in answered:
            defects.setdefault(file.transform, {})[file.type] = file.name not in unsaid
    return defects
