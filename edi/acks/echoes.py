"""What an answer repeats of the file it answers, as far as it can hold it.

A sender's envelope or claim may be wrong in the very values that an answer names it by. An answer that the
sender cannot read would be worse than one that repeats less.
"""

from __future__ import annotations

from edi.segments import Delimiters

OURS = Delimiters()
MARKS = frozenset((OURS.element, OURS.component, OURS.repetition, OURS.segment))
UNKNOWN = "UNKNOWN"
FILLER = "Z"


def echo(text: str, shortest: int, longest: int, otherwise: str = "") -> str:
    """`text` without what would break the answer, cut to its length; `otherwise` where too little is left."""
    kept = "".join(mark for mark in text if mark.isprintable() and mark not in MARKS)
    kept = kept.strip()[:longest].strip()
    return kept if len(kept) >= shortest else otherwise


def echo_plain(text: str, shortest: int, longest: int, otherwise: str = "") -> str:
    """The same, of letters and signs of ASCII alone."""
    return echo("".join(mark for mark in text if mark.isascii()), shortest, longest, otherwise)


def echo_id(text: str, length: int) -> str:
    """An identifier of so many letters and digits, filled up with Z."""
    kept = "".join(mark for mark in text if mark.isascii() and mark.isalnum())
    return (kept + FILLER * length)[:length]


def echo_number(text: str, longest: int = 9) -> str:
    """A number of digits; 0 where it is none."""
    return text if text.isascii() and text.isdigit() and len(text) <= longest else "0"


def echo_control_number(text: str) -> str:
    """A transaction set control number (ST02) as AK202 holds it: four to nine characters."""
    return echo_plain(text, 1, 9, "0").zfill(4)


def echo_version(text: str, otherwise: str = "") -> str:
    """A version (GS08, ST03) of at most twelve characters."""
    return echo_plain(text, 1, 12, otherwise)
