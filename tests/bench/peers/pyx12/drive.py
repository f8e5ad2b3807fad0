"""pyx12: `x12n_document`, its validation of a file, without or with its 999; no HTML or XML."""

from io import StringIO
from pathlib import Path

from pyx12.params import params
from pyx12.x12n_document import x12n_document

from tests.bench.timing import run


def validate(path: str) -> object:
    with Path(path).open(encoding="ascii") as stream:
        return {"valid": x12n_document(params(), stream, None, None)}


def acknowledge(path: str) -> object:
    answer = StringIO()
    with Path(path).open(encoding="ascii") as stream:
        valid = x12n_document(params(), stream, answer, None)
    return {"valid": valid and "AK9*A" in answer.getvalue()}


run({"check": validate, "acknowledge": acknowledge})
