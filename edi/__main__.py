"""`python -m edi`: the only place of the engine that looks at the clock."""

import sys
from datetime import UTC, datetime

from edi.command import run

sys.exit(run(sys.argv[1:], lambda: datetime.now(UTC)))
