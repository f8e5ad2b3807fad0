"""A reader that holds values to a character set as it goes, so that a file of any size can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edi.characters import check_characters
from edi.findings import Place
from edi.reader import Reading, SetReader
from edi.segments import Delimiters, Segment


class CharacterReader(SetReader):
    """Reads a transaction set like any reader, and finds what `edi.characters.check_characters` does.

    The segments of a loop are looked at when it is complete: then each knows its use.
    """

    def __init__(
        self, reading: Reading, delimiters: Delimiters, at: Place, *, drops: bool, character_set: str
    ) -> None:
        super().__init__(reading, delimiters, at, drops=drops)
        self.character_set = character_set
        self.begins = 0

    def begin_anew(self, counts: Mapping[str, int]) -> None:
        """What was found so far is told elsewhere, also of the segments of loops that are still open."""
        super().begin_anew(counts)
        self.begins = self.last.ordinal if self.last is not None else 0

    def leave(self) -> None:
        """The rest of the set is read elsewhere: look at the loops that are open."""
        while self.loop is not self.tree:
            self._look_at(self.loop.segments())
            self.loop = self.loop.parent or self.loop
        self._look_at(self.loop.segments())

    def _close(self) -> None:
        self._look_at(self.loop.segments())
        super()._close()

    def _note_unplaced(self, segment: Segment) -> None:
        super()._note_unplaced(segment)
        self._look_at([segment])

    def _look_at(self, segments: Iterable[Segment]) -> None:
        """Note what is wrong with segments that are not told of elsewhere."""
        mine = [segment for segment in segments if segment.ordinal >= self.begins]
        for finding in check_characters(mine, self.character_set, self.delimiters, self.at):
            self.note(finding, self.loop)


def open_reader(
    reading: Reading, delimiters: Delimiters, at: Place, *, drops: bool = False, character_set: str = ""
) -> SetReader:
    """A reader of one transaction set; `character_set` is `basic`, `extended`, or "" for any."""
    if not character_set:
        return SetReader(reading, delimiters, at, drops=drops)
    return CharacterReader(reading, delimiters, at, drops=drops, character_set=character_set)
