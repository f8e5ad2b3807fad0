"""pyx12: `x12n_document`, its validation of a file, without the 999, HTML or XML that it could write."""

from pathlib import Path

from pyx12.params import params
from pyx12.x12n_document import x12n_document

from tests.bench.timing import run


def validate(path: str) -> object:
    with Path(path).open(encoding="ascii") as stream:
        return {"valid": x12n_document(params(), stream, None, None)}


run({"check": validate})
