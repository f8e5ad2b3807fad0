"""What is no success, as the client tells it."""

from __future__ import annotations

import msgspec

from edi.findings import Finding
from gateway.api.problem import ProblemBody


class ClaimwireError(Exception):
    """The server refused a call. `problem` is its answer; the text of the exception holds no value of it."""

    def __init__(self, status: int, problem: ProblemBody, retry_after: float | None = None) -> None:
        named = f" (request {problem.request})" if problem.request else ""
        super().__init__(f"{status} {problem.title}{named}: {len(problem.findings)} findings")
        self.status, self.problem, self.retry_after = status, problem, retry_after

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, with pointer, message and remedy."""
        return self.problem.findings


def read_error(status: int, body: bytes, retry_after: str | None) -> ClaimwireError:
    """The error of an answer; a body that is no problem of ours is told by its status alone."""
    try:
        problem = msgspec.json.decode(body, type=ProblemBody)
    except msgspec.DecodeError:
        problem = ProblemBody(type="about:blank", title="Not an answer of this API", status=status)
    wait = float(retry_after) if retry_after and retry_after.isdigit() else None
    return ClaimwireError(status, problem, wait)
