"""The calls of the typed client, made from the route table: one method for each route, in both clients."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from gateway.api.people_routes import EMERGENCY_ROUTES, SESSION_ROUTES
from gateway.api.routing import Route, Taken
from gateway.api.table import ROUTES

PLACE = re.compile(r"\{(\w+)\}")
# These go on while one listens; gateway/client/live.py.
BY_HAND = frozenset({"ask_eligibility_batch", "submit_batch", "stream_events"})
# These are for the session of a person; a client has an API key.
OF_PEOPLE = frozenset((*SESSION_ROUTES, *EMERGENCY_ROUTES))
HEAD = '''"""The API's calls for {users}. Made from the route table by `make schemas`; not edited by hand."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

{imports}
from gateway.client.wishes import Wish, write_wish


class {name}(abc.ABC):
    """One method for each route."""

    @abc.abstractmethod
    {async_}def _send(self, wish: Wish, shape: Any) -> Any:
        """Send a call and read its answer as `shape`. Raises ClaimwireError."""
'''


def write_calls(*, asynchronous: bool) -> str:
    """The module of one client."""
    routes = [route for route in ROUTES if route.name not in BY_HAND and route not in OF_PEOPLE]
    name = "AsyncCalls" if asynchronous else "Calls"
    head = HEAD.format(
        users="asyncio" if asynchronous else "threads",
        imports="\n".join(write_imports(routes)),
        name=name,
        async_="async " if asynchronous else "",
    )
    return format_code(head + "".join(write_method(route, asynchronous=asynchronous) for route in routes))


def format_code(text: str) -> str:
    """The text as the formatter of this project has it."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "calls.py", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words


def write_imports(routes: Sequence[Route]) -> Iterator[str]:
    """An import of each module with the shapes that are taken or answered."""
    shapes = {shape for route in routes for shape in list_shapes(route)}
    for module in sorted({shape.__module__ for shape in shapes}):
        names = ", ".join(sorted(shape.__name__ for shape in shapes if shape.__module__ == module))
        yield f"from {module} import {names}"


def list_shapes(route: Route) -> Iterator[type]:
    """The shapes of a route."""
    if not isinstance(route.body, Taken):
        yield route.body
    yield from (answer.shape for answer in route.answers[:1] if answer.shape is not None)


def write_method(route: Route, *, asynchronous: bool) -> str:
    """One method."""
    places = PLACE.findall(route.path)
    taken = [f"{name}: str" for name in places] + list(write_body(route))
    asked = list(write_query(route))
    more = [*asked, *write_choices(route)]
    signature = ", ".join(["self", *taken, *(["*", *more] if more else [])])
    await_, async_ = ("await ", "async ") if asynchronous else ("", "")
    shape = write_shape(route)
    lines = [
        "",
        f"    {async_}def {route.name}({signature}) -> {shape}:",
        f'        """{route.summary}"""',
        f"        wish = write_wish({', '.join(write_arguments(route, places))})",
        f"        found: {shape} = {await_}self._send(wish, {shape})" if shape != "None" else "",
        "        return found" if shape != "None" else f"        {await_}self._send(wish, None)",
        "",
    ]
    return "\n".join(line for line in lines[:-1] if line or line is lines[0]) + "\n"


def write_choices(route: Route) -> Iterator[str]:
    """What else a caller may say of the request itself."""
    if route.other_bodies and isinstance(route.body, Taken):
        yield f'media: str = "{route.body.value}"'
    if route.idempotent:
        yield 'idempotency_key: str = ""'


def write_arguments(route: Route, places: Sequence[str]) -> Iterator[str]:
    """What `write_wish` is given."""
    yield repr(route.method)
    yield repr(route.path)
    yield "{" + ", ".join(f'"{name}": {name}' for name in places) + "}"
    yield "{" + ", ".join(f'"{it.encode_name}": {it.name}' for it in list_query(route)) + "}"
    if route.body is not Taken.NOTHING:
        media = route.body.value if isinstance(route.body, Taken) else "application/json"
        yield "body"
        yield "media" if route.other_bodies else repr(media)
    if route.idempotent:
        yield "idempotency_key=idempotency_key"


def write_body(route: Route) -> Iterator[str]:
    """The parameter of the body."""
    if isinstance(route.body, Taken):
        kinds = {Taken.CLAIM: "Mapping[str, Any]", Taken.PATCH: "Mapping[str, Any]", Taken.X12: "bytes"}
        if route.body in kinds:
            taken = dict.fromkeys(kinds[kind] for kind in (route.body, *route.other_bodies))
            yield f"body: {' | '.join(taken)}" + (" | None = None" if route.body_optional else "")
    else:
        yield f"body: {route.body.__name__}"


def list_query(route: Route) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The parameters of the query."""
    return msgspec.structs.fields(route.query) if route.query is not None else ()


def write_query(route: Route) -> Iterator[str]:
    """The parameters of the query with their types and defaults."""
    hints = get_type_hints(route.query) if route.query is not None else {}
    for field in list_query(route):
        default = "" if field.default is msgspec.NODEFAULT else f" = {field.default!r}"
        yield f"{field.name}: {name_type(hints[field.name])}{default}"


def name_type(kind: Any) -> str:
    """A type as Python writes it; what only restricts it is left out."""
    if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
        return " | ".join(name_type(inner) for inner in get_args(kind))
    return "None" if kind is type(None) else str(kind.__name__)


def write_shape(route: Route) -> str:
    """What a method answers."""
    answer = route.answers[0]
    if answer.shape is not None:
        return str(answer.shape.__name__)
    return "None" if answer.status == 204 else "bytes"
