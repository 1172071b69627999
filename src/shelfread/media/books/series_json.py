"""series.json: what a tool that collects comics says of the series whose folder it lies in.

Read as a sidecar by the kind; what it says wins over what the books agree on. It knows no books.
"""

from __future__ import annotations

import json

from shelfread.media import values
from shelfread.media.books.archives.base import BookTrouble
from shelfread.model.books import SeriesFacts
from shelfread.model.problem import ProblemCode

_MOST_BYTES = 1 << 20


def read_series_json(content: bytes) -> SeriesFacts:
    """What a series.json says (its versions 1.0 to 1.0.2, with `metadata` around it or without).

    Raises:
        BookTrouble: LIMIT_EXCEEDED or DAMAGED.
    """
    if len(content) > _MOST_BYTES:
        raise BookTrouble(ProblemCode.LIMIT_EXCEEDED, f"series.json has more than {_MOST_BYTES:,} bytes")
    try:
        said = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BookTrouble(ProblemCode.DAMAGED, "series.json is no JSON") from None
    inner = said.get("metadata", said) if isinstance(said, dict) else None
    if not isinstance(inner, dict):
        raise BookTrouble(ProblemCode.DAMAGED, "series.json describes no series")
    get = inner.get
    rating = values.name(get("age_rating"))
    return SeriesFacts(
        name=values.name(get("name")),
        sort_name=values.name(get("sort_name")),
        status=values.name(get("status")),
        publisher=values.name(get("publisher")),
        imprint=values.name(get("imprint")),
        year=values.year_of(values.date_of(values.count(get("year")))),
        volume=values.count(get("volume")),
        # The formatted one is made for another program's page.
        summary=values.plain(get("description_text")) or values.plain(get("description_formatted")),
        total=values.count(get("total_issues")),
        age_rating=None if rating is None or rating.lower() == "unknown" else rating,
        comic_format=values.name(get("booktype")),
    )
