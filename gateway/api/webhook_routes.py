"""The routes of what is done to a webhook endpoint after it was made."""

from __future__ import annotations

from gateway.api.handlers import webhooks
from gateway.api.routing import Answer, Route
from gateway.api.shapes import EndpointRotated, EndpointShown, ReplayPlanned, ReplayWish, TestPlanned
from gateway.keys import Scope

WEBHOOK_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/webhooks/{id}/rotate",
        name="rotate_webhook",
        handler=webhooks.rotate_secret,
        matched=True,
        summary="Make a new signing secret, shown this once; the one before signs beside it for a day.",
        scope=Scope.WEBHOOKS_WRITE,
        answers=(Answer(200, "The endpoint with its new secret.", EndpointRotated),),
        problems=(404,),
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{id}/replay",
        name="replay_webhook",
        handler=webhooks.replay_events,
        matched=True,
        summary="Deliver events of the feed once more.",
        scope=Scope.WEBHOOKS_WRITE,
        body=ReplayWish,
        answers=(Answer(202, "So many deliveries were planned.", ReplayPlanned),),
        problems=(400, 404, 408, 409, 413, 422),
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{id}/test",
        name="test_webhook",
        handler=webhooks.test_endpoint,
        matched=True,
        summary="Deliver a test event to this endpoint alone.",
        scope=Scope.WEBHOOKS_WRITE,
        answers=(Answer(202, "It is on its way.", TestPlanned),),
        problems=(404, 409),
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{id}/enable",
        name="enable_webhook",
        handler=webhooks.enable_endpoint,
        matched=True,
        summary="Send an endpoint that was switched off what happens from now on.",
        scope=Scope.WEBHOOKS_WRITE,
        answers=(Answer(200, "The endpoint.", EndpointShown),),
        problems=(404,),
    ),
)
