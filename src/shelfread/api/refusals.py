"""What each route may refuse, for the description of the API: status and slug of every problem it may answer.

Most goes for all routes alike, because it is not the route that refuses. Stands beside `problems`, which has
the slugs; `description` writes it down. Knows no application.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shelfread.api.problems import MEDIA_TYPE, SLUGS

#: A status, and the slug that goes with it.
Refusal = tuple[int, str]

#: Of every route: what stands around it refuses.
ALWAYS: tuple[Refusal, ...] = (
    (404, "not-found"),
    (414, "too-large"),
    (421, "wrong-host"),
    (422, "invalid-request"),
    (500, "internal"),
    (503, "not-ready"),
)
#: Of a route that is not for everybody; one that `read` is not enough for also says which scope it takes.
CLOSED: Refusal = (401, "unauthenticated")
TOO_LOW: Refusal = (403, "forbidden")
#: Of a route that changes something.
CHANGING: tuple[Refusal, ...] = ((403, "cross-site"),)
#: Of a route that takes a body.
WITH_BODY: tuple[Refusal, ...] = ((400, "invalid-request"), (408, "too-slow"), (413, "too-large"))
_TRIES: Refusal = (429, "too-many-requests")
_CONFLICT: Refusal = (409, "conflict")
_PATH: Refusal = (422, "path-refused")

#: What single routes refuse beside that, by their operation.
OWN: Mapping[str, tuple[Refusal, ...]] = {
    "log_in": ((401, "unauthenticated"), _TRIES),
    "set_up": ((403, "forbidden"), (410, "gone"), _TRIES),
    "change_my_password": ((403, "forbidden"), _TRIES),
    "add_user": (_CONFLICT, _TRIES),
    "remove_user": (_CONFLICT,),
    "change_password": (_TRIES,),
    "create_library": (_CONFLICT, _PATH),
    "change_library": (_CONFLICT, _PATH),
    "delete_library": (_CONFLICT,),
    "scan_library": (_CONFLICT, _PATH),
    "rescan_library": (_CONFLICT, _PATH),
    "convert_library": (_CONFLICT, _PATH),
    "prune_library": (_CONFLICT,),
    "confirm_likeness": (_CONFLICT,),
    "run_schedule": (_CONFLICT, _PATH),
    "make_covers": (_CONFLICT, _PATH),
    "analyze": ((400, "nothing-to-scan"), (403, "forbidden"), _CONFLICT, _PATH),
    "put_config": ((422, "unknown-key"),),
    "retry_job": (_CONFLICT, _PATH),
    "retry_problem": (_CONFLICT, _PATH),
    "retry_problems": (_CONFLICT, _PATH),
    "stream_events": (_TRIES,),
    "stream_job_events": (_TRIES,),
    "get_track_file": ((416, "invalid-request"),),
    "get_book_file": ((416, "invalid-request"),),
    "get_video_file": ((416, "invalid-request"),),
    "get_movie_file": ((416, "invalid-request"),),
    "get_episode_file": ((416, "invalid-request"),),
    "get_book_page": ((422, "unreadable"),),
    "list_folders": (_PATH, (422, "unreadable")),
    "guess_kind": (_PATH, (422, "unreadable")),
}
#: Headers of an answer that says so, and what is in them.
_HEADERS: Mapping[int, tuple[str, str, str]] = {
    401: ("WWW-Authenticate", "How to come in.", "string"),
    416: ("Content-Range", "How long the file is.", "string"),
    429: ("Retry-After", "Seconds after which to come again.", "integer"),
    503: ("Retry-After", "Seconds after which to come again.", "integer"),
}


def answers(refusals: Iterable[Refusal], shared: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The answers of an operation, as OpenAPI has them, by status.

    Args:
        refusals: what it may refuse.
        shared: takes the answers themselves, which many operations have in common, by name.
    """
    slugs: dict[int, list[str]] = {}
    for status, slug in sorted(set(refusals)):
        slugs.setdefault(status, []).append(slug)
    told: dict[str, dict[str, Any]] = {}
    for status, found in slugs.items():
        name = "-".join((str(status), *found))
        shared.setdefault(name, _answer(status, found))
        told[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return told


def _answer(status: int, slugs: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": " ".join(f"`{slug}`: {SLUGS[slug]}." for slug in slugs),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    slug: {"value": {"type": f"/problems/{slug}", "title": SLUGS[slug], "status": status}}
                    for slug in slugs
                },
            }
        },
    }
    if status in _HEADERS:
        name, words, kind = _HEADERS[status]
        told["headers"] = {name: {"description": words, "schema": {"type": kind}}}
    return told
