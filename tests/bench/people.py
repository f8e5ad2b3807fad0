"""People, places and numbers that do not exist, drawn from one seeded source."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

SEED = 20_261_124
BORN_FROM, SERVED_FROM = date(1936, 1, 1), date(2026, 8, 3)
ADULT_DAYS, SERVED_DAYS = 26_000, 84
Drawn = TypeVar("Drawn")
Json = dict[str, Any]


@cache
def load_words(name: str) -> tuple[str, ...]:
    """A list of `words.toml`: parted by bars where its entries have blanks, else by blanks."""
    text = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))[name]
    parts = text.replace("\n", " ").split("|" if "|" in text else None)
    return tuple(" ".join(part.split()) for part in parts)


class Invention:
    """Draws from one source; two of the same seed draw the same."""

    def __init__(self, seed: int) -> None:
        self.source = Random(seed)
        self.number = self.source.randrange

    def pick(self, name: str) -> str:
        """An entry of a list of `words.toml`."""
        return self.choose(load_words(name))

    def choose(self, entries: Sequence[Drawn]) -> Drawn:
        """One of several."""
        return entries[self.number(len(entries))]

    def pick_often_the_first(self, name: str) -> str:
        """An entry of a list, the first ones more often, as some codes are billed all the time."""
        entries = load_words(name)
        return entries[int(len(entries) * self.source.random() ** 1.5)]

    def pick_some(self, name: str, count: int) -> list[str]:
        """Different entries of a list."""
        return self.source.sample(load_words(name), count)

    def happens(self, percent: int) -> bool:
        """True so many times in a hundred."""
        return self.number(100) < percent

    def day(self, first: date, days: int) -> date:
        """A day of so many from the first."""
        return first + timedelta(days=self.number(days))

    def amount(self, low: int, high: int) -> Decimal:
        """Dollars between two whole amounts; half of them without cents."""
        cents = self.number(100) if self.happens(50) else 0
        return Decimal(self.number(low, high)) + Decimal(cents) / 100

    def digits(self, count: int) -> str:
        """So many digits, the first not 0."""
        return str(self.number(10 ** (count - 1), 10**count))

    def npi(self) -> str:
        """A National Provider Identifier with its check digit, of those that begin with 1."""
        return add_check_digit("1" + self.digits(8))

    def family(self) -> str:
        """A family name."""
        return self.pick("name_starts") + self.pick("name_ends")

    def person(self, family: str, first: date, days: int) -> Json:
        """Name, sex and birthday; one of three has a middle initial."""
        gender = self.choose("FM")
        given = self.pick("female" if gender == "F" else "male")
        born = self.day(first, days).strftime("%Y%m%d")
        person = {"firstName": given, "lastName": family, "gender": gender, "dateOfBirth": born}
        return person | ({"middleName": self.choose("ABCDEFGHJKLMNPRSTW")} if self.happens(33) else {})

    def address(self) -> Json:
        """A street in an invented town, with a nine-digit ZIP of its state."""
        town, state, zone = self.pick("towns").split(":")
        street = f"{self.number(1, 9900)} {self.pick('streets')} {self.pick('street_kinds')}"
        address = {"address1": street, "city": town, "state": state}
        second = {"address2": f"Apt {self.number(1, 400)}"} if self.happens(15) else {}
        return address | second | {"postalCode": f"{zone}{self.number(100):02}{self.number(1, 9999):04}"}

    def phone(self) -> str:
        """A number that is kept for invented people (555-01..)."""
        return f"{self.choose(('541', '207', '614', '303', '404'))}55501{self.number(100):02}"

    def note(self) -> str:
        """A few words of a record."""
        words = " ".join(self.pick("note_words") for _ in range(self.number(4, 12))).upper()
        return words[:80].rsplit(" ", 1)[0]


def add_check_digit(number: str) -> str:
    """The Luhn check digit of a National Provider Identifier, which counts the prefix 80840."""
    total = 24
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return number + str(-total % 10)


def write_money(amount: Decimal) -> str:
    """An amount as claims state it."""
    return f"{amount:.2f}"
