"""Forms of a claim: what clients post in several ways, brought into the one form that the overlay names.

Two providers' forms (`billing`, `rendering`, ... or `providers[]` with `providerType`), two names of the
employer's number, single and listed attachments and file information, diagnosis codes with a dot. Each move
is remembered, so that a finding points at what the client posted. `choose_guide` says which claim it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from edi.documents import read_entries, read_section
from edi.findings import Finding, find
from edi.generation import Step
from edi.line_forms import LINE_NAMES, name_lines

Steps = tuple[Step, ...]
Object = dict[str, Any]

PROVIDER_TYPES = {
    "BillingProvider": "billing",
    "AttendingProvider": "attending",
    "RenderingProvider": "rendering",
    "ReferringProvider": "referring",
    "SupervisingProvider": "supervising",
    "OrderingProvider": "ordering",
}
PROVIDER_ROLES = {name.lower(): role for name, role in PROVIDER_TYPES.items()}
USAGES = ("P", "T")
PROFESSIONAL = "005010X222A1"
INSTITUTIONAL = "005010X223A2"
DENTAL = "005010X224A2"
FILES = (("claimInformation",), "fileInformation", "fileInformationList")
REPORTS = (("claimInformation", "claimSupplementalInformation"), "reportInformation", "reportInformations")
SINGLE_AND_LISTED = {
    PROFESSIONAL: (FILES, REPORTS),
    INSTITUTIONAL: (REPORTS,),
    DENTAL: (FILES, REPORTS),
}
#: The provider that the claim names for all lines, though X12 has it at the line only.
ORDERING = {PROFESSIONAL: "ordering"}
LINE_REPORTS = {
    INSTITUTIONAL: ("serviceLineSupplementalInformation", "serviceLineSupplementalInformations"),
}
#: The names of diagnosis codes, which lose their dot: in an object or, at any depth, in lists of objects.
DIAGNOSES = {
    "healthCareCodeInformation": "diagnosisCode",
    "principalDiagnosis": "principalDiagnosisCode",
    "admittingDiagnosis": "admittingDiagnosisCode",
    "otherDiagnosisInformationList": "otherDiagnosisCode",
    "patientReasonForVisits": "patientReasonForVisitCode",
    "externalCauseOfInjuries": "externalCauseOfInjury",
}


class ClaimType(NamedTuple):
    """A kind of claim: its guide, its name in `claimType`, and what only its claims have."""

    guide: str
    name: str
    claim_marks: frozenset[str]
    line_mark: str


CLAIM_TYPES = (
    ClaimType(
        INSTITUTIONAL,
        "institutional",
        frozenset({"claimCodeInformation", "principalDiagnosis", "admittingDiagnosis"}),
        "institutionalService",
    ),
    ClaimType(
        DENTAL,
        "dental",
        frozenset({"toothStatus", "orthodonticTotalMonthsOfTreatment", "predeterminationOfBenefits"}),
        "dentalService",
    ),
    ClaimType(PROFESSIONAL, "professional", frozenset(), "professionalService"),
)


class ClaimForm:
    """A claim in the canonical form: `document`, and the `moves` that lead back to what was posted.

    `findings` are about what has no place in that form.
    """

    def __init__(self, posted: Mapping[str, Any]) -> None:
        self.document: Object = {key: value for key, value in posted.items() if not is_empty(value)}
        self.moves: list[tuple[Steps, Steps]] = []
        self.findings: list[Finding] = []
        claim = self.document.get("claimInformation")
        if isinstance(claim, dict):
            self.document["claimInformation"] = dict(claim)

    def moved(self, canonical: Steps, posted: Steps) -> None:
        """Remember that `canonical` stands for `posted`."""
        self.moves.append((canonical, posted))

    def posted_steps(self, steps: Steps) -> Steps:
        """The posted place of a canonical one: the longest move that leads there, again and again."""
        for _ in range(len(self.moves)):
            fitting = [move for move in self.moves if steps[: len(move[0])] == move[0]]
            if not fitting:
                break
            canonical, posted = max(fitting, key=lambda move: len(move[0]))
            steps = (*posted, *steps[len(canonical) :])
        return steps

    def posted_pointer(self, pointer: str) -> str:
        """The pointer into what was posted for a pointer into the canonical document."""
        if not self.moves or not pointer:
            return pointer
        steps: Steps = tuple(int(step) if step.isdigit() else step for step in pointer[1:].split("/"))
        return "".join(f"/{step}" for step in self.posted_steps(steps))


def is_empty(value: Any) -> bool:
    """True for null, and for an object that holds nothing but nulls: clients send both for absence."""
    if not isinstance(value, dict):
        return value is None
    for inner in value.values():  # noqa: SIM110 -- a third of the time of all(), for each object of a claim
        if inner is not None:
            return False
    return True


def choose_guide(posted: Mapping[str, Any]) -> str:
    """The guide of a claim: by `claimType`, else by what only one kind of claim has, else professional."""
    named = str(posted.get("claimType", "")).lower()
    claim = read_section(posted, "claimInformation")
    lines = [line for _, line in read_entries(claim, "serviceLines")]
    for kind in CLAIM_TYPES:
        if named == kind.name:
            return kind.guide
    for kind in CLAIM_TYPES:
        if not kind.claim_marks.isdisjoint(claim) or any(kind.line_mark in line for line in lines):
            return kind.guide
    return PROFESSIONAL


def canonicalise(posted: Mapping[str, Any], guide: str = PROFESSIONAL) -> ClaimForm:
    """The canonical form of a posted claim of a guide; the posted objects stay as they are."""
    form = ClaimForm(posted)
    form.findings += find_misnamed(posted, guide)
    if "providers" in form.document:
        place_providers(form)
    name_employer(form)
    for way, single, listed in SINGLE_AND_LISTED.get(guide, ()):
        list_single(form, way, single, listed)
    claim = form.document.get("claimInformation")
    if isinstance(claim, dict):
        undot_diagnoses(claim)
        if guide in LINE_NAMES:
            use_first_names(form, claim, guide)
        if guide in LINE_REPORTS:
            list_line_reports(form, claim, *LINE_REPORTS[guide])
        if isinstance(form.document.get(ORDERING.get(guide, "")), dict):
            order_lines(form, claim)
    return form


def place_providers(form: ClaimForm) -> None:
    """Each of `providers[]` under the name of its role; what is posted under that name itself goes before."""
    providers = form.document["providers"]
    if not isinstance(providers, list):
        return
    del form.document["providers"]
    placed: set[str] = set()
    for at, provider in enumerate(providers):
        if is_empty(provider):
            continue
        if not isinstance(provider, dict):
            form.findings.append(find("json.wrong_type", pointer=f"/providers/{at}", expected="an object"))
            continue
        role = PROVIDER_ROLES.get(str(provider.get("providerType", "")).lower())
        if role is None or role in placed:
            form.findings.append(fault_role(at, provider, role))
        elif role not in form.document:
            form.document[role] = provider
            form.moved((role,), ("providers", at))
            placed.add(role)


def fault_role(at: int, provider: Mapping[str, Any], role: str | None) -> Finding:
    """The finding about a provider whose role is unknown (None), or taken by another of `providers[]`."""
    if role is not None:
        return find("json.too_many", pointer=f"/providers/{at}", limit="1", name=f"The {role} provider")
    return find(
        "claim.provider_type_unknown",
        pointer=f"/providers/{at}/providerType",
        value=str(provider.get("providerType") or "") or None,
        expected=", ".join(PROVIDER_TYPES),
    )


def find_misnamed(posted: Mapping[str, Any], guide: str) -> Iterator[Finding]:
    """Findings about words of the claim that say what it is: its usage (ISA15) and its type."""
    usage = posted.get("usageIndicator")
    if usage is not None and usage not in USAGES:
        yield find("claim.usage_unknown", pointer="/usageIndicator", value=str(usage))
    named = posted.get("claimType")
    if named is None:
        return
    ours = next((kind.name for kind in CLAIM_TYPES if kind.guide == guide), None)
    if ours is not None and str(named).lower() != ours:
        yield find("claim.type_differs", pointer="/claimType", value=str(named), type=ours)


def name_employer(form: ClaimForm) -> None:
    """`employerIdentificationNumber` of the billing provider as `employerId`."""
    billing = form.document.get("billing")
    if not isinstance(billing, dict) or billing.get("employerId") is not None:
        return
    if billing.get("employerIdentificationNumber") is not None:
        form.document["billing"] = {**billing, "employerId": billing["employerIdentificationNumber"]}
        form.moved(("billing", "employerId"), ("billing", "employerIdentificationNumber"))


def open_copy(document: Object, way: Steps) -> Object | None:
    """The object at `way`, copied with every one on the way there; None where there is no object."""
    owner: Any = document
    for step in way:
        holds = (
            isinstance(owner, list) if isinstance(step, int) else isinstance(owner, dict) and step in owner
        )
        if not holds or not isinstance(owner[step], dict | list):
            return None
        owner[step] = owner[step].copy()
        owner = owner[step]
    return owner if isinstance(owner, dict) else None


def has_single(owner: Any, way: Steps, single: str) -> bool:
    """True where the object at `way` names `single`; nothing is copied."""
    for step in way:
        holds = (
            isinstance(step, int) if isinstance(owner, list) else isinstance(owner, dict) and step in owner
        )
        if not holds:
            return False
        owner = owner[step]
    return isinstance(owner, dict) and single in owner


def list_single(form: ClaimForm, way: Steps, single: str, listed: str) -> None:
    """A value that may come single or in a list, as a list."""
    if not has_single(form.document, way, single):
        return
    owner = open_copy(form.document, way)
    if owner is None:
        return
    value = owner.pop(single, None)
    items = owner.get(listed)
    if is_empty(value) or not (items is None or isinstance(items, list)):
        return
    if any(same_value(value, item) for item in items or ()):
        return
    owner[listed] = [*(items or []), value]
    form.moved((*way, listed, len(owner[listed]) - 1), (*way, single))


def same_value(value: Any, item: Any) -> bool:
    """True for equal texts, and for objects whose texts are equal."""
    if isinstance(value, dict) and isinstance(item, dict):
        return texts_of(value) == texts_of(item)
    return isinstance(value, str) and isinstance(item, str) and value == item


def texts_of(values: Object) -> dict[str, str]:
    """The texts of an object by name."""
    return {name: value for name, value in values.items() if isinstance(value, str)}


def undot_diagnoses(claim: Object) -> None:
    """Diagnosis codes without their dot (005010X222A1 2300 HI: the decimal point is implied)."""
    for place, name in DIAGNOSES.items():
        if place in claim:
            claim[place] = undot(claim[place], name)


def undot(diagnosis: Any, name: str) -> Any:
    """One diagnosis, or lists of them, without the dot of its code."""
    if isinstance(diagnosis, list):
        return [undot(item, name) for item in diagnosis]
    code = diagnosis.get(name) if isinstance(diagnosis, dict) else None
    if not isinstance(code, str) or "." not in code:
        return diagnosis
    return {**diagnosis, name: code.replace(".", "", 1)}


def use_first_names(form: ClaimForm, claim: Object, guide: str) -> None:
    """Every value of a service line under its first name (`edi/line_forms.py`)."""
    lines = claim.get("serviceLines")
    if not isinstance(lines, list):
        return
    renamed = []
    for at, line, moves in name_lines(lines, guide):
        renamed.append(line)
        for first, second in moves:
            way = ("claimInformation", "serviceLines", at)
            form.moved((*way, *first), (*way, *second))
    claim["serviceLines"] = renamed


def list_line_reports(form: ClaimForm, claim: Object, single: str, listed: str) -> None:
    """The single attachment of each line in the line's list of attachments."""
    lines = claim.get("serviceLines")
    if not isinstance(lines, list):
        return
    claim["serviceLines"] = [dict(line) if isinstance(line, dict) else line for line in lines]
    for at in range(len(lines)):
        list_single(form, ("claimInformation", "serviceLines", at), single, listed)


def order_lines(form: ClaimForm, claim: Object) -> None:
    """The claim's ordering provider at each line without one: X12 has it at the line only (2420E)."""
    lines = claim.get("serviceLines")
    if not isinstance(lines, list):
        return
    ordering = form.document.pop("ordering")
    ordered = []
    for at, line in enumerate(lines):
        if isinstance(line, dict) and is_empty(line.get("orderingProvider")):
            line = {**line, "orderingProvider": ordering}
            form.moved(("claimInformation", "serviceLines", at, "orderingProvider"), ("ordering",))
        ordered.append(line)
    claim["serviceLines"] = ordered
