"""What clients of the dialects know things by: our 128 bits as a UUID, names of reports, modes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from gateway.ids import ALPHABET, is_id, write_base32

DIGIT: Final = {letter: value for value, letter in enumerate(ALPHABET)}
MOST: Final = 1 << 128
REPORT_KINDS: Final[Mapping[str, str]] = {"277": "X3", "835": "R5"}
"""How the names of reports begin, by transaction set: clients choose what to read by it."""
MODES: Final[Mapping[str, str]] = {"T": "test", "P": "production"}
"""ISA15 as the dialects say it."""
OTHER_REPORT: Final = "SR"
REPORT_NAME: Final = re.compile(r"(?:X3|R5|SR)([0-9A-HJKMNP-TV-Z]{26})\.CW")


def write_uuid(identifier: str) -> str:
    """Our identifier as a UUID: the same 128 bits."""
    number = 0
    for letter in identifier.partition("_")[2]:
        number = number << 5 | DIGIT[letter]
    return str(UUID(int=number % MOST))


def read_uuid(text: str, prefix: str) -> str | None:
    """The identifier that a UUID stands for, or None where it is none."""
    try:
        return f"{prefix}_{write_base32(UUID(text).int)}"
    except ValueError:
        return None


def name_report(file: str, kinds: tuple[str, ...]) -> str:
    """The name of a file's report in the mailbox."""
    first = next((REPORT_KINDS[kind] for kind in kinds if kind in REPORT_KINDS), OTHER_REPORT)
    return f"{first}{file.partition('_')[2]}.CW"


def read_report_name(name: str) -> str | None:
    """The file that a report is of, or None where it is no name of ours."""
    matched = REPORT_NAME.fullmatch(name)
    file = f"fil_{matched[1]}" if matched else ""
    return file if is_id(file) else None
