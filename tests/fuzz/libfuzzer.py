"""The program that `tests/fuzz/guided.py` runs: libFuzzer over the engine, by way of atheris.

The engine is imported under instrumentation, so nothing at the top may import it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random


def read_seeds(arguments: list[str]) -> list[bytes]:
    """The inputs of the folder that the command line names last."""
    return [place.read_bytes() for place in sorted(Path(arguments[-1]).iterdir())]


def main() -> None:
    """Runs libFuzzer with the options of the command line, the folder of seeds last."""
    import atheris  # an extra that most machines do without

    with atheris.instrument_imports(include=["edi"]):
        from tests.fuzz.hunt import try_content
        from tests.fuzz.mutations import mutate_file

    others = read_seeds(sys.argv)

    def mutate(content: bytes, longest: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.3:
            return bytes(atheris.Mutate(content, longest))
        return mutate_file(random, [content or b"~"], others)[:longest]

    atheris.Setup(sys.argv, try_content, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
