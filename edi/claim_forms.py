"""Forms of a claim: what clients post in several ways, brought into the one form that the overlay names.

Two providers' forms (`billing`, `rendering`, ... or `providers[]` with `providerType`), two names of the
employer's number, single and listed attachments and file information, diagnosis codes with a dot. Each move
is remembered, so that a finding points at what the client posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edi.generation import Step

Steps = tuple[Step, ...]
Object = dict[str, Any]

PROVIDER_ROLES = {
    "billingprovider": "billing",
    "renderingprovider": "rendering",
    "referringprovider": "referring",
    "supervisingprovider": "supervising",
    "orderingprovider": "ordering",
}
SINGLE_AND_LISTED = (
    (("claimInformation",), "fileInformation", "fileInformationList"),
    (("claimInformation", "claimSupplementalInformation"), "reportInformation", "reportInformations"),
)


class ClaimForm:
    """A claim in the canonical form: `document`, and the `moves` that lead back to what was posted."""

    def __init__(self, posted: Mapping[str, Any]) -> None:
        self.document: Object = {key: value for key, value in posted.items() if not is_empty(value)}
        self.moves: list[tuple[Steps, Steps]] = []
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
    return value is None or (isinstance(value, dict) and all(inner is None for inner in value.values()))


def canonicalise(posted: Mapping[str, Any]) -> ClaimForm:
    """The canonical form of a posted claim; the posted objects stay as they are."""
    form = ClaimForm(posted)
    if "providers" in form.document:
        place_providers(form)
    name_employer(form)
    for way, single, listed in SINGLE_AND_LISTED:
        list_single(form, way, single, listed)
    claim = form.document.get("claimInformation")
    if isinstance(claim, dict):
        undot_diagnoses(claim)
        if isinstance(form.document.get("ordering"), dict):
            order_lines(form, claim)
    return form


def place_providers(form: ClaimForm) -> None:
    """Each of `providers[]` under the name of its role, where that has none yet."""
    providers = form.document["providers"]
    if not isinstance(providers, list):
        return
    del form.document["providers"]
    for at, provider in enumerate(providers):
        if not isinstance(provider, dict):
            continue
        role = PROVIDER_ROLES.get(str(provider.get("providerType", "")).lower())
        if role and role not in form.document:
            form.document[role] = provider
            form.moved((role,), ("providers", at))


def name_employer(form: ClaimForm) -> None:
    """`employerIdentificationNumber` of the billing provider as `employerId`."""
    billing = form.document.get("billing")
    if not isinstance(billing, dict) or billing.get("employerId") is not None:
        return
    if billing.get("employerIdentificationNumber") is not None:
        form.document["billing"] = {**billing, "employerId": billing["employerIdentificationNumber"]}
        form.moved(("billing", "employerId"), ("billing", "employerIdentificationNumber"))


def list_single(form: ClaimForm, way: tuple[str, ...], single: str, listed: str) -> None:
    """A value that may come single or in a list, as a list."""
    owner: Any = form.document
    for step in way:
        if not isinstance(owner.get(step), dict):
            return
        owner[step] = dict(owner[step])
        owner = owner[step]
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
    diagnoses = claim.get("healthCareCodeInformation")
    if isinstance(diagnoses, list):
        claim["healthCareCodeInformation"] = [undot(diagnosis) for diagnosis in diagnoses]


def undot(diagnosis: Any) -> Any:
    """One diagnosis without the dot of its code."""
    code = diagnosis.get("diagnosisCode") if isinstance(diagnosis, dict) else None
    if not isinstance(code, str) or "." not in code:
        return diagnosis
    return {**diagnosis, "diagnosisCode": code.replace(".", "", 1)}


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
