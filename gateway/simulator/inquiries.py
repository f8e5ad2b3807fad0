"""What the scripted payer answers to an inquiry (270, 276): a 271 or 277 by its script.

An inquiry that the engine rejects is answered by its 999 or TA1, as a payer does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from edi.acks.answering import turn_envelope
from edi.documents import Document, read_entries, read_section, read_text
from edi.envelope_writer import EnvelopeSettings
from edi.files import FileReport, check_file
from edi.guides.words import load_words
from edi.library import acknowledge
from edi.writer import write_documents
from gateway.simulator.composing import refuse_findings
from gateway.simulator.scenarios import marker_of

ELIGIBILITY, ELIGIBILITY_ANSWER = "005010X279A1-270", "005010X279A1-271"
CLAIM_STATUS, CLAIM_STATUS_ANSWER = "005010X212-276", "005010X212-277"

PAYER_PHONE = "8005550142"


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One script. `coverage` is EB01, `reject` AAA03 with the follow-up `action`; `category` and `status` are
    STC01. `silent` gives no answer, `slow` a late one.
    """

    summary: str
    silent: bool = False
    slow: bool = False
    coverage: str = ""
    reject: str = ""
    action: str = "C"
    category: str = ""
    status: str = ""
    paid: bool = False


class Scripts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The scripts of each kind of inquiry by their markers; the first is for everyone else."""

    eligibility: dict[str, Script]
    claim_status: dict[str, Script]


class Reply(msgspec.Struct, frozen=True):
    """The bytes of an answer, and the script that chose it (None for an acknowledgment)."""

    content: bytes
    script: Script | None = None


@cache
def load_scripts() -> Scripts:
    """`schemas/simulator/inquiries.toml`."""
    text = (files("schemas") / "simulator" / "inquiries.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Scripts)


def choose_script(scripts: Mapping[str, Script], *marked: str) -> Script:
    """The script that the first marked text names, or the first of all."""
    named = (scripts.get(marker_of(text)) for text in marked)
    return next((script for script in named if script is not None), next(iter(scripts.values())))


def answer_inquiry(content: bytes, now: datetime, number: int) -> Reply:
    """The answer under the control number `number`. Raises edi.lexer.Unreadable for what is no X12."""
    report = check_file(content)
    asked = [each for each in report.sets if each.guide in (ELIGIBILITY, CLAIM_STATUS)]
    if len(asked) != 1 or len(report.sets) != 1 or not asked[0].accepted:
        return Reply(acknowledge(report, "999", created=now))
    [document] = asked[0].documents
    script = find_script(asked[0].guide or "", document)
    if script.silent:
        return Reply(b"", script)
    if asked[0].guide == ELIGIBILITY:
        guide, answer = ELIGIBILITY_ANSWER, describe_eligibility(document, script)
    else:
        guide, answer = CLAIM_STATUS_ANSWER, describe_status(document, script, now)
    written = write_documents(guide, [answer], open_reply(report, number, now))
    refuse_findings(guide, written)
    return Reply(written, script)


def find_script(guide: str, asked: Document) -> Script:
    """The script that an inquiry plays."""
    member = read_text(asked, "subscriber", "memberId")
    if guide == ELIGIBILITY:
        return choose_script(load_scripts().eligibility, member)
    account = read_text(asked, "encounter", "patientAccountNumber")
    return choose_script(load_scripts().claim_status, account, member)


def open_reply(report: FileReport, number: int, now: datetime) -> EnvelopeSettings:
    """The envelope of the inquiry turned round, with a number of the payer's own."""
    interchange = report.interchanges[0]
    turned = turn_envelope(interchange, interchange.groups[0].header, now)
    return msgspec.structs.replace(turned, control_number=number, group_control_number=number)


def describe_eligibility(asked: Document, script: Script) -> dict[str, Any]:
    """The 271 as JSON: the people of the inquiry, and what the script says of them."""
    provider, subscriber = read_section(asked, "provider"), read_section(asked, "subscriber")
    answer: dict[str, Any] = {
        "meta": {"outboundTraceId": read_text(asked, "submitterTransactionIdentifier")},
        "payer": {
            "name": read_text(asked, "tradingPartnerName"),
            "payorIdentification": read_text(asked, "tradingPartnerServiceId"),
            "contactInformation": {
                "contacts": [{"communicationMode": "Telephone", "communicationNumber": PAYER_PHONE}]
            },
        },
        "provider": {
            "providerOrgName": read_text(provider, "organizationName") or read_text(provider, "lastName"),
            "npi": read_text(provider, "npi"),
        },
        "subscriber": copy_person(subscriber),
    }
    if script.reject:  # of the subscriber, so that no dependent is looked for
        action = load_words()["follow_up"][script.action]
        answer["subscriber"]["aaaErrors"] = [{"code": script.reject, "followupAction": action}]
        return answer
    dependents = [copy_person(each) for _, each in read_entries(asked, "dependents")]
    if dependents:
        answer["dependents"] = dependents
    answer["benefitsInformation"] = list_benefits(script)
    return answer


def copy_person(person: Document) -> dict[str, Any]:
    """What of a person comes back."""
    names = ("memberId", "firstName", "lastName", "dateOfBirth", "gender")
    return {name: text for name in names if (text := read_text(person, name))}


def list_benefits(script: Script) -> list[dict[str, Any]]:
    """Active coverage with a copayment and a deductible, or the coverage that the script names alone."""
    plan: dict[str, Any] = {"code": script.coverage, "serviceTypeCodes": ["30"]}
    if script.coverage != "1":
        return [plan]
    plan |= {"coverageLevelCode": "IND", "insuranceTypeCode": "C1", "planCoverage": "SCRIPTED CHOICE"}
    network = {"serviceTypeCodes": ["98"], "inPlanNetworkIndicatorCode": "Y"}
    copayment = {"code": "B", "timeQualifierCode": "27", "benefitAmount": "25", **network}
    deductible = {"code": "C", "coverageLevelCode": "IND", "timeQualifierCode": "29", "benefitAmount": "640"}
    return [plan, copayment, {**deductible, "serviceTypeCodes": ["30"], "inPlanNetworkIndicatorCode": "Y"}]


def describe_status(asked: Document, script: Script, now: datetime) -> dict[str, Any]:
    """The 277 as JSON: the parties of the inquiry, and the status that the script gives the claim."""
    encounter = read_section(asked, "encounter")
    charge = read_text(encounter, "submittedAmount") or "0"
    status: dict[str, Any] = {
        "trackingNumber": read_text(encounter, "trackingNumber"),
        "statusCategoryCode": script.category,
        "statusCode": script.status,
        "effectiveDate": f"{now:%Y%m%d}",
        "submittedAmount": charge,
        "amountPaid": charge if script.paid else "0",
    }
    copied = {
        "patientAccountNumber": read_text(encounter, "patientAccountNumber"),
        "claimServiceDate": read_text(encounter, "beginningDateOfService"),
    }
    status |= {name: text for name, text in copied.items() if text}
    names = ("memberId", "firstName", "lastName")
    answer: dict[str, Any] = {
        "payer": {
            "organizationName": read_text(asked, "tradingPartnerName"),
            "payerIdentification": read_text(asked, "tradingPartnerServiceId"),
        },
        "providers": [dict(each) for _, each in read_entries(asked, "providers")],
        "subscriber": {n: t for n in names if (t := read_text(read_section(asked, "subscriber"), n))},
        "claims": [{"claimStatus": status}],
    }
    dependent = {n: t for n in names[1:] if (t := read_text(read_section(asked, "dependent"), n))}
    return answer | ({"dependent": dependent} if dependent else {})
