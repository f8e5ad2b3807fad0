"""The addresses of the CORE door. Who calls is told inside of the envelope, not in a header."""

from __future__ import annotations

from gateway.api.core import door
from gateway.api.routing import Answer, Route, Taken

OK = (Answer(200, "An envelope of the rule.", media="application/soap+xml"),)

CORE_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/core/soap",
        name="core_soap",
        handler=door.answer_soap_request,
        summary="CAQH CORE vC2.2.0 by SOAP 1.2.",
        open=True,
        action="core.exchanged",
        body=Taken.X12,
        answers=OK,
    ),
    Route(
        method="GET",
        path="/core/soap",
        name="core_wsdl",
        handler=door.show_wsdl,
        summary="The WSDL of the door.",
        open=True,
        answers=(Answer(200, "WSDL 1.1.", media="text/xml"),),
    ),
    Route(
        method="POST",
        path="/core/mime",
        name="core_mime",
        handler=door.answer_mime_request,
        summary="CAQH CORE vC2.2.0 by HTTP MIME multipart.",
        open=True,
        action="core.exchanged",
        body=Taken.X12,
        answers=OK,
    ),
)
