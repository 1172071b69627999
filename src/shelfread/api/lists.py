"""What lists of every kind have in common: the parameters they take, and how a file is told.

Between `browse`, `books` and `videos` on one side and the store on the other. Knows no route.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query

from shelfread.api.jobs import LARGEST, sees_paths
from shelfread.api.problems import ApiProblem
from shelfread.model.account import Principal
from shelfread.model.job_json import iso_us, path_json, without_paths
from shelfread.store.cursor import BadCursor
from shelfread.store.keyset import Page

#: What of a file is told with another name, or to some only.
_OTHERWISE = ("path", "mtime_ns", "missing_at", "seen_at", "former_places")
#: Of what belongs to an item, so much is in one answer.
BELONGING = 500

RowId = Annotated[int | None, Query(ge=0, le=LARGEST)]
After = Annotated[str | None, Query(max_length=2000, description="The `next` of the page before.")]
Direction = Annotated[Literal["asc", "desc"], Query()]
Year = Annotated[int | None, Query(ge=0, le=9999)]
#: A name that is looked for.
Word = Annotated[str | None, Query(max_length=500)]
Genre = Word
WholeStatus = Annotated[
    Literal["missing", "any"] | None, Query(description="Nothing: only where a file is there.")
]
FileStatus = Annotated[
    Literal["ready", "error", "missing", "any"] | None, Query(description="Nothing: what is not missing.")
]


async def checked(listed: Awaitable[Page]) -> Page:
    """A page of a list. Raises ApiProblem when the cursor is not one of it."""
    try:
        return await listed
    except BadCursor as error:
        raise ApiProblem(422, "invalid-request", f"after: {error}") from None


def file_told(row: Mapping[str, Any], who: Principal) -> dict[str, Any]:
    """What is catalogued of a file, as somebody may see it."""
    paths = sees_paths(who)
    told = {name: number(value) for name, value in row.items() if name not in _OTHERWISE}
    troubles: Sequence[Mapping[str, Any]] = row["problems"]
    if paths and "former_places" in row:
        told["former_places"] = [
            {**path_json(one["path"]), "until": iso_us(one["until"])} for one in row["former_places"]
        ]
    return told | {
        "added_at": iso_us(row["added_at"]),
        "updated_at": iso_us(row["seen_at"]),
        "missing_since": iso_us(row["missing_at"]),
        "modified_at": iso_us(row["mtime_ns"] // 1000),
        "problems": [
            {
                **one,
                "detail": one["detail"] if paths else without_paths(one["detail"]),
                "ignored_at": iso_us(one["ignored_at"]),
            }
            for one in troubles
        ],
        **(path_json(row["path"]) if paths else {}),
    }


def number(value: Any) -> Any:
    """JSON has no number that is none."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text(value: str | None) -> str | None:
    """A text to look for; no name holds a NUL."""
    return None if value is None else value.replace("\0", "")
