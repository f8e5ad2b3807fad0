"""Values as people write them: amounts, days, times, telephone numbers, codes with their dot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from edi.guide import ElementUse
from edi.notation import parse_amount, parse_date
from edi.outline.words import load_forms, load_words

CENTS = Decimal("0.01")
#: Pictures of control characters; those from 0x80 to 0x9F have none of their own.
PICTURES = {number: 0x2400 + number for number in range(0x20)} | {0x7F: 0x2421}
PICTURES |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


def write_money(text: str, _: str = "") -> str:
    """`-1234.5` as -$1,234.50; parts of cents stay."""
    amount = parse_amount(text)
    if amount is None:
        return text
    exact = amount == amount.quantize(CENTS) if abs(amount) < 10**20 else True
    digits = f"{abs(amount):,.2f}" if exact else f"{abs(amount):,f}"
    return f"-${digits}" if amount < 0 else f"${digits}"


def write_day(day: date) -> str:
    """A day as it is written in the United States: 11/02/2026."""
    return f"{day.month:02}/{day.day:02}/{day.year:04}"


def write_date(text: str, _: str = "") -> str:
    """CCYYMMDD as 11/02/2026."""
    day = parse_date(text) if len(text) == 8 else None
    return write_day(day) if day else text


def write_time(text: str, _: str = "") -> str:
    """HHMM, with seconds or not, as 09:30."""
    if not (text.isascii() and text.isdigit()) or len(text) not in (4, 6, 8):
        return text
    return ":".join(text[at : at + 2] for at in range(0, min(len(text), 6), 2))


def write_range(text: str) -> str:
    """CCYYMMDD-CCYYMMDD as 11/01/2026 to 11/02/2026."""
    first, dash, last = text.partition("-")
    return f"{write_date(first)} to {write_date(last)}" if dash else text


def write_moment(text: str) -> str:
    """CCYYMMDDHHMM as 11/02/2026 09:30."""
    return f"{write_date(text[:8])} {write_time(text[8:])}" if len(text) == 12 else text


FORMATS: dict[str, Callable[[str], str]] = {
    "D8": write_date,
    "RD8": write_range,
    "DT": write_moment,
    "TM": write_time,
}


def write_period(text: str, before: str) -> str:
    """A date, time or range in the format that stands before it."""
    write = FORMATS.get(before)
    return write(text) if write else text


def write_telephone(text: str, before: str) -> str:
    """Ten digits after TE or FX as (541) 555-0199."""
    if before not in ("TE", "FX", "CP", "HP", "WP") or len(text) != 10 or not text.isdigit():
        return text
    return f"({text[:3]}) {text[3:6]}-{text[6:]}"


def write_postal_code(text: str, _: str = "") -> str:
    """Nine digits as 97401-0210."""
    return f"{text[:5]}-{text[5:]}" if len(text) == 9 and text.isdigit() else text


def write_diagnosis(text: str, before: str) -> str:
    """A diagnosis with its dot: J02.9."""
    dotted = before in load_words().listed.diagnoses and len(text) > 3 and text.isalnum()
    return f"{text[:3]}.{text[3:]}" if dotted else text


WRITERS: dict[str, Callable[[str, str], str]] = {
    "money": write_money,
    "date": write_date,
    "time": write_time,
    "period": write_period,
    "telephone": write_telephone,
    "postal_code": write_postal_code,
    "diagnosis": write_diagnosis,
}


def write_value(use: ElementUse, text: str, before: str) -> str:
    """A value as people write it; as it is, where it is not of the form that it should have.

    `before` is the code that stands before it and says what it is (a qualifier, a date format).
    """
    form = load_forms().get(use.data_element)
    return WRITERS[form](text, before) if form else text


def is_open(segment: str, use: ElementUse, text: str, *, faulty: bool) -> bool:
    """True for a value that identifies nobody: a code of the guide's, an amount, a count, a billing code.

    Of a value with a finding (`faulty`) only numbers are sure to be what they should be.
    """
    if faulty and parse_amount(text) is None:
        return False
    if use.codes:
        return text in use.codes
    opened = load_words().open
    return segment in opened.segments or use.data_element in opened.elements


def make_visible(text: str) -> str:
    """The text with a picture for each control character, which a terminal would obey."""
    return text if text.isprintable() else text.translate(PICTURES)
