"""How a delivery can fail: three answers to the question "may the same call be made again?".

Every error says what went wrong, where, and what a person can do about it. The text holds host names,
folders and names of our own files, never a value of a document and never the words of the other end
(these stay in `__cause__`).
"""

from __future__ import annotations


class DeliveryError(Exception):
    """A transfer failed.

    `problem` is what went wrong, `place` where (`sftp://host:port/folder`), `remedy` what to do.
    Raised only as one of its three kinds (`Refused` is a Permanent one).
    """

    def __init__(self, problem: str, place: str, remedy: str) -> None:
        super().__init__(problem, place, remedy)
        self.problem = problem
        self.place = place
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} (at {self.place}). {self.remedy}"


# The three kinds are named after the answer they give: `except Transient` reads as what it decides.
class Transient(DeliveryError):
    """Nothing was delivered or taken; the same call may succeed later and may be made again as it is.

    `after` is how many seconds the other end asks us to wait, None where it does not say.
    """

    def __init__(self, problem: str, place: str, remedy: str, *, after: float | None = None) -> None:
        super().__init__(problem, place, remedy)
        self.after = after


class Permanent(DeliveryError):
    """Nothing was delivered or taken, and the same call will fail again until somebody changes something."""


class Refused(Permanent):
    """The two ends do not trust each other: login refused, another host key or certificate.

    Trying again locks accounts: only after somebody changed something, or rarely.
    """


class Ambiguous(DeliveryError):
    """The other end may or may not have the file. Never send again: ask `Transport.resume` first."""
