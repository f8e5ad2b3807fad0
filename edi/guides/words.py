"""Words: what the JSON shape calls the codes that it also (or only) names in words (`schemas/words.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def load_words() -> dict[str, dict[str, str]]:
    """Every list of words by its name, each from code to word."""
    return tomllib.loads((files("schemas") / "words.toml").read_text(encoding="utf-8"))
