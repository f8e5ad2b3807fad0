"""The reference page of all scenarios, from their data: `python -m gateway.simulator.scenario_page`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import singledispatch

from gateway.simulator.scenarios import (
    Acknowledge,
    AnyStep,
    ClaimStatus,
    LineAdjustment,
    Moment,
    Remit,
    Return,
    Reverse,
    ReverseOriginal,
    Scenario,
    TakeBack,
    load_scenarios,
    moments_of,
)

INTRODUCTION = """\
# Scenarios of the scripted payer

`claimwire simulate` and `claimwire demo` answer claims the way a payer would. What happens to a claim is
chosen by the **marker** at the end of its patient control number
(`claimInformation.patientControlNumber`, X12 CLM01), after the last hyphen: `A1042-CO29` is denied for
timely filing. CLM01 survives the whole round trip and comes back in the 277CA and the 835, so the marker
can be seen in every answer. A number with no known marker is played as the default scenario. Markers
mean something to the scripted payer only; no other part of Claimwire reads them. Replacements, voids and
claims that a payer before has decided on play a scenario of their own, whatever their number.

All times count from the moment the payer reads the file, on the payer's own clock, which may run faster
than yours. A 999 answers a whole transaction set: one claim with the marker `R999` takes every claim of
its set with it.

This page is generated from `schemas/scenarios/*.toml`; a test compares them. A new scenario is a new
file there.
"""


def render_page(scenarios: Iterable[Scenario]) -> str:
    """The page as Markdown: a table of markers, then each scenario's steps."""
    ordered = sorted(scenarios, key=lambda it: (not it.default, bool(it.conduct), it.name))
    table = ["| Marker | Scenario | What happens | State reached |", "|---|---|---|---|"]
    table += [render_row(scenario) for scenario in ordered]
    return "\n".join([INTRODUCTION, *table, "", *(render_steps(scenario) for scenario in ordered)])


def render_row(scenario: Scenario) -> str:
    """One row of the table of markers."""
    marker = f"`-{scenario.marker}`" if scenario.marker else f"any, of a {scenario.conduct}"
    marker += " or none (default)" if scenario.default else ""
    return f"| {marker} | {scenario.name} | {scenario.summary} | `{scenario.end}` |"


def render_steps(scenario: Scenario) -> str:
    """One scenario's section: when which answer comes."""
    lines = [f"- {render_time(m)}: {', '.join(map(render_step, m.steps))}" for m in moments_of(scenario)]
    return "\n".join([f"## {scenario.name}", "", *lines, ""])


def render_time(moment: Moment) -> str:
    """The time of a moment in days and hours."""
    days, hours = moment.after.days, moment.after.seconds // 3600
    words = [f"{days} days"] if days else []
    words += [f"{hours} hours"] if hours else []
    return f"after {' and '.join(words)}" if words else "at once"


@singledispatch
def render_step(step: AnyStep) -> str:
    """One step in a few words."""
    raise TypeError(f"no words for {type(step).__name__}")


@render_step.register
def _(step: Acknowledge) -> str:
    return "TA1 and 999 accept"


@render_step.register
def _(step: Return) -> str:
    return f"999 rejects the set at {step.segment}{step.element:02d} of loop {step.loop}"


@render_step.register
def _(step: ClaimStatus) -> str:
    entity = f":{step.entity}" if step.entity else ""
    return f"277CA {step.action} {step.category}:{step.status}{entity}"


@render_step.register
def _(step: Remit) -> str:
    lines = {"all": "", "first": " for the first line", "rest": " for the other lines"}[step.lines]
    words = [f"835 status {step.status}{lines}", *render_adjustments(step.adjustments)]
    words += ["OA-23 all but the patient's share of the payers before"] if step.coordinate else []
    words += [f"remark {code}" for code in (*step.remarks, *step.claim_remarks)]
    if step.companions > 1:
        words.append(f"shared by {step.companions} claims (at most {step.patience_days} days later)")
    return " ".join(words)


@render_step.register
def _(step: Reverse) -> str:
    return "835 status 22 (reversal of the latest payment)"


@render_step.register
def _(step: ReverseOriginal) -> str:
    return "835 status 22 (reversal of the claim that REF F8 names)"


@render_step.register
def _(step: TakeBack) -> str:
    return f"PLB {step.reason} {step.percent} % of the payment"


def render_adjustments(adjustments: Sequence[LineAdjustment]) -> list[str]:
    """Adjustments as `CO-45 20 %` or `PR-1 40.00`."""
    return [
        f"{a.group}-{a.reason} {f'{a.percent} %' if a.percent is not None else a.amount}" for a in adjustments
    ]


if __name__ == "__main__":
    sys.stdout.write(render_page(load_scenarios().values()))
