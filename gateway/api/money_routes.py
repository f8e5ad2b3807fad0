"""The routes of payments, remittances as papers, patients' accounts, translations and partners."""

from __future__ import annotations

from gateway.api.handlers import partners, patients, payments, remittances, translations
from gateway.api.handlers.claims import X12_MEDIA
from gateway.api.money_shapes import (
    AccountShown,
    NewDeposit,
    Partners,
    PaymentDetail,
    PaymentPage,
    PaymentQuery,
    Statement,
    Translated,
    TranslateQuery,
)
from gateway.api.routing import Answer, Route, Taken
from gateway.keys import Scope

MONEY_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/remittances/{id}/x12",
        name="show_remittance_x12",
        handler=remittances.show_x12,
        summary="Fetch the remittance as X12: its 835 set as it came, in its envelope, alone.",
        scope=Scope.REMITTANCES_READ,
        answers=(Answer(200, "The interchange with this set alone.", media=X12_MEDIA),),
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/remittances/{id}/pdf",
        name="show_remittance_pdf",
        handler=remittances.show_pdf,
        summary="Fetch the remittance as a paper for people.",
        scope=Scope.REMITTANCES_READ,
        answers=(Answer(200, "The remittance advice.", media=patients.PDF),),
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/payments",
        name="list_payments",
        handler=payments.list_payments,
        summary="List payments (checks and transfers) with their remittances and deposits, newest first.",
        scope=Scope.REMITTANCES_READ,
        query=PaymentQuery,
        answers=(Answer(200, "A page of payments.", PaymentPage),),
        problems=(400,),
    ),
    Route(
        method="GET",
        path="/v1/payments/{id}",
        name="show_payment",
        handler=payments.show_payment,
        summary="Show a payment with its remittances, provider adjustments and deposits.",
        scope=Scope.REMITTANCES_READ,
        answers=(Answer(200, "The payment.", PaymentDetail),),
        problems=(404,),
    ),
    Route(
        method="POST",
        path="/v1/payments/{id}/deposit",
        name="deposit_payment",
        handler=payments.deposit_payment,
        summary="Post what the bank says came in; the same line again changes nothing.",
        scope=Scope.REMITTANCES_WRITE,
        body=NewDeposit,
        answers=(Answer(200, "The payment as it stands then.", PaymentDetail),),
        problems=(400, 404, 408, 409, 413, 422),
    ),
    Route(
        method="GET",
        path="/v1/patients/{account}",
        name="show_account",
        handler=patients.show_account,
        summary="List the claims of a patient's account (`patient` of a claim), oldest first.",
        scope=Scope.CLAIMS_READ,
        answers=(Answer(200, "The claims.", AccountShown),),
        problems=(404,),
    ),
    Route(
        method="GET",
        path="/v1/patients/{account}/statement",
        name="show_statement",
        handler=patients.show_statement,
        summary="Show who owes what of a patient's account (`patient` of a claim); also as a paper.",
        scope=Scope.REMITTANCES_READ,
        answers=(
            Answer(200, "The statement.", Statement),
            Answer(200, "The statement as a paper (Accept).", media=patients.PDF),
        ),
        problems=(404,),
    ),
    Route(
        method="POST",
        path="/v1/translate",
        name="translate",
        handler=translations.translate,
        summary="Translate X12 to JSON or JSON to X12; nothing is stored.",
        scope=Scope.CLAIMS_READ,
        action="claim.checked",
        body=Taken.X12,
        other_bodies=(Taken.CLAIM,),
        query=TranslateQuery,
        answers=(
            Answer(200, "The translation and all that was found.", Translated),
            Answer(200, "The X12 alone (Accept).", media=X12_MEDIA),
        ),
        problems=(400, 408, 413, 422, 429),
    ),
    Route(
        method="GET",
        path="/v1/partners",
        name="list_partners",
        handler=partners.list_partners,
        summary="List the partners and how each stands.",
        scope=Scope.SYSTEM_READ,
        answers=(Answer(200, "Every partner.", Partners),),
    ),
)
