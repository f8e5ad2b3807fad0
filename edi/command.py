"""The engine's own command, without a gateway: `python -m edi check|json|x12|show|ack FILE`.

Exit status: 0 clean, 1 findings of severity error, 2 unreadable input or wrong usage. `-` is standard input.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from edi.acks.answering import ANSWERS, acknowledge_file
from edi.characters import CHARACTER_SETS
from edi.definitions.asking import UnknownNameError, define, find_guide_id
from edi.definitions.lines import list_definitions
from edi.envelope import Unreadable
from edi.envelope_writer import EnvelopeSettings
from edi.files import FileReport, check_file
from edi.inspection import Inspected, inspect, inspect_documents, looks_like_json, read_json
from edi.listing import describe_inspected, list_finding, list_inspected
from edi.outline.choosing import NoSuchUnitError
from edi.outline.inputs import Asked, outline_input
from edi.outline.lines import list_outline
from edi.outline.shapes import Outline
from edi.translation import UntranslatableError, make_envelope, write_json, write_x12
from edi.whole_files import describe_whole, is_whole, write_whole

CHARACTERS = "refuse characters of an X12 file that are outside of this set"
CLEAN, FAULTY, UNUSABLE = 0, 1, 2
GUIDE_ALONE = "999"  # the acknowledgment that measures by the guide and nothing more


class UnusableInputError(Exception):
    """An input that cannot be opened or used; the text says which and why, in one line."""


def read_input(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises UnusableInputError."""
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else "not a file name"
        raise UnusableInputError(f"{name}: {reason}") from None


def read_report(name: str, *, strict: bool, edits: bool = True) -> FileReport:
    """An X12 file, checked; without `edits` by its guide alone. Raises UnusableInputError."""
    return read_checked(name, strict=strict, edits=edits)[1]


def read_checked(name: str, *, strict: bool, edits: bool = True) -> tuple[bytes, FileReport]:
    """The bytes of an X12 file and what was found in them. Raises UnusableInputError."""
    content = read_input(name)
    if looks_like_json(content):
        raise UnusableInputError(f"{name}: is JSON; this command takes X12 files")
    try:
        return content, check_file(content, strict=strict, edits=edits, keep=True)
    except Unreadable as problem:
        lines = " ".join((problem.finding.message, problem.finding.remedy))
        raise UnusableInputError(f"{name}: {lines}") from None


def describe_file(report: FileReport, content: bytes, *, whole: bool) -> Any:
    """What a file says as JSON: its one document or the list of them, or with `whole` the file itself."""
    if whole:
        return describe_whole(report, content)
    documents = write_json(report)
    return documents[0] if len(documents) == 1 else documents


def read_outline(name: str, created: datetime, asked: Asked) -> tuple[Inspected, Outline]:
    """An input as a person reads it. Raises UnusableInputError where nothing in it can be read."""
    try:
        inspected, outline = outline_input(name, read_input(name), created, asked)
    except NoSuchUnitError as problem:
        raise UnusableInputError(f"{name}: {problem}") from None
    if outline is None:
        reasons = " ".join(f"{finding.message} {finding.remedy}".strip() for finding in inspected.findings)
        raise UnusableInputError(f"{name}: {reasons}")
    return inspected, outline


def encode_json(value: Any, *, pretty: bool = True) -> bytes:
    """A JSON value as UTF-8 with a line end."""
    text = json.dumps(value, indent=2 if pretty else None, ensure_ascii=False, default=str)
    return text.encode("utf-8") + b"\n"


def exit_status(inspected: Sequence[Inspected]) -> int:
    """The worst verdict as an exit status."""
    if any(one.unreadable for one in inspected):
        return UNUSABLE
    return FAULTY if any(one.stops for one in inspected) else CLEAN


def run(arguments: Sequence[str], now: Callable[[], datetime]) -> int:
    """Run one command line; the exit status. `now` gives the time of what is written."""
    given = _make_parser().parse_args(arguments)
    try:
        return int(given.command(given, now))
    except UnusableInputError as problem:
        print(f"edi: {problem}", file=sys.stderr)  # noqa: T201 -- the command's own output
        return UNUSABLE


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m edi", description="Reads, checks and writes X12.")
    commands = parser.add_subparsers(required=True, metavar="check|json|x12|show|ack")
    for name, command, words in (
        ("check", _check, "everything that is wrong with JSON claims or X12 files"),
        ("json", _write_json, "an X12 file as JSON"),
        ("x12", _write_x12, "JSON claims or reports as X12"),
        ("show", _show, "a file as a person reads it, or what a guide says of a loop or segment"),
        ("ack", _acknowledge, "the acknowledgment of an X12 file"),
    ):
        one = commands.add_parser(name, help=words)
        one.set_defaults(command=command)
        told = "- is standard input" if name != "show" else "a file, - for standard input, or a guide (837P)"
        one.add_argument("file", nargs="+" if name == "check" else None, help=told)
        if name == "show":
            one.add_argument("place", nargs="*", help="of a guide: a loop, and a segment in it (2300 CLM)")
        one.add_argument("--strict", action="store_true", help="refuse what is otherwise forgiven")
        if name == "check":
            one.add_argument("--character-set", choices=tuple(CHARACTER_SETS), default="", help=CHARACTERS)
            one.add_argument("--json", action="store_true", help="write JSON instead of text")
        if name == "json":
            one.add_argument(
                "--whole", action="store_true", help="keep the envelopes: x12 gives the same file"
            )
        if name == "show":
            one.add_argument("--json", action="store_true", help="write JSON instead of text")
            one.add_argument("--claim", default="", help="one claim alone, by its number")
            one.add_argument("--only-findings", action="store_true", help="only what findings are about")
            one.add_argument("--first", type=int, default=0, help="that many claims (0: all)")
            one.add_argument("--from", type=int, default=1, dest="start", help="the first claim shown")
            one.add_argument("--redact", action="store_true", help="hide whatever may identify a person")
        if name in ("check", "x12", "show"):
            one.add_argument("--guide", default="", help="the guide of JSON that does not say its own")
        if name == "ack":
            one.add_argument("--kind", choices=tuple(ANSWERS), default="999")
    return parser


