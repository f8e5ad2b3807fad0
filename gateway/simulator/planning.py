"""Reads a file with the gateway's own engine and decides every answer to it, before any of them is due."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from edi.acks import acknowledge_group, acknowledge_interchange, read_999
from edi.envelope import InterchangeHeader, Unreadable
from edi.files import GroupReport, InterchangeReport, SetReport, check_file
from edi.findings import Finding, Place, find
from gateway.simulator.billed import BilledClaim, read_claim
from gateway.simulator.ledger import (
    Answer,
    ClaimSteps,
    KnownClaim,
    PlayedClaim,
    ReplyAddress,
    Submission,
    read_number,
)
from gateway.simulator.scenarios import (
    ClaimStatus,
    Moment,
    MoneyStep,
    Remit,
    Return,
    ReverseOriginal,
    Scenario,
    choose_scenario,
    moments_of,
)
from gateway.simulator.statuses import answer_status

CLAIMS_GROUP, INQUIRIES_GROUP = "HC", "HR"
STATUS_REQUEST = "005010X212-276"
FILE_LIMIT = 64 * 1024 * 1024


class Memory(Protocol):
    """What the payer remembers of files it has read."""

    def knows_interchange(self, sender: str, control_number: str) -> bool:
        """True where an interchange of that sender id and control number was read before."""

    def find_newest(self, patient_control_number: str) -> KnownClaim | None:
        """The newest claim of that number, or None."""

    def list_remitted(self, claim: int) -> Sequence[ClaimSteps]:
        """The steps of the claim that were played in remittances, in their order."""


class Plan:
    """What one file comes to, as it is being read."""

    def __init__(self, received: datetime, scenarios: Mapping[str, Scenario]) -> None:
        self.received = received
        self.scenarios = scenarios
        self.interchanges: list[tuple[str, str]] = []
        self.claims: list[PlayedClaim] = []
        self.answers: list[Answer] = []

    def submission(self, outcome: str) -> Submission:
        """The plan as the ledger records it."""
        return Submission(
            outcome=outcome,
            interchanges=tuple(self.interchanges),
            claims=tuple(self.claims),
            answers=tuple(self.answers),
        )


def plan_file(
    content: bytes, received: datetime, scenarios: Mapping[str, Scenario], memory: Memory
) -> Submission:
    """The claims of a file and the answers to come. Of a file that cannot be read at all nothing comes."""
    plan = Plan(received, scenarios)
    if len(content) > FILE_LIMIT:
        return plan.submission("too large")
    try:
        report = check_file(content, keep=True)
    except Unreadable:
        return plan.submission("unreadable")
    for interchange in report.interchanges:
        plan_interchange(plan, interchange, memory)
    return plan.submission("read")


def plan_interchange(plan: Plan, report: InterchangeReport, memory: Memory) -> None:
    """The TA1, where asked for or needed, and the answers to each group of claims or of inquiries."""
    header = report.header
    key = (header.sender, header.control_number)
    if memory.knows_interchange(*key) or key in plan.interchanges:
        report = note_repeated(report)
    else:
        plan.interchanges.append(key)
    segment = acknowledge_interchange(report, created=plan.received)
    refused = segment.element(4) == "R"
    address = reply_to(header, report.groups)
    if header.acknowledgment_requested or refused:
        plan.answers.append(
            Answer(kind="TA1", due=plan.received, address=address, segment=tuple(segment.elements))
        )
    for group in report.groups if not refused else ():
        if group.header.functional_id == CLAIMS_GROUP:
            plan_group(plan, header, group, address, memory)
        elif group.header.functional_id == INQUIRIES_GROUP:
            plan_inquiries(plan, header, group, address, memory)


def note_repeated(report: InterchangeReport) -> InterchangeReport:
    """The report with the finding that the interchange was sent before (TA105 = 025)."""
    finding = find(
        "payer.repeated_interchange", x12=Place(interchange=report.header.control_number, segment="ISA")
    )
    return dataclasses.replace(report, findings=(*report.findings, finding))


def reply_to(header: InterchangeHeader, groups: Sequence[GroupReport]) -> ReplyAddress:
    """The envelope ids of the file turned round: its receiver answers its sender."""
    return ReplyAddress(
        sender_qualifier=header.receiver_qualifier,
        sender=header.receiver,
        receiver_qualifier=header.sender_qualifier,
        receiver=header.sender,
        group_sender=groups[0].header.receiver if groups else header.receiver,
        group_receiver=groups[0].header.sender if groups else header.sender,
        usage=header.usage,
    )


def plan_group(
    plan: Plan, header: InterchangeHeader, group: GroupReport, address: ReplyAddress, memory: Memory
) -> None:
    """The 999 of a group, and the answers to the claims of each set that it accepts."""
    answered = dataclasses.replace(
        group, sets=tuple(return_if_scripted(report, plan.scenarios) for report in group.sets)
    )
    document = acknowledge_group(header, answered)
    plan.answers.append(Answer(kind="999", due=plan.received, address=address, document=document))
    accepted = {s.control_number for s in read_999(document).sets if s.accepted}
    for report in answered.sets:
        if report.control_number in accepted:
            plan_set(plan, report, address, memory)


def plan_inquiries(
    plan: Plan, header: InterchangeHeader, group: GroupReport, address: ReplyAddress, memory: Memory
) -> None:
    """The 999 of a group of inquiries (276), and a 277 for each that it accepts."""
    document = acknowledge_group(header, group)
    reply = Answer(kind="999", due=plan.received, address=address, document=document)
    plan.answers.append(reply)
    for report in group.sets:
        if report.guide == STATUS_REQUEST and report.accepted:
            plan.answers += [
                msgspec.structs.replace(
                    reply,
                    kind="277",
                    document=answer_status(asked, memory.find_newest, plan.scenarios, plan.received),
                )
                for asked in report.documents
            ]


def return_if_scripted(report: SetReport, scenarios: Mapping[str, Scenario]) -> SetReport:
    """The report with the finding of the first return step that a claim of the set plays."""
    for document in report.documents:
        scenario = choose_for(read_claim(document), scenarios)
        first = next((step for step in scenario.steps if isinstance(step, Return)), None)
        if first is not None:
            return dataclasses.replace(report, findings=(*report.findings, find_return(report, first)))
    return report


def find_return(report: SetReport, step: Return) -> Finding:
    """The scripted finding, at the first segment of the set that the step names."""
    loops = report.tree.descend(step.loop) if report.tree is not None else ()
    ordinals = (segment.ordinal for loop in loops for segment in loop.segments(step.segment))
    place = Place(
        set=report.control_number,
        loop=step.loop,
        segment=step.segment,
        ordinal=next(ordinals, None),
        element=step.element,
    )
    return find(step.finding, x12=place)


def plan_set(plan: Plan, report: SetReport, address: ReplyAddress, memory: Memory) -> None:
    """The answers to each claim of an accepted set."""
    batch = next((segment.element(3) for segment in report.segments if segment.id == "BHT"), "")
    for document in report.documents:
        claim = read_claim(document)
        scenario = choose_for(claim, plan.scenarios)
        number = len(plan.claims)
        plan.claims.append(PlayedClaim(claim, scenario.name))
        reply = Answer(kind="", due=plan.received, address=address, batch=batch)
        place = f"{address.receiver}/{report.control_number}"
        decided = is_decided(claim.original_number, memory)
        for moment in moments_of(scenario):
            plan.answers += plan_moment(moment, claim, number, scenario, reply, place, decided=decided)


def choose_for(claim: BilledClaim, scenarios: Mapping[str, Scenario]) -> Scenario:
    """The scenario that the claim plays."""
    return choose_scenario(claim.patient_control_number, scenarios, claim.conduct)


def is_decided(number: str, memory: Memory) -> bool:
    """True where a remittance has decided on the claim of this number of ours."""
    claim = read_number(number)
    return claim is not None and bool(memory.list_remitted(claim))


def plan_moment(
    moment: Moment,
    claim: BilledClaim,
    number: int,
    scenario: Scenario,
    reply: Answer,
    place: str,
    *,
    decided: bool,
) -> Iterator[Answer]:
    """The answers of one moment: claims of a set share a 277CA, companions share a remittance.

    `decided` says whether there is anything to take back of the claim that this one corrects.
    """
    steps = (ClaimSteps(number, moment.start, len(moment.steps)),)
    answer = msgspec.structs.replace(reply, due=reply.due + moment.after, steps=steps)
    if any(isinstance(step, ClaimStatus) for step in moment.steps):
        pool = f"{place}/{reply.batch}/{answer.due.isoformat()}"
        yield msgspec.structs.replace(answer, kind="277CA", pool=pool)
    money = [step for step in moment.steps if isinstance(step, MoneyStep)]
    if not decided:
        money = [step for step in money if not isinstance(step, ReverseOriginal)]
    if money and not pays_nobody(money, claim):
        yield gather(msgspec.structs.replace(answer, kind="835"), money, claim, scenario)


def pays_nobody(money: Sequence[MoneyStep], claim: BilledClaim) -> bool:
    """True where all that happens is to pay the rest of a claim that has no other lines."""
    return len(claim.lines) < 2 and all(isinstance(step, Remit) and step.lines == "rest" for step in money)


def gather(answer: Answer, money: Sequence[MoneyStep], claim: BilledClaim, scenario: Scenario) -> Answer:
    """The answer, waiting for companions of the same payer and payee where a step asks for them."""
    step = next((step for step in money if isinstance(step, Remit) and step.companions > 1), None)
    if step is None:
        return answer
    return msgspec.structs.replace(
        answer,
        pool=f"{claim.payer_id}/{claim.payee.identifier}/{scenario.name}/{answer.steps[0].start}",
        wanted=step.companions,
        patience=answer.due + timedelta(days=step.patience_days),
    )
