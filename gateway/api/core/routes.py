"""The addresses of the CORE door. Who calls is told inside of the envelope, not in a header."""

from __future__ import annotations

from gateway.api.auth import authenticate
from gateway.api.core import door
from gateway.api.problem import write_problem
from gateway.api.routing import Answer, Manner, Route, Taken

BY_CORE = Manner(authenticate, write_problem, family="CORE door")
SOAP, PARTS = "application/soap+xml", "multipart/related"
ENVELOPES = (
    Answer(200, "An envelope of the rule.", media=SOAP, also=(PARTS,)),
    Answer(400, "A fault: what the sender did.", media=SOAP, also=("application/problem+json",)),
    Answer(500, "A fault: what happened here.", media=SOAP, also=("application/problem+json",)),
)
FORMS = (Answer(200, "An envelope of the rule.", media="multipart/form-data"),)

CORE_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/core/soap",
        name="core_soap",
        handler=door.answer_soap_request,
        summary="CAQH CORE vC2.2.0 by SOAP 1.2.",
        open=True,
        action="core.exchanged",
        body=Taken.SOAP,
        answers=ENVELOPES,
        manner=BY_CORE,
    ),
    Route(
        method="GET",
        path="/core/soap",
        name="core_wsdl",
        handler=door.show_wsdl,
        summary="The WSDL of the door.",
        open=True,
        answers=(Answer(200, "WSDL 1.1.", media="text/xml"),),
        manner=BY_CORE,
    ),
    Route(
        method="POST",
        path="/core/mime",
        name="core_mime",
        handler=door.answer_mime_request,
        summary="CAQH CORE vC2.2.0 by HTTP MIME multipart.",
        open=True,
        action="core.exchanged",
        body=Taken.FORM,
        answers=FORMS,
        manner=BY_CORE,
    ),
)
