"""What people are shown of the catalogue: not what is missing, unless they ask (DESIGN rule 1).

Conditions for the statements of `browse`, `browse_books` and `search`, each about one row.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import aliased

from shelfread.store.tables import books, media_files, release_credits, track_credits, tracks

_file = aliased(media_files, name="shown_file")
_track = aliased(tracks, name="shown_track")
_credit = aliased(track_credits, name="shown_credit")
_by = aliased(release_credits, name="shown_by")
_book = aliased(books, name="shown_book")
_THERE: Any = _file.c.status != "missing"


def any_row(query: Select[Any], *outside: Any) -> ColumnElement[bool]:
    """Whether a query about a row of `outside` finds anything: asked row by row, from an index.

    Written as EXISTS it would be a join to PostgreSQL, and to answer for the fifty rows of a page it might
    go through all there is.
    """
    return query.correlate(*outside).limit(1).scalar_subquery().is_not(None)


def release_is_there(release_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether a release has a track whose file is not missing."""
    there = select(_track.c.file_id).join(_file, _file.c.id == _track.c.file_id)
    return any_row(there.where(_track.c.release_id == release_id, _THERE), outside)


def artist_is_there(artist_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether something that is not missing credits an artist."""
    in_track = select(_credit.c.file_id).join(_file, _file.c.id == _credit.c.file_id)
    in_release = (
        select(_by.c.release_id)
        .join(_track, _track.c.release_id == _by.c.release_id)
        .join(_file, _file.c.id == _track.c.file_id)
    )
    return or_(
        any_row(in_track.where(_credit.c.artist_id == artist_id, _THERE), outside),
        any_row(in_release.where(_by.c.artist_id == artist_id, _THERE), outside),
    )


def series_is_there(series_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether a series has a book whose file is not missing."""
    there = select(_book.c.file_id).join(_file, _file.c.id == _book.c.file_id)
    return any_row(there.where(_book.c.series_id == series_id, _THERE), outside)
