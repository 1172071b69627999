"""Refuses parameters that a route does not know: a slip of the pen in a filter must not show everything.

Declared for all routes of the API at once; what each knows it has declared itself. Knows no route.
"""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shelfread.api.problems import ApiProblem

#: Parameters that are told; a name as far as it is told.
_MOST, _LONGEST = 20, 100


async def only_known_parameters(request: Request) -> None:
    """Raises ApiProblem when the query of a request has a name that its route does not know."""
    if not request.url.query:
        return
    route: APIRoute = request.scope["route"]
    known = sorted(set(_names(route.dependant)))
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        there = f"there are: {', '.join(known)}" if known else "this takes none"
        message = f"there is no such parameter; {there}"
        errors = [{"where": f"query.{name[:_LONGEST]}", "message": message} for name in unknown[:_MOST]]
        detail = f"{errors[0]['where']}: {errors[0]['message']}"
        raise ApiProblem(422, "invalid-request", detail, errors=errors)


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for one in dependant.dependencies:
        yield from _names(one)
