"""Ways through the route table: which routes an attack is tried on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce

from gateway.api.addresses import ALL_ROUTES
from gateway.api.core.routes import CORE_ROUTES
from gateway.api.routing import Route, Taken
from gateway.api.server import STREAMED
from gateway.api.table import ROUTES

PLACE = re.compile(r"\{(\w+)\}")
OWNED = ("{id}", "{transaction}")
WORDS = {
    "{version}": "2024-04-01",
    "{id}": "clm_01K00000000000000000000000",
    "{transaction}": "0198afa8-1610-7602-a436-911cb4bf2a9f",
    "{name}": "X3NONE.CW",
    "{table}": "icd10cm",
    "{code}": "A000",
    "{payer}": "60054",
    "{account}": "pat_01K00000000000000000000000",
}


def fill(route: Route, **words: str) -> str:
    """The address of a route with its places filled in."""
    given = WORDS | {f"{{{name}}}": word for name, word in words.items()}
    return reduce(lambda path, name: path.replace(name, given[name]), list_places(route), route.path)


def list_places(route: Route) -> list[str]:
    return [f"{{{name}}}" for name in PLACE.findall(route.path)]


def _with_json(routes: Sequence[Route]) -> list[Route]:
    return [it for it in routes if it.body is Taken.CLAIM or not isinstance(it.body, Taken)]


ENDING = [route for route in ALL_ROUTES if all(answer.media != STREAMED for answer in route.answers)]
"""Those whose answer has an end."""

WALKS: Mapping[str, Sequence[Route]] = {
    "every": ENDING,
    "closed": [route for route in ALL_ROUTES if not route.open],
    "native": ROUTES,
    "scoped": [route for route in ROUTES if route.scope is not None],
    "owned": [route for route in ALL_ROUTES if any(place in route.path for place in OWNED)],
    "places": [route for route in ENDING if set(PLACE.findall(route.path)) - {"version"}],
    "bodies": [route for route in ALL_ROUTES if route.body is not Taken.NOTHING],
    "json": _with_json(ALL_ROUTES),
    "core": CORE_ROUTES,
}
