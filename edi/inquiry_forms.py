"""Forms of an inquiry: what clients leave out because it says the same as something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edi.claim_forms import ClaimForm, list_single

Complete = Callable[[ClaimForm], None]
SERVICE_IDS = frozenset({"npi", "tin", "spn"})
RECEIVER_IDS = frozenset({"etin", "taxId"})


def name_service_provider(form: ClaimForm) -> None:
    """A billing provider with an identifier of its own is the service provider too, where none is named.

    Source: 005010X212 276 2100B (the receiver of the answer) and 2100C (the provider of the claim).
    """
    providers = form.document.get("providers")
    if not isinstance(providers, list):
        return
    kinds = {str(one.get("providerType")): at for at, one in enumerate(providers) if isinstance(one, dict)}
    at = kinds.get("BillingProvider")
    if at is None or "ServiceProvider" in kinds or SERVICE_IDS.isdisjoint(providers[at]):
        return
    named = {name: value for name, value in providers[at].items() if name not in RECEIVER_IDS}
    form.document["providers"] = [*providers, {**named, "providerType": "ServiceProvider"}]
    form.moved(("providers", len(providers)), ("providers", at))


def list_single_line(form: ClaimForm) -> None:
    """A single service line in the list of lines."""
    list_single(form, (), "serviceLineInformation", "serviceLinesInformation")


COMPLETIONS: dict[str, tuple[Complete, ...]] = {
    "005010X212-276": (name_service_provider, list_single_line),
}


def complete_inquiry(posted: Mapping[str, Any], guide: str) -> ClaimForm | None:
    """The document of a guide with what its client left out, or None where the guide has no such form.

    The posted objects stay as they are.
    """
    if guide not in COMPLETIONS:
        return None
    form = ClaimForm(posted)
    for complete in COMPLETIONS[guide]:
        complete(form)
    return form
