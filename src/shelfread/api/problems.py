"""How the API says that something is wrong: problem documents (RFC 9457), each with a `type` that stays.

`type` is a relative reference, `/problems/<slug>`; docs/api.md says what each means. Whoever must refuse a
request raises `ApiProblem`. What a fault was stands in the log and never in an answer. Knows no route.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

#: Every slug, and its title.
SLUGS = {
    "invalid-request": "The request is not as it must be",
    "not-found": "There is no such thing",
    "method-not-allowed": "This cannot be done with it",
    "unauthenticated": "A login or a token is needed",
    "forbidden": "This is not allowed to you",
    "conflict": "This does not go together with what is there",
    "nothing-to-scan": "There is no path to scan",
    "path-refused": "This path cannot be scanned",
    "too-large": "The request is too large",
    "too-slow": "The request took too long to arrive",
    "too-many-requests": "Too many requests",
    "cross-site": "Another site may not ask for this",
    "wrong-host": "This server does not go by this name",
    "not-ready": "The server cannot do this at the moment",
    "internal": "Something went wrong in the server",
    "unknown-key": "There is no setting of this name",
    "gone": "This is over",
    "unreadable": "This cannot be read",
}
_OF_STATUS = {
    400: "invalid-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    409: "conflict",
    410: "gone",
    413: "too-large",
    414: "too-large",
    415: "invalid-request",
    416: "invalid-request",
    421: "wrong-host",
    422: "invalid-request",
    429: "too-many-requests",
    500: "internal",
    503: "not-ready",
}
MEDIA_TYPE = "application/problem+json"
#: Wrong places of a request that are told.
_MOST_ERRORS = 20


class Wrong(BaseModel):
    """One place of a request that is not as it must be."""

    where: str = Field(examples=["body.paths.0"])
    message: str = Field(examples=["Input should be a valid string"])


class Problem(BaseModel):
    """A problem document."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["/problems/not-found"])
    title: str
    status: int = Field(examples=[404])
    detail: str | None = None
    errors: list[Wrong] | None = None


class ApiProblem(Exception):
    """A request is refused.

    Args:
        status: the HTTP status.
        slug: one of `SLUGS`.
        detail: one sentence for people, about this case.
        headers: more headers of the answer.
        extra: more members of the document; what `json.dumps` takes.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(slug)
        self.status = status
        self.slug = slug
        self.title = SLUGS[slug]
        self.detail = detail
        self.headers = dict(headers or {})
        if status == 401:
            # Every 401 says how to come in (RFC 9110). No browser asks its user for a token.
            self.headers.setdefault("WWW-Authenticate", 'Bearer realm="shelfread"')
        self.extra = extra

    def answer(self) -> Response:
        """The answer that says so."""
        document = {"type": f"/problems/{self.slug}", "title": self.title, "status": self.status}
        if self.detail is not None:
            document["detail"] = self.detail
        # ASCII: what is told may hold half of a character, which UTF-8 cannot.
        content = json.dumps(document | self.extra).encode("ascii")
        return Response(content, self.status, self.headers, media_type=MEDIA_TYPE)


def not_found(what: str) -> ApiProblem:
    """There is no such thing, "library 7" say."""
    return ApiProblem(404, "not-found", f"there is no {what}")


def speak_of_problems(application: FastAPI) -> None:
    """Have every refusal of an application answered with a problem document; `faults` has the rest."""
    application.add_exception_handler(ApiProblem, _told)
    application.add_exception_handler(HTTPException, _refused)
    application.add_exception_handler(RequestValidationError, _invalid)


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)
    return error.answer()


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    if (slug := _OF_STATUS.get(status)) is not None:
        return ApiProblem(status, slug, headers=error.headers).answer()
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return Response(json.dumps(document), status, dict(error.headers or {}), media_type=MEDIA_TYPE)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()[:_MOST_ERRORS]
    # The value itself is not repeated: it may be a password.
    told = [
        {"where": ".".join(map(str, one["loc"]))[:200], "message": str(one["msg"])[:300]} for one in errors
    ]
    return ApiProblem(422, "invalid-request", _words(told), errors=told).answer()


def _words(told: list[dict[str, str]]) -> str:
    return f"{told[0]['where']}: {told[0]['message']}" if told else "the request cannot be understood"
