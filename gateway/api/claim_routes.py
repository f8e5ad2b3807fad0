"""The routes of claims that follow another one."""

from __future__ import annotations

from gateway.api.handlers import follow_ups
from gateway.api.routing import Answer, Route, Taken
from gateway.api.shapes import ClaimTaken
from gateway.keys import Scope

PROBLEMS = (400, 404, 408, 409, 413, 422, 429)

FOLLOW_UP_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/claims/{id}/replace",
        name="replace_claim",
        handler=follow_ups.replace_claim,
        summary="Correct a claim: send a replacement (frequency 7) that names it by the payer's number.",
        scope=Scope.CLAIMS_WRITE,
        body=Taken.CLAIM,
        body_note="The corrected claim, whole; as application/merge-patch+json only what differs.",
        other_bodies=(Taken.PATCH,),
        idempotent=True,
        answers=(Answer(202, "The replacement was accepted and will be sent.", ClaimTaken),),
        problems=PROBLEMS,
    ),
    Route(
        method="POST",
        path="/v1/claims/{id}/void",
        name="void_claim",
        handler=follow_ups.void_claim,
        summary="Take a claim back: send a void (frequency 8) with its content.",
        scope=Scope.CLAIMS_WRITE,
        idempotent=True,
        answers=(Answer(202, "The void was accepted and will be sent.", ClaimTaken),),
        problems=PROBLEMS,
    ),
    Route(
        method="POST",
        path="/v1/claims/{id}/secondary",
        name="bill_next_payer",
        handler=follow_ups.bill_next_payer,
        summary="Bill the next payer: its claim, with what this payer paid and adjusted.",
        scope=Scope.CLAIMS_WRITE,
        body=Taken.PATCH,
        body_note="What only you know of the next payer, as a merge patch of the claim that is made.",
        other_bodies=(Taken.CLAIM,),
        body_optional=True,
        idempotent=True,
        answers=(Answer(202, "The claim was accepted and will be sent.", ClaimTaken),),
        problems=PROBLEMS,
    ),
)
