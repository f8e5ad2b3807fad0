"""The reference page of the code tables, from the register."""

from __future__ import annotations

from collections.abc import Iterator

from edi.edits.tables import Registered, load_register, load_shipped

HEAD = """# Code tables

Every table that is known by name, made from `schemas/codes/register.toml`. `claimwire codes status` says
which releases this installation holds, [the how-to](../how-to/code-tables.md) how to import newer ones.

A table that is **not whole** may lack codes that exist: a code outside it is a warning at most. Where the
words of a list belong to somebody who licenses them, only code values and days are shipped, and our own
words where there are any.

"""


def render_codes() -> str:
    """The page."""
    register = load_register()
    lines = [
        "| table | what it holds | shipped | rows | words |",
        "|---|---|---|---|---|",
        *(tell_row(name, entry) for name, entry in sorted(register.items())),
        "",
        *(line for name, entry in sorted(register.items()) for line in tell_table(name, entry)),
    ]
    return HEAD + "\n".join(lines).rstrip() + "\n"


def tell_row(name: str, entry: Registered) -> str:
    """A table in one row."""
    held = load_shipped().table(name)
    if held is None:
        return f"| [`{name}`](#{name}) | {entry.title} | no: import it | | |"
    release = f"{held.heading.release}{', not whole' if held.heading.floor else ''}"
    titled = any(row.title for row in held.rows())
    words = "yes" if titled else "ours, where there are any" if entry.words else "none"
    return f"| [`{name}`](#{name}) | {entry.title} | {release} | {held.heading.rows:,} | {words} |"


def tell_table(name: str, entry: Registered) -> Iterator[str]:
    """What there is to know of a table."""
    yield f"## {name}"
    yield ""
    yield f"{entry.title[0].upper()}{entry.title[1:]}."
    yield ""
    yield f"- Origin: {entry.origin}"
    yield f"- Licence: {entry.licence}"
    yield f"- Published by: {entry.publisher}"
    if entry.months:
        months = ", ".join(MONTHS[month - 1] for month in entry.months)
        yield f"- A new release takes effect in: {months}"
    if entry.form:
        yield f"- A code is written: `{entry.form}`"
    yield ""


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
