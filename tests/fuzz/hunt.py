"""The hunt: mutated files and documents through the engine until the time is over."""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from edi.claims import write_claims
from edi.files import check_file
from edi.guides.registry import load_sources
from edi.inspection import looks_like_json
from edi.translation import write_json
from edi.whole_files import describe_whole
from tests.claim_files import NAMES, load_claim, make_envelope
from tests.corpus.verdicts import find_corpus
from tests.fuzz.exercises import exercise_body, exercise_document, exercise_file
from tests.fuzz.mutations import mutate_body, mutate_document, mutate_file
from tests.made_sets import make_file

ROOT = Path(__file__).resolve().parent
CRASHERS = ROOT / "crashers"
#: Crashers made from the shared corpus stay out of the repository: they hold its text.
PRIVATE = ROOT.parent.parent / ".fuzz"
SAMPLES = ROOT.parent.parent / "samples"
GUIDES = tuple(load_sources())
LARGEST = 60_000
SLOW_SECONDS = 5.0


class Crash(NamedTuple):
    """A mutation that raised: where in our code, what kind of error, and the input."""

    where: str
    error: str
    content: bytes
    suffix: str
    public: bool

    @property
    def name(self) -> str:
        """A file name without anything of the input in it."""
        return f"{hashlib.sha256(self.content).hexdigest()[:12]}{self.suffix}"


class Seeds(NamedTuple):
    """What is mutated: our own files and documents, `wholes` (files as JSON with their envelopes), and the
    files of the shared corpus where it is present.
    """

    files: list[bytes]
    documents: list[Any]
    wholes: list[Any]
    corpus: list[bytes]

    @property
    def bodies(self) -> list[bytes]:
        """The documents as the text of JSON."""
        return [json.dumps(each, default=str).encode() for each in (*self.documents, *self.wholes)]


def load_seeds() -> Seeds:
    """The samples of the project, the claims of the tests, and the corpus."""
    claims = [load_claim(name) for name in NAMES]
    files = [path.read_bytes() for path in sorted(SAMPLES.rglob("*.x12"))]
    files += [write_claims([claim], make_envelope()).text for claim in claims]
    documents = [
        json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        for name in ("claim.json", "document.json")
        for path in sorted(SAMPLES.rglob(name))
    ]
    reports = [
        (check_file(content), content)
        for content in map(Path.read_bytes, sorted(SAMPLES.glob("837P/paid_in_full/*.x12")))
    ]
    documents += [document for report, _ in reports for document in write_json(report)]
    wholes = [describe_whole(report, content) for report, content in reports]
    corpus = find_corpus()
    published = sorted(corpus.rglob("*")) if corpus else []
    return Seeds(
        [content for content in files if len(content) <= LARGEST],
        [*claims, *documents],
        wholes,
        [path.read_bytes() for path in published if path.is_file() and path.stat().st_size <= LARGEST],
    )


def try_case(seeds: Seeds, seed: str) -> Crash | None:
    """One mutation, made from `seed` alone; the crash, where it is one."""
    random = Random(seed)  # a seeded source of mutations, not of secrets
    way = random.random()
    if way < 0.1:
        content = mutate_body(random, [*seeds.documents, *seeds.wholes])
        return run(lambda: exercise_body(content), content, ".body", public=True)
    if way < 0.3:
        document = mutate_document(random, seeds.documents)
        content = json.dumps(document, default=str, ensure_ascii=True).encode()
        return run(lambda: exercise_document(document), content, ".json", public=True)
    if way < 0.45:
        guide = random.choice(GUIDES)
        made = make_file(guide, random, sets=random.choice((1, 2)))
        content = mutate_file(random, [made]) if random.random() < 0.7 else made
        return run(lambda: exercise_file(content), content, ".x12", public=True)
    public = way < 0.75 or not seeds.corpus
    content = mutate_file(random, seeds.files if public else seeds.corpus)
    return run(lambda: exercise_file(content), content, ".x12", public=public)


def try_content(content: bytes) -> None:
    """Whatever the bytes seem to be: JSON or a file."""
    if looks_like_json(content):
        exercise_body(content)
    else:
        exercise_file(content)


def run(exercise: Callable[[], None], content: bytes, suffix: str, *, public: bool) -> Crash | None:
    """The crash of one exercise: an unnamed error, or one that takes far too long."""
    began = time.process_time()
    try:
        exercise()
    except Exception as error:  # whatever is raised is what is hunted for
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/edi/" in frame.filename]
        last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno} {last.name}"
        return Crash(where, type(error).__name__, content, suffix, public)
    seconds = time.process_time() - began
    return Crash("time", f"{seconds:.1f} s", content, suffix, public) if seconds > SLOW_SECONDS else None


def hunt(seeds: Seeds, label: str, seconds: float, tell: Callable[[str], None]) -> tuple[int, list[Crash]]:
    """Cases until `seconds` are over: their number, and the first crash of each place in the code."""
    found: dict[tuple[str, str], Crash] = {}
    ends = time.monotonic() + seconds
    case = 0
    while time.monotonic() < ends:
        crash = try_case(seeds, f"{label}:{case}")
        case += 1
        if crash is not None and (crash.where, crash.error) not in found:
            found[crash.where, crash.error] = crash
            tell(f"{crash.error} at {crash.where} (case {label}:{case - 1})")
    return case, list(found.values())


def keep(crashes: Sequence[Crash]) -> list[Path]:
    """Writes each crash down: ours beside the tests as a regression test, those of the corpus apart."""
    kept = []
    for crash in crashes:
        folder = CRASHERS if crash.public else PRIVATE
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / crash.name
        place.write_bytes(crash.content)
        kept.append(place)
    return kept


def warm_up(seeds: Seeds) -> None:
    """Loads the guides, so that the first case is not slow."""
    check_file(seeds.files[0])
