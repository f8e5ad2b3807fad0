"""Every address that the server answers: the native API, both dialects and the CORE door."""

from __future__ import annotations

from gateway.api.core.routes import CORE_ROUTES
from gateway.api.dialects.routes import DIALECT_ROUTES
from gateway.api.routing import Route
from gateway.api.table import ROUTES

ALL_ROUTES: tuple[Route, ...] = (*ROUTES, *DIALECT_ROUTES, *CORE_ROUTES)
