"""Seeded mutations of X12 files and of JSON claims. The same random source gives the same mutation."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any

#: Values that break careless code: empty, long, not numbers, other scripts, separators, control characters.
NASTY = (
    "", " ", "0", "-0", "-", ".", "-.", "1e5", "NaN", "Infinity", "9" * 40, "0." + "0" * 30 + "1",
    "\u00b2", "\u0663", "\uff11\uff12", "\u00e9", "\u2028", "\ufeff", "\U0001f9ea", "A" * 300,
    "99999999", "00000000", "20260230", "20261301", "20260101-20250101", "20260101-", "-20260101", "2460",
    "'\"<&>", "\\", "{}", "%s", "\x00", "\x1a", "\t", "\n", "\r\n", "*", ":", "^", "~", "::", "^^", ":^:",
    "*~*", "HL", "ST", "SE", "IEA", "ISA", "null", "true",
)  # fmt: skip
BYTES = (
    b"",
    b"\x00",
    b"\x1a",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"~",
    b"*",
    b":",
    b"^",
    b"\r\n",
    b"ISA",
    b"|",
)

FileMutation = Callable[[Random, bytes, Sequence[bytes]], bytes]


def pick_span(random: Random, length: int, longest: int) -> slice:
    """A random piece of something of this length."""
    start = random.randrange(length + 1)
    return slice(start, min(length, start + random.randrange(longest + 1)))


def put_bytes(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    """Some bytes put in, over or out at a random place."""
    span = pick_span(random, len(content), 6)
    put = random.choice((*BYTES, random.randbytes(random.randrange(1, 5))))
    return content[: span.start] + put + content[span.stop :]


def flip_bits(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    """A few bits turned over."""
    changed = bytearray(content)
    for _turn in range(random.randrange(1, 8)) if changed else ():
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    """The beginning or the end alone."""
    at = random.randrange(len(content) + 1)
    return content[:at] if random.random() < 0.8 else content[at:]


def join(random: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """The beginning of one file and the end of another."""
    other = random.choice(others)
    return content[: random.randrange(len(content) + 1)] + other[random.randrange(len(other) + 1) :]


def replace_mark(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    """One character everywhere replaced by another, as where separators change."""
    old = random.choice((b"*", b":", b"^", b"~", b"\n", bytes([random.choice(content or b"~")])))
    new = random.choice((b"|", b"}", b"\x1c", b"\r", b"\xa7", b"~~", b"", b"*", b":", b"A", b"1", b" "))
    return content.replace(old, new)


def split_segments(content: bytes) -> tuple[bytes, list[bytes]]:
    """The terminator of a file as ISA states it, and its segments."""
    mark = content[105:106] or b"~"
    return mark, content.split(mark)


def move_segments(random: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Segments dropped, repeated, swapped, or brought over from another file."""
    mark, segments = split_segments(content)
    for _turn in range(random.randrange(1, 4)):
        at, to = random.randrange(len(segments)), random.randrange(len(segments))
        way = random.randrange(5)
        if way == 0:
            segments[at : at + random.randrange(1, 4)] = []
        elif way == 1:
            segments[at:at] = [segments[to]] * random.choice((1, 2, 60))
        elif way == 2:
            segments[at], segments[to] = segments[to], segments[at]
        elif way == 3:
            segments.insert(at, random.choice(split_segments(random.choice(others))[1]))
        else:
            segments[at] = b"*".join(part.encode("utf-8") for part in random.choices(NASTY, k=4))
        if not segments:
            break
    return mark.join(segments)


