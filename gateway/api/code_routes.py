"""The routes of the code tables, which are the same for every tenant."""

from __future__ import annotations

from gateway.api.code_shapes import CodeQuery, CodeShown, TableList
from gateway.api.handlers import codes
from gateway.api.routing import Answer, Route
from gateway.keys import Scope

CODE_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/codes",
        name="list_code_tables",
        handler=codes.list_tables,
        summary="List the code tables with their releases.",
        scope=Scope.CODES_READ,
        answers=(Answer(200, "Every table, held or not.", TableList),),
    ),
    Route(
        method="GET",
        path="/v1/codes/{table}/{code}",
        name="show_code",
        handler=codes.show_code,
        summary="Show what a code means and whether it is in effect on a day.",
        scope=Scope.CODES_READ,
        query=CodeQuery,
        answers=(Answer(200, "The code.", CodeShown),),
        problems=(400, 404),
    ),
)
