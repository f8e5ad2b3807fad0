"""The walk of rows through a guide: each has its place and is accepted, and no loop lacks anything.

It goes from shape to shape as `edi.reader` does, but makes no loops and no segments.
"""

from __future__ import annotations

from collections.abc import Sequence

from edi.openings import Opening
from edi.rows import Row
from edi.shapes import Shape, Shapes
from edi.sure.doubts import Doubtful
from edi.sure.screens import Screening


def walk(opening: Opening, shapes: Shapes, screening: Screening, rows: Sequence[Row]) -> list[str]:
    """The loops in which the rows after an opening stand. Raises Doubtful."""
    find, loops = shapes.find, []
    *around, shape = [loop.shape for loop in opening.way if loop.shape is not None]
    for row in rows:
        try:
            branch = shape.moves[row[0]]
            move = branch[row[branch.position]]
        except (KeyError, IndexError):
            move = None
        if move is None:
            move = find(shape, row)
            if move is None:
                raise Doubtful
        if move.shape is not None:
            shape = move.shape
        else:
            for _ in range(move.closes):
                see_end(shape, shapes, screening)
                shape = around.pop()
            following = move.following
            shape = shape.after.get(following.index) or shape.follow(following)
            for _, inner, _ in move.entered:
                if shape.full:
                    raise Doubtful
                around.append(shape)
                shape = inner
        if shape.full or not move.plain_accepts[len(row)](row):
            raise Doubtful
        loops.append(move.use.loop)
    for last in (shape, *reversed(around)):
        see_end(last, shapes, screening)
    return loops


def see_end(shape: Shape, shapes: Shapes, screening: Screening) -> None:
    """A loop ends. Raises Doubtful where it lacks anything, or has a rule that no screen stands for."""
    right = shape.screened
    if right is None:
        ending = shape.ending or shapes.end(shape)
        bare = any(check in screening.bare for check in ending.checks)
        bare = bare or any(total.check in screening.bare for total in ending.totals)
        right = shape.screened = not (ending.missing or bare)
    if not right:
        raise Doubtful