def change_elements(random: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    """Elements, components or repetitions replaced by nasty values, dropped or multiplied."""
    mark, segments = split_segments(content)
    separator = content[3:4] or b"*"
    for _turn in range(random.randrange(1, 5)):
        at = random.randrange(len(segments))
        elements = segments[at].split(separator)
        place = random.randrange(len(elements))
        nasty = random.choice(NASTY).encode("utf-8")
        elements[place] = random.choice(
            (
                nasty,
                elements[place] + nasty,
                b"",
                elements[place] + b":" + nasty,
                elements[place] + b"^" + nasty,
            )
        )
        if random.random() < 0.2:
            elements[place:place] = [nasty] * random.choice((1, 3, 30))
        if random.random() < 0.1:
            del elements[place:]
        segments[at] = separator.join(elements)
    return mark.join(segments)


FILE_MUTATIONS: tuple[FileMutation, ...] = (
    put_bytes, flip_bits, cut, join, replace_mark,
    move_segments, move_segments, move_segments, change_elements, change_elements, change_elements,
)  # fmt: skip


def mutate_file(random: Random, files: Sequence[bytes], others: Sequence[bytes] = ()) -> bytes:
    """One of the files with one to four mutations; pieces of `others` may come in."""
    content = random.choice(files)
    for _turn in range(random.choice((1, 1, 2, 4))):
        content = random.choice(FILE_MUTATIONS)(random, content, others or files)
    return content


# --- JSON


def make_nasty(random: Random) -> Any:
    """A JSON value that a careless reader does not expect."""
    return random.choice(
        (
            *NASTY,
            None,
            True,
            False,
            0,
            -1,
            10**40,
            Decimal("1E+400"),
            Decimal("-0.005"),
            Decimal("0.1"),
            [],
            {},
            [None],
            [[]],
            [{}],
            {"": ""},
            {"x12Extra": []},
            ["a", 1, None],
            {"qualifier": {"a": []}},
        )
    )


def list_places(document: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every (container, key or index) of a document."""
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(entries):
        found.append((document, key))
        if isinstance(value, dict | list):
            list_places(value, found)
    return found


def mutate_document(random: Random, documents: Sequence[Any]) -> Any:
    """A claim or report with one to four values replaced, dropped, multiplied, renamed or moved."""
    document = copy.deepcopy(random.choice(documents))
    if random.random() < 0.02:
        return make_nasty(random)
    for _turn in range(random.choice((1, 1, 2, 4))):
        places = list_places(document, [])
        if not places:
            break
        owner, key = random.choice(places)
        _change(random, owner, key, places)
    return document


#: Texts of JSON that parsers take differently, and what is hostile about them.
HOSTILE = (
    b"1e999999", b"-1E-999999", b"9" * 5000, b"1." + b"0" * 5000 + b"1", b"NaN", b"-Infinity",
    b"[" * 3000, b'{"a":' * 3000, b"[" * 70 + b"]" * 70, b'"' + b"x" * 70000 + b'"',
    b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"', b'{"a":1,"a":2}', b'{"interchanges":[]}',
    b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x00", b"//", b",", b"}", b"]", b"tru", b"0x1", b"01", b"'a'",
)  # fmt: skip


def mutate_body(random: Random, documents: Sequence[Any]) -> bytes:
    """The text of a document, of several, or of what is no JSON any more."""
    made = [mutate_document(random, documents) for _ in range(random.choice((1, 1, 2)))]
    content = json.dumps(made[0] if len(made) == 1 else made, default=str).encode()
    for _turn in range(random.choice((0, 1, 1, 3))):
        span = pick_span(random, len(content), 20)
        content = content[: span.start] + random.choice(HOSTILE) + content[span.stop :]
    return flip_bits(random, content, ()) if random.random() < 0.2 else content


def _change(random: Random, owner: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    way = random.randrange(6)
    if way == 0:
        del owner[key]
    elif way == 1 and isinstance(owner, list):
        owner.extend([copy.deepcopy(owner[key])] * random.choice((1, 5, 60)))
    elif way == 2 and isinstance(owner, dict):
        owner[str(key) + random.choice(("X", "", " ", "[]"))] = owner.pop(key)
    elif way == 3:
        other, place = random.choice(places)
        if place in other if isinstance(other, dict) else place < len(other):
            owner[key] = copy.deepcopy(other[place])
    elif way == 4 and isinstance(owner[key], str):
        owner[key] += random.choice(NASTY)
    else:
        owner[key] = make_nasty(random)
