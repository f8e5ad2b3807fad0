"""openx12: `parse` and `json()`, its full dictionary, written by the json module. It checks nothing."""

import json
from pathlib import Path

from openx12 import x835, x837i, x837p

from tests.bench.timing import run


def parse(path: str) -> object:
    text = Path(path).read_text(encoding="ascii")
    kind = text[:300].partition("ST*")[2].split("~")[0]
    parser = x837i if "X223" in kind else x837p if kind.startswith("837") else x835
    document = parser.parse(text)
    return {"claims": len(document.claims), "characters": len(json.dumps(document.json()))}


run({"json": parse})
