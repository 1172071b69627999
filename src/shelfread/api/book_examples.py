"""Examples of answers about series and books, for `examples`. Knows no route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_AT = "2026-01-31T08:15:30.123456Z"
_COVER = {"digest": "b3c1" * 16, "mime": "image/webp", "width": 260, "height": 400}
_SERIES = {
    "kind": "series",
    "id": 4,
    "library_id": 2,
    "title": "Swamp Thing",
    "status": "ready",
    "counts": {"ready": 38, "error": 0, "missing": 0},
    "publication_status": "Ended",
    "publisher": "DC Comics",
    "imprint": None,
    "year": 1984,
    "volume": 2,
    "total": 171,
    "language": "en",
    "direction": None,
    "age_rating": None,
    "added_at": _AT,
    "cover": _COVER,
    "path": "/srv/comics/Swamp Thing",
}
_BOOK = {
    "kind": "book",
    "id": 977,
    "library_id": 2,
    "series_id": 4,
    "series_title": "Swamp Thing",
    "title": "The Anatomy Lesson",
    "series": "Swamp Thing",
    "series_sort": None,
    "number": "21",
    "number_sort": 21.0,
    "count": 171,
    "volume": 2,
    "volume_end": None,
    "chapter": None,
    "date": "1984-02",
    "year": 1984,
    "publisher": "DC Comics",
    "imprint": None,
    "language": "en",
    "isbn": None,
    "comic_format": None,
    "one_shot": None,
    "special": None,
    "manga": None,
    "direction": None,
    "black_and_white": None,
    "age_rating": None,
    "rating": None,
    "writers": ["Alan Moore"],
    "container": "zip",
    "format": "cbz",
    "pages": 24,
    "cover": _COVER,
    "size": 18874368,
    "modified_at": _AT,
    "status": "ready",
    "added_at": _AT,
    "problems": [],
    "path": "/srv/comics/Swamp Thing/Swamp Thing 021.cbz",
}
_BOOKS = {"items": [_BOOK], "next": None}

#: By the name of the shape.
BOOKS: Mapping[str, Any] = {
    "SeriesShape": _SERIES,
    "BookShape": _BOOK,
    "WholeSeries": _SERIES | {"summary": "Something rises from the swamp.", "books": _BOOKS},
    "WholeBook": _BOOK
    | {
        "summary": None,
        "notes": None,
        "credits": [{"role": "writer", "name": "Alan Moore", "sort_name": None}],
        "tags": [{"type": "genre", "name": "Horror"}],
        "identifiers": {"metron": "5214"},
        "web": [],
        "scan_group": None,
        "first_page": "p00.jpg",
        "cover_page": {"entry": "p00.jpg", "number": 0, "mime": "image/jpeg", "width": 1987, "height": 3057},
        "sources": ["comicinfo", "name"],
        "guessed": [],
    },
}
