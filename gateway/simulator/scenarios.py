"""The scenario language: what the scripted payer does to a claim, as data.

One file of `schemas/scenarios/` is one scenario: a list of steps from a small vocabulary. Waits divide
the steps into moments; the money steps of one moment share one remittance. The scenario is chosen by the
marker at the end of the claim's patient control number (CLM01 comes back in every answer, so the
choice can be seen in all of them): `A1042-CO29` is denied for timely filing. A number with no known marker
gets the default scenario, so numbers of any other form are never disturbed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

MARKER_SEPARATOR = "-"
HUNDRED = Decimal(100)


class BrokenScenarioError(ValueError):
    """A scenario file that says something the language does not allow; names the file."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do"):
    """One thing the payer does; the classes below are the vocabulary."""


class Wait(Step, frozen=True, tag="wait"):
    """Let time pass on the payer's clock."""

    hours: int = 0
    days: int = 0


class Acknowledge(Step, frozen=True, tag="acknowledge"):
    """Accept the transaction set in the 999."""


class Return(Step, frozen=True, tag="return"):
    """Reject the transaction set in the 999, with one finding of the catalogue at a place of the claim."""

    finding: str
    segment: str
    loop: str
    element: int


class ClaimStatus(Step, frozen=True, tag="claim_status"):
    """Report a status in a 277CA (005010X214 2200D STC): WQ accepts, U rejects."""

    action: Literal["WQ", "U"]
    category: str
    status: str
    entity: str = ""


class LineAdjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An adjustment (CAS): `percent` of each line's charge, or `amount` dollars once for the claim."""

    group: Literal["CO", "OA", "PI", "PR"]
    reason: str
    percent: Decimal | None = None
    amount: Decimal | None = None


class Remit(Step, frozen=True, tag="remit"):
    """Pay what the adjustments leave (835 CLP, SVC, CAS), for all lines, the first one or the rest.

    `remarks` stand at each line (LQ), `claim_remarks` at the claim (MOA). With `companions` the payer
    waits, at most `patience_days`, until that many claims can share the remittance; `in_parts`, each has a
    set of its own then, with the trace number and the whole payment in each. With `coordinate` all but what
    the payers before left to the patient is theirs (OA-23).
    """

    status: str = "1"
    adjustments: tuple[LineAdjustment, ...] = ()
    remarks: tuple[str, ...] = ()
    claim_remarks: tuple[str, ...] = ()
    lines: Literal["all", "first", "rest"] = "all"
    companions: int = 1
    patience_days: int = 30
    in_parts: bool = False
    coordinate: bool = False


class ReverseOriginal(Step, frozen=True, tag="reverse_original"):
    """Take back the latest payment of the claim that this one names (REF F8), if it was decided on."""


class Reverse(Step, frozen=True, tag="reverse"):
    """Take back the latest payment of the claim, amount for amount (CLP02 = 22)."""


class TakeBack(Step, frozen=True, tag="take_back"):
    """Keep `percent` of what the claim was last paid back from the provider (PLB)."""

    percent: Decimal
    reason: str = "WO"


AnyStep = Wait | Acknowledge | Return | ClaimStatus | Remit | Reverse | ReverseOriginal | TakeBack
MoneyStep = Remit | Reverse | ReverseOriginal | TakeBack


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scenario: its `marker`, one sentence, the state a claim reaches, and the steps that lead there.

    One with a `conduct` has no marker: it is played by every claim of that kind.
    """

    name: str
    summary: str
    end: str
    steps: tuple[AnyStep, ...] = msgspec.field(name="step")
    marker: str = ""
    default: bool = False
    conduct: Literal["", "replacement", "void", "secondary"] = ""


class Moment(msgspec.Struct, frozen=True):
    """Steps that happen at the same time, `after` the file was read; `start` is the first one's index."""

    after: timedelta
    start: int
    steps: tuple[AnyStep, ...]


def moments_of(scenario: Scenario) -> tuple[Moment, ...]:
    """The scenario's steps without its waits, gathered by the time they happen."""
    found: list[Moment] = []
    after, start, gathered = timedelta(), 0, list[AnyStep]()
    for index, step in enumerate((*scenario.steps, Wait())):
        if not isinstance(step, Wait):
            gathered.append(step)
            continue
        if gathered:
            found.append(Moment(after, start, tuple(gathered)))
        after += timedelta(hours=step.hours, days=step.days)
        start, gathered = index + 1, []
    return tuple(found)


