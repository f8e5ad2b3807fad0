"""The routes of inquiries in real time."""

from __future__ import annotations

from gateway.api.handlers import batches, inquiries
from gateway.api.inquiry_shapes import InquiryLine, InquiryShown
from gateway.api.routing import Answer, Route, Taken
from gateway.keys import Scope

PROBLEMS = (400, 408, 413, 422, 502, 504)
RESPONSE = "What the payer answered."

INQUIRY_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/eligibility",
        name="ask_eligibility",
        handler=inquiries.ask_eligibility,
        summary="Ask a payer about a patient's eligibility and benefits (270), and hear its answer (271).",
        scope=Scope.ELIGIBILITY_WRITE,
        body=Taken.CLAIM,
        body_note="An eligibility inquiry in the field's standard shape; unknown keys and nulls pass.",
        answers=(Answer(200, RESPONSE, InquiryShown),),
        problems=PROBLEMS,
    ),
    Route(
        method="POST",
        path="/v1/eligibility/batch",
        name="ask_eligibility_batch",
        handler=inquiries.ask_batch,
        summary="Ask about many patients, one on each line; each is answered by a line.",
        scope=Scope.ELIGIBILITY_WRITE,
        body=Taken.BATCH,
        body_note="One eligibility inquiry as JSON on each line.",
        answers=(Answer(200, "One answer for each line.", InquiryLine, batches.MEDIA),),
        problems=(429,),
    ),
    Route(
        method="GET",
        path="/v1/eligibility/{id}",
        name="show_eligibility",
        handler=inquiries.show_eligibility,
        summary="Show an eligibility inquiry and its answer.",
        scope=Scope.ELIGIBILITY_READ,
        answers=(Answer(200, "The inquiry.", InquiryShown),),
        problems=(404,),
    ),
    Route(
        method="POST",
        path="/v1/claim-status",
        name="ask_claim_status",
        handler=inquiries.ask_claim_status,
        summary="Ask a payer how a claim stands (276), and hear its answer (277).",
        scope=Scope.CLAIM_STATUS_WRITE,
        body=Taken.CLAIM,
        body_note="A claim status inquiry in the field's standard shape; unknown keys and nulls pass.",
        answers=(Answer(200, RESPONSE, InquiryShown),),
        problems=PROBLEMS,
    ),
    Route(
        method="GET",
        path="/v1/claim-status/{id}",
        name="show_claim_status",
        handler=inquiries.show_claim_status,
        summary="Show a claim status inquiry and its answer.",
        scope=Scope.CLAIM_STATUS_READ,
        answers=(Answer(200, "The inquiry.", InquiryShown),),
        problems=(404,),
    ),
)
