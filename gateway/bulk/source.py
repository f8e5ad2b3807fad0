"""A file as its bytes: from front to back, or any range of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20


class FileBytes:
    """A file on disk. Iterating opens it anew and yields its bytes in pieces; `fetch` reads a range."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as stream:
            while piece := stream.read(CHUNK):
                yield piece

    def fetch(self, start: int, end: int) -> bytes:
        """The bytes between two offsets."""
        with self.path.open("rb") as stream:
            stream.seek(start)
            return stream.read(end - start)

    def digest(self) -> str:
        """SHA-256 of the whole file."""
        found = hashlib.sha256()
        for piece in self:
            found.update(piece)
        return found.hexdigest()