def marker_of(patient_control_number: str) -> str:
    """What stands after the last hyphen of a patient control number, in capitals ("" without one)."""
    _, separator, marker = patient_control_number.rpartition(MARKER_SEPARATOR)
    return marker.upper() if separator else ""


def choose_scenario(
    patient_control_number: str, scenarios: Mapping[str, Scenario], conduct: str = ""
) -> Scenario:
    """The scenario of a claim's conduct, else that which the number's marker names, or the default one."""
    for scenario in scenarios.values() if conduct else ():
        if scenario.conduct == conduct:
            return scenario
    by_marker = {scenario.marker: scenario for scenario in scenarios.values() if scenario.marker}
    chosen = by_marker.get(marker_of(patient_control_number))
    return chosen or next(scenario for scenario in scenarios.values() if scenario.default)


@cache
def load_scenarios() -> Mapping[str, Scenario]:
    """Every scenario there is, by name. Raises BrokenScenarioError where a file breaks the language."""
    folder = files("schemas") / "scenarios"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    loaded = [read_scenario(name, (folder / name).read_text(encoding="utf-8")) for name in names]
    check_together(loaded)
    return {scenario.name: scenario for scenario in loaded}


def read_scenario(name: str, text: str) -> Scenario:
    """One scenario file, checked. Raises BrokenScenarioError."""
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as fault:
        raise BrokenScenarioError(f"{name}: {fault}") from fault
    problems = list(check_scenario(scenario))
    if name != f"{scenario.name}.toml":
        problems.append("the file is not named after the scenario")
    if problems:
        raise BrokenScenarioError(f"{name}: {'; '.join(problems)}")
    return scenario


def check_scenario(scenario: Scenario) -> Sequence[str]:
    """What one scenario says that the language does not allow."""
    acting = [step for step in scenario.steps if not isinstance(step, Wait)]
    money = [step for step in acting if isinstance(step, MoneyStep)]
    problems = [problem for step in money if isinstance(step, Remit) for problem in check_remit(step)]
    marked = scenario.marker.isalnum() and scenario.marker == scenario.marker.upper()
    if not marked and not (scenario.conduct and not scenario.marker):
        problems.append("a marker is made of capitals and digits")
    if not acting or not isinstance(acting[0], Acknowledge | Return):
        problems.append("a scenario begins with acknowledge or return")
    if any(isinstance(step, Acknowledge | Return) for step in acting[1:]):
        problems.append("a transaction set is acknowledged or returned once")
    if acting and isinstance(acting[0], Return) and len(acting) > 1:
        problems.append("nothing follows a return")
    if money and not isinstance(money[0], Remit | ReverseOriginal):
        problems.append("a claim is paid before it is reversed or taken back")
    return problems


def check_remit(step: Remit) -> Sequence[str]:
    """What one remit step says that cannot be adjudicated."""
    problems = [
        "an adjustment has either a percent or an amount"
        for adjustment in step.adjustments
        if (adjustment.percent is None) == (adjustment.amount is None)
    ]
    if sum((adjustment.percent or Decimal(0) for adjustment in step.adjustments), Decimal(0)) > HUNDRED:
        problems.append("adjustments take more than the charge")
    if step.status == "4" and [adjustment.percent for adjustment in step.adjustments] != [HUNDRED]:
        problems.append("a denial is one adjustment of 100 percent")
    if any(adjustment.reason == "16" for adjustment in step.adjustments) and not step.remarks:
        problems.append("adjustment reason 16 needs a remark code")
    return problems


def check_together(scenarios: Sequence[Scenario]) -> None:
    """Markers are unique and exactly one scenario is the default; else BrokenScenarioError."""
    markers = [scenario.marker or scenario.conduct for scenario in scenarios]
    repeated = sorted({marker for marker in markers if markers.count(marker) > 1})
    if repeated:
        raise BrokenScenarioError(f"markers used twice: {', '.join(repeated)}")
    if sum(scenario.default for scenario in scenarios) != 1:
        raise BrokenScenarioError("exactly one scenario is the default")
