"""The routes of the payer directory."""

from __future__ import annotations

from gateway.api.handlers import payers
from gateway.api.payer_shapes import PayerPage, PayerQuery, PayerShown
from gateway.api.routing import Answer, Route
from gateway.keys import Scope

PAYER_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/payers",
        name="list_payers",
        handler=payers.list_payers,
        summary="List payers: those that your partners reach, and those of the directory.",
        scope=Scope.CODES_READ,
        query=PayerQuery,
        answers=(Answer(200, "A page of payers, by id.", PayerPage),),
        problems=(400,),
    ),
    Route(
        method="GET",
        path="/v1/payers/{payer}",
        name="show_payer",
        handler=payers.show_payer,
        summary="Show a payer, by its id or by a clearinghouse's id for it.",
        scope=Scope.CODES_READ,
        answers=(Answer(200, "The payer.", PayerShown),),
        problems=(404,),
    ),
)
