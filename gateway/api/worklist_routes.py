"""The routes of the work lists and of what is done by hand."""

from __future__ import annotations

from gateway.api.handlers import worklists
from gateway.api.routing import Answer, Route
from gateway.api.shapes import ClaimListed, PageQuery
from gateway.api.worklist_shapes import (
    Attachment,
    Reason,
    ReleaseShown,
    Remark,
    WorkItemShown,
    WorklistPage,
    Worklists,
)
from gateway.keys import Scope

BODY_PROBLEMS = (400, 404, 408, 413, 422)

WORKLIST_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/worklists",
        name="count_worklists",
        handler=worklists.count_worklists,
        summary="List the work lists with their counts by age.",
        scope=Scope.WORKLISTS_READ,
        answers=(Answer(200, "Every work list.", Worklists),),
    ),
    Route(
        method="GET",
        path="/v1/worklists/{name}",
        name="show_worklist",
        handler=worklists.show_worklist,
        summary="Show a work list, oldest first.",
        scope=Scope.WORKLISTS_READ,
        query=PageQuery,
        answers=(Answer(200, "A page of the list.", WorklistPage),),
        problems=(400, 404),
    ),
    Route(
        method="GET",
        path="/v1/work-items/{id}",
        name="show_work_item",
        handler=worklists.show_item,
        summary="Show a work item.",
        scope=Scope.WORKLISTS_READ,
        answers=(Answer(200, "The work item.", WorkItemShown),),
        problems=(404,),
    ),
    Route(
        method="POST",
        path="/v1/work-items/{id}/attach",
        name="attach_work_item",
        handler=worklists.attach_work_item,
        matched=True,
        summary="Attach the answer in a work item to a claim; it posts like an automatic match.",
        scope=Scope.WORKLISTS_WRITE,
        body=Attachment,
        answers=(Answer(200, "The work item, settled; a repetition answers the same.", WorkItemShown),),
        problems=(*BODY_PROBLEMS, 409),
    ),
    Route(
        method="POST",
        path="/v1/work-items/{id}/resolve",
        name="resolve_work_item",
        handler=worklists.resolve_work_item,
        matched=True,
        summary="Close a work item with a note; nothing else moves.",
        scope=Scope.WORKLISTS_WRITE,
        body=Reason,
        answers=(Answer(200, "The work item, settled; a repetition answers the same.", WorkItemShown),),
        problems=(*BODY_PROBLEMS, 409),
    ),
    Route(
        method="POST",
        path="/v1/claims/{id}/worked",
        name="work_claim",
        handler=worklists.work_claim,
        summary="Take a claim off the work lists until something new happens to it.",
        scope=Scope.WORKLISTS_WRITE,
        body=Remark,
        answers=(Answer(200, "The claim.", ClaimListed),),
        problems=BODY_PROBLEMS,
    ),
    Route(
        method="POST",
        path="/v1/claims/{id}/release",
        name="release_claim",
        handler=worklists.free_claim,
        summary="Release a held claim: it is batched again, or its interchange is delivered again.",
        scope=Scope.WORKLISTS_WRITE,
        body=Remark,
        answers=(Answer(200, "What goes on.", ReleaseShown),),
        problems=(*BODY_PROBLEMS, 409),
    ),
    Route(
        method="POST",
        path="/v1/partners/{name}/release",
        name="release_partner",
        handler=worklists.free_partner,
        summary="Release everything that is held on its way to a partner.",
        scope=Scope.WORKLISTS_WRITE,
        body=Remark,
        answers=(Answer(200, "What goes on.", ReleaseShown),),
        problems=BODY_PROBLEMS,
    ),
)
