"""A sliding view of a file: as much of its text as the lexer needs to see at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from edi.survey import regroup

_KEPT = 1 << 18


class Window:
    """A file as latin-1 text, seen from front to back, without the line breaks of wrapping.

    Places count characters of the whole text. `text` is what is held of it; `start` is the place of its
    first character, `end` the place after its last; `ended` is true once nothing follows.
    """

    def __init__(self, chunks: Iterable[bytes], line_break: str) -> None:
        self.text = ""
        self.start = 0
        self.end = 0
        self.ended = False
        self._pieces = regroup(chunks)
        self._line_break = line_break
        self._breaks: list[int] = []
        self._breaks_before = 0

    def reach(self, place: int) -> None:
        """Hold the text up to `place`, or to its end."""
        if self.end >= place or self.ended:
            return
        texts = [self.text]
        while self.end < place and not self.ended:
            texts.append(self._take())
        self.text = "".join(texts) if texts[0] else "".join(texts[1:])

    def extend(self) -> None:
        """Hold the next piece of the text, if there is one."""
        text = self._take()
        self.text = self.text + text if self.text else text

    def _take(self) -> str:
        piece = next(self._pieces, None)
        if piece is None:
            self.ended = True
            return ""
        text = self._unwrap(piece.decode("latin-1"))
        self.end += len(text)
        return text

    def drop(self, place: int) -> None:
        """What stands before `place` is not needed any more."""
        gone = place - self.start
        if gone >= _KEPT and not self.ended:
            self.text = self.text[gone:]
            self.start = place
            passed = bisect_right(self._breaks, place)
            self._breaks_before += passed
            del self._breaks[:passed]

    def find(self, text: str, place: int) -> int:
        """The first place from `place` on where `text` (one character) stands, or -1."""
        found = self.text.find(text, place - self.start)
        while found < 0 and not self.ended:
            place = self.end
            self.extend()
            found = self.text.find(text, place - self.start)
        return found + self.start if found >= 0 else -1

    def cut(self, start: int, end: int) -> str:
        """The text between two places that are held."""
        return self.text[start - self.start : end - self.start]

    def origin(self, place: int) -> int:
        """The byte offset in the file as received of a place (they differ in wrapped files)."""
        if not self._line_break:
            return place
        passed = self._breaks_before + bisect_right(self._breaks, place)
        return place + passed * len(self._line_break)

    def _unwrap(self, text: str) -> str:
        if not self._line_break:
            return text
        lines = text.split(self._line_break)
        place = self.end
        for line in lines[:-1]:
            place += len(line)
            self._breaks.append(place)
        return "".join(lines)
