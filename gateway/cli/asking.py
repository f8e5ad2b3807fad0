"""Options that several commands share, with what is wrong about their values."""

from __future__ import annotations

from typing import Annotated

import typer

from edi.characters import CHARACTER_SETS
from gateway.cli.trouble import Trouble

CharacterSet = Annotated[
    str, typer.Option(help="Refuse characters of an X12 file outside of this set.", metavar="basic|extended")
]


def check_character_set(name: str) -> str:
    """The name of a character set, "" for any. Raises Trouble."""
    if name and name not in CHARACTER_SETS:
        raise Trouble("--character-set is basic or extended")
    return name