def _write(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _check(given: argparse.Namespace, now: Callable[[], datetime]) -> int:
    guide = check_guide(given.guide)
    found = [
        inspect(name, read_input(name), strict=given.strict, guide=guide, character_set=given.character_set)
        for name in given.file
    ]
    if given.json:
        _write(encode_json([describe_inspected(one) for one in found]))
    else:
        _write("".join(f"{line}\n" for one in found for line in list_inspected(one)).encode())
    return exit_status(found)


def _write_json(given: argparse.Namespace, now: Callable[[], datetime]) -> int:
    content, report = read_checked(given.file, strict=given.strict)
    _write(encode_json(describe_file(report, content, whole=given.whole)))
    return report_status(report)


def _write_x12(given: argparse.Namespace, now: Callable[[], datetime]) -> int:
    guide = check_guide(given.guide)
    documents = read_documents(given.file, read_input(given.file))
    text = translate(
        given.file, documents, make_envelope("SENDER", "RECEIVER", 1, now(), usage="T"), guide=guide
    )
    checked = inspect_documents(given.file, documents, guide)
    for line in list_inspected(checked) if checked.findings else ():
        print(line, file=sys.stderr)  # noqa: T201 -- the command's own output
    if not (checked.stops and given.strict):
        _write(text)
    return exit_status([checked])


def _show(given: argparse.Namespace, now: Callable[[], datetime]) -> int:
    if given.place or (is_word(given.file) and not Path(given.file).exists()):
        return _show_definition(given)
    asked = Asked(
        strict=given.strict,
        guide=check_guide(given.guide),
        redacted=given.redact,
        unit=given.claim,
        findings_alone=given.only_findings,
        start=given.start,
        first=given.first,
    )
    inspected, outline = read_outline(given.file, now(), asked)
    if given.json:
        _write(encode_json(msgspec.to_builtins(outline)))
    else:
        _write("".join(f"{line}\n" for line in list_outline(outline)).encode())
    return exit_status([inspected])


def is_word(name: str) -> bool:
    """True for what could be the name of a guide, and is none of a file in use."""
    return name != "-" and not {".", "/"} & set(name)


def _show_definition(given: argparse.Namespace) -> int:
    try:
        shown = define(given.file, *given.place)
    except UnknownNameError as problem:
        raise UnusableInputError(str(problem)) from None
    if given.json:
        _write(encode_json(msgspec.to_builtins(shown[0] if len(shown) == 1 else shown)))
    else:
        _write("".join(f"{line}\n" for line in list_definitions(shown)).encode())
    return CLEAN


def _acknowledge(given: argparse.Namespace, now: Callable[[], datetime]) -> int:
    report = read_report(given.file, strict=given.strict, edits=given.kind != GUIDE_ALONE)
    _write(acknowledge_file(report, kind=given.kind, created=now()))
    return report_status(report)


def report_status(report: FileReport) -> int:
    """The exit status of a readable file."""
    return FAULTY if any(finding.stops for finding in report.all_findings) else CLEAN


def read_documents(name: str, content: bytes) -> list[dict[str, Any]]:
    """The JSON documents of an input. Raises UnusableInputError with every reason where there are none."""
    if not looks_like_json(content):
        raise UnusableInputError(f"{name}: is not JSON; x12 takes JSON claims or reports")
    documents, findings = read_json(content)
    if findings:
        reasons = "; ".join(" ".join(list_finding(finding)) for finding in findings)
        raise UnusableInputError(f"{name}: {reasons}")
    return documents


def translate(
    name: str, documents: Sequence[dict[str, Any]], envelope: EnvelopeSettings, *, guide: str = ""
) -> bytes:
    """The documents as an interchange, a whole file as it was. Raises UnusableInputError where that fails."""
    try:
        if is_whole(documents):
            return write_whole(documents[0])
        return write_x12(documents, envelope, guide=guide)
    except (UntranslatableError, ValueError) as problem:
        raise UnusableInputError(f"{name}: {problem}") from None


def check_guide(guide: str) -> str:
    """The guide's id, for any of its names. Raises UnusableInputError for one that there is not."""
    try:
        return find_guide_id(guide) if guide else ""
    except UnknownNameError as problem:
        raise UnusableInputError(f"--guide: {problem}") from None
