"""The shipped OpenAPI document is the one that the route table makes."""

from __future__ import annotations

import json
from importlib.resources import files

import msgspec
from openapi_spec_validator import validate

from gateway.api.addresses import ALL_ROUTES
from gateway.api.openapi import write_openapi


def read_document() -> bytes:
    return (files("schemas") / "json" / "openapi.json").read_bytes()


def test_the_shipped_document_is_made_from_the_route_table() -> None:
    assert read_document() == write_openapi(), "run: python -m gateway.api.openapi schemas/json/openapi.json"


def test_the_document_is_valid_openapi() -> None:
    validate(json.loads(read_document()))


def test_every_route_is_in_the_document_with_its_problems() -> None:
    paths = json.loads(read_document())["paths"]
    for route in ALL_ROUTES:
        operation = paths[route.path][route.method.lower()]
        assert operation["operationId"] == route.name
        assert {str(answer.status) for answer in route.answers} <= set(operation["responses"])
        assert {str(status) for status in route.refusals} <= set(operation["responses"])


def test_names_and_addresses_of_routes_are_unique() -> None:
    assert len({route.name for route in ALL_ROUTES}) == len(ALL_ROUTES)
    assert len({(route.method, route.path) for route in ALL_ROUTES}) == len(ALL_ROUTES)


def test_shapes_with_the_same_name_would_hide_each_other() -> None:
    shapes = {answer.shape for route in ALL_ROUTES for answer in route.answers if answer.shape is not None}
    assert all(issubclass(shape, msgspec.Struct) for shape in shapes)
    assert len({shape.__name__ for shape in shapes}) == len(shapes)
