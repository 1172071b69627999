"""`/openapi.json`: whole, closed, and of use to programs that write clients. `test_schema` proves it true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from shelfread.api.application import table_of_routes
from shelfread.api.problems import SLUGS
from shelfread.api.refusals import OWN
from tests.api.api_stand import Live, Workers
from tests.api.lasting_servers import LASTING

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    # Whatever the database is, it is the same.
    pytest.mark.parametrize("database_kind", ["sqlite"]),
    LASTING,
]


async def _document(live: Live) -> dict[str, Any]:
    answer = await live.ask("GET", "/openapi.json", token="read")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


async def test_it_is_closed_and_there_are_no_pages_that_show_it(live: Live) -> None:
    for path in ("/openapi.json", "/docs", "/redoc", "/api/v1/openapi.json"):
        answer = await live.ask("GET", path, token=None)
        assert answer.status_code == (401 if path == "/openapi.json" else 404), path


async def test_every_route_is_described_with_what_it_needs(live: Live) -> None:
    document = await _document(live)
    needed = {
        (method, line.path): line.right
        for line in table_of_routes(live.app, Workers())
        for method in line.methods
        if method != "HEAD" and line.path != "/openapi.json"
    }
    described = {(method, path): operation for method, path, operation in _operations(document)}
    assert set(described) == set(needed)
    for key, right in needed.items():
        security = described[key]["security"]
        if right is None:
            assert security == [], key
        else:
            assert security == [{"token": [right.value]}, {"session": [right.value]}], key
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}


async def test_operations_have_names_that_clients_can_have_as_methods(live: Live) -> None:
    document = await _document(live)
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(names) == len(set(names))
    assert not [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)]
    # A slip of the pen in the table of refusals would be a word about nothing.
    assert set(OWN) <= set(names)
    tags = {tag["name"] for tag in document["tags"]}
    for _, path, operation in _operations(document):
        assert set(operation["tags"]) <= tags, path
        assert operation["summary"], path
        assert operation["description"], path


async def test_whatever_is_refused_is_a_problem_document_with_a_known_type(live: Live) -> None:
    document = await _document(live)
    shared = document["components"]["responses"]
    for _, path, operation in _operations(document):
        told = operation["responses"]
        assert any(status.startswith("2") for status in told), path
        assert not {"4XX", "5XX", "default"} & set(told), path
        assert {"404", "421", "422", "500", "503"} <= set(told), path
        for status, answer in told.items():
            if int(status) < 400 or (path, status) == ("/readyz", "503"):
                continue
            answer = shared[answer["$ref"].rpartition("/")[2]]
            ((kind, content),) = answer["content"].items()
            assert kind == "application/problem+json"
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            for slug, example in content["examples"].items():
                assert example["value"] == {
                    "type": f"/problems/{slug}",
                    "title": SLUGS[slug],
                    "status": int(status),
                }
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_every_body_has_an_example_that_fits_it(live: Live) -> None:
    document = await _document(live)
    bodies = 0
    for method, path, operation in _operations(document):
        answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        for told in (operation.get("requestBody", {}), *answers):
            content = told.get("content", {}).get("application/json")
            if content is None:
                continue
            bodies += 1
            schema = content["schema"] | {"components": document["components"]}
            wrong = [error.message for error in jsonschema_rs.iter_errors(schema, content["example"])]
            assert not wrong, (method, path, wrong)
    assert bodies > 40


async def test_it_leads_nowhere_else(live: Live) -> None:
    answer = await live.ask("GET", "/openapi.json")
    assert not re.search(r"https?://", answer.text)
