"""Secrets in the settings: where they stand, never what they are."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from gateway.settings_source import SettingsError

SECRET = re.compile(r"^(env|file):(.+)$")


class SecretReference:
    """Where a secret stands (`env:NAME` or `file:PATH`); the secret itself is read when it is needed."""

    def __init__(self, text: str, folder: Path | None = None) -> None:
        """Raises ValueError, without the text, where `text` is no reference but perhaps the secret."""
        matched = SECRET.match(text)
        if matched is None:
            raise ValueError("a secret is given by reference: env:NAME or file:PATH, never in the settings")
        self.scheme, target = matched.groups()
        self.target = str((folder or Path()) / Path(target).expanduser()) if self.scheme == "file" else target

    def __repr__(self) -> str:
        return f"SecretReference({self.scheme}:{self.target})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretReference) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def read(self, environ: Mapping[str, str] = os.environ) -> str:
        """The secret, without blanks around it. Raises SettingsError where it is absent or empty."""
        try:
            secret = environ[self.target] if self.scheme == "env" else Path(self.target).read_text("utf-8")
        except (KeyError, OSError, UnicodeDecodeError) as problem:
            raise self._absent() from problem
        if not secret.strip():
            raise self._absent()
        return secret.strip()

    def _absent(self) -> SettingsError:
        what = "environment variable" if self.scheme == "env" else "file"
        remedy = f"set the {what} {self.target}, or point the reference elsewhere"
        return SettingsError(f"{self.scheme}:{self.target}", "secret reference", "no secret is there", remedy)
