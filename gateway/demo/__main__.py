"""`python -m gateway.demo [--keep]`."""

from __future__ import annotations

import sys

from gateway.demo.journey import run_demo

sys.exit(run_demo(keep="--keep" in sys.argv[1:]))
